"""Publishing a small catalog on the embedded AWS: the steps, resuming, and two at once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

from dr_catalog.cli.main import cli
from dr_catalog.errors import DrCatalogError, PublishError
from dr_catalog.publishing import accounts, sharing, stack
from dr_catalog.stacks._stage_rights import StageRights

from .conftest import STAGE
from .estate import HOME, OTHER, Estate, estate_of
from .wire import Wire, each_once, refusal

DEPRECATED = 'guidance: deprecated, reason: "slow, and old", ends: 2027-03-31'


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Calls go to the embedded AWS, and nothing waits long between two looks."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    for module in (stack, sharing):
        monkeypatch.setattr(module, "poll_seconds", lambda: 0.01)
    monkeypatch.setattr(accounts, "_any_region", lambda: HOME)


@pytest.fixture
def estate(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Estate:
    """A catalog of two products, not yet published; the credentials are the first stage's."""
    made = estate_of(endpoint, tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", made.hub())
    return made


def changes(published: object) -> list[list[str]]:
    return [list(each.changes) for each in published]  # type: ignore[attr-defined]


def test_a_stage_is_published_step_by_step(estate: Estate) -> None:
    done = {step: estate.publish(steps=(step,)) for step in ("assets", "portfolio", "guidance")}
    assert changes(done["assets"]) == [
        ["stack dr-catalog-assets", "stack dr-catalog-roles", "stack dr-catalog-region", "3 files"],
        ["stack dr-catalog-assets", "stack dr-catalog-region", "3 files"],
    ]
    assert changes(done["portfolio"]) == [["stack dr-catalog-portfolio"]] * 2
    assert done["portfolio"][0].portfolios == estate.portfolios()
    assert changes(done["guidance"]) == [[], []]
    proven = ["digests of 3 versions", "digests of 3 files"]
    told = CliRunner().invoke(
        cli,
        (
            *("publish", "--stage", "one", "--step", "digests", "--output", "json"),
            *("--assembly", str(estate.catalog.root / "assembly")),
            *("--root", str(estate.catalog.root)),
        ),
    )
    assert told.exit_code == 0, told.output
    assert [each["changes"] for each in json.loads(told.stdout)] == [proven, proven]
    assert estate.told() == {
        "alpha 1.0.0": ("DEFAULT", True, "alpha 1.0.0"),
        "alpha 1.1.0": ("DEFAULT", True, "alpha 1.1.0 [default]"),
        "beta 1.0.0": ("DEFAULT", True, "beta 1.0.0 [default]"),
    }
    assert changes(estate.publish()) == [[], []]
    assert estate.wire.writes == []


def test_what_is_new_is_added_and_the_rest_stays(estate: Estate) -> None:
    estate.publish()
    before = estate.ids()
    estate.publish()
    idle = estate.wire.counted()
    estate.catalog.products["alpha"] = [
        ("1.0.0", DEPRECATED),
        ("1.1.0", "guidance: available"),
        ("1.2.0", "guidance: default"),
    ]
    estate.catalog.write()
    assert (
        changes(estate.publish())
        == [
            [
                "1 files",
                "stack dr-catalog-portfolio",
                "guidance of alpha 1.0.0",
                "digests of 1 versions",
                "digests of 1 files",
            ]
        ]
        * 2
    )
    assert estate.told()["alpha 1.0.0"] == (
        "DEPRECATED",
        True,
        "alpha 1.0.0 [deprecated, ends 2027-03-31: slow, and old]",
    )
    assert before.items() <= estate.ids().items()
    # By region: one file up and fetched once, one version asked for, one set; all else is lists.
    counted = estate.wire.counted()
    assert counted["PutObject"] == 2 * 2  # the file, and what is proven
    assert counted["UpdateProvisioningArtifact"] == 2
    assert counted["DescribeProvisioningArtifact"] == 2
    # What is there costs nothing by its number: one version more, and as many calls.
    estate.publish()
    assert estate.wire.counted() == idle


def test_every_call_fails_once_and_the_rerun_completes(estate: Estate) -> None:
    """One by one: the first run fails at its first call, the next one at the first that is new to it."""
    estate.catalog.products["alpha"] = [("1.0.0", DEPRECATED), ("1.1.0", "guidance: default")]
    estate.catalog.products["beta"] = [("1.0.0", "guidance: default")]
    estate.catalog.write()
    wire = Wire()
    wire.fault = each_once()
    ids: dict[str, str] = {}
    failures, done = 0, None
    while done is None:
        try:
            done = estate.publish(wire=wire)
        except DrCatalogError as error:
            assert "as the test says" in error.why  # noqa: PT017
            failures += 1
        seen = estate.ids()
        assert ids.items() <= seen.items()
        ids = dict(seen)
    operations = {call.split(" ")[0] for call in wire.calls}
    assert operations == {
        "CreateChangeSet",
        "DescribeChangeSet",
        "DescribePortfolioShares",
        "DescribeProvisioningArtifact",
        "DescribeStacks",
        "ExecuteChangeSet",
        "GetObject",
        "GetTemplate",
        "ListObjectsV2",
        "ListProvisioningArtifacts",
        "PutObject",
        "UpdateProvisioningArtifact",
    }
    assert failures >= len(operations)
    assert {_ACTIONS.get(each, each) for each in operations} <= _allowed()
    assert ids.items() <= estate.ids().items()
    assert [each.portfolios for each in done] == [estate.portfolios(each) for each in (HOME, OTHER)]
    assert estate.told() == estate.told(OTHER)
    assert changes(estate.publish()) == [[], []]


_ACTIONS = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}


def _allowed() -> set[str]:
    """The actions of the role that the pipeline publishes as."""
    rights = StageRights(stage=STAGE, partition="aws").publish()
    return {
        action.partition(":")[2] for each in rights for action in cast(list[str], each["Action"])
    }


def test_throttling_is_waited_out(estate: Estate, slept: list[float]) -> None:
    """AWS answers every call once that there are too many; each is made again, and nothing fails."""
    wire = Wire()
    wire.throttling = True
    estate.publish(wire=wire)
    assert {what.split(" ")[0] for what in wire.throttled} == set(wire.counted())
    assert len(slept) >= len(wire.throttled)
    wire.throttling = False
    assert changes(estate.publish()) == [[], []]


def test_what_cloudformation_refuses_in_one_region_changes_neither(estate: Estate) -> None:
    estate.publish()
    before = [estate.told(region) for region in (HOME, OTHER)]
    estate.catalog.products["beta"] = [
        ("1.0.0", "guidance: available"),
        ("1.1.0", "guidance: default"),
    ]
    estate.catalog.write()
    wire = Wire()
    wire.fault = lambda call: (
        refusal() if call == f"CreateChangeSet {OTHER} dr-catalog-portfolio" else None
    )
    with pytest.raises(DrCatalogError, match="refused Call"):
        estate.publish(wire=wire)
    assert [estate.told(region) for region in (HOME, OTHER)] == before
    assert not any("ExecuteChangeSet" in call for call in wire.calls)


def test_a_version_that_comes_retired_is_never_open_after_its_step(estate: Estate) -> None:
    """So that the next step, which may be another process, finds nothing to close."""
    estate.catalog.products["alpha"] = [
        ("1.0.0", "guidance: retired"),
        ("1.0.1", DEPRECATED),
        ("1.1.0", "guidance: default"),
    ]
    estate.catalog.write()
    estate.publish(steps=("assets",))
    closed = ["stack dr-catalog-portfolio", "guidance of alpha 1.0.0", "guidance of alpha 1.0.1"]
    assert changes(estate.publish(steps=("portfolio",))) == [closed, closed]
    told = estate.told(OTHER)
    assert [told[f"alpha {each}"][:2] for each in ("1.0.0", "1.0.1", "1.1.0")] == [
        ("DEPRECATED", False),
        ("DEPRECATED", True),
        ("DEFAULT", True),
    ]
    assert changes(estate.publish(steps=("guidance",))) == [[], []]
    assert estate.wire.counted()["ScanProvisionedProducts"] == 0


@pytest.mark.parametrize("before", ["published before", "empty"])
def test_two_publishings_at_once_leave_one_commit_whole(
    estate: Estate, endpoint: str, tmp_path: Path, before: str
) -> None:
    """Two commits, each with a version of its own; whoever ends last has both regions."""
    if before != "empty":
        estate.publish()
    other = Estate(endpoint, estate.catalog)
    folders = []
    for number, version in enumerate(("1.1.0", "1.2.0")):
        estate.catalog.root = tmp_path / str(number)
        estate.catalog.products["beta"] = [
            ("1.0.0", "guidance: available"),
            (version, "guidance: default"),
        ]
        estate.catalog.write()
        folders.append(estate.catalog.root)
    met = threading.Barrier(2, timeout=20)

    def waits() -> Wire:
        """Both have made their change sets before either executes its own."""
        wire, calls = Wire(), iter((met.wait,))

        def fault(call: str) -> None:
            if call.startswith(f"DescribeChangeSet {OTHER} dr-catalog-portfolio"):
                next(calls, int)()

        wire.fault = fault
        return wire

    errors: list[Exception] = []
    wires = [waits(), waits()]

    def publish(number: int) -> None:
        one = [estate, other][number].publishing(wire=wires[number])
        try:
            type(one)(
                **{**vars(one), "root": folders[number], "folder": folders[number] / "assembly"}
            ).run()
        except PublishError as error:
            errors.append(error)

    threads = [threading.Thread(target=publish, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) <= 1, errors
    found = [
        {name for name in estate.told(region) if name.startswith("beta")}
        for region in (HOME, OTHER)
    ]
    assert found[0] == found[1]
    assert found[0] in ({"beta 1.0.0", "beta 1.1.0"}, {"beta 1.0.0", "beta 1.2.0"})
    assert any("someone else publishes" in line for line in [*estate.said, *other.said])
    for region in (HOME, OTHER):
        left = estate.client("cloudformation", region=region).list_change_sets(
            StackName="dr-catalog-portfolio"
        )["Summaries"]
        assert [each for each in left if each["ExecutionStatus"] == "AVAILABLE"] == []


@pytest.mark.parametrize("missing", ["assembly of another commit", "no assembly"])
def test_an_assembly_must_be_of_the_commit(estate: Estate, missing: str) -> None:
    folder = estate.catalog.root / "assembly"
    if missing == "no assembly":
        folder = estate.catalog.root / "none"
    else:
        estate.catalog.products["beta"] = [("2.0.0", "guidance: default")]
        estate.catalog.write()
        kept = {file.name: file.read_text() for file in folder.iterdir()}
        estate.catalog.products["beta"] = [("2.1.0", "guidance: default")]
        estate.catalog.write()
        for name, text in kept.items():
            (folder / name).write_text(text)
    with pytest.raises(PublishError, match=r"was not written from this commit|holds no templates"):
        estate.publish(folder=folder)
    assert estate.wire.writes == []


def test_bytes_that_changed_in_the_bucket_are_found(estate: Estate) -> None:
    """Also by a run with nothing new, which fetches nothing: S3's list tells another ETag."""
    estate.publish()
    bucket = f"dr-catalog-assets-{estate.hub()}-{OTHER}"
    key = f"templates/{estate.catalog.sha256('beta', '1.0.0')}.json"
    storage = estate.client("s3", region=OTHER)
    right = storage.get_object(Bucket=bucket, Key=key)["Body"].read()
    storage.put_object(Bucket=bucket, Key=key, Body=b"{}")
    with pytest.raises(PublishError, match="is not what its name says") as caught:
        estate.publish(steps=("digests",))
    assert f"s3://{bucket}/{key}" in caught.value.what
    storage.put_object(Bucket=bucket, Key=key, Body=right)
    assert changes(estate.publish(steps=("digests",))) == [[], []]
    storage.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(PublishError, match="lacks 1 files"):
        estate.publish(steps=("digests",))
    assert changes(estate.publish()) == [[], ["1 files"]]


def test_the_record_of_what_was_proven_is_no_proof_by_itself(estate: Estate) -> None:
    """One who writes the record as well still can't make S3's list give the release's MD5."""
    estate.publish()
    bucket = f"dr-catalog-assets-{estate.hub()}-{HOME}"
    key = f"templates/{estate.catalog.sha256('alpha', '1.1.0')}.json"
    storage = estate.client("s3")
    etag = storage.put_object(Bucket=bucket, Key=key, Body=b"{}")["ETag"].strip('"')
    record = json.loads(storage.get_object(Bucket=bucket, Key="proven.json")["Body"].read())
    record["files"][key] = etag
    storage.put_object(Bucket=bucket, Key="proven.json", Body=json.dumps(record))
    with pytest.raises(PublishError, match="is not what its name says"):
        estate.publish(steps=("digests",))
    storage.put_object(Bucket=bucket, Key="proven.json", Body=b"[]")
    with pytest.raises(PublishError, match="is not what its name says"):
        estate.publish(steps=("digests",))


def test_a_version_of_other_bytes_is_found(estate: Estate) -> None:
    """Service Catalog's version leads to another template than the release's, which is there as well."""
    estate.publish()
    estate.catalog.text = {"beta 1.0.0": "another"}
    estate.catalog.write()
    sha256 = estate.catalog.sha256("beta", "1.0.0")
    release = estate.catalog.root / "products/beta/releases/1.0.0/primary.template.json"
    for region in (HOME, OTHER):
        estate.client("s3", region=region).put_object(
            Bucket=f"dr-catalog-assets-{estate.hub()}-{region}",
            Key=f"templates/{sha256}.json",
            Body=release.read_bytes(),
        )
    with pytest.raises(PublishError, match=r"beta 1\.0\.0 is not the release in Service") as caught:
        estate.publish(steps=("digests",))
    assert sha256 in caught.value.why


def test_a_stage_that_says_another_thing_is_found(estate: Estate) -> None:
    estate.publish()
    (product, version) = next(
        (product, each["Id"]) for product, each in estate.artifacts() if each["Name"] == "1.1.0"
    )
    catalog = estate.client("servicecatalog")
    (found,) = [
        each["ProductViewSummary"]["ProductId"]
        for each in catalog.search_products_as_admin()["ProductViewDetails"]
        if each["ProductViewSummary"]["Name"] == product
    ]
    for change in ({"Guidance": "DEPRECATED"}, {"Description": "by hand"}):
        catalog.update_provisioning_artifact(
            ProductId=found, ProvisioningArtifactId=version, **change
        )
        with pytest.raises(PublishError, match="alpha is not published as this commit") as caught:
            estate.publish(steps=("digests",))
        assert "1.1.0 is not default there" in caught.value.why
        assert changes(estate.publish()) == [["guidance of alpha 1.1.0"], []]

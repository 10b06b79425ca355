"""How many calls and how long publishing takes, by how much is new: 4 products of 50 versions.

    python benchmarks/publishing.py

Small sample templates on an embedded AWS of this program's own, both regions of a stage, through the
same `Publishing` as the command, from an assembly that was synthesised before. Five runs, in order:

- *all new*: an empty stage; every file goes up once, is fetched and proven;
- *nothing new*: the same commit again;
- *one new*: one version more of one product, which becomes its default;
- *one deprecated*: the guidance of one version;
- *baseline*: what a publisher does that does not look first: every file up and fetched, a change set
  made (and given up, as it is of the same template), each version's guidance set. It is written here,
  with as many files at once.

Calls are counted before they are sent; STS is left out. The wall time is that of this machine and the
emulator: on AWS, where a call takes some 50 ms and is throttled, calls are what counts. Local simulation.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.embedded_aws.conftest import serving  # noqa: E402
from tests.publishing.small_catalog import SmallCatalog  # noqa: E402
from tests.publishing.wire import Wire  # noqa: E402

from dr_catalog.definitions import load_catalog  # noqa: E402
from dr_catalog.publishing import Publishing, files, inventory  # noqa: E402
from dr_catalog.publishing.commit import load_commit  # noqa: E402
from dr_catalog.publishing.guidance import FLAGS  # noqa: E402
from dr_catalog.publishing.inventory import PORTFOLIO  # noqa: E402
from dr_catalog.publishing.target import Target  # noqa: E402

PRODUCTS, VERSIONS = 4, 50
HUB = "611111111111"


def versions(count: int) -> list[tuple[str, str]]:
    """So many versions, the last of them the default."""
    return [
        (f"1.{number}.0", f"guidance: {'default' if number == count - 1 else 'available'}")
        for number in range(count)
    ]


def publish(catalog: SmallCatalog) -> tuple[int, float]:
    """Publish what is on disk; calls and seconds."""
    wire = Wire()
    begin = time.perf_counter()
    Publishing(
        root=catalog.root,
        stage="one",
        accounts=wire,
        say=lambda line: None,
        folder=catalog.root / "assembly",
    ).run()
    return len(wire.calls), time.perf_counter() - begin


def republish(catalog: SmallCatalog) -> tuple[int, float]:
    """Publish everything again, without a look at what is there; calls and seconds."""
    wire = Wire()
    begin = time.perf_counter()
    read = load_catalog(catalog.root)
    stage = read.pipeline.stages[0]
    target, commit = Target(stage, wire), load_commit(read, stage)
    held = commit.files()

    def region(name: str) -> None:
        s3, bucket = target.client("s3", name), f"dr-catalog-assets-{HUB}-{name}"
        cloudformation = target.client("cloudformation", name)
        servicecatalog = target.client("servicecatalog", name)
        with ThreadPoolExecutor(max_workers=files.AT_ONCE) as pool:
            for _ in pool.map(
                lambda key: s3.put_object(Bucket=bucket, Key=key, Body=held[key]), held
            ):
                pass
            for _ in pool.map(lambda key: files.check(s3, bucket=bucket, key=key), held):
                pass
        change_set = cloudformation.create_change_set(
            StackName=PORTFOLIO,
            ChangeSetName="again",
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )["Id"]
        cloudformation.describe_change_set(ChangeSetName=change_set)
        cloudformation.delete_change_set(ChangeSetName=change_set)
        there = inventory.look(cloudformation)
        for product in commit.products.values():
            key = there.products[product.product]
            found = inventory.artifacts(servicecatalog, product=product.product, product_id=key)
            for entry in product.versions:
                guidance, active = FLAGS[entry.guidance]
                servicecatalog.update_provisioning_artifact(
                    ProductId=key,
                    ProvisioningArtifactId=found[entry.version].id,
                    Guidance=guidance,
                    Active=active,
                    Description=entry.told,
                )

    target.each(region)
    return len(wire.calls), time.perf_counter() - begin


def main() -> None:
    """Print a line for each run."""
    names = [f"tier-{number}" for number in range(PRODUCTS)]
    with tempfile.TemporaryDirectory() as folder, serving() as endpoint:
        for name in [each for each in os.environ if each.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint,
            AWS_DEFAULT_REGION="us-east-1",
            AWS_ACCESS_KEY_ID=HUB,
            AWS_SECRET_ACCESS_KEY="test",
        )
        catalog = SmallCatalog(
            root=Path(folder),
            stages={"one": HUB},
            products={name: versions(VERSIONS) for name in names},
        )

        def changed(change: Callable[[], None]) -> tuple[int, float]:
            change()
            catalog.write()
            return publish(catalog)

        def one_new() -> None:
            catalog.products["tier-0"] = versions(VERSIONS + 1)

        def one_deprecated() -> None:
            old = ("1.0.0", "guidance: deprecated, reason: old, ends: 2027-03-31")
            catalog.products["tier-1"] = [old, *versions(VERSIONS)[1:]]

        results = {
            "all new": changed(lambda: None),
            "nothing new": publish(catalog),
            "one new": changed(one_new),
            "one deprecated": changed(one_deprecated),
            "baseline": republish(catalog),
        }
    print(f"publishing {PRODUCTS} x {VERSIONS} versions in two regions (local simulation)")
    baseline = results["baseline"]
    for name, (calls, seconds) in results.items():
        print(
            f"  {name:<16}{calls:>6} calls {seconds:>7.2f} s   "
            f"{calls / baseline[0]:>6.1%} of the baseline's calls, {seconds / baseline[1]:>6.1%} of its time"
        )


if __name__ == "__main__":
    main()

"""Linking: the same content gives the same bytes, and everything refers by digest."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dr_catalog.errors import ReleaseError
from dr_catalog.releases import Linked, link
from dr_catalog.releases.link import zip_asset

from .conftest import Templates, synthesis


def linked(tmp_path: Path, change: Callable[[Templates], object] = lambda _: None) -> Linked:
    tmp_path.mkdir(parents=True, exist_ok=True)
    synthesis(change)(tmp_path)
    return link(tmp_path)


def test_everything_refers_by_digest(tmp_path: Path) -> None:
    result = linked(tmp_path)
    ((digest, content),) = result.assets.items()
    assert hashlib.sha256(content).hexdigest() == digest
    for role in ("primary", "workload"):
        code = json.loads(result.templates[role])["Resources"]["Function"]["Properties"]["Code"]
        assert code["S3Key"] == f"assets/{digest}.zip"
    primary = json.loads(result.templates["primary"])["Resources"]
    for name in ("Foundation", "Workload"):
        peer = hashlib.sha256(result.templates[name.lower()]).hexdigest()
        url = primary[name]["Properties"]["TemplateURL"]["Fn::Sub"]
        assert url.endswith(f"/templates/{peer}.json")


def test_the_order_of_keys_does_not_reach_the_bytes(tmp_path: Path) -> None:
    def turn(templates: Templates) -> None:
        for body in templates.values():
            body["Resources"] = dict(reversed(body["Resources"].items()))

    assert linked(tmp_path / "a") == linked(tmp_path / "b", turn)


CONTENT = "@content@"


def guarded(templates: Templates) -> None:
    """Both guards of the primary are told its content."""
    for name in ("UpdateGuard", "DeleteGuard"):
        templates["primary"]["Resources"][name] = {
            "Type": f"Custom::Dr{name}",
            "Properties": {"Content": CONTENT},
        }


def content(result: Linked) -> str:
    """What a linked primary's guards are told."""
    primary = json.loads(result.templates["primary"])["Resources"]
    (found,) = {primary[name]["Properties"]["Content"] for name in ("UpdateGuard", "DeleteGuard")}
    assert isinstance(found, str)
    return found


def test_the_primary_is_told_the_digest_of_all_it_says_besides(tmp_path: Path) -> None:
    result = linked(tmp_path / "a", guarded)
    told = content(result)
    # It can be checked: with the placeholder back in its place, that is the template's digest.
    before = result.templates["primary"].decode().replace(told, CONTENT)
    assert hashlib.sha256(before.encode()).hexdigest() == told
    assert content(linked(tmp_path / "b", guarded)) == told


@pytest.mark.parametrize("changed", ["primary", "foundation", "workload", "output", "code"])
def test_the_content_differs_when_anything_differs(tmp_path: Path, changed: str) -> None:
    """The peer's templates and the code stand in the primary by their digests."""

    def change(templates: Templates) -> None:
        guarded(templates)
        if changed in templates:
            templates[changed]["Description"] = "Another"
        elif changed == "output":
            templates["primary"].setdefault("Outputs", {})["New"] = {"Value": "x"}

    before = linked(tmp_path / "a", guarded)
    synthesis(change, code="# another\n" if changed == "code" else None)(tmp_path)
    assert content(link(tmp_path)) != content(before)


def test_only_the_primary_has_a_content(tmp_path: Path) -> None:
    def place(templates: Templates) -> None:
        templates["foundation"]["Description"] = CONTENT

    foundation = json.loads(linked(tmp_path, place).templates["foundation"])
    assert foundation["Description"] == CONTENT


def test_a_zip_follows_from_its_content_alone(tmp_path: Path) -> None:
    for folder, order in (("a", ("x.py", "y/z.py")), ("b", ("y/z.py", "x.py"))):
        for name in order:
            file = tmp_path / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
    cache = tmp_path / "b/__pycache__/x.cpython-311.pyc"
    cache.parent.mkdir()
    cache.write_bytes(b"bytecode")
    os.utime(tmp_path / "b/x.py", (2e9, 2e9))
    (tmp_path / "b/x.py").chmod(0o600)
    content = zip_asset(tmp_path / "a")
    assert zip_asset(tmp_path / "b") == content
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.namelist() == ["x.py", "y/z.py"]
    assert archive.read("y/z.py") == b"y/z.py"
    assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_a_zip_file_is_packed_anew(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("w", "x"):
        (tmp_path / f"a/{name}.py").write_text(name)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.py", "x")
        archive.writestr("w.py", "w")
        archive.writestr("__pycache__/x.pyc", "bytecode")
    assert zip_asset(tmp_path / "a.zip") == zip_asset(tmp_path / "a")


def test_an_asset_that_is_empty_or_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="neither a folder nor a zip"):
        zip_asset(tmp_path / "none")
    with pytest.raises(ReleaseError, match="holds no file"):
        zip_asset(tmp_path)


def test_traces_of_the_synthesis_never_get_in(tmp_path: Path) -> None:
    def trace(templates: Templates) -> None:
        primary = templates["primary"]
        primary["Resources"]["CDKMetadata"] = {"Type": "AWS::CDK::Metadata", "Condition": "C"}
        primary["Conditions"] = {"CDKMetadataAvailable": {"Fn::Equals": ["a", "a"]}}
        primary["Rules"] = {"CheckBootstrapVersion": {"Assertions": []}}
        primary["Parameters"]["BootstrapVersion"] = {"Type": "String"}
        primary["Resources"]["Key"]["Metadata"] = {"aws:cdk:path": "a/b", "aws:asset:path": "/home"}
        primary["Resources"]["Role"]["Metadata"] = {"aws:cdk:path": "a/c", "Mine": "stays"}

    noisy = linked(tmp_path / "a", trace)
    body = json.loads(noisy.templates["primary"])
    assert body["Resources"]["Role"].pop("Metadata") == {"Mine": "stays"}
    assert body == json.loads(linked(tmp_path / "b").templates["primary"])


@pytest.mark.parametrize(
    ("role", "before", "after", "says"),
    [
        ("primary", "@foundation@", "@other@", "primary template refers to a template 'other'"),
        ("workload", "lambda.amazonaws.com", "templates/@foundation@.json", "workload template"),
        ("workload", "assets/" + "1" * 64, "assets/" + "2" * 64, "an asset that the synthesis"),
    ],
)
def test_a_reference_to_nothing_is_refused(
    tmp_path: Path, role: str, before: str, after: str, says: str
) -> None:
    synthesis()(tmp_path)
    file = tmp_path / f"{role}.template.json"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(ReleaseError, match=says):
        link(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("assets.json", None, "wrote no assets.json"),
        ("primary.template.json", None, "wrote no primary.template.json"),
        ("assets.json", "{", "assets.json that is not JSON"),
        ("assets.json", "[]", "not a JSON object"),
    ],
)
def test_a_synthesis_that_wrote_too_little_is_refused(
    tmp_path: Path, name: str, content: str | None, says: str
) -> None:
    synthesis()(tmp_path)
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_text(content)
    with pytest.raises(ReleaseError, match=says):
        link(tmp_path)

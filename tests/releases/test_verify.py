"""Verifying: silent over what was frozen, and heard once one byte of it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dr_catalog.definitions import Product, load_catalog
from dr_catalog.releases import Finding, freeze, verify_catalog, verify_product

from .conftest import Templates, listed, synthesis


@pytest.fixture
def frozen(product: Product) -> Product:
    """The product with one release, listed."""
    freeze(product, "1.0.0", synthesise=synthesis())
    return listed(product, "1.0.0")


def seen(findings: tuple[Finding, ...]) -> list[tuple[str, str, str, str]]:
    return [(f.rule, f.version, f.template, f.resource) for f in findings]


def rewrite(name: str, before: str, after: str) -> Callable[[Path], str]:
    def act(release: Path) -> str:
        text = (release / name).read_text()
        assert before in text
        (release / name).write_text(text.replace(before, after, 1))
        return ""

    return act


def remove(name: str) -> Callable[[Path], str]:
    def act(release: Path) -> str:
        (release / name).unlink()
        return ""

    return act


def asset(content: bytes | None) -> Callable[[Path], str]:
    def act(release: Path) -> str:
        (file,) = (release.parents[2] / "assets").iterdir()
        file.unlink() if content is None else file.write_bytes(content)
        return file.name

    return act


def stray(place: str) -> Callable[[Path], str]:
    def act(release: Path) -> str:
        file = release / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("left over")
        return ""

    return act


FOUNDATION, MANIFEST = "foundation.template.json", "release.yaml"
# What is done to the release; the first finding: rule, template and resource (the asset's name
# where it is None).
ROWS: list[tuple[Callable[[Path], str], str, str, str | None]] = [
    (rewrite(FOUNDATION, "A sample", "Another sample"), "digest", "foundation", ""),
    (remove(FOUNDATION), "missing-file", "foundation", ""),
    (stray("notes.txt"), "stray-file", "", "notes.txt"),
    (stray("../.1.1.0.77/release.yaml"), "stray-file", "", ".1.1.0.77"),
    (stray("../latest/release.yaml"), "stray-file", "", "latest"),
    (stray("../1.1.0/release.yaml"), "manifest", "", "release.yaml"),
    (remove(MANIFEST), "manifest", "", "release.yaml"),
    (rewrite(MANIFEST, "resources: 3", "resources: 4"), "manifest", "", "templates"),
    (rewrite(MANIFEST, "bytes: ", "bytes: 1"), "manifest", "", "templates"),
    (rewrite(MANIFEST, "While true", "While"), "manifest", "", "parameters"),
    (rewrite(MANIFEST, "required: true", "required: false"), "manifest", "", "release.yaml"),
    (rewrite(MANIFEST, "TableName: ", "TableName: Not "), "manifest", "", "outputs"),
    (rewrite(MANIFEST, "version: 1.0.0", "version: 1.0.1"), "manifest", "", "version"),
    (rewrite(MANIFEST, "product: sample", "product: other"), "manifest", "", "product"),
    (asset(None), "missing-asset", "primary", None),
    (asset(b"spoilt"), "digest", "", None),
]


def test_what_was_frozen_verifies(frozen: Product, root: Path) -> None:
    assert verify_product(frozen) == ()
    assert verify_catalog(load_catalog(root)) == ()


@pytest.mark.parametrize(("act", "rule", "template", "resource"), ROWS)
def test_one_wrong_byte_is_found(
    frozen: Product,
    act: Callable[[Path], str],
    rule: str,
    template: str,
    resource: str | None,
) -> None:
    name = act(frozen.folder / "releases/1.0.0")
    found = [entry for entry in verify_product(frozen) if entry.rule == rule]
    assert (template, name if resource is None else resource) in {
        (entry.template, entry.resource) for entry in found
    }
    assert all(entry.level == "error" and entry.hint for entry in found)


def test_folders_and_list_agree(frozen: Product) -> None:
    assert seen(verify_product(listed(frozen, "1.0.0", "1.1.0"))) == [
        ("missing-release", "1.1.0", "", "")
    ]
    assert seen(verify_product(listed(frozen, "0.9.0"))) == [
        ("missing-release", "0.9.0", "", ""),
        ("unlisted-release", "1.0.0", "", ""),
    ]


def test_an_unlisted_release_comes_with_its_line(product: Product) -> None:
    freeze(product, "1.0.0", synthesise=synthesis())
    (finding,) = verify_product(product)
    assert (finding.rule, finding.version) == ("unlisted-release", "1.0.0")
    assert "- {version: 1.0.0, guidance: default, description: <what is new>}" in finding.hint


def test_an_asset_that_no_release_uses_is_found(frozen: Product, root: Path) -> None:
    left_over = root / "products/assets" / f"{'0' * 64}.zip"
    left_over.write_bytes(b"")
    assert seen(verify_catalog(load_catalog(root))) == [("unused-asset", "", "", left_over.name)]
    assert verify_product(frozen) == ()  # another product may use it


def test_a_template_must_refer_to_the_peers_of_its_own_release(frozen: Product) -> None:
    """Both files changed together, so that every digest in release.yaml is right again."""
    from dr_catalog.releases.layout import load_release
    from dr_catalog.releases.manifest import describe, render

    release = load_release(frozen, "1.0.0")
    templates = dict(release.templates)
    templates["foundation"] = templates["foundation"].replace(b"A sample", b"Another sample")
    manifest = describe(
        product="sample",
        version="1.0.0",
        builds=release.manifest.builds,
        templates=templates,
        assets={},
        tools=release.manifest.tools,
    )
    (release.folder / FOUNDATION).write_bytes(templates["foundation"])
    (release.folder / MANIFEST).write_bytes(render(manifest))
    rules = [finding.rule for finding in verify_product(frozen)]
    assert rules.count("template-reference") == 2  # one that is not there, one that is not used
    assert "digest" not in rules


def test_what_restores_is_launched_by_itself(product: Product) -> None:
    """No template refers to it, and it is frozen, published and checked as the others are."""

    def add(templates: Templates) -> None:
        templates["restore"] = templates["foundation"] | {"Description": "A sample, from copies"}

    done = freeze(product, "1.0.0", synthesise=synthesis(add))
    assert set(done.manifest.templates) == {"primary", "foundation", "workload", "restore"}
    assert verify_product(listed(product, "1.0.0")) == ()


def test_a_product_may_be_a_primary_template_alone(product: Product) -> None:
    def drop(templates: Templates) -> None:
        resources = templates["primary"]["Resources"]
        for role in ("Foundation", "Workload"):
            del templates[role.lower()], resources[role]
        del resources["Table"]["DependsOn"]

    done = freeze(product, "1.0.0", synthesise=synthesis(drop))
    assert set(done.manifest.templates) == {"primary"}
    assert verify_product(listed(product, "1.0.0")) == ()


def test_exceptions_cover_what_they_name_and_nothing_else(product: Product) -> None:
    def open_method(templates: Templates) -> None:
        method = templates["primary"]["Resources"]["Method"]["Properties"]
        method["AuthorizationType"] = "NONE"

    exception = "exceptions: [{{rule: {}, resource: {}, reason: a probe{}}}]\n"
    accepted = listed(product, "1.0.0", exceptions=exception.format("DR050", '"Meth*"', ""))
    freeze(accepted, "1.0.0", synthesise=synthesis(open_method))
    assert verify_product(accepted) == ()
    for rule, resource, template in (
        ("DR051", "Method", ""),
        ("DR050", "Other", ""),
        ("DR050", "Method", ", template: workload"),
    ):
        other = listed(product, "1.0.0", exceptions=exception.format(rule, resource, template))
        rules = [finding.rule for finding in verify_product(other)]
        assert sorted(rules) == ["DR050", "unused-exception"]


def test_a_warning_is_listed_and_no_error(product: Product) -> None:
    def needless_sub(templates: Templates) -> None:
        templates["primary"]["Outputs"]["Same"] = {
            "Value": {"Fn::Sub": "the same"},
            "Description": "A Sub without a variable",
        }

    done = freeze(product, "1.0.0", synthesise=synthesis(needless_sub))
    assert [(finding.rule, finding.level) for finding in done.warnings] == [("W1020", "warning")]
    (finding,) = verify_product(listed(product, "1.0.0"))
    assert (finding.rule, finding.resource, finding.level) == ("W1020", "Same", "warning")


def test_a_dependency_that_cdk_writes_twice_is_no_finding(product: Product) -> None:
    def repeat_dependency(templates: Templates) -> None:
        templates["primary"]["Resources"]["Function"]["DependsOn"] = ["LogGroup", "Role"]

    assert freeze(product, "1.0.0", synthesise=synthesis(repeat_dependency)).warnings == ()


def test_nothing_in_a_template_or_beside_it_silences_cfn_lint(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dr_catalog.releases import lint

    def silence(templates: Templates) -> None:
        ignore = {"cfn-lint": {"config": {"ignore_checks": ["E3002", "W1020"]}}}
        foundation = templates["foundation"]
        foundation["Metadata"] = ignore
        foundation["Resources"]["Bucket"] |= {"Metadata": ignore}
        foundation["Description"] = "A template"
        foundation.setdefault("Outputs", {})["Same"] = {"Value": {"Fn::Sub": "the same"}}
        foundation["Resources"]["Bucket"]["Properties"]["BucketNmae"] = "a"

    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E3002, W1020]\n")
    monkeypatch.chdir(tmp_path)
    raw = tmp_path / "raw"
    raw.mkdir()
    synthesis(silence)(raw)
    content = (raw / FOUNDATION).read_bytes()
    found = lint.findings(product="p", version="1.0.0", role="foundation", content=content)
    assert {finding.rule for finding in found} == {"E3002", "W1020"}


def test_a_template_that_is_no_json_is_a_finding(frozen: Product) -> None:
    (frozen.folder / "releases/1.0.0" / FOUNDATION).write_text("[")
    assert {"digest", "E0000"} <= {finding.rule for finding in verify_product(frozen)}

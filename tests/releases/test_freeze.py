"""Freezing: what is written, what is refused, and that nothing is left half done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dr_catalog.definitions import Product, load_product
from dr_catalog.errors import NotFoundError, ReleaseError, UsageError
from dr_catalog.releases import freeze, load_release, synthesiser

from .conftest import Templates, listed, synthesis


def files(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file()
    }


def describe_key(templates: Templates) -> None:
    templates["primary"]["Resources"]["Key"]["Properties"]["Description"] = "A key"


def drop_output(templates: Templates) -> None:
    del templates["primary"]["Outputs"]["BucketName"]


def test_a_first_release(product: Product, root: Path) -> None:
    before = (product.folder / "product.yaml").read_bytes()
    done = freeze(product, "1.0.0", synthesise=synthesis())
    assert done.written
    assert done.contract is None
    assert done.entry == "  - {version: 1.0.0, guidance: default, description: <what is new>}"
    assert (product.folder / "product.yaml").read_bytes() == before
    release = load_release(product, "1.0.0")
    assert release.manifest == done.manifest
    (asset,) = release.manifest.assets
    written = files(root / "products")
    assert set(written) == {
        "sample/product.yaml",
        "sample/releases/1.0.0/primary.template.json",
        "sample/releases/1.0.0/foundation.template.json",
        "sample/releases/1.0.0/workload.template.json",
        "sample/releases/1.0.0/release.yaml",
        f"assets/{asset.sha256}.zip",
    }
    assert release.manifest.templates["foundation"].resources == 3
    suffix = release.manifest.parameters["EnvironmentSuffix"]
    assert suffix.required
    assert suffix.pattern == "^[a-z](-?[a-z0-9])+$"
    assert release.manifest.parameters["DeletionProtection"].allowed == ("true", "false")
    assert release.manifest.outputs["TableName"] == "The table, the same in both regions"
    assert release.manifest.tools.keys() == {"aws-cdk-lib", "constructs", "jsii"}


def test_the_same_release_elsewhere_has_the_same_bytes(
    product: Product, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    freeze(product, "1.0.0", synthesise=synthesis())
    other = tmp_path_factory.mktemp("elsewhere") / "products/sample"
    other.mkdir(parents=True)
    (other / "product.yaml").write_bytes((product.folder / "product.yaml").read_bytes())
    freeze(load_product(other), "1.0.0", synthesise=synthesis())
    assert files(other.parent) == files(root / "products")


def test_a_repeat_is_identical_or_refused(product: Product, root: Path) -> None:
    freeze(product, "1.0.0", synthesise=synthesis())
    product = listed(product, "1.0.0")
    frozen = files(root)
    again = freeze(product, "1.0.0", synthesise=synthesis())
    assert not again.written
    assert again.entry == ""
    with pytest.raises(ReleaseError, match="frozen already, with other bytes") as caught:
        freeze(product, "1.0.0", synthesise=synthesis(code="changed = True\n"))
    assert "templates, assets" in caught.value.why
    with pytest.raises(ReleaseError, match="frozen already"):
        freeze(product, "1.0.0", synthesise=synthesis(drop_output))
    assert files(root) == frozen


def test_the_next_release_is_compared_with_the_one_before(product: Product, root: Path) -> None:
    freeze(product, "1.0.0", synthesise=synthesis())
    done = freeze(listed(product, "1.0.0"), "1.0.1", synthesise=synthesis(describe_key))
    assert done.entry == "  - {version: 1.0.1, guidance: available, description: <what is new>}"
    assert done.contract is not None
    assert (done.contract.before, done.contract.changes) == ("1.0.0", ())
    assert len(list((root / "products/assets").iterdir())) == 1  # shared

    before = files(root)
    with pytest.raises(ReleaseError, match=r"1\.1\.0 is not frozen: it breaks what 1\.0\.1") as e:
        freeze(product, "1.1.0", synthesise=synthesis(drop_output))
    assert "output BucketName: removed" in e.value.why
    assert "2.0.0" in e.value.hint
    assert files(root) == before

    major = freeze(product, "2.0.0", synthesise=synthesis(drop_output))
    assert major.contract is not None
    assert major.contract.before == "1.0.1"
    # A later fix of the old line is compared with the old line.
    assert freeze(product, "1.0.2", synthesise=synthesis()).contract is not None


def test_a_release_that_breaks_a_rule_is_refused_until_the_reason_is_written(
    product: Product, root: Path
) -> None:
    def open_method(templates: Templates) -> None:
        method = templates["primary"]["Resources"]["Method"]["Properties"]
        method["AuthorizationType"] = "NONE"

    before = files(root)
    with pytest.raises(ReleaseError, match="is not frozen: 1 findings") as caught:
        freeze(product, "1.0.0", synthesise=synthesis(open_method))
    assert "primary Method DR050" in caught.value.why
    assert files(root) == before
    reasoned = listed(
        product,
        "1.0.0",
        exceptions="exceptions: [{rule: DR050, resource: Method, reason: a probe}]\n",
    )
    assert freeze(reasoned, "1.0.0", synthesise=synthesis(open_method)).written


def test_a_release_that_cfn_lint_refuses_is_refused(product: Product) -> None:
    def misspell(templates: Templates) -> None:
        templates["foundation"]["Resources"]["Bucket"]["Properties"]["BucketNmae"] = "a"

    with pytest.raises(ReleaseError) as caught:
        freeze(product, "1.0.0", synthesise=synthesis(misspell))
    assert "foundation Bucket E3002" in caught.value.why


@pytest.mark.parametrize("moment", ["write_bytes", "rename"])
def test_nothing_is_left_half_done(
    product: Product, root: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    done: Callable[..., object] = getattr(Path, moment)
    calls = 0

    def fail_late(self: Path, *args: object) -> object:
        nonlocal calls
        calls += 1
        if calls == {"write_bytes": 5, "rename": 2}[moment]:
            raise OSError("no space left on device")
        return done(self, *args)

    before = files(root)
    with monkeypatch.context() as patch:
        patch.setattr(Path, moment, fail_late)
        with pytest.raises(OSError, match="no space"):
            freeze(product, "1.0.0", synthesise=synthesis())
    assert files(root) == before
    assert freeze(product, "1.0.0", synthesise=synthesis()).written


def test_a_spoilt_asset_is_never_referred_to(product: Product, root: Path) -> None:
    freeze(product, "1.0.0", synthesise=synthesis())
    (asset,) = (root / "products/assets").iterdir()
    asset.write_bytes(b"spoilt")
    with pytest.raises(ReleaseError, match="other bytes than its name says"):
        freeze(product, "1.0.1", synthesise=synthesis(describe_key))


def test_a_word_that_is_no_version_is_refused(product: Product) -> None:
    with pytest.raises(UsageError, match="not a semantic version"):
        freeze(product, "latest", synthesise=synthesis())
    with pytest.raises(NotFoundError, match="has no release"):
        load_release(product, "9.9.9")


def test_the_synthesis_is_a_process_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="failed with exit code") as caught:
        synthesiser("no_such_module:Tier", product="sample", root=tmp_path)(tmp_path)
    assert "No module named 'no_such_module'" in caught.value.why

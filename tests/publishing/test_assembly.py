"""An assembly: templates in a folder, read back as they were, and nothing else touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dr_catalog.cli.main import cli
from dr_catalog.errors import PublishError, UsageError
from dr_catalog.publishing import assembly

TEMPLATES = {"Portfolio-dev-us-east-1": '{"Resources":{"é":1}}', "Assets-dev-us-east-1": "{}"}


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    files = assembly.write({"Gone": "{}", **TEMPLATES}, folder)
    assert [file.name.partition(".")[0] for file in files] == sorted(["Gone", *TEMPLATES])
    assert assembly.write(TEMPLATES, folder) == (files[0], files[2])
    assert assembly.read(folder) == TEMPLATES


@pytest.mark.parametrize("name", ["cdk.json", ".git"])
def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    (tmp_path / "Old.template.json").write_text("{}")
    with pytest.raises(UsageError, match=f"it holds {name}"):
        assembly.write(TEMPLATES, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {name, "Old.template.json"}


def test_a_folder_without_templates_is_no_assembly(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(PublishError, match=f"`dr-catalog synth --output {folder}`"):
            assembly.read(folder)


def test_synth_writes_what_the_app_gives(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(assembly, "synthesise", lambda root: asked.append(root) or TEMPLATES)
    folder = tmp_path / "assembly"
    done = CliRunner().invoke(cli, ["synth", "--output", str(folder), "--root", str(catalog)])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{folder}/{name}.template.json" for name in sorted(TEMPLATES)
    ]
    assert assembly.read(folder) == TEMPLATES
    assert asked == [catalog]


def test_synth_refuses_before_it_synthesises(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "synthesise", lambda root: pytest.fail("synthesised"))
    words = ["synth", "--root", str(catalog), "--output"]
    refused = CliRunner().invoke(cli, [*words, str(catalog)])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"{catalog} is no place for templates" in refused.stderr
    file = catalog / "pipeline/pipeline.yaml"
    refused = CliRunner().invoke(cli, [*words, str(file)])
    assert (refused.exit_code, "it is a file" in refused.stderr) == (2, True)
    file.write_text("stages: []\n")
    refused = CliRunner().invoke(cli, [*words, str(tmp_path / "new")])
    assert (refused.exit_code, "pipeline.yaml:1: name" in refused.stderr) == (1, True)
    assert not (tmp_path / "new").exists()

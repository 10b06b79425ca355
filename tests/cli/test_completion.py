"""Shell completion: the script, and words from one cheap call that never says anything."""

from __future__ import annotations

import threading
from typing import Any
from unittest.mock import Mock

import pytest
from click.shell_completion import BashComplete

from dr_catalog.cli import completing
from dr_catalog.cli.main import COMMANDS, cli


def complete(*words: str, begun: str = "") -> list[str]:
    shell = BashComplete(cli, {}, "dr-catalog", "_DR_CATALOG_COMPLETE")
    return [item.value for item in shell.get_completions(list(words), begun)]


@pytest.fixture
def client(monkeypatch) -> Any:
    """Service Catalog as completion sees it."""
    made = Mock()
    made.search_products.return_value = {"ProductViewSummaries": [{"Name": "warm-standby"}]}
    layers = [{"Name": "dr-demo.vpc"}, {"Name": "dr-demo.kms"}]
    names = [{"Name": "dr-dev"}, *layers, {"Name": "someone-elses"}]
    made.search_provisioned_products.return_value = {"ProvisionedProducts": names}
    made.describe_product.return_value = {"ProvisioningArtifacts": [{"Name": "1.1.0"}]}
    made.describe_provisioned_product.return_value = {
        "ProvisionedProductDetail": {"ProductId": "prod-1"}
    }
    monkeypatch.setattr(completing, "_client", lambda region: made)
    return made


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_program(run, shell):
    done = run("completion", shell)
    assert done.exit_code == 0
    assert "_DR_CATALOG_COMPLETE" in done.stdout
    assert "dr-catalog" in done.stdout


def test_commands_and_options_need_no_call(client):
    assert set(complete()) == set(COMMANDS)
    assert "--exit-code" in complete("plan", begun="--")
    client.assert_not_called()


@pytest.mark.parametrize(
    ("words", "begun", "found"),
    [
        (("launch",), "w", ["warm-standby"]),
        (("describe",), "x", []),
        (("upgrade", "--suffix"), "de", ["demo", "dev"]),
        (("status", "--suffix"), "dev", ["dev"]),
        (("launch", "warm-standby", "--version"), "1", ["1.1.0"]),
        (("upgrade", "--suffix", "dev", "--version"), "", ["1.1.0"]),
        (("upgrade", "--suffix", "demo", "--layer"), "", ["kms", "vpc"]),
        (("upgrade", "--suffix", "demo", "--layer"), "v", ["vpc"]),
        (("terminate", "--suffix", "dev", "--layer"), "", []),
        (("terminate", "--layer"), "", []),
    ],
)
def test_words_come_from_one_page(client, words, begun, found):
    assert complete(*words, begun=begun) == found
    assert len(client.method_calls) <= 2


def test_the_versions_of_a_layer_are_those_of_its_launch(client):
    complete("upgrade", "--suffix", "demo", "--layer", "vpc", "--version")
    client.describe_provisioned_product.assert_called_once_with(Name="dr-demo.vpc")


def test_a_failure_is_silent(client, capsys):
    client.search_provisioned_products.side_effect = RuntimeError("no credentials")
    assert complete("status", "--suffix") == []
    assert capsys.readouterr() == ("", "")


def test_an_answer_that_takes_too_long_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr(completing, "LIMIT_SECONDS", 0.02)
    answered, let = threading.Event(), threading.Event()

    def late() -> None:
        let.wait(10)
        answered.set()

    client.search_products.side_effect = late
    try:
        assert complete("launch") == []
        assert not answered.is_set()
    finally:
        let.set()

"""The layers as a whole: what the package offers, what it may not import, what every layer tells."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest
from constructs import Construct

from dr_catalog import layers

from .reading import Template, of_type, text

PUBLIC = sorted(
    module.name for module in pkgutil.iter_modules(layers.__path__) if module.name[0] != "_"
)
LAYERS = [
    *("kms", "vpc", "aurora", "dynamodb", "s3", "compute", "backup", "route53", "monitoring"),
    "recovery",
]
ONE_SIDED = {
    "launch": {"route53/url", "guard/deletion-protection"},
    "peer": {
        "route53/serving-region",
        *(
            f"recovery/{name}"
            for name in ("state-machine-arn", "failover-mode", "dashboard", "witness-region")
        ),
        *(f"recovery/{name}" for name in ("launch-endpoint", "rpo-seconds", "rto-seconds")),
    },
}
"""What only one region has to tell: DNS and guard are the launch region's, control metric and recovery the
peer's."""


def modules() -> list[ModuleType]:
    return [importlib.import_module(f"{layers.__name__}.{name}") for name in PUBLIC]


def test_the_package_offers_every_construct_and_what_their_arguments_need() -> None:
    assert sorted(layers.__all__) == sorted(set(layers.__all__))
    for name in layers.__all__:
        assert hasattr(layers, name)
    constructs = {
        name
        for module in modules()
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, Construct)
        and name[0] != "_"
        and value.__module__.startswith(layers.__name__)
        # Those of helpers are a layer's own only where it says so.
        and (value.__module__ == module.__name__ or name in getattr(module, "__all__", ()))
    }
    assert len(constructs) > 18
    assert constructs <= set(layers.__all__)
    table = str(layers.__doc__)
    assert [name for name in sorted(constructs) if name not in table] == []
    taken = {
        word
        for name in constructs
        for parameter in inspect.signature(getattr(layers, name).__init__).parameters.values()
        for word in str(parameter.annotation).replace("[", " ").replace("]", " ").split()
        if word in {known for module in modules() for known in vars(module)} and word[0].isupper()
    }
    ours = {
        name
        for name in taken
        for module in modules()
        if getattr(vars(module).get(name), "__module__", "").startswith(layers.__name__)
    }
    assert {"LedgerAccess", "Schedule", "Watched"} <= ours
    assert ours <= set(layers.__all__)


def test_the_rule_that_no_layer_imports_another_names_every_layer() -> None:
    settings = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text())
    (rule,) = (
        each
        for each in settings["tool"]["importlinter"]["contracts"]
        if each["name"] == "no layer imports another"
    )
    assert rule["modules"] == [f"{layers.__name__}.{name}" for name in PUBLIC]


@pytest.fixture(scope="module")
def told(templates: Mapping[str, Template]) -> dict[str, list[str]]:
    """The names of all parameters, without /dr/<suffix>/, by region."""
    found: dict[str, list[str]] = {"launch": [], "peer": []}
    for role, template in templates.items():
        for each in of_type(template, "AWS::SSM::Parameter"):
            name = text(template, each["Properties"]["Name"])
            prefix = "/dr/<EnvironmentSuffix>/"
            assert name.startswith(prefix)
            found["launch" if role == "primary" else "peer"].append(name.removeprefix(prefix))
    return found


@pytest.mark.parametrize("region", ONE_SIDED)
def test_every_layer_tells_what_others_need_to_know(
    told: dict[str, list[str]], region: str
) -> None:
    own = [*LAYERS, "guard"] if region == "launch" else LAYERS
    assert {name.partition("/")[0] for name in told[region]} == set(own)
    assert len(set(told[region])) == len(told[region])  # foundation and workload do not collide


def test_both_regions_tell_the_same_for_they_may_swap_roles(told: dict[str, list[str]]) -> None:
    launch, peer = set(told["launch"]), set(told["peer"])
    assert launch - peer == ONE_SIDED["launch"]
    assert peer - launch == ONE_SIDED["peer"]

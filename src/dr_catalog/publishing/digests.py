"""The proof that a stage has a release's bytes, in one region: what is there is fetched and hashed.

    files (templates, code): S3 -> sha256 <-> key, which holds the release's digest
    versions: Service Catalog -> template URL -> one of these files <-> release

What was proven is written down in the bucket, ``proven.json``: each file's ETag, each version's id. A
file is not fetched again while S3's listing (1,000 a call) gives the same ETag and that is the MD5 of
the release's bytes; a version is not asked for again while its id stays, since the template of an id
can't be changed. So a run costs calls for what is new, and still notices bytes that were changed since.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError

from ..errors import PublishError
from ..releases.manifest import digest
from . import files, guidance
from .commit import Commit
from .inventory import Inventory, artifacts

LEDGER = "proven.json"
_TEMPLATE = re.compile(r"templates/([0-9a-f]{64})\.json")
_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-][a-z0-9-]+\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True)
class Ledger:
    """What was fetched and found right.

    Args:
        files: Key to ETag.
        versions: A version's id to the sha256 of its template.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def prove(
    s3: Any, servicecatalog: Any, *, bucket: str, commit: Commit, there: Inventory
) -> tuple[str, ...]:
    """Compare the region with the commit, version by version and byte by byte.

    Returns:
        What was fetched and found right, in words; empty when nothing was new.

    Raises:
        PublishError: Something is missing, is another, or says another thing of itself.
    """
    known = _read(s3, bucket)
    held = commit.files()
    proven = _prove_files(s3, bucket, held, known.files)
    versions = _prove_versions(
        s3,
        servicecatalog,
        bucket=bucket,
        commit=commit,
        there=there,
        known=known.versions,
    )
    if Ledger(proven, versions) == known:
        return ()
    body = json.dumps({"files": proven, "versions": versions}, indent=1, sort_keys=True)
    s3.put_object(Bucket=bucket, Key=LEDGER, Body=body.encode(), ContentType="application/json")
    counts = (
        (sum(known.versions.get(key) != value for key, value in versions.items()), "versions"),
        (sum(known.files.get(key) != value for key, value in proven.items()), "files"),
    )
    return tuple(f"digests of {count} {what}" for count, what in counts if count)


def _prove_files(
    s3: Any, bucket: str, held: Mapping[str, bytes], known: Mapping[str, str]
) -> dict[str, str]:
    listed = files.listed(s3, bucket=bucket)
    missing = sorted(held.keys() - listed.keys())
    if missing:
        raise PublishError(
            f"s3://{bucket} lacks {len(missing)} files of the releases",
            why=", ".join(missing[:3]),
            hint="publish again; steps in order: assets, portfolio, guidance, digests",
        )
    fetched = [key for key in held if not _is_known(key, held[key], listed, known)]
    with ThreadPoolExecutor(max_workers=files.AT_ONCE) as pool:
        etags = pool.map(lambda key: files.check(s3, bucket=bucket, key=key), fetched)
        return {
            **{key: known[key] for key in held if key not in fetched},
            **dict(zip(fetched, etags, strict=True)),
        }


def _is_known(
    key: str, content: bytes, listed: Mapping[str, str], known: Mapping[str, str]
) -> bool:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return known.get(key) == listed[key] == md5


def _prove_versions(
    s3: Any,
    servicecatalog: Any,
    *,
    bucket: str,
    commit: Commit,
    there: Inventory,
    known: Mapping[str, str],
) -> dict[str, str]:
    """The versions' ids and digests; the files have been proven before."""
    proven: dict[str, str] = {}
    for name, product in commit.products.items():
        if name not in there.products:
            guidance.check_complete(product, {})
        product_id = there.products[name]
        found = artifacts(servicecatalog, product=name, product_id=product_id)
        guidance.check_complete(product, found)
        _check_same(name, set(found), {entry.version for entry in product.versions})
        for entry in product.versions:
            if not guidance.is_as_wanted(entry, found[entry.version]):
                raise _another(name, f"{entry.version} is not {entry.guidance} there")
        wanted = {
            found[entry.version].id: commit.sha256(name, entry.version)
            for entry in product.versions
        }
        new = [key for key, sha256 in wanted.items() if known.get(key) != sha256]

        def has(version_id: str, product_id: str = product_id) -> str:
            return _sha256(s3, servicecatalog, bucket, product_id, version_id)

        with ThreadPoolExecutor(max_workers=files.AT_ONCE) as pool:
            for key, sha256 in zip(new, pool.map(has, new), strict=True):
                if sha256 != wanted[key]:
                    version = next(each.name for each in found.values() if each.id == key)
                    raise PublishError(
                        f"{name} {version} is not the release in Service Catalog",
                        why=f"its template's sha256 is {sha256}, the release's {wanted[key]}",
                        hint="a version can't be mended: deprecate it, and release the next",
                    )
        proven |= wanted
    return proven


def _check_same(name: str, found: set[str], wanted: set[str]) -> None:
    if found - wanted:
        raise _another(
            name, f"it has {', '.join(sorted(found - wanted))}, which product.yaml has not"
        )


def _another(name: str, why: str) -> PublishError:
    return PublishError(
        f"{name} is not published as this commit says",
        why=f"{why}; another publishing of the stage may have run at the same time",
        hint="let one publishing at a time run, and publish again",
    )


def _sha256(s3: Any, servicecatalog: Any, bucket: str, product_id: str, version_id: str) -> str:
    """The digest of what lies at the address that Service Catalog names for the version.

    A template in the stage's own bucket, under its digest, is among the files that are proven already.
    """
    url = servicecatalog.describe_provisioning_artifact(
        ProductId=product_id, ProvisioningArtifactId=version_id, Verbose=True
    )["Info"].get("TemplateUrl", "")
    parts = urlsplit(url)
    host = _HOST.fullmatch(parts.hostname or "")
    if host is None:
        raise PublishError(
            "Service Catalog does not say where a version's template lies",
            why=f"version {version_id} of product {product_id} has the address '{url}'",
        )
    path = unquote(parts.path).lstrip("/")
    where, key = (host["bucket"], path) if host["bucket"] else path.split("/", 1)
    own = _TEMPLATE.fullmatch(key)
    if where == bucket and own:
        return own[1]
    return digest(s3.get_object(Bucket=where, Key=key)["Body"].read())


def _read(s3: Any, bucket: str) -> Ledger:
    try:
        told = json.loads(s3.get_object(Bucket=bucket, Key=LEDGER)["Body"].read())
        return Ledger(files=dict(told["files"]), versions=dict(told["versions"]))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
            raise
    except (ValueError, KeyError, TypeError):
        pass  # not what this writes: everything is proven anew
    return Ledger()

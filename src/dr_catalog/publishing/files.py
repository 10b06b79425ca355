"""Templates and code in a stage's asset bucket, by content hash.

A key that is there holds what its name says, so it is never written again. Templates carry the tag
that lets a launch role read them (``servicecatalog:provisioning=true``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..definitions import Product
from ..errors import PublishError
from ..releases.layout import asset_file, load_release
from ..releases.manifest import digest


def released(products: Iterable[Product]) -> Mapping[str, bytes]:
    """Every file that the released versions need, by its key in the bucket."""
    files: dict[str, bytes] = {}
    for product in products:
        for entry in product.versions:
            release = load_release(product, entry.version)
            for role, data in release.templates.items():
                files[template_key(release.manifest.templates[role].sha256)] = data
            for asset in release.manifest.assets:
                data = asset_file(product, asset.sha256).read_bytes()
                files[f"assets/{asset.sha256}.zip"] = data
    return files


def template_key(sha256: str) -> str:
    """The key of the template with this digest."""
    return f"templates/{sha256}.json"


def upload(s3: Any, *, bucket: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Put the files that the bucket lacks.

    Returns:
        The keys that were written.
    """
    present = {
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    }
    missing = tuple(key for key in files if key not in present)
    for key in missing:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=files[key],
            Tagging="servicecatalog:provisioning=true",
            ContentType="application/json" if key.endswith(".json") else "application/zip",
        )
    return missing


def check(s3: Any, *, bucket: str, keys: Iterable[str]) -> None:
    """Fetch each file back and compare it with its digest.

    Raises:
        PublishError: A file in the bucket is not what its name says.
    """
    for key in keys:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        if digest(body) not in key:
            raise PublishError(
                f"s3://{bucket}/{key} is not what its name says",
                why=f"its sha256 is {digest(body)}",
                hint="delete the object and publish again; then find out who wrote it",
            )

"""The answers of someone who begins a catalog, checked by the forms of the files they end up in."""

from __future__ import annotations

import difflib
import re

import botocore.session

from ..definitions.pipeline import ACCOUNT_FORM, REGION_FORM
from ..errors import UsageError


def check_account(text: str, *, option: str) -> str:
    """The account id itself, when it is one.

    Raises:
        UsageError: It is not 12 digits.
    """
    if re.fullmatch(ACCOUNT_FORM.pattern, text, re.ASCII):
        return text
    raise UsageError(
        f"{option}: '{text}' is not an account id",
        why="an account id is 12 digits",
        hint=f"such as `{option} 111111111111`; `aws sts get-caller-identity` tells yours",
    )


def check_regions(text: str, *, option: str) -> tuple[str, str]:
    """The pair that a text such as ``us-east-1,us-west-2`` names.

    Raises:
        UsageError: It is not two different regions of one partition that have Service Catalog.
    """
    regions = [part.strip() for part in text.split(",")]
    hint = f"name two, such as `{option} us-east-1,us-west-2`"
    if len(regions) != 2:
        raise UsageError(
            f"{option}: '{text}' is not a pair of regions",
            why=f"{len(regions)} named",
            hint=hint,
        )
    first, second = (_check_region(region, option=option) for region in regions)
    if first == second:
        raise UsageError(
            f"{option}: {first} stands there twice",
            why="the peer must be another region, or a disaster takes both",
            hint=hint,
        )
    session = botocore.session.get_session()
    partitions = [session.get_partition_for_region(region) for region in (first, second)]
    if partitions[0] != partitions[1]:
        raise UsageError(
            f"{option}: {first} and {second} can't be a pair",
            why=f"they are of different partitions, {' and '.join(partitions)}",
            hint=hint,
        )
    return first, second


def _check_region(region: str, *, option: str) -> str:
    session = botocore.session.get_session()
    known = [
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("servicecatalog", partition)
    ]
    if region in known:
        return region
    close = difflib.get_close_matches(region, known, n=1)
    form = re.fullmatch(REGION_FORM.pattern, region)
    raise UsageError(
        f"{option}: '{region}' is not a region with Service Catalog",
        why="" if form else f"expected {REGION_FORM.expected}",
        hint=f"did you mean '{close[0]}'?"
        if close
        else "write the region's code, such as us-east-1; a new region needs a newer boto3",
    )

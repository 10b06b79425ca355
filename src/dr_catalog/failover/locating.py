"""Find where a suffix's recovery runs, when either region of the pair may be gone.

    suffix -> the region asked for, its peer, the default pair's other -> the one with the machine -> Site

The machine is in the peer of the launch region, and /dr-catalog/peer-region is in both. Where the region
asked for does not answer it can't say what its peer is: then the default pair is tried.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .. import names
from ..errors import DrCatalogError, NotFoundError, SetupError
from .aws import Aws
from .model import Site

DEFAULT_PAIR = {"us-east-1": "us-west-2", "us-west-2": "us-east-1"}


def locate(aws: Aws, suffix: str) -> Site:
    """The site of a suffix.

    Raises:
        UsageError: The suffix is malformed.
        NotFoundError: Neither region has a state machine for it.
        SetupError: No region of the pair that could be asked answers.
    """
    names.check_suffix(suffix)
    peer, silent = _peer(aws)
    regions = tuple(dict.fromkeys(filter(None, (aws.region, peer))))
    with ThreadPoolExecutor(max_workers=len(regions)) as pool:
        answers = tuple(pool.map(lambda region: _ask(aws, suffix, region), regions))
    for site in answers:
        if isinstance(site, Site):
            return site
    # A region that answered with a no is sure of it; one that is silent may be the one that has it.
    errors = [each for each in answers if isinstance(each, DrCatalogError)]
    if errors or silent is not None:
        first = errors[0] if errors else silent
        assert first is not None
        raise SetupError(
            f"the recovery of '{suffix}' was not found: not every region answers",
            why=" ".join(filter(None, (first.what, first.why))),
            hint="name the surviving region: "
            f"`dr-catalog readiness --suffix {suffix} --region REGION`",
        ) from first
    raise NotFoundError(
        f"there is no recovery for '{suffix}' in {' or '.join(regions)}",
        why="nothing is launched under it, or a version that has no recovery",
        hint=f"see `dr-catalog status --suffix {suffix}`; an upgrade adds it",
    )


def _peer(aws: Aws) -> tuple[str, DrCatalogError | None]:
    """The peer of the region asked for, and why it could not be asked."""
    try:
        return aws.parameter(names.PEER_REGION_PARAMETER, aws.region), None
    except NotFoundError:
        return "", None
    except DrCatalogError as error:
        return DEFAULT_PAIR.get(aws.region, ""), error


def _ask(aws: Aws, suffix: str, region: str) -> Site | DrCatalogError | None:
    try:
        account, _ = aws.caller(region)
        machine = aws.machine(suffix=suffix, account=account, region=region)
        if not machine:
            return None
        return Site(
            suffix=suffix,
            account=account,
            region=region,
            launch_region=aws.parameter(names.PEER_REGION_PARAMETER, region),
            machine=machine,
            told=aws.told(suffix, "recovery", region),
        )
    except DrCatalogError as error:
        return error

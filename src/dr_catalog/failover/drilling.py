"""A drill on a throw-away launch: the same version, the same machine, real rows, nothing left behind.

    suffix -> launch the same version as drill-<suffix> -> write through the loss of the launch region
           -> failover -> compare what was confirmed with what survived -> failback -> terminate

The throw-away's name follows from the suffix, so that a drill that was interrupted is found by the next,
which clears it away first. What it showed is kept among the documents of the launch that was drilled.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from .. import names, provisioning
from ..errors import DrCatalogError, NotFoundError, RecoveryError
from ..handlers.recovery.page import page
from ..provisioning.checks import Launch
from ..provisioning.checks.left import left
from .aws import Aws
from .hints import command
from .load import Load, Loss, losses
from .locating import locate
from .model import ANSWERS, FAILBACK, FAILOVER, LAG, Run, Site, Step
from .outage import taken_away
from .planning import Follow, Nothing, Request, plan
from .running import execute, follow

PREFIX = "drill-"
WRITES = 20
"""Transactions that each region must confirm: before it is taken away, and after the failover."""
CHANGED = {
    "DeletionProtection": "false",
    "OnTermination": "purge",
    "Cidr": "auto",
    "PeerCidr": "auto",
    "VaultLock": "none",  # a locked vault can't be purged
    "ZoneId": "",
    "ZoneName": "",
    "PeerWeight": "0",
}
"""What a throw-away has otherwise: it must go away again, and takes no name of the real one."""

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """What a drill showed.

    Args:
        suffix: The launch that was drilled.
        throw_away: The suffix of the launch that it was drilled on.
        product: Its product and version.
        how: How the launch region was lost.
        failover: The run's record.
        failback: The run's record.
        survived: What became of the confirmed writes in the peer after the failover, by store.
        returned: The same for all writes in the launch region after the failback.
        silence: Seconds without a confirmed write.
        kept: Where it is kept.
    """

    suffix: str
    throw_away: str
    product: str
    how: str
    failover: Mapping[str, object]
    failback: Mapping[str, object]
    survived: tuple[Loss, ...]
    returned: tuple[Loss, ...]
    silence: float
    kept: str


def throw_away_suffix(suffix: str) -> str:
    """The suffix of the throw-away launch: ``drill-<suffix>``, or a digest where that is too long."""
    made = PREFIX + suffix
    if len(made) <= names.SUFFIX_MAX:
        return made
    return PREFIX + hashlib.sha256(suffix.encode()).hexdigest()[:8]


def drill(aws: Aws, launches: provisioning.Aws, suffix: str, *, tell: Tell) -> Drilled:
    """Run the drill; whatever happens, the throw-away launch is terminated in the end.

    Args:
        aws: The account's AWS.
        launches: The same account, for launching; its region is the launch region.
        suffix: The launch to drill.
        tell: Gets a line for each thing that begins or ends.

    Raises:
        DrCatalogError: Something failed; what is left is named with the command that clears it.
    """
    original, site = _tier(launches, suffix), locate(aws, suffix)
    extra = throw_away_suffix(suffix)
    row = original.status
    parameters = {name: value for name, value in original.parameters.items() if value}
    given = {
        **{name: value for name, value in parameters.items() if name != names.SUFFIX_PARAMETER},
        **{name: value for name, value in CHANGED.items() if name in original.parameters},
    }
    given.pop("PeerRegion", None)  # the account's own
    clear(aws, launches, extra, tell=tell)
    try:
        tell(f"launching {row.product} {row.version} as '{extra}'")
        request = provisioning.LaunchRequest(
            product=row.product, version=row.version, suffix=extra, parameters=given
        )
        _perform(launches, provisioning.plan_launch(launches, request))
        drilled = _drill(aws, launches, suffix, extra, f"{row.product} {row.version}", tell)
    finally:
        clear(aws, launches, extra, tell=tell)
    return _kept(aws, site, drilled)


def _tier(launches: provisioning.Aws, suffix: str) -> provisioning.Detail:
    """What is to be launched again, when it is one launch."""
    if any(row.layer for row in provisioning.standing(launches, suffix)):
        raise RecoveryError(
            f"'{suffix}' can't be drilled on a throw-away launch",
            why="it is made of layers that were launched one by one, and a drill launches one product",
            hint=f"rehearse in place: `dr-catalog drill --suffix {suffix}`",
        )
    return provisioning.detail(launches, suffix)


def clear(aws: Aws, launches: provisioning.Aws, suffix: str, *, tell: Tell) -> None:
    """Terminate a throw-away launch if it is there, after a failback if its writer is in the peer.

    Raises:
        RecoveryError: It could not be cleared away, or something is left of it.
    """
    if launches.launch(provisioning.launch_name(suffix)) is None:
        return
    tell(f"clearing '{suffix}' away")
    try:
        site = locate(aws, suffix)
        if aws.lock(site) is not None or aws.writer(site).region != site.launch_region:
            lock = aws.lock(site)
            _run(aws, site, lock.operation if lock else FAILBACK, tell=tell)
            if aws.writer(site).region != site.launch_region:
                _run(aws, site, FAILBACK, tell=tell)
    except NotFoundError:
        pass  # it never came so far as to have a recovery
    try:
        _perform(launches, provisioning.plan_termination(launches, suffix))
        launch = Launch(
            session=aws.session,
            account=launches.account,
            suffix=suffix,
            region=launches.region,
            peer_region=launches.peer_region,
            endpoints={},
        )
        found = [
            f"{each} in {region}"
            for region in (launch.region, launch.peer_region)
            for each in left(launch, region)
        ]
    except DrCatalogError as error:
        raise RecoveryError(
            f"the drill's launch '{suffix}' could not be cleared away",
            why=": ".join(filter(None, (error.what, error.why))),
            hint=f"`{command(aws, 'terminate', suffix, '--yes')}`",
        ) from error
    if found:
        raise RecoveryError(f"the drill left {len(found)} things behind", why=", ".join(found))
    tell("nothing is left of it but keys pending deletion")


def _drill(
    aws: Aws, launches: provisioning.Aws, suffix: str, extra: str, product: str, tell: Tell
) -> Drilled:
    site = locate(aws, extra)
    outputs = provisioning.outputs(launches, extra)
    endpoints = {region: outputs[region]["Endpoint"] for region in site.regions}
    local = bool(aws.endpoint)
    how = (
        f"{site.launch_region} was taken away, in a local simulation"
        if local
        else f"by fencing only: {site.launch_region} was there all the time"
    )
    with taken_away(aws.endpoint, site.launch_region) as lose:
        with Load(aws, site, endpoints, mark=f"drill-{secrets.token_hex(3)}") as load:
            load.wait_for(WRITES, region=site.launch_region)
            lose()
            tell(f"{site.launch_region} is lost ({how}); {len(load.confirmed)} writes confirmed")
            overrides = [] if local else [ANSWERS]
            overrides += [LAG] if site.switches_on else []  # which nobody knows of a peer at rest
            over = _run(aws, site, FAILOVER, tell=tell, overrides=tuple(overrides))
            load.wait_for(WRITES, region=site.region)
        writes = tuple(load.confirmed)
        # What comes over once the region is back did not survive its loss.
        before = [each for each in writes if each.region == site.launch_region]
        survived = losses(aws, site, before, region=site.region, endpoint=endpoints[site.region])
    for each in survived:
        lost = f"{len(each.lost)} lost, reaching back {each.seconds:.2f} s"
        tell(f"{each.store}: {each.confirmed} confirmed before, {lost}")
    back = _run(aws, site, FAILBACK, tell=tell)
    after = [each for each in writes if each.region == site.region]
    home = site.launch_region
    returned = losses(aws, site, after, region=home, endpoint=endpoints[home])
    return Drilled(
        suffix=suffix,
        throw_away=extra,
        product=product,
        how=how,
        failover=over.record,
        failback=back.record,
        survived=survived,
        returned=returned,
        silence=round(load.silence(), 3),
        kept="",
    )


def _run(
    aws: Aws, site: Site, operation: str, *, tell: Tell, overrides: tuple[str, ...] = ()
) -> Run:
    """One recovery from its plan to its end."""
    request = Request(operation=operation, suffix=site.suffix, reason="drill", overrides=overrides)
    step = plan(aws, site, request)
    if isinstance(step, Nothing):
        raise RecoveryError(f"the drill's {operation} has nothing to do", why=step.told)
    tell(f"{operation} of '{site.suffix}'")
    if isinstance(step, Follow):
        run_id, execution = step.run.id, step.run.execution
    else:
        run_id, execution = step.takes_over or step.run, execute(aws, step)

    def report(done: Step) -> None:
        if done.ended:
            tell(f"  {done.step:<13} {done.outcome}: {done.told}")

    return follow(
        aws, site, run_id=run_id, execution=execution, report=report, decide=lambda _: None
    )


def _perform(
    launches: provisioning.Aws,
    step: provisioning.Nothing
    | provisioning.Follow
    | provisioning.Provision
    | provisioning.Terminate,
) -> None:
    """Execute a step of a launch or a termination and wait for its end."""
    if not isinstance(step, provisioning.Nothing):
        record = provisioning.execute(launches, step)
        provisioning.wait(launches, step, record, report=lambda events, blocked: None)


def _kept(aws: Aws, site: Site, drilled: Drilled) -> Drilled:
    """Keep it among the documents of the launch that was drilled, as JSON and as a page."""
    bucket = names.BUCKET.of(suffix=site.suffix, account=site.account, region=site.region)
    folder = f"dr-recovery/{drilled.failover['run']}"
    kept = asdict(drilled) | {"kept": f"s3://{bucket}/{folder}/drill.json"}
    for name, kind, text in (
        ("drill.json", "application/json", json.dumps(kept, indent=1)),
        ("drill.html", "text/html; charset=utf-8", drill_page(aws, drilled)),
    ):
        aws.call(
            "s3",
            "put_object",
            site.region,
            Bucket=bucket,
            Key=f"{folder}/{name}",
            Body=text.encode(),
            ContentType=kind,
        )
    return replace(drilled, kept=str(kept["kept"]))


def drill_page(aws: Aws, drilled: Drilled) -> str:
    """The failover's page, with what became of the rows among its figures."""
    figures = drilled.failover.get("figures")
    assert isinstance(figures, Mapping)
    rows = {
        each.store: f"{each.confirmed} confirmed, {len(each.lost)} lost, {each.seconds:.2f} s"
        for each in drilled.survived
    }
    record = {**drilled.failover, "figures": {**figures, "rows": rows, "lost by": drilled.how}}
    return page(record, suffix=drilled.throw_away, simulation=aws.local)

"""Preview a launch or an upgrade: a real plan of the launch region, change sets of the peer's stacks.

    Provision | Update -> plan (primary) -> change sets (peer) -> judged -> Preview; then all deleted

Nothing is changed, and nothing stays, also when it is interrupted. A plan that was left behind all the
same, by a process that was killed, is cleared by the next one.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .. import names
from ..errors import DrCatalogError, LaunchError, NotFoundError
from ..releases.template import Template
from ..translation import denied
from . import blueprint as blueprints
from . import catalog, peer_preview
from .aws import Aws
from .blueprint import PRIMARY
from .model import PLAN_IN_PROGRESS, Product
from .preview_model import ChangeSet, PlanRequest
from .risk import Change, judged
from .settling import Sleep, settled
from .stacks import stack_name
from .steps import Provision, Update

POLL_SECONDS, LOCAL_POLL_SECONDS = 2.0, 0.05
_PREFIX = "dr-catalog-"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a launch or an upgrade would do.

    Args:
        operation: ``launch`` or ``upgrade``.
        suffix: The environment suffix.
        layer: The layer that is launched alone; empty for a tier.
        product: The product's name.
        version: The version's name.
        region: The launch region.
        peer_region: The other region; empty where it can't be read.
        changes: The launch region's, then the peer's.
        unseen: Why the peer's part is not among them; empty when it is.
        notes: What the reader should know besides.
    """

    operation: str
    suffix: str
    product: str
    version: str
    region: str
    peer_region: str
    layer: str = ""
    changes: tuple[Change, ...] = ()
    unseen: str = ""
    notes: tuple[str, ...] = ()


def preview(aws: Aws, step: Provision | Update, *, sleep: Sleep = time.sleep) -> Preview:
    """What a step would change, in both regions.

    Raises:
        LaunchError: Service Catalog or CloudFormation refuses the plan.
    """
    product = Product(id=_product_id(step), name=step.product)
    blueprint = blueprints.read(aws, product, step.target)
    with _plan(aws, step, sleep=sleep) as plan:
        changes = [
            judged(change, region=aws.region, part=PRIMARY, old=old, new=new)
            for old, new in [(_present(aws, step), blueprint.templates.get(PRIMARY))]
            for change in plan.changes
        ]
    peer = peer_preview.look(aws, step, blueprint, pause=_pause(aws), sleep=sleep)
    return Preview(
        operation=step.operation,
        suffix=step.suffix,
        layer=step.layer,
        product=step.product,
        version=step.version,
        region=aws.region,
        peer_region=aws.peer_region,
        changes=(*changes, *peer.changes),
        unseen=peer.unseen,
        notes=(*step.notes, *peer.notes),
    )


def clear_left_plans(aws: Aws, suffix: str, layer: str = "", *, sleep: Sleep = time.sleep) -> None:
    """Delete what an earlier plan of this suffix, or of the layer named, left behind.

    Service Catalog keeps one plan at a time, and does not tell one that is being looked at elsewhere
    from one that was left: the newer command wins.

    Raises:
        UsageError: The suffix is not a valid one.
        LaunchError: The plan is not one of this command's.
    """
    names.check_suffix(suffix)
    launch = catalog.named(aws, suffix, layer)
    if launch is None:
        return
    try:
        plans = aws.plans(launch.id)
    except DrCatalogError as error:
        if denied(error):  # if one is left, making another says so
            return
        raise
    for plan_id, name in plans:
        if not name.startswith(_PREFIX):
            raise LaunchError(
                f"'{launch.label}' has a plan that another tool made: {name}",
                why="Service Catalog keeps one plan at a time for a launch",
                hint="execute or delete it: `aws servicecatalog "
                f"delete-provisioned-product-plan --plan-id {plan_id}`",
            )
        _delete(aws, plan_id, launch.name, sleep=sleep)


@contextmanager
def _plan(aws: Aws, step: Provision | Update, *, sleep: Sleep) -> Iterator[ChangeSet]:
    request = PlanRequest(
        name=_PREFIX + secrets.token_hex(8),
        launch=step.name,
        product_id=_product_id(step),
        version_id=step.target.id,
        path_id=step.path_id,
        parameters=step.parameters,
        tags=step.tags if isinstance(step, Provision) else {},
        token=secrets.token_hex(16),
    )
    plan_id = aws.make_plan(request)
    try:
        made = settled(lambda: aws.plan(plan_id), pause=_pause(aws), sleep=sleep)
        if made.failed and not made.empty:
            raise LaunchError(
                f"the {step.operation} of '{step.label}' can't be planned", why=made.message
            )
        yield made
    finally:
        _delete(aws, plan_id, request.launch, sleep=sleep)


def _delete(aws: Aws, plan_id: str, name: str, *, sleep: Sleep) -> None:
    """Delete a plan once it can be, and wait for the product that it may have made to go."""
    try:
        settled(lambda: aws.plan(plan_id), pause=_pause(aws), sleep=sleep)
        aws.delete_plan(plan_id)
    except NotFoundError:
        return
    for _ in range(int(60 / _pause(aws))):
        launch = aws.launch(name)
        if launch is None or launch.status != PLAN_IN_PROGRESS:
            return
        sleep(_pause(aws))
    raise LaunchError(
        f"the plan is deleted, but Service Catalog still holds {name} for it",
        hint="terminate it: `aws servicecatalog terminate-provisioned-product "
        f"--provisioned-product-name {name}`",
    )


def _present(aws: Aws, step: Provision | Update) -> Template | None:
    """The template of the launch's stack, for the policies of what is removed."""
    if isinstance(step, Provision):
        return None
    try:
        name = stack_name(account=aws.account, launch_id=step.launch.id)
        return Template.parse(PRIMARY, aws.stack_template(name))
    except (DrCatalogError, ValueError):
        return None


def _product_id(step: Provision | Update) -> str:
    return step.product_id if isinstance(step, Provision) else step.launch.product_id


def _pause(aws: Aws) -> float:
    return LOCAL_POLL_SECONDS if aws.local else POLL_SECONDS

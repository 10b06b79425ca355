"""What happens behind a record: a launch, an update or a termination, in a thread of its own.

`provisioning` writes the record (CREATED) and starts the work; the work makes it IN_PROGRESS, checks
what only a launch can know (tag options, parameters, the launch role), has CloudFormation do the rest
(`stacks`), and ends the record SUCCEEDED or FAILED. The provisioned product goes from UNDER_CHANGE to
AVAILABLE, to ERROR when a creation failed, to TAINTED when an update or a termination did.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import browsing, products, stacks, state, templates
from .errors import InvalidParametersError, ServiceCatalogError
from .identity import check_assumable, role
from .portfolios import arn as portfolio_arn
from .portfolios import constraints_of
from .state import Artifact, Caller, Portfolio, Product, ProvisionedProduct, Record

TAGS_MAX = 50


@dataclass(frozen=True)
class Order:
    """All that a launch or an update needs to know.

    Args:
        caller: Who ordered it.
        target: The provisioned product.
        record: The record to bring to its end; None for a plan, which has none.
        product: What is launched.
        artifact: In which version.
        portfolio: Through which portfolio.
        parameters: CloudFormation's list of parameters.
    """

    caller: Caller
    target: ProvisionedProduct
    record: Record | None
    product: Product
    artifact: Artifact
    portfolio: Portfolio
    parameters: list[dict[str, Any]]


def arn(target: ProvisionedProduct) -> str:
    """The provisioned product's ARN."""
    return (
        f"arn:aws:servicecatalog:{target['region']}:{target['account']}:"
        f"stack/{target['name']}/{target['id']}"
    )


def stack_name(target: ProvisionedProduct) -> str:
    """The name of its stack."""
    return f"SC-{target['account']}-{target['id']}"


def launch_role(caller: Caller, portfolio: Portfolio, product: Product) -> str:
    """The ARN of the role its launch constraint names, in the launching account where it is local.

    Empty without a launch constraint.
    """
    for constraint in constraints_of(portfolio["id"], product["id"]):
        if constraint["kind"] == "LAUNCH":
            name = constraint["parameters"].get("LocalRoleName")
            if name is None:
                return constraint["parameters"]["RoleArn"]
            found = role(account=caller.account, name=name)
            return found["Arn"] if found else f"arn:aws:iam::{caller.account}:role/{name}"
    return ""


def start_provision(order: Order, record: Record) -> None:
    """Begin a launch."""
    _start(record, order.target, lambda: _deploy(order, record, stacks.create), failed="ERROR")


def start_update(order: Order, record: Record) -> None:
    """Begin an update."""
    _start(record, order.target, lambda: _deploy(order, record, stacks.update), failed="TAINTED")


def start_terminate(
    caller: Caller, target: ProvisionedProduct, record: Record, *, ignore_errors: bool, retain: bool
) -> None:
    """Begin a termination.

    Args:
        ignore_errors: Forget the provisioned product even when its stack can't be deleted.
        retain: Forget the provisioned product and leave its stack.
    """

    def work() -> None:
        try:
            if target["stack_id"] and not retain:
                _check_role(target, target["role_arn"])
                stacks.delete(
                    account=target["account"],
                    region=target["region"],
                    stack_id=target["stack_id"],
                    role_arn=target["role_arn"],
                )
        except ServiceCatalogError:
            if not ignore_errors:
                raise
        with state.LOCK:
            caller.drop(state.provisioned, target["id"])

    failed = "ERROR" if target["status"] == "ERROR" else "TAINTED"
    _start(record, target, work, failed=failed)


def _start(
    record: Record, target: ProvisionedProduct, work: Callable[[], None], *, failed: str
) -> None:
    target["status"] = "UNDER_CHANGE"
    target["last_record"] = record["id"]
    thread = threading.Thread(
        target=_run, args=(record, target, work, failed), name=record["id"], daemon=True
    )
    thread.start()


def _run(record: Record, target: ProvisionedProduct, work: Callable[[], None], failed: str) -> None:
    with state.LOCK:
        record.update({"status": "IN_PROGRESS", "updated": state.now()})
    try:
        work()
    except ServiceCatalogError as error:
        _fail(record, target, failed, code=error.code, reason=error.message)
    except Exception as error:
        _fail(record, target, failed, code="InternalFailure", reason=str(error))
        raise
    else:
        with state.LOCK:
            target.update({"status": "AVAILABLE", "message": ""})
            record.update({"status": "SUCCEEDED", "updated": state.now()})


def _fail(
    record: Record, target: ProvisionedProduct, status: str, *, code: str, reason: str
) -> None:
    with state.LOCK:
        target.update({"status": status, "message": f"{code}  {reason}"})
        record.update(
            {
                "status": "FAILED",
                "updated": state.now(),
                "errors": [{"Code": code, "Description": reason}],
            }
        )


def prepared(order: Order) -> stacks.Launch:
    """The stack that an order asks for, held to what only a launch can know.

    Raises:
        ServiceCatalogError: A tag, a parameter or the launch role is not as it must be.
    """
    target = order.target
    with state.LOCK:
        tags = _tags(order)
        role_arn = launch_role(order.caller, order.portfolio, order.product)
        if order.record is not None:
            order.record["tags"] = tags
            order.record["role_arn"] = target["role_arn"] = role_arn
        template = templates.with_rules(
            order.artifact["template"],
            [
                constraint
                for constraint in constraints_of(order.portfolio["id"], order.product["id"])
                if constraint["kind"] == "TEMPLATE"
            ],
        )
    templates.check_parameters(template, [p["ParameterKey"] for p in order.parameters])
    _check_role(target, role_arn)
    return stacks.Launch(
        account=target["account"],
        region=target["region"],
        name=stack_name(target),
        template=template,
        parameters=order.parameters,
        tags=tags,
        role_arn=role_arn,
    )


def _deploy(
    order: Order, record: Record, operation: Callable[[stacks.Launch], stacks.Result]
) -> None:
    """Check the order, have its stack made or changed, and note what came of it."""
    target = order.target
    launch = prepared(order)
    try:
        result = operation(launch)
    finally:
        if not target["stack_id"]:
            target["stack_id"] = stacks.find(launch)
    stack_arn = {
        "OutputKey": "CloudformationStackARN",
        "OutputValue": result.stack_id,
        "Description": "The ARN of the launched Cloudformation Stack",
    }
    with state.LOCK:
        record["outputs"] = [*result.outputs, stack_arn]
        target.update(
            {
                "product_id": order.product["id"],
                "product_name": order.product["name"],
                "artifact_id": order.artifact["id"],
                "artifact_name": order.artifact["name"],
                "path_id": record["path_id"],
                "tags": launch.tags,
                "last_success": record["id"],
            }
        )


def _check_role(target: ProvisionedProduct, role_arn: str) -> None:
    if role_arn:
        check_assumable(
            role_arn,
            account=target["account"],
            region=target["region"],
            stack_name=stack_name(target),
        )


def _tags(order: Order) -> dict[str, str]:
    """The stack's tags: those asked for, of portfolio and product, of tag options, and the service's.

    Raises:
        InvalidParametersError: A tag is missing or not one of its tag options; or they are too many.
    """
    tags = {
        **order.target["requested_tags"],
        **order.product["tags"],
        **order.portfolio["tags"],
    }
    choices = browsing.tag_choices(order.caller, order.portfolio, order.product)
    for key, values in choices.items():
        if key not in tags and len(values) == 1:
            tags[key] = values[0]
        if key not in tags:
            raise InvalidParametersError(
                f"Tag {key} is required: its value must be one of the TagOptions {values}"
            )
        if tags[key] not in values:
            raise InvalidParametersError(
                f"Value {tags[key]} of tag {key} is not one of the TagOptions {values}"
            )
    tags |= {
        "aws:servicecatalog:portfolioArn": portfolio_arn(order.portfolio),
        "aws:servicecatalog:productArn": products.arn(order.product),
        "aws:servicecatalog:provisioningArtifactIdentifier": order.artifact["id"],
        "aws:servicecatalog:provisionedProductArn": arn(order.target),
        "aws:servicecatalog:provisioningPrincipalArn": order.caller.session_arn,
    }
    if len(tags) > TAGS_MAX:
        raise InvalidParametersError(
            f"A provisioned product can have at most {TAGS_MAX} tags; this one would have {len(tags)}"
        )
    return tags

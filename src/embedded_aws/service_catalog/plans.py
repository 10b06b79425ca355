"""Plans: what a launch or an update would change, from a change set on its stack.

    create -> Plan (CREATE_IN_PROGRESS) -> a thread makes and reads the change set -> CREATE_SUCCESS
    delete -> the plan is gone; the change set goes, and with a new product's plan the product too

A plan of a new product makes it, in status PLAN_IN_PROGRESS, and a stack in REVIEW_IN_PROGRESS with
nothing in it. A plan can't be executed here: nothing of this project does that.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisionedProductPlan.html
"""

from __future__ import annotations

import threading
from typing import Any

from . import launching, ordering, stacks, state, tokens, validation
from .errors import (
    InvalidParametersError,
    InvalidStateError,
    NotFoundError,
    ServiceCatalogError,
)
from .paging import page
from .portfolios import tag_list
from .records import visible
from .state import Caller, Plan, ProvisionedProduct

TYPE = "CLOUDFORMATION"
_ATTRIBUTES = validation.service_model().shape_for("ResourceAttribute").enum
_CREATE = "CreateProvisionedProductPlan"


def create(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_CreateProvisionedProductPlan; one plan at a time for a provisioned product."""
    token = request["IdempotencyToken"]
    if seen := tokens.repeated(caller, _CREATE, token, request):
        return _summary(_found(caller, seen))
    if request.get("NotificationArns"):
        raise InvalidParametersError("NotificationArns is not supported for this product")
    name = request["ProvisionedProductName"]
    target = next((t for t in caller.own(state.provisioned) if t["name"] == name), None)
    if target is not None and any(
        plan["provisioned_id"] == target["id"] for plan in caller.own(state.plans)
    ):
        raise InvalidStateError(f"Provisioned product {target['id']} already has a plan")
    new = target is None
    if target is None:
        choice = ordering.for_launch(caller, request)
        target = ordering.new_target(
            caller, request, choice, status="PLAN_IN_PROGRESS", token=token
        )
        caller.put(state.provisioned, target["id"], target)
    else:
        if target["status"] not in ordering.CHANGEABLE:
            raise InvalidStateError(
                f"Provisioned product {target['id']} cannot be planned while its status is "
                f"{target['status']}"
            )
        if request.get("Tags"):
            raise InvalidParametersError(
                "Tag updates are not allowed: the product has no RESOURCE_UPDATE constraint"
            )
        choice = ordering.for_update(caller, request, target)
    plan: Plan = {
        "id": state.new_id("plan"),
        "name": request["PlanName"],
        "status": "CREATE_IN_PROGRESS",
        "message": "",
        "created": state.now(),
        "updated": state.now(),
        "new": new,
        "provisioned_id": target["id"],
        "provisioned_name": name,
        "product_id": choice.product["id"],
        "artifact_id": choice.artifact["id"],
        "path_id": choice.path_id,
        "parameters": request.get("ProvisioningParameters") or [],
        "tags": target["requested_tags"],
        "role_arn": "",
        "stack_id": "",
        "changes": [],
        "user_arn": caller.arn,
        "user_arn_session": caller.session_arn,
    }
    caller.put(state.plans, plan["id"], plan)
    order = launching.Order(
        caller=caller,
        target=target,
        record=None,
        product=choice.product,
        artifact=choice.artifact,
        portfolio=choice.portfolio,
        parameters=ordering.parameters(request),
    )
    threading.Thread(target=_make, args=(plan, order), name=plan["id"], daemon=True).start()
    tokens.remember(caller, _CREATE, token, request, plan["id"])
    return _summary(plan)


def describe(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeProvisionedProductPlan: the plan, and its changes in pages."""
    plan = _found(caller, request["PlanId"])
    detail = {
        "CreatedTime": plan["created"],
        "UpdatedTime": plan["updated"],
        "PathId": plan["path_id"],
        "ProductId": plan["product_id"],
        "PlanName": plan["name"],
        "PlanId": plan["id"],
        "ProvisionProductId": plan["provisioned_id"],
        "ProvisionProductName": plan["provisioned_name"],
        "PlanType": TYPE,
        "ProvisioningArtifactId": plan["artifact_id"],
        "Status": plan["status"],
        "ProvisioningParameters": plan["parameters"],
        "Tags": tag_list(plan["tags"]),
        **({"StatusMessage": plan["message"]} if plan["message"] else {}),
    }
    changes = page(
        plan["changes"],
        request,
        operation="DescribeProvisionedProductPlan",
        name="ResourceChanges",
    )
    return {"ProvisionedProductPlanDetails": detail, **changes}


def list_plans(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListProvisionedProductPlans, of one provisioned product or of all."""
    wanted = request.get("ProvisionProductId")
    found = [
        {
            "PlanName": plan["name"],
            "PlanId": plan["id"],
            "ProvisionProductId": plan["provisioned_id"],
            "ProvisionProductName": plan["provisioned_name"],
            "PlanType": TYPE,
            "ProvisioningArtifactId": plan["artifact_id"],
        }
        for plan in visible(caller, request, caller.own(state.plans))
        if wanted in (None, plan["provisioned_id"])
    ]
    return page(
        found,
        request,
        operation="ListProvisionedProductPlans",
        name="ProvisionedProductPlans",
    )


def delete(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DeleteProvisionedProductPlan."""
    plan = _found(caller, request["PlanId"])
    if plan["status"] == "CREATE_IN_PROGRESS":
        raise InvalidStateError(f"Plan {plan['id']} cannot be deleted while it is being created")
    caller.drop(state.plans, plan["id"])
    target = caller.get(state.provisioned, plan["provisioned_id"])
    threading.Thread(
        target=_unmake, args=(caller, plan, target), name=plan["id"], daemon=True
    ).start()
    return {}


def _found(caller: Caller, plan_id: str) -> Plan:
    plan: Plan | None = caller.get(state.plans, plan_id)
    if plan is None:
        raise NotFoundError(f"Plan {plan_id} not found.")
    return plan


def _summary(plan: Plan) -> dict[str, Any]:
    return {
        "PlanName": plan["name"],
        "PlanId": plan["id"],
        "ProvisionProductId": plan["provisioned_id"],
        "ProvisionedProductName": plan["provisioned_name"],
        "ProvisioningArtifactId": plan["artifact_id"],
    }


def _make(plan: Plan, order: launching.Order) -> None:
    try:
        launch = launching.prepared(order)
        plan["role_arn"] = launch.role_arn
        plan["stack_id"], changes = stacks.plan(launch, name=plan["id"], new=plan["new"])
    except ServiceCatalogError as error:
        ended = {"status": "CREATE_FAILED", "message": error.message}
    except Exception as error:
        _end(plan, {"status": "CREATE_FAILED", "message": str(error)})
        raise
    else:
        plan["changes"] = [_change(change) for change in changes]
        ended = {"status": "CREATE_SUCCESS", "message": ""}
    _end(plan, ended)


def _end(plan: Plan, how: dict[str, Any]) -> None:
    with state.LOCK:
        plan.update({**how, "updated": state.now()})  # type: ignore[typeddict-item]


def _unmake(caller: Caller, plan: Plan, target: ProvisionedProduct | None) -> None:
    account, region = caller.account, caller.region
    if plan["new"]:
        if plan["stack_id"]:
            stacks.delete(
                account=account,
                region=region,
                stack_id=plan["stack_id"],
                role_arn=plan["role_arn"],
            )
        if target is not None:
            with state.LOCK:
                caller.drop(state.provisioned, target["id"])
    elif plan["stack_id"]:
        stacks.unplan(account=account, region=region, stack_id=plan["stack_id"], name=plan["id"])


def _change(change: dict[str, Any]) -> dict[str, Any]:
    """The wire's ``ResourceChange``, which says less than CloudFormation's."""
    resource = change["ResourceChange"]
    told = {
        member: resource[member]
        for member in ("LogicalResourceId", "PhysicalResourceId", "ResourceType")
        if resource.get(member)
    }
    if "Replacement" in resource:
        told["Replacement"] = resource["Replacement"].upper()
    return {
        **told,
        "Action": resource["Action"].upper(),
        "Scope": [attribute.upper() for attribute in resource["Scope"] if _known(attribute)],
        "Details": [
            _detail(detail)
            for detail in resource["Details"]
            if _known(detail["Target"]["Attribute"])
        ],
    }


def _known(attribute: str) -> bool:
    """Whether Service Catalog has a word for it: it has none for UpdateReplacePolicy."""
    return attribute.upper() in _ATTRIBUTES


def _detail(detail: dict[str, Any]) -> dict[str, Any]:
    target = detail["Target"]
    named = {"Name": target["Name"]} if target.get("Name") else {}
    recreation = target.get("RequiresRecreation", "")
    cause = {"CausingEntity": detail["CausingEntity"]} if detail.get("CausingEntity") else {}
    return {
        "Target": {
            "Attribute": target["Attribute"].upper(),
            **named,
            **({"RequiresRecreation": recreation.upper()} if recreation else {}),
        },
        "Evaluation": detail["Evaluation"].upper(),
        **cause,
    }

"""The operations: founding, inviting and placing accounts, and listing them.

Only the management account changes anything; it and delegated administrators list. A request is held
against botocore's model first.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from ministack.core.responses import get_account_id

from ..service_catalog.errors import InvalidParametersError
from ..service_catalog.validation import check_request
from . import state
from .state import Answer, Organization

Response = tuple[int, dict[str, str], bytes]
_PAGE = 20
_ONE_DAY = 86_400


class RefusedError(Exception):
    """A refusal: its code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Response:
    """Answer one request."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    request = json.loads(body or b"{}")
    try:
        if operation not in _OPERATIONS:
            raise RefusedError(
                "InvalidInputException",
                f"Organizations' {operation} is not part of the embedded AWS: "
                "see src/embedded_aws/OPERATIONS.md",
            )
        try:
            check_request(operation, request, service="organizations")
        except InvalidParametersError as error:
            raise RefusedError("InvalidInputException", error.message) from error
        with state.LOCK:
            return _response(200, _OPERATIONS[operation](get_account_id(), request))
    except RefusedError as error:
        return _response(400, {"__type": error.code, "Message": error.message}, error.code)


def _response(status: int, content: Answer, code: str = "") -> Response:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    if code:
        headers["x-amzn-errortype"] = code
    return status, headers, json.dumps(content).encode()


def _mine(account: str) -> Organization:
    organization = state.of(account)
    if organization is None:
        raise RefusedError(
            "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
        )
    return organization


def _managed(account: str) -> Organization:
    organization = _mine(account)
    if account != organization["management"]:
        raise _denied()
    return organization


def _listed(account: str) -> Organization:
    organization = _mine(account)
    if not state.administers(organization, account):
        raise _denied()
    return organization


def _denied() -> RefusedError:
    return RefusedError(
        "AccessDeniedException", "You don't have permissions to access this resource."
    )


def _check_parent(organization: Organization, parent: str, code: str) -> None:
    if parent != organization["root"] and parent not in organization["units"]:
        raise RefusedError(
            code, f"You specified a parent that doesn't exist in your organization: {parent}"
        )


# Founding and joining.


def create_organization(account: str, request: Answer) -> Answer:
    """API_CreateOrganization: the caller becomes the management account."""
    if state.of(account) is not None:
        raise RefusedError(
            "AlreadyInOrganizationException",
            "The AWS account is already a member of an organization.",
        )
    return {"Organization": _detail(state.found(account))}


def describe_organization(account: str, request: Answer) -> Answer:
    """API_DescribeOrganization: any member may."""
    return {"Organization": _detail(_mine(account))}


def invite(account: str, request: Answer) -> Answer:
    """API_InviteAccountToOrganization: by account id."""
    organization, target = _managed(account), request["Target"]
    if target["Type"] != "ACCOUNT":
        raise RefusedError("InvalidInputException", "Only an account's id can be invited here")
    if state.of(target["Id"]) is not None:
        raise RefusedError(
            "HandshakeConstraintViolationException", "The account is a member of an organization."
        )
    handshake = state.new_id("h")
    organization["invited"][handshake] = target["Id"]
    return {"Handshake": _handshake(organization, handshake, target["Id"], "OPEN")}


def accept(account: str, request: Answer) -> Answer:
    """API_AcceptHandshake: the invited account joins below the root."""
    key = request["HandshakeId"]
    for organization in state.everywhere():
        if organization["invited"].get(key) == account:
            del organization["invited"][key]
            organization["accounts"][account] = organization["root"]
            return {"Handshake": _handshake(organization, key, account, "ACCEPTED")}
    raise RefusedError("HandshakeNotFoundException", f"We can't find a handshake with id {key}")


def register_administrator(account: str, request: Answer) -> Answer:
    """API_RegisterDelegatedAdministrator."""
    organization, member = _managed(account), request["AccountId"]
    if member not in organization["accounts"]:
        raise RefusedError("AccountNotFoundException", f"{member} is not in the organization")
    services = organization["delegated"].setdefault(member, [])
    if request["ServicePrincipal"] in services:
        raise RefusedError(
            "AccountAlreadyRegisteredException", "The account is a delegated administrator already."
        )
    services.append(request["ServicePrincipal"])
    return {}


# Units.


def create_unit(account: str, request: Answer) -> Answer:
    """API_CreateOrganizationalUnit."""
    organization, parent = _managed(account), request["ParentId"]
    _check_parent(organization, parent, "ParentNotFoundException")
    if any(
        (unit["parent"], unit["name"]) == (parent, request["Name"])
        for unit in organization["units"].values()
    ):
        raise RefusedError(
            "DuplicateOrganizationalUnitException", "An OU with the same name already exists."
        )
    key = f"ou-{organization['root'][2:]}-{state.new_id('')[1:]}"
    organization["units"][key] = {"name": request["Name"], "parent": parent}
    return {"OrganizationalUnit": _unit(organization, key)}


def move_account(account: str, request: Answer) -> Answer:
    """API_MoveAccount."""
    organization, member = _managed(account), request["AccountId"]
    source, target = request["SourceParentId"], request["DestinationParentId"]
    if member not in organization["accounts"]:
        raise RefusedError("AccountNotFoundException", f"{member} is not in the organization")
    _check_parent(organization, source, "SourceParentNotFoundException")
    _check_parent(organization, target, "DestinationParentNotFoundException")
    if organization["accounts"][member] != source:
        raise RefusedError("AccountNotFoundException", f"{member} is not in {source}")
    organization["accounts"][member] = target
    return {}


# Lists.


def list_roots(account: str, request: Answer) -> Answer:
    """API_ListRoots."""
    organization = _listed(account)
    root = organization["root"]
    listed = [
        {
            "Id": root,
            "Arn": state.arn(organization, "root", root),
            "Name": "Root",
            "PolicyTypes": [],
        }
    ]
    return _page("Roots", listed, request)


def list_accounts(account: str, request: Answer) -> Answer:
    """API_ListAccountsForParent: those directly in it."""
    organization = _listed(account)
    _check_parent(organization, request["ParentId"], "ParentNotFoundException")
    listed = [
        _account(organization, member)
        for member, parent in organization["accounts"].items()
        if parent == request["ParentId"]
    ]
    return _page("Accounts", listed, request)


def list_units(account: str, request: Answer) -> Answer:
    """API_ListOrganizationalUnitsForParent: those directly in it."""
    organization = _listed(account)
    _check_parent(organization, request["ParentId"], "ParentNotFoundException")
    listed = [
        _unit(organization, key)
        for key, unit in organization["units"].items()
        if unit["parent"] == request["ParentId"]
    ]
    return _page("OrganizationalUnits", listed, request)


def _page(name: str, items: Iterable[Answer], request: Answer) -> Answer:
    every = list(items)
    start = 0
    if request.get("NextToken"):
        try:
            start = int(base64.b64decode(request["NextToken"], validate=True))
        except (binascii.Error, ValueError):
            raise RefusedError("InvalidInputException", "Invalid NextToken") from None
    size = request.get("MaxResults") or _PAGE
    answer: Answer = {name: every[start : start + size]}
    if start + size < len(every):
        answer["NextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return answer


# The wire's shapes.


def _detail(organization: Organization) -> Answer:
    management = organization["management"]
    return {
        "Id": organization["id"],
        "Arn": f"arn:aws:organizations::{management}:organization/{organization['id']}",
        "FeatureSet": "ALL",
        "MasterAccountArn": state.arn(organization, "account", management),
        "MasterAccountId": management,
        "MasterAccountEmail": f"aws+{management}@example.com",
        "AvailablePolicyTypes": [],
    }


def _account(organization: Organization, member: str) -> Answer:
    invited = member != organization["management"]
    return {
        "Id": member,
        "Arn": state.arn(organization, "account", member),
        "Email": f"aws+{member}@example.com",
        "Name": member,
        "Status": "ACTIVE",
        "JoinedMethod": "INVITED" if invited else "CREATED",
    }


def _unit(organization: Organization, key: str) -> Answer:
    unit = organization["units"][key]
    return {"Id": key, "Arn": state.arn(organization, "ou", key), "Name": unit["name"]}


def _handshake(organization: Organization, key: str, account: str, status: str) -> Answer:
    now = round(time.time())
    return {
        "Id": key,
        "Arn": state.arn(organization, "handshake", f"invite/{key}"),
        "Parties": [
            {"Id": organization["id"][2:], "Type": "ORGANIZATION"},
            {"Id": account, "Type": "ACCOUNT"},
        ],
        "State": status,
        "RequestedTimestamp": now,
        "ExpirationTimestamp": now + 15 * _ONE_DAY,
        "Action": "INVITE",
    }


_OPERATIONS: dict[str, Callable[[str, Answer], Answer]] = {
    "AcceptHandshake": accept,
    "CreateOrganization": create_organization,
    "CreateOrganizationalUnit": create_unit,
    "DescribeOrganization": describe_organization,
    "InviteAccountToOrganization": invite,
    "ListAccountsForParent": list_accounts,
    "ListOrganizationalUnitsForParent": list_units,
    "ListRoots": list_roots,
    "MoveAccount": move_account,
    "RegisterDelegatedAdministrator": register_administrator,
}
OPERATIONS = frozenset(_OPERATIONS)

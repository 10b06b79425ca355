"""The only module that calls AWS: a thin, typed wrapper over Service Catalog, CloudFormation, SSM, STS.

Its other half, `looking`, holds plans, change sets, templates and drift.
Answers become the objects of `model`, pages are read to their end, and errors leave as those of
`dr_catalog.errors`. Every operation is one that an end user of Service Catalog may call.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_Operations_AWS_Service_Catalog.html
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config

from .. import names
from ..errors import DrCatalogError, NotFoundError, SetupError
from ..session import located
from ..translation import denied, translated
from .endpoint import Answer, call
from .looking import Looking
from .model import (
    Launch,
    LaunchPath,
    Parameter,
    Product,
    Record,
    Stack,
    StackEvent,
    StackInstance,
    Terms,
    Version,
)

STACK_SET = "AWS::CloudFormation::StackSet"
_PAGE = 20  # the most that Service Catalog gives
# A local endpoint answers at once or not at all.
_RETRIES, _LOCAL_RETRIES = 8, 2


class Aws(Looking):
    """One account's AWS, seen from the region of the launch; threads may share it.

    Args:
        region: The region to launch in; the session's default where it is None.
        session: Whose credentials; boto3's default where it is None.
        call_seconds: Give up on a call that takes longer, and never repeat it; by default a call is
            repeated as long as AWS may need.

    Attributes:
        region: The region of the launch.
        chosen_region: The region as it was asked for; empty where it is boto3's default.

    Raises:
        SetupError: No region is known, or the profile does not exist. Every method raises it when
            credentials, permission or the endpoint are missing.
    """

    def __init__(
        self,
        *,
        region: str | None = None,
        session: boto3.session.Session | None = None,
        call_seconds: int | None = None,
    ) -> None:
        self._call_seconds = call_seconds
        self._endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
        self._session, self.region = located(
            region=region, session=session, endpoint=self._endpoint
        )
        self.chosen_region = region or ""
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = (
            threading.Lock()
        )  # clients may be shared by threads, and not made by two at once

    @property
    def local(self) -> bool:
        """The endpoint is a local one (``AWS_ENDPOINT_URL`` is set)."""
        return self._endpoint is not None

    @functools.cached_property
    def account(self) -> str:
        """The account that launches, 12 digits."""
        return self._call("sts", "get_caller_identity")["Account"]

    @functools.cached_property
    def peer_region(self) -> str:
        """The other region, as onboarding wrote it; empty where it can't be read."""
        try:
            answer = self._call("ssm", "get_parameter", Name=names.PEER_REGION_PARAMETER)
        except DrCatalogError:
            return ""
        return answer["Parameter"]["Value"]

    # Service Catalog: what is offered.

    def products(self) -> tuple[Product, ...]:
        """The products the caller may launch, without versions."""
        return tuple(
            _product(summary)
            for page in self._pages("search_products")
            for summary in page.get("ProductViewSummaries", ())
        )

    def product(self, *, name: str = "", product_id: str = "") -> Product:
        """One product with its active versions and launch paths, by name or id.

        Raises:
            NotFoundError: There is none that the caller may launch.
        """
        key = {"Id": product_id} if product_id else {"Name": name}
        answer = self._call("servicecatalog", "describe_product", **key)
        versions = [
            Version(
                id=item["Id"],
                name=item["Name"],
                description=item.get("Description") or "",
                guidance=item.get("Guidance") or "",
                created=item["CreatedTime"],
            )
            for item in answer.get("ProvisioningArtifacts", ())
        ]
        return _product(
            answer["ProductViewSummary"],
            versions=tuple(sorted(versions, key=Version.order)),
            paths=tuple(
                LaunchPath(id=path["Id"], name=path.get("Name") or "")
                for path in answer.get("LaunchPaths") or ()
            ),
        )

    def terms(self, *, product_id: str, version_id: str, path_id: str = "") -> Terms:
        """The parameters and tag options of a version."""
        answer = self._call(
            "servicecatalog",
            "describe_provisioning_parameters",
            ProductId=product_id,
            ProvisioningArtifactId=version_id,
            **_given(PathId=path_id),
        )
        parameters = map(_parameter, answer.get("ProvisioningArtifactParameters") or ())
        return Terms(
            parameters={parameter.name: parameter for parameter in parameters},
            tag_options={
                option["Key"]: tuple(option.get("Values") or ())
                for option in answer.get("TagOptions") or ()
            },
        )

    # Service Catalog: launches and their records.

    def launches(self) -> tuple[Launch, ...]:
        """The account's provisioned products in this region, with names of product and version.

        Where the caller may see only its own, those.
        """
        return tuple(
            _launch(item)
            for page in self._visible_pages("search_provisioned_products")
            for item in page.get("ProvisionedProducts", ())
        )

    def launch(self, name: str) -> Launch | None:
        """The provisioned product of this name, if it is there."""
        try:
            answer = self._call("servicecatalog", "describe_provisioned_product", Name=name)
        except NotFoundError:
            return None
        return _launch(answer["ProvisionedProductDetail"])

    def record(self, record_id: str) -> Record:
        """A record as it stands."""
        answer = self._call("servicecatalog", "describe_record", Id=record_id)
        return _record(answer["RecordDetail"])

    def latest_records(self) -> tuple[Record, ...]:
        """The records of the newest page of history, also of launches that are gone."""
        page = next(self._visible_pages("list_record_history"))
        return tuple(map(_record, page.get("RecordDetails", ())))

    def provision(
        self,
        *,
        name: str,
        product_id: str,
        version_id: str,
        path_id: str,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        token: str,
    ) -> Record:
        """Begin a launch, or get the record of the one this token began."""
        answer = self._call(
            "servicecatalog",
            "provision_product",
            ProvisionedProductName=name,
            ProductId=product_id,
            ProvisioningArtifactId=version_id,
            ProvisioningParameters=[{"Key": k, "Value": v} for k, v in parameters.items()],
            Tags=[{"Key": k, "Value": v} for k, v in tags.items()],
            ProvisionToken=token,
            **_given(PathId=path_id),
        )
        return _record(answer["RecordDetail"])

    def update(
        self,
        *,
        launch_id: str,
        product_id: str,
        version_id: str,
        path_id: str,
        parameters: Mapping[str, str | None],
        token: str,
    ) -> Record:
        """Begin an update; a parameter of None keeps its previous value."""
        answer = self._call(
            "servicecatalog",
            "update_provisioned_product",
            ProvisionedProductId=launch_id,
            ProductId=product_id,
            ProvisioningArtifactId=version_id,
            ProvisioningParameters=[
                {"Key": key, "UsePreviousValue": True}
                if value is None
                else {"Key": key, "Value": value}
                for key, value in parameters.items()
            ],
            UpdateToken=token,
            **_given(PathId=path_id),
        )
        return _record(answer["RecordDetail"])

    def terminate(self, *, launch_id: str, token: str) -> Record:
        """Begin a termination."""
        answer = self._call(
            "servicecatalog",
            "terminate_provisioned_product",
            ProvisionedProductId=launch_id,
            TerminateToken=token,
        )
        return _record(answer["RecordDetail"])

    # CloudFormation, in either region.

    def stack(self, name_or_id: str, *, region: str = "") -> Stack | None:
        """A stack, if it is there."""
        try:
            answer = self._call(
                "cloudformation", "describe_stacks", region=region, StackName=name_or_id
            )
        except NotFoundError:
            return None
        stack = answer["Stacks"][0]
        return Stack(
            id=stack["StackId"],
            name=stack["StackName"],
            region=region or self.region,
            status=stack["StackStatus"],
            parameters={
                item["ParameterKey"]: item.get("ParameterValue", "")
                for item in stack.get("Parameters", ())
            },
            outputs={
                item["OutputKey"]: item.get("OutputValue", "") for item in stack.get("Outputs", ())
            },
        )

    def events(self, stack: str, *, since: datetime, region: str = "") -> Iterator[StackEvent]:
        """A stack's events from ``since`` on, newest first; stop early and no more pages are read."""
        for page in self._pages(
            "describe_stack_events", service="cloudformation", region=region, StackName=stack
        ):
            for item in page.get("StackEvents", ()):
                if item["Timestamp"] < since:
                    return
                yield StackEvent(
                    id=item["EventId"],
                    region=region or self.region,
                    stack=item["StackName"],
                    resource=item.get("LogicalResourceId", ""),
                    type=item.get("ResourceType", ""),
                    status=item.get("ResourceStatus", ""),
                    reason=item.get("ResourceStatusReason", ""),
                    physical_id=item.get("PhysicalResourceId", ""),
                    time=item["Timestamp"],
                )

    def stack_sets(self, stack: str) -> tuple[str, ...]:
        """The StackSets a stack holds, by name or id."""
        return tuple(
            item["PhysicalResourceId"]
            for page in self._pages(
                "list_stack_resources", service="cloudformation", StackName=stack
            )
            for item in page.get("StackResourceSummaries", ())
            if item["ResourceType"] == STACK_SET and item.get("PhysicalResourceId")
        )

    def stack_instances(self, stack_set: str) -> tuple[StackInstance, ...]:
        """Where a StackSet has its stacks; none when it is gone."""
        try:
            return tuple(
                StackInstance(
                    region=item["Region"],
                    stack_id=item.get("StackId", ""),
                    status=item.get("Status", ""),
                )
                for page in self._pages(
                    "list_stack_instances", service="cloudformation", StackSetName=stack_set
                )
                for item in page.get("Summaries", ())
            )
        except NotFoundError:
            return ()

    def stacks_since(self, *, prefix: str, since: datetime, region: str) -> tuple[str, ...]:
        """The ids of stacks made since then whose names begin so, also of those that are gone."""
        return tuple(
            item["StackId"]
            for page in self._pages("list_stacks", service="cloudformation", region=region)
            for item in page.get("StackSummaries", ())
            if item["StackName"].startswith(prefix) and item["CreationTime"] >= since
        )

    def get(self, endpoint: str, *, region: str, path: str) -> Answer:
        """What a launch's own API answers to a signed GET."""
        try:
            return call(self._session, endpoint=endpoint, region=region, path=path)
        except (OSError, ValueError) as error:
            raise SetupError(f"{endpoint} does not answer", why=str(error)) from error

    def _visible_pages(self, operation: str) -> Iterator[dict[str, Any]]:
        """Pages of all that is the account's; where the caller may see only its own, of that."""
        levels = ["Account", "User"]
        while levels:
            scope = {"Key": levels.pop(0), "Value": "self"}
            try:
                yield from self._pages(operation, AccessLevelFilter=scope)
                return
            except DrCatalogError as error:
                if not levels or not denied(error):
                    raise

    def _pages(
        self, operation: str, *, service: str = "servicecatalog", region: str = "", **arguments: Any
    ) -> Iterator[dict[str, Any]]:
        # Most of Service Catalog's operations have no paginator in botocore.
        catalog = service == "servicecatalog"
        ask, answer = ("PageToken", "NextPageToken") if catalog else ("NextToken", "NextToken")
        if catalog:
            arguments["PageSize"] = _PAGE
        while True:
            page = self._call(service, operation, region=region, **arguments)
            yield page
            if not page.get(answer):
                return
            arguments[ask] = page[answer]

    def _call(
        self, service: str, operation: str, *, region: str = "", **arguments: Any
    ) -> dict[str, Any]:
        with translated(endpoint=self._endpoint):
            return getattr(self._client(service, region or self.region), operation)(**arguments)

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._clients:
                seconds = self._call_seconds
                attempts = 1 if seconds else _LOCAL_RETRIES if self.local else _RETRIES
                self._clients[service, region] = self._session.client(
                    service,
                    region_name=region,
                    config=Config(
                        retries={"mode": "standard", "total_max_attempts": attempts},
                        connect_timeout=seconds or 10,
                        read_timeout=seconds or 60,
                        user_agent_extra="dr-catalog",
                    ),
                )
            return self._clients[service, region]


def _given(**arguments: str) -> dict[str, str]:
    return {key: value for key, value in arguments.items() if value}


def _product(summary: dict[str, Any], **more: Any) -> Product:
    return Product(
        id=summary["ProductId"],
        name=summary["Name"],
        owner=summary.get("Owner") or "",
        description=summary.get("ShortDescription") or "",
        support=tuple(
            summary[key]
            for key in ("SupportDescription", "SupportEmail", "SupportUrl")
            if summary.get(key)
        ),
        **more,
    )


def _parameter(item: dict[str, Any]) -> Parameter:
    rules = item.get("ParameterConstraints") or {}

    def number(key: str) -> float | None:
        return float(rules[key]) if rules.get(key) else None

    def length(key: str) -> int | None:
        return int(rules[key]) if rules.get(key) else None

    return Parameter(
        name=item["ParameterKey"],
        type=item.get("ParameterType") or "String",
        default=item.get("DefaultValue"),
        description=item.get("Description") or "",
        secret=bool(item.get("IsNoEcho")),
        allowed=tuple(rules.get("AllowedValues") or ()),
        pattern=rules.get("AllowedPattern") or "",
        constraint=rules.get("ConstraintDescription") or "",
        min_length=length("MinLength"),
        max_length=length("MaxLength"),
        min_value=number("MinValue"),
        max_value=number("MaxValue"),
    )


def _launch(item: dict[str, Any]) -> Launch:
    return Launch(
        id=item["Id"],
        name=item["Name"],
        status=item["Status"],
        message=item.get("StatusMessage") or "",
        product_id=item.get("ProductId") or "",
        version_id=item.get("ProvisioningArtifactId") or "",
        product=item.get("ProductName") or "",
        version=item.get("ProvisioningArtifactName") or "",
        last_record=item.get("LastRecordId") or "",
        last_provisioning_record=item.get("LastProvisioningRecordId") or "",
        created=item.get("CreatedTime"),
    )


def _record(item: dict[str, Any]) -> Record:
    return Record(
        id=item["RecordId"],
        kind=item.get("RecordType") or "",
        status=item["Status"],
        launch_id=item.get("ProvisionedProductId") or "",
        launch=item.get("ProvisionedProductName") or "",
        product_id=item.get("ProductId") or "",
        version_id=item.get("ProvisioningArtifactId") or "",
        path_id=item.get("PathId") or "",
        errors=tuple(
            error.get("Description") or error.get("Code") or ""
            for error in item.get("RecordErrors") or ()
        ),
        created=item["CreatedTime"],
        updated=item.get("UpdatedTime"),
    )

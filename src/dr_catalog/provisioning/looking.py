"""The calls by which `aws.Aws` looks ahead and looks closely: plans, change sets, templates, drift.

A half of `Aws`, which makes the calls; nothing here stays: whoever makes a plan or a change set deletes
it. https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisionedProductPlan.html
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import LaunchError, NotFoundError
from .preview_model import ChangeSet, Detection, Difference, Drifted, PlanRequest, ResourceChange

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
_CFN: dict[str, Any] = {"service": "cloudformation"}
_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


class Looking:
    """Calls that change nothing which stays."""

    region: str

    @abstractmethod
    def _call(
        self, service: str, operation: str, *, region: str = "", **arguments: Any
    ) -> dict[str, Any]: ...

    @abstractmethod
    def _pages(
        self, operation: str, *, service: str = "servicecatalog", region: str = "", **arguments: Any
    ) -> Iterator[dict[str, Any]]: ...

    # Plans of Service Catalog.

    def make_plan(self, request: PlanRequest) -> str:
        """Begin a plan; its id."""
        more: dict[str, Any] = {"PathId": request.path_id} if request.path_id else {}
        if request.tags:
            more["Tags"] = [{"Key": key, "Value": value} for key, value in request.tags.items()]
        answer = self._call(
            "servicecatalog",
            "create_provisioned_product_plan",
            PlanName=request.name,
            PlanType="CLOUDFORMATION",
            ProductId=request.product_id,
            ProvisionedProductName=request.launch,
            ProvisioningArtifactId=request.version_id,
            ProvisioningParameters=[
                {"Key": key, "UsePreviousValue": True}
                if value is None
                else {"Key": key, "Value": value}
                for key, value in request.parameters.items()
            ],
            IdempotencyToken=request.token,
            **more,
        )
        plan: str = answer["PlanId"]
        return plan

    def plan(self, plan_id: str) -> ChangeSet:
        """A plan as it stands, with all its changes."""
        pages = list(self._pages("describe_provisioned_product_plan", PlanId=plan_id))
        detail = pages[0]["ProvisionedProductPlanDetails"]
        return ChangeSet(
            status=detail["Status"],
            message=detail.get("StatusMessage") or "",
            changes=tuple(
                _change(change) for page in pages for change in page.get("ResourceChanges") or ()
            ),
        )

    def plans(self, launch_id: str) -> tuple[tuple[str, str], ...]:
        """The plans of a provisioned product: id and name."""
        return tuple(
            (plan["PlanId"], plan["PlanName"])
            for page in self._pages("list_provisioned_product_plans", ProvisionProductId=launch_id)
            for plan in page.get("ProvisionedProductPlans") or ()
        )

    def delete_plan(self, plan_id: str) -> None:
        """Delete a plan, and what it made."""
        self._call("servicecatalog", "delete_provisioned_product_plan", PlanId=plan_id)

    # Change sets of CloudFormation.

    def make_change_set(
        self, stack: str, *, region: str, name: str, url: str, parameters: Mapping[str, str | None]
    ) -> str:
        """Begin a change set on a stack that is there; its id. None keeps a parameter's value."""
        answer = self._call(
            "cloudformation",
            "create_change_set",
            region=region,
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE",
            TemplateURL=url,
            Capabilities=_CAPABILITIES,
            Parameters=[
                {"ParameterKey": key, "UsePreviousValue": True}
                if value is None
                else {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
            ],
        )
        made: str = answer["Id"]
        return made

    def change_set(self, change_set: str, *, region: str) -> ChangeSet:
        """A change set as it stands, with all its changes."""
        pages = list(
            self._pages("describe_change_set", region=region, ChangeSetName=change_set, **_CFN)
        )
        return ChangeSet(
            status=pages[0]["Status"],
            message=pages[0].get("StatusReason") or "",
            changes=tuple(
                _change(change["ResourceChange"])
                for page in pages
                for change in page.get("Changes") or ()
            ),
        )

    def delete_change_set(self, change_set: str, *, region: str) -> None:
        """Delete a change set."""
        self._call("cloudformation", "delete_change_set", region=region, ChangeSetName=change_set)

    # Templates.

    def template_url(self, *, product_id: str, version_id: str) -> str:
        """Where a version's template lies."""
        answer = self._call(
            "servicecatalog",
            "describe_provisioning_artifact",
            ProductId=product_id,
            ProvisioningArtifactId=version_id,
            Verbose=True,
        )
        url: str = (answer.get("Info") or {}).get("TemplateUrl") or ""
        if not url:
            raise NotFoundError("Service Catalog does not say where the template lies")
        return url

    def read_url(self, url: str) -> bytes:
        """What lies in S3 behind a template's address."""
        parts = urlsplit(url)
        host = _HOST.fullmatch(parts.hostname or "")
        if host is None:
            raise LaunchError(f"{url} is not an address in S3")
        path = unquote(parts.path).lstrip("/")
        bucket, key = (host["bucket"], path) if host["bucket"] else path.split("/", 1)
        answer = self._call("s3", "get_object", region=host["region"], Bucket=bucket, Key=key)
        content: bytes = answer["Body"].read()
        return content

    def stack_template(self, stack: str, *, region: str = "") -> bytes:
        """The template that a stack was made of, as JSON text."""
        answer = self._call(
            "cloudformation",
            "get_template",
            region=region,
            StackName=stack,
            TemplateStage="Original",
        )
        body = answer["TemplateBody"]
        return (body if isinstance(body, str) else json.dumps(body)).encode()

    def setting(self, name: str, *, region: str = "") -> str:
        """The value of a Systems Manager parameter, in the launch region unless another is named."""
        answer = self._call("ssm", "get_parameter", region=region, Name=name)
        value: str = answer["Parameter"]["Value"]
        return value

    def concurrency(self, function: str, *, region: str) -> int | None:
        """How many of a function may run at once; None where nothing is reserved for it."""
        answer = self._call(
            "lambda", "get_function_concurrency", region=region, FunctionName=function
        )
        return answer.get("ReservedConcurrentExecutions")

    # Drift.

    def detect_drift(self, stack: str, *, region: str) -> str:
        """Begin a drift detection; its id."""
        answer = self._call("cloudformation", "detect_stack_drift", region=region, StackName=stack)
        detection: str = answer["StackDriftDetectionId"]
        return detection

    def detection(self, detection: str, *, region: str) -> Detection:
        """A drift detection as it stands."""
        answer = self._call(
            "cloudformation",
            "describe_stack_drift_detection_status",
            region=region,
            StackDriftDetectionId=detection,
        )
        return Detection(
            status=answer["DetectionStatus"],
            stack_status=answer.get("StackDriftStatus") or "",
            reason=answer.get("DetectionStatusReason") or "",
        )

    def drifted(self, stack: str, *, name: str, region: str) -> tuple[Drifted, ...]:
        """The resources that the last detection found changed or gone."""
        return tuple(
            Drifted(
                region=region,
                stack=name,
                resource=item["LogicalResourceId"],
                type=item["ResourceType"],
                physical_id=item.get("PhysicalResourceId") or "",
                status=item["StackResourceDriftStatus"],
                differences=tuple(
                    Difference(
                        path=each["PropertyPath"],
                        expected=each.get("ExpectedValue") or "",
                        actual=each.get("ActualValue") or "",
                        kind=each.get("DifferenceType") or "",
                    )
                    for each in item.get("PropertyDifferences") or ()
                ),
            )
            for page in self._pages(
                "describe_stack_resource_drifts",
                region=region,
                StackName=stack,
                StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
                **_CFN,
            )
            for item in page.get("StackResourceDrifts") or ()
        )


def _change(item: dict[str, Any]) -> ResourceChange:
    """Of either service: Service Catalog writes in upper case what CloudFormation does not."""
    scope = {attribute.upper() for attribute in item.get("Scope") or ()}
    names = [
        detail["Target"]["Name"]
        for detail in item.get("Details") or ()
        if (detail.get("Target") or {}).get("Name")
    ]
    return ResourceChange(
        action=item["Action"].upper(),
        resource=item["LogicalResourceId"],
        type=item["ResourceType"],
        physical_id=item.get("PhysicalResourceId") or "",
        replacement=(item.get("Replacement") or "").upper(),
        properties=tuple(dict.fromkeys(names)),
        tags_only=scope == {"TAGS"},
    )

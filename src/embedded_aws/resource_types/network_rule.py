"""``AWS::EC2::SecurityGroupIngress`` and ``AWS::EC2::SecurityGroupEgress``: a rule by itself.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroupingress.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from .context import Made, Properties, here, known

PROPERTIES = (
    "CidrIp",
    "CidrIpv6",
    "Description",
    "FromPort",
    "GroupId",
    "IpProtocol",
    "ToPort",
)
TAGS = ""


@dataclass(frozen=True)
class RuleType:
    """Ingress or egress.

    Args:
        TYPE: The CloudFormation type.
        egress: Whether what leaves is meant.
        group: The property that names another group.
        prefix_list: The property that names a prefix list.
    """

    TYPE: str
    egress: bool
    group: str
    prefix_list: str
    TAGS: str = ""

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Authorize the rule."""
        self._known(properties)
        authorize = self._operation("authorize_security_group")
        made = authorize(
            GroupId=properties["GroupId"], IpPermissions=[self._permission(properties)]
        )
        rule_id: str = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return rule_id, {"Id": rule_id}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """A description changes in place; anything else is another rule."""
        self._known(new)
        if {**old, "Description": ""} == {**new, "Description": ""}:
            self.delete(physical_id, dict(old))
        return self.create(logical_id, new, stack_name)

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Revoke the rule."""
        revoke = self._operation("revoke_security_group")
        try:
            revoke(GroupId=properties["GroupId"], SecurityGroupRuleIds=[physical_id])
        except ClientError as error:
            if "NotFound" not in error.response["Error"]["Code"]:
                raise

    def _known(self, properties: Properties) -> None:
        known(properties, (*PROPERTIES, self.group, self.prefix_list))

    def _operation(self, name: str) -> Callable[..., Any]:
        operation: Callable[..., Any] = getattr(
            here("ec2"), f"{name}_{'egress' if self.egress else 'ingress'}"
        )
        return operation

    def _permission(self, properties: Properties) -> dict[str, Any]:
        described = {name: properties[name] for name in ("Description",) if name in properties}
        permission: dict[str, Any] = {
            name: properties[name]
            for name in ("IpProtocol", "FromPort", "ToPort")
            if name in properties
        }
        for name, place, key in (
            ("CidrIp", "IpRanges", "CidrIp"),
            ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
            (self.group, "UserIdGroupPairs", "GroupId"),
            (self.prefix_list, "PrefixListIds", "PrefixListId"),
        ):
            if name in properties:
                permission[place] = [{key: properties[name], **described}]
        return permission


ingress = RuleType(
    "AWS::EC2::SecurityGroupIngress", False, "SourceSecurityGroupId", "SourcePrefixListId"
)
egress = RuleType(
    "AWS::EC2::SecurityGroupEgress", True, "DestinationSecurityGroupId", "DestinationPrefixListId"
)

"""A template as CloudFormation would fill it in, near enough for what IAM looks at: names and ARNs.

Names are those of the template; ids, which CloudFormation learns as it goes, are made up and say of what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dr_catalog.releases.template import NAME_PROPERTIES, Template, dig

from .conftest import ACCOUNT, HUB, PEER, REGION

_SUB = re.compile(r"\$\{([^!}][^}]*)\}")
_DROPPED = object()
_SAMPLES = {
    "AssetBucketPrefix": f"dr-catalog-assets-{HUB}",
    "EnvironmentSuffix": "sample",
    "LaunchRegion": REGION,
    "PeerRegion": PEER,
    "PrimaryKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-1",
    "KeyId": "mrk-1",
    "ZoneId": "Z1",
    "ZoneName": "example.com",
    "IsolatedSubnetIds": ["subnet-1", "subnet-2"],
    "PrivateSubnetIds": ["subnet-3", "subnet-4"],
}
_ARNS = {
    "AWS::CloudWatch::Alarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/mrk-1",
    "AWS::KMS::ReplicaKey": "arn:aws:kms:{region}:{account}:key/mrk-1",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-a1b2c3",
    "AWS::CertificateManager::Certificate": "arn:aws:acm:{region}:{account}:certificate/1",
    "AWS::Lambda::Version": "arn:aws:lambda:{region}:{account}:function:{name}:1",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
}
_REF_IS_ARN = (
    "AWS::CertificateManager::Certificate",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
)
_REF_IS_ID = ("AWS::ApiGateway::RestApi", "AWS::Backup::BackupPlan")
_NAMES = {
    **{kind: path for kind, path in NAME_PROPERTIES.items() if kind not in _REF_IS_ID},
    "AWS::Backup::RestoreTestingPlan": "RestoreTestingPlanName",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
}


@dataclass(frozen=True)
class Resolved:
    """One resource with its properties filled in.

    Args:
        physical_id: What ``Ref`` gives.
    """

    type: str
    logical_id: str
    physical_id: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Resolution:
    """One template in one region.

    Args:
        holds: What every condition of the template is taken to be.
    """

    template: Template
    region: str
    holds: bool = True

    def resources(self) -> Iterator[Resolved]:
        """Every resource, those of a condition included."""
        for resource in self.template.resources():
            properties = self.value(resource.properties)
            yield Resolved(resource.type, resource.id, self._reference(resource.id), properties)

    def value(self, value: Any) -> Any:
        """The value with its intrinsics filled in."""
        match value:
            case {"Ref": "AWS::NoValue"}:
                return _DROPPED
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._attribute(name, attribute)
            case {"Fn::Sub": str(text)}:
                return self._substituted(text, {})
            case {"Fn::Sub": [str(text), dict(variables)]}:
                return self._substituted(text, variables)
            case {"Fn::Join": [str(separator), parts]}:
                return separator.join(str(each) for each in self.value(parts))
            case {"Fn::If": [_, yes, no]}:
                return self.value(yes if self.holds else no)
            case {"Fn::Select": [_, parts]}:
                parts = self.value(parts)
                return parts[0] if isinstance(parts, list) else str(parts)
            case {"Fn::Split": [str(separator), text]}:
                return str(self.value(text)).split(separator)
            case {"Fn::GetAZs": _}:
                return [f"{self.region}a", f"{self.region}b"]
            case {"Fn::Cidr": _}:
                return ["10.0.0.0/20"]
            case dict():
                assert not any(key.startswith("Fn::") for key in value), value
                filled = {key: self.value(entry) for key, entry in value.items()}
                return {key: entry for key, entry in filled.items() if entry is not _DROPPED}
            case list():
                return [each for each in map(self.value, value) if each is not _DROPPED]
        return value

    def _reference(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackId": f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/SC-1/1",
            "AWS::StackName": "SC-1",
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.template.parameters:
            sample = str(self.template.parameters[name].get("Default") or f"{name}-1")
            return _SAMPLES.get(name, sample)
        resource = self.template.by_id[name]
        if resource.type in _REF_IS_ARN:
            return self._attribute(name, "Arn")
        if resource.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
            return "mrk-1"
        given = dig(resource.properties, _NAMES.get(resource.type, "-"))
        return f"{name}-1" if given is None else self.value(given)

    def _attribute(self, name: str, attribute: str) -> str:
        resource = self.template.by_id[name]
        if attribute not in ("Arn", "TopicArn", "Id"):
            return self._reference(name) if attribute.endswith("Id") else f"{name}-{attribute}"
        given = dig(resource.properties, _NAMES.get(resource.type, "-"))
        arn = _ARNS.get(resource.type, f"{name}-{attribute}")
        return arn.format(
            region=self.region, account=ACCOUNT, name=self.value(given) if given else f"{name}-1"
        )

    def _substituted(self, text: str, variables: Mapping[str, Any]) -> str:
        def filled(found: re.Match[str]) -> str:
            name, _, attribute = found[1].partition(".")
            if name in variables:
                return str(self.value(variables[name]))
            return str(self._attribute(name, attribute) if attribute else self._reference(name))

        return _SUB.sub(filled, text)

"""Each rule: silent on the samples, and heard once one thing in them is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from dr_catalog.releases.policies import RULES, findings
from dr_catalog.releases.template import Template

from .conftest import Templates, samples

GONE = object()
TRUST = "Role.Properties.AssumeRolePolicyDocument.Statement.0"
ALLOW = "Role.Properties.Policies.0.PolicyDocument.Statement.0"
KEY_POLICY = "Key.Properties.KeyPolicy.Statement.0"
TLS = "BucketPolicy.Properties.PolicyDocument.Statement.0"
ENCRYPTION = "Bucket.Properties.BucketEncryption.ServerSideEncryptionConfiguration.0"
REPLICA = "Table.Properties.Replicas.1"
INTERFACE = "Metadata.AWS::CloudFormation::Interface"
STRANGER = {"Fn::Sub": "arn:${AWS::Partition}:iam::${Other}:root"}

# Rule, template, path below Resources (or below the top, with a leading dot), the bad value, and
# the resource that is named.
ROWS: list[tuple[str, str, str, Any, str]] = [
    ("DR001", "primary", "Bucket.Properties.BucketEncryption", GONE, "Bucket"),
    ("DR001", "primary", f"{ENCRYPTION}.BucketKeyEnabled", False, "Bucket"),
    (
        "DR001",
        "foundation",
        f"{ENCRYPTION}.ServerSideEncryptionByDefault.SSEAlgorithm",
        "AES256",
        "Bucket",
    ),
    (
        "DR001",
        "primary",
        f"{ENCRYPTION}.ServerSideEncryptionByDefault.KMSMasterKeyID",
        GONE,
        "Bucket",
    ),
    ("DR002", "primary", "Table.Properties.SSESpecification.SSEEnabled", False, "Table"),
    ("DR002", "primary", "Table.Properties.SSESpecification.SSEType", GONE, "Table"),
    ("DR002", "primary", f"{REPLICA}.SSESpecification", GONE, "Table"),
    (
        "DR002",
        "primary",
        f"{REPLICA}.SSESpecification.KMSMasterKeyId",
        {"Fn::Sub": "alias/aws/dynamodb"},
        "Table",
    ),
    ("DR003", "workload", "LogGroup.Properties.KmsKeyId", GONE, "LogGroup"),
    ("DR003", "primary", "Queue", {"Type": "AWS::SQS::Queue"}, "Queue"),
    ("DR010", "primary", "Key.Properties.EnableKeyRotation", False, "Key"),
    ("DR011", "primary", f"{KEY_POLICY}.Principal.AWS", "*", "Key"),
    ("DR011", "primary", f"{KEY_POLICY}.Principal.AWS", STRANGER, "Key"),
    (
        "DR011",
        "primary",
        KEY_POLICY,
        {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"},
        "Key",
    ),
    ("DR011", "primary", f"{KEY_POLICY}.Principal", {"Service": "s3.amazonaws.com"}, "Key"),
    (
        "DR011",
        "foundation",
        "ReplicaKey.Properties.KeyPolicy.Statement.0.Principal",
        "*",
        "ReplicaKey",
    ),
    (
        "DR020",
        "primary",
        "Bucket.Properties.PublicAccessBlockConfiguration.BlockPublicPolicy",
        False,
        "Bucket",
    ),
    ("DR020", "foundation", "Bucket.Properties.PublicAccessBlockConfiguration", GONE, "Bucket"),
    ("DR021", "primary", "Bucket.Properties.VersioningConfiguration.Status", "Suspended", "Bucket"),
    ("DR022", "primary", "BucketPolicy", GONE, "Bucket"),
    ("DR022", "primary", "BucketPolicy.Properties.Bucket", {"Ref": "Other"}, "Bucket"),
    ("DR022", "primary", f"{TLS}.Effect", "Allow", "Bucket"),
    ("DR022", "primary", f"{TLS}.Action", "s3:GetObject", "Bucket"),
    ("DR022", "primary", f"{TLS}.Principal", {"AWS": STRANGER}, "Bucket"),
    ("DR022", "foundation", f"{TLS}.Condition", GONE, "Bucket"),
    ("DR030", "primary", f"{ALLOW}.Action", "*", "Role"),
    ("DR030", "workload", f"{ALLOW}.Action", ["logs:PutLogEvents", "s3:*"], "Role"),
    ("DR030", "primary", f"{TLS}.Effect", "Allow", "BucketPolicy"),
    ("DR031", "primary", f"{ALLOW}.Resource", "*", "Role"),
    ("DR031", "primary", f"{ALLOW}.Resource", [{"Ref": "LogGroup"}, "*"], "Role"),
    ("DR032", "primary", f"{ALLOW}.NotAction", "s3:*", "Role"),
    ("DR032", "primary", f"{ALLOW}.NotResource", "*", "Role"),
    ("DR033", "primary", f"{TRUST}.Principal", "*", "Role"),
    ("DR033", "primary", f"{TRUST}.Principal", {"AWS": STRANGER}, "Role"),
    ("DR033", "workload", f"{TRUST}.Principal.Service", "ec2.amazonaws.com", "Role"),
    ("DR040", "primary", "Function.Properties.TracingConfig.Mode", "PassThrough", "Function"),
    ("DR041", "workload", "LogGroup", GONE, "Function"),
    ("DR041", "primary", "LogGroup.Properties.RetentionInDays", GONE, "Function"),
    (
        "DR041",
        "primary",
        "LogGroup.Properties.LogGroupName",
        {"Fn::Sub": "/aws/lambda/dr-other-${EnvironmentSuffix}"},
        "Function",
    ),
    ("DR041", "primary", "Function.Properties.LoggingConfig", {"LogGroup": "other"}, "Function"),
    ("DR042", "primary", "Function.Properties.Runtime", "python3.9", "Function"),
    ("DR050", "primary", "Method.Properties.AuthorizationType", "NONE", "Method"),
    ("DR050", "primary", "Method.Properties.AuthorizationType", GONE, "Method"),
    ("DR050", "primary", "Url", {"Type": "AWS::Lambda::Url", "Properties": {}}, "Url"),
    ("DR051", "primary", "Stage.Properties.MethodSettings", GONE, "Stage"),
    ("DR051", "primary", "Stage.Properties.MethodSettings.0.ThrottlingRateLimit", GONE, "Stage"),
    ("DR051", "primary", "Stage.Properties.MethodSettings.0.ResourcePath", "/~1ready", "Stage"),
    ("DR052", "primary", "Stage.Properties.TracingEnabled", False, "Stage"),
    ("DR060", "primary", f"{REPLICA}.PointInTimeRecoverySpecification", GONE, "Table"),
    ("DR061", "primary", f"{REPLICA}.DeletionProtectionEnabled", False, "Table"),
    ("DR062", "primary", "Table.DeletionPolicy", "Delete", "Table"),
    ("DR062", "primary", "Bucket.UpdateReplacePolicy", GONE, "Bucket"),
    ("DR062", "foundation", "ReplicaKey.DeletionPolicy", GONE, "ReplicaKey"),
    (
        "DR070",
        "primary",
        "Function.Properties.Environment",
        {"Variables": {"DB_PASSWORD": "hunter2"}},
        "Function",
    ),
    (
        "DR070",
        "workload",
        "Function.Properties.Environment",
        {"Variables": {"ID": "AKIAIOSFODNN7EXAMPLE"}},
        "Function",
    ),
    ("DR071", "primary", ".Parameters.Password", {"Type": "String"}, "Password"),
    (
        "DR071",
        "primary",
        ".Parameters.Password",
        {"Type": "String", "NoEcho": True, "Default": "changeme"},
        "Password",
    ),
    (
        "DR071",
        "primary",
        ".Parameters.EnvironmentSuffix.Default",
        "AKIAIOSFODNN7EXAMPLE",
        "EnvironmentSuffix",
    ),
    (
        "DR080",
        "primary",
        "Foundation.Properties.AdministrationRoleARN",
        "arn:aws:iam::111111111111:role/a",
        "Foundation",
    ),
    ("DR081", "primary", f"{REPLICA}.Region", "us-west-2", "Table"),
    (
        "DR081",
        "workload",
        "Function.Properties.Code.S3Bucket",
        {"Fn::Sub": "a-eu-central-1"},
        "Function",
    ),
    (
        "DR082",
        "primary",
        "Bucket.Properties.Tags",
        [{"Key": "stage", "Value": "Production"}],
        "Bucket",
    ),
    ("DR083", "primary", ".Transform", "AWS::Serverless-2016-10-31", "Transform"),
    ("DR083", "primary", "Nested", {"Type": "AWS::CloudFormation::Stack"}, "Nested"),
    ("DR083", "primary", "Part", {"Type": "Some::Part::One::MODULE"}, "Part"),
    (
        "DR083",
        "primary",
        "Bucket.Properties.Tags",
        {"Fn::Transform": {"Name": "AWS::Include"}},
        "Bucket",
    ),
    (
        "DR084",
        "primary",
        "Function.Properties.Code.S3Bucket",
        "{{resolve:ssm:/dr/bucket}}",
        "Function",
    ),
    (
        "DR084",
        "primary",
        "Function.Properties.Code.S3Bucket",
        {"Fn::Sub": "{{resolve:secretsmanager:mine}}"},
        "Function",
    ),
    ("DR084", "primary", ".Parameters.PeerRegion.AllowedValues", GONE, "PeerRegion"),
    ("DR084", "primary", ".Parameters.PeerRegion.AllowedValues", ["/my/region"], "PeerRegion"),
    (
        "DR090",
        "foundation",
        ".Parameters.PrimaryKeyArn.Description",
        GONE,
        "PrimaryKeyArn",
    ),
    ("DR090", "workload", ".Parameters.KeyId.AllowedPattern", GONE, "KeyId"),
    ("DR091", "primary", f".{INTERFACE}.ParameterLabels.PeerRegion", GONE, "PeerRegion"),
    ("DR091", "primary", f".{INTERFACE}.ParameterGroups.0.Parameters.0", "Else", "Else"),
    ("DR091", "primary", f".{INTERFACE}", GONE, "EnvironmentSuffix"),
    ("DR100", "primary", "Table.Properties.TableName", "dr-transactions", "Table"),
    ("DR100", "workload", "Role.Properties.RoleName", GONE, "Role"),
    (
        "DR100",
        "primary",
        "LogGroup.Properties.LogGroupName",
        {"Fn::Join": ["", ["/aws/lambda/dr-", {"Ref": "PeerRegion"}]]},
        "LogGroup",
    ),
    (
        "DR101",
        "primary",
        "Function.Properties.FunctionName",
        {"Fn::Sub": "processor-${EnvironmentSuffix}"},
        "Function",
    ),
    (
        "DR101",
        "primary",
        "Endpoint.Properties.Name",
        {"Fn::Sub": "/other/${EnvironmentSuffix}"},
        "Endpoint",
    ),
]


def found(templates: Templates, rule: str) -> set[tuple[str, str]]:
    return {
        (finding.template, finding.resource)
        for role, body in templates.items()
        for finding in findings(product="p", version="1.0.0", template=Template(role, body))
        if finding.rule == rule
    }


def change(templates: Templates, role: str, path: str, value: Any) -> None:
    """Set or remove what lies at a dotted path; it must be there to be removed."""
    steps = path[1:].split(".") if path.startswith(".") else ["Resources", *path.split(".")]
    holder: Any = templates[role]
    for step in steps[:-1]:
        holder = holder[int(step) if isinstance(holder, list) else step]
    last: Any = int(steps[-1]) if isinstance(holder, list) else steps[-1]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value


def test_the_samples_violate_no_rule() -> None:
    for rule in RULES:
        assert found(samples(), rule.id) == set(), rule.id


@pytest.mark.parametrize(
    ("rule", "role", "path", "bad", "resource"),
    ROWS,
    ids=[f"{row[0]}-{row[2].rpartition('.')[2]}" for row in ROWS],
)
def test_a_rule_hears_what_is_wrong(
    rule: str, role: str, path: str, bad: Any, resource: str
) -> None:
    templates = samples()
    change(templates, role, path, bad)
    assert (role, resource) in found(templates, rule)


def test_every_rule_has_a_row_a_sentence_and_a_source() -> None:
    assert {rule.id for rule in RULES} == {row[0] for row in ROWS}
    for rule in RULES:
        assert rule.sentence
        assert not rule.sentence.endswith(".")
        assert rule.source.startswith("https://docs.aws.amazon.com/")


def test_a_log_group_may_be_named_by_the_function() -> None:
    templates = samples()
    group = {"Fn::Sub": "/dr/logs/${EnvironmentSuffix}"}
    change(templates, "primary", "LogGroup.Properties.LogGroupName", group)
    change(
        templates, "primary", "Function.Properties.LoggingConfig", {"LogGroup": {"Ref": "LogGroup"}}
    )
    assert found(templates, "DR041") == set()


def test_descriptions_and_references_are_no_literals() -> None:
    templates = samples()
    templates["primary"]["Description"] = "Account 111111111111 in us-east-1, stage production"
    change(
        templates,
        "primary",
        "Function.Properties.Environment",
        {
            "Variables": {
                "DB_PASSWORD": "{{resolve:ssm:/dr-catalog/x}}",
                "SECRET_ARN": "a",
                "API_KEY": {"Ref": "EnvironmentSuffix"},
            }
        },
    )
    for rule in ("DR070", "DR080", "DR081", "DR082", "DR084"):
        assert found(templates, rule) == set()

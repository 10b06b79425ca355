"""All that an account holds in both regions, asked of every service that a launch uses.

What two looks differ in is what happened between them: nothing is sought by name, so that nothing
that bears none is overlooked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .conftest import PEER, REGION, Identity

Estate = frozenset[str]
"""Each thing as ``<region> <service> <kind> <id>``."""


@dataclass(frozen=True)
class Row:
    """One kind of thing.

    Args:
        service: The service's name in boto3.
        operation: What lists them.
        kind: Where the answer holds them.
        identity: What tells one from another; empty where the list holds plain strings.
        given: The operation's arguments.
    """

    service: str
    operation: str
    kind: str
    identity: str = ""
    given: tuple[tuple[str, Any], ...] = ()


ROWS = (
    Row("acm", "list_certificates", "CertificateSummaryList", "CertificateArn"),
    Row("apigateway", "get_domain_names", "items", "domainName"),
    Row("apigateway", "get_rest_apis", "items", "id"),
    Row("backup", "list_backup_plans", "BackupPlansList", "BackupPlanId"),
    Row("backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    Row("backup", "list_restore_testing_plans", "RestoreTestingPlans", "RestoreTestingPlanName"),
    Row("cloudformation", "list_stack_sets", "Summaries", "StackSetName", (("Status", "ACTIVE"),)),
    Row(
        "cloudwatch",
        "describe_alarms",
        "CompositeAlarms",
        "AlarmName",
        (("AlarmTypes", ["CompositeAlarm"]),),
    ),
    Row("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    Row("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    Row("dynamodb", "list_tables", "TableNames"),
    Row("ec2", "describe_addresses", "Addresses", "AllocationId"),
    Row("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    Row("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    Row("ec2", "describe_network_acls", "NetworkAcls", "NetworkAclId"),
    Row("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    Row("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    Row("ec2", "describe_subnets", "Subnets", "SubnetId"),
    Row("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    Row("events", "list_rules", "Rules", "Name"),
    Row("iam", "list_roles", "Roles", "RoleName"),
    Row("kms", "list_aliases", "Aliases", "AliasName"),
    Row("lambda", "list_functions", "Functions", "FunctionName"),
    Row("logs", "describe_log_groups", "logGroups", "logGroupName"),
    Row(
        "rds",
        "describe_db_cluster_parameter_groups",
        "DBClusterParameterGroups",
        "DBClusterParameterGroupName",
    ),
    Row("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
    Row("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    Row("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    Row("rds", "describe_global_clusters", "GlobalClusters", "GlobalClusterIdentifier"),
    Row("route53", "list_health_checks", "HealthChecks", "Id"),
    Row("s3", "list_buckets", "Buckets", "Name"),
    Row("sns", "list_topics", "Topics", "TopicArn"),
    Row("ssm", "describe_parameters", "Parameters", "Name"),
    Row("stepfunctions", "list_state_machines", "stateMachines", "name"),
)
GONE = ("deleted", "deleting", "failed", "rejected")
"""States in which EC2 still lists what is no more."""
GLOBAL = ("iam", "route53", "s3")
"""They answer the same in every region, so one is asked."""

_pending: set[str] = set()
"""Keys seen to be pending deletion, by ARN: none comes back, and each look would ask about all."""


def estate(person: Identity) -> Estate:
    """What the account holds, its keys that are not pending deletion and its records included."""
    return frozenset(
        f"{region} {thing}" for region in (REGION, PEER) for thing in _things(person, region)
    )


def _things(person: Identity, region: str) -> Iterator[str]:
    for row in ROWS:
        if row.service in GLOBAL and region != REGION:
            continue
        for each in _listed(person.client(row.service, region), row.operation, row.kind, row.given):
            yield f"{row.service} {row.kind} {each[row.identity] if row.identity else each}"
    ec2 = person.client("ec2", region)
    for operation, kind, identity, state in (
        ("describe_nat_gateways", "NatGateways", "NatGatewayId", lambda each: each["State"]),
        ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", lambda each: each["State"]),
        (
            "describe_vpc_peering_connections",
            "VpcPeeringConnections",
            "VpcPeeringConnectionId",
            lambda each: each["Status"]["Code"],
        ),
    ):
        for each in _listed(ec2, operation, kind):
            if state(each) not in GONE:
                yield f"ec2 {kind} {each[identity]}"
    kms = person.client("kms", region)
    for key in _listed(kms, "list_keys", "Keys"):
        if key["KeyArn"] in _pending:
            continue
        if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"].startswith("Pending"):
            _pending.add(key["KeyArn"])
        else:
            yield f"kms key {key['KeyId']}"
    for stack in _listed(person.client("cloudformation", region), "list_stacks", "StackSummaries"):
        if stack["StackStatus"] != "DELETE_COMPLETE":
            yield f"cloudformation stack {stack['StackName']} {stack['StackStatus']}"
    if region != REGION:
        return
    route53 = person.client("route53", region)
    for zone in _listed(route53, "list_hosted_zones", "HostedZones"):
        for record in _listed(
            route53,
            "list_resource_record_sets",
            "ResourceRecordSets",
            (("HostedZoneId", zone["Id"]),),
        ):
            name, kind = record["Name"], record["Type"]
            yield f"route53 record {name} {kind} {record.get('SetIdentifier', '')}"


def _listed(
    client: Any, operation: str, kind: str, given: tuple[tuple[str, Any], ...] = ()
) -> list[Any]:
    arguments = dict(given)
    if not client.can_paginate(operation):
        return list(getattr(client, operation)(**arguments)[kind])
    pages = client.get_paginator(operation).paginate(**arguments)
    return [each for page in pages for each in page.get(kind, ())]

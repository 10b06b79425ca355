"""What of a suffix is still there, asked of every service: nothing, after a launch that was purged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ... import names
from .model import Launch

NO_SUFFIX = ("SC-", "dr-catalog-")
"""What carries no suffix: stacks, though what they hold does, and what onboarding made, for each product by name."""
PENDING = ("PendingDeletion", "PendingReplicaDeletion")


def left(launch: Launch, region: str) -> list[str]:
    """Whatever carries the suffix in this region, but for keys that wait for their deletion.

    ACM's validation record stays in the zone: it is the same for the next launch of the suffix.
    """
    found = (f"{kind} {name}" for kind, look in LOOKS.items() for name in look(launch, region))
    return sorted(found)


def keys(launch: Launch, region: str) -> list[str]:
    """The states of the suffix's customer keys in this region."""
    kms = launch.client("kms", region)
    return [
        key["KeyState"]
        for each in _pages(kms, "list_keys", "Keys")
        for key in [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]]
        if key["Description"].endswith(f" of {launch.suffix}")
    ]


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def _ending(service: str, operation: str, key: str, name: str) -> Callable[..., Iterator[str]]:
    """Of one service, what a paged operation lists and ends with the suffix, or holds it inside."""

    def look(launch: Launch, region: str) -> Iterator[str]:
        found = _pages(launch.client(service, region), operation, key)
        return _mine(launch, (each if isinstance(each, str) else each[name] for each in found))

    return look


def _mine(launch: Launch, found: Iterable[str]) -> Iterator[str]:
    suffix = launch.suffix
    marks = (f"-{suffix}-", f"_{suffix.replace('-', '_')}", f"/{suffix}/")
    for name in found:
        last = name.rpartition(":")[2]
        if last.startswith(NO_SUFFIX):
            continue
        if last.endswith(f"-{suffix}") or any(mark in last for mark in marks):
            yield last


def _stacks(launch: Launch, region: str) -> Iterator[str]:
    for stack in _pages(launch.client("cloudformation", region), "describe_stacks", "Stacks"):
        given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        if given.get(names.SUFFIX_PARAMETER) == launch.suffix:
            yield stack["StackName"]


def _buckets(launch: Launch, region: str) -> Iterator[str]:
    buckets = launch.client("s3", region).list_buckets(BucketRegion=region)["Buckets"]
    return _mine(launch, (each["Name"] for each in buckets))


def _composite_alarms(launch: Launch, region: str) -> Iterator[str]:
    found = _pages(
        launch.client("cloudwatch", region),
        "describe_alarms",
        "CompositeAlarms",
        AlarmTypes=["CompositeAlarm"],
    )
    return _mine(launch, (each["AlarmName"] for each in found))


def _networks(launch: Launch, region: str) -> Iterator[str]:
    mine = [{"Name": "tag:dr:suffix", "Values": [launch.suffix]}]
    for each in launch.client("ec2", region).describe_vpcs(Filters=mine)["Vpcs"]:
        yield each["VpcId"]


def _health_checks(launch: Launch, region: str) -> Iterator[str]:
    for each in _pages(launch.client("route53", region), "list_health_checks", "HealthChecks"):
        config = each["HealthCheckConfig"]
        host = config.get("FullyQualifiedDomainName")
        alarm = config.get("AlarmIdentifier", {}).get("Name", "")
        if f"-{launch.suffix}-" in alarm:
            yield alarm
        elif host and any(host in address for address in launch.endpoints.values()):
            yield host


def _domains(launch: Launch, region: str) -> Iterator[str]:
    found = _pages(launch.client("apigateway", region), "get_domain_names", "items")
    return (
        each["domainName"] for each in found if each["domainName"].startswith(f"{launch.suffix}.")
    )


def _waiting_keys(launch: Launch, region: str) -> Iterator[str]:
    return (state for state in keys(launch, region) if state not in PENDING)


LOOKS: dict[str, Callable[[Launch, str], Iterable[str]]] = {
    "stack": _stacks,
    "key": _waiting_keys,
    "network": _networks,
    "global cluster": _ending(
        "rds", "describe_global_clusters", "GlobalClusters", "GlobalClusterIdentifier"
    ),
    "cluster": _ending("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
    "subnet group": _ending(
        "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"
    ),
    "parameter group": _ending(
        "rds",
        "describe_db_cluster_parameter_groups",
        "DBClusterParameterGroups",
        "DBClusterParameterGroupName",
    ),
    "secret": _ending("secretsmanager", "list_secrets", "SecretList", "Name"),
    "table": _ending("dynamodb", "list_tables", "TableNames", ""),
    "bucket": _buckets,
    "function": _ending("lambda", "list_functions", "Functions", "FunctionName"),
    "API": _ending("apigateway", "get_rest_apis", "items", "name"),
    "role": _ending("iam", "list_roles", "Roles", "RoleName"),
    "log group": _ending("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "vault": _ending("backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    "backup plan": _ending("backup", "list_backup_plans", "BackupPlansList", "BackupPlanName"),
    "restore test": _ending(
        "backup", "list_restore_testing_plans", "RestoreTestingPlans", "RestoreTestingPlanName"
    ),
    "rule": _ending("events", "list_rules", "Rules", "Name"),
    "topic": _ending("sns", "list_topics", "Topics", "TopicArn"),
    "alarm": _ending("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "composite alarm": _composite_alarms,
    "state machine": _ending("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "dashboard": _ending("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "parameter": _ending("ssm", "describe_parameters", "Parameters", "Name"),
    "domain": _domains,
    "health check": _health_checks,
}

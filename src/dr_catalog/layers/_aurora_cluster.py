"""One region's cluster: the same everywhere, but for who begins it, and whether a snapshot does."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from .. import names

ENGINE = "aurora-postgresql"
ENGINE_VERSION = "17.7"  # its change is a release of its own, which no rollback undoes
FAMILY = "aurora-postgresql17"
INSTANCE_CLASS = "db.serverless"
PORT = 5432
DATABASE = "ledger"
LOG = "postgresql"
BACKUPS_KEPT_DAYS = 35  # as many as the backup plan's continuous rule sets it to


class Cluster(Construct):
    """An encrypted Serverless v2 cluster with one instance or none, reached over TLS alone.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region, for data and logs.
        vpc_id: The VPC.
        subnet_ids: Where the instances run.
        client_security_group_id: Who may connect in this region.
        peer_cidr: The other region's range, which may connect too; None where there is no network.
        min_capacity: The least Aurora capacity units.
        max_capacity: The most.
        first_of: The global cluster that this cluster is the first writer of; by default it joins
            the suffix's global cluster as a secondary, which has no master user of its own.
        snapshot: The cluster snapshot that it is made from, name or ARN; it stands alone then, and has
            the master user of the snapshot.
        master_username: The master user, of the first writer.
        master_password: A dynamic reference to the password.
        deletion_protection: Whether the cluster is protected from the start.
        with_instance: Whether it has an instance. A secondary without one follows in its storage alone.

    See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        vpc_id: str,
        subnet_ids: Sequence[str],
        client_security_group_id: str,
        peer_cidr: str | None,
        min_capacity: float,
        max_capacity: float,
        deletion_protection: bool,
        first_of: rds.CfnGlobalCluster | None = None,
        snapshot: str | None = None,
        master_username: str | None = None,
        master_password: str | None = None,
        with_instance: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        region = cdk.Stack.of(self).region
        self.cluster_id = names.LEDGER_CLUSTER.of(suffix=suffix, region=region)
        subnets = rds.CfnDBSubnetGroup(
            self,
            "Subnets",
            db_subnet_group_name=names.LEDGER.of(suffix=suffix),
            db_subnet_group_description=f"The ledger of {suffix}",
            subnet_ids=list(subnet_ids),
        )
        parameters = rds.CfnDBClusterParameterGroup(
            self,
            "Parameters",
            db_cluster_parameter_group_name=names.LEDGER.of(suffix=suffix),
            description=f"The ledger of {suffix}: TLS alone, changes of structure logged",
            family=FAMILY,
            parameters={"rds.force_ssl": "1", "log_statement": "ddl"},
        )
        # RDS makes the log group unless it is there, and then without key and without end.
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=names.database_log_group(self.cluster_id, LOG),
            encryption_key=kms.Key.from_key_arn(self, "LogKey", key.key_arn),
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.security_group_id = _security_group(
            self,
            suffix=suffix,
            vpc_id=vpc_id,
            client_security_group_id=client_security_group_id,
            peer_cidr=peer_cidr,
        )
        cluster = rds.CfnDBCluster(
            self,
            "Cluster",
            db_cluster_identifier=self.cluster_id,
            # A writer begins the global cluster, a secondary joins one of another region by name.
            global_cluster_identifier=_global_cluster(suffix, first_of, snapshot),
            snapshot_identifier=snapshot,
            engine=ENGINE,
            # Without it RDS takes the engine's default, and refuses what differs from the global one.
            engine_version=ENGINE_VERSION,
            database_name=DATABASE if first_of else None,
            master_username=master_username,
            master_user_password=master_password,
            port=PORT,
            db_subnet_group_name=subnets.ref,
            db_cluster_parameter_group_name=parameters.ref,
            vpc_security_group_ids=[self.security_group_id],
            storage_encrypted=True,
            kms_key_id=key.key_arn,
            enable_iam_database_authentication=True,
            enable_cloudwatch_logs_exports=[LOG],
            serverless_v2_scaling_configuration=rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
                min_capacity=min_capacity, max_capacity=max_capacity
            ),
            backup_retention_period=BACKUPS_KEPT_DAYS,
            copy_tags_to_snapshot=True,
            deletion_protection=True if deletion_protection else None,
        )
        cluster.node.add_dependency(log)
        for resource in (subnets, parameters, cluster):
            resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        if with_instance:
            self.instance = rds.CfnDBInstance(
                self,
                "Instance",
                db_instance_identifier=names.LEDGER_INSTANCE.of(suffix=suffix, region=region),
                db_cluster_identifier=cluster.ref,
                db_instance_class=INSTANCE_CLASS,
                engine=ENGINE,
                publicly_accessible=False,
                auto_minor_version_upgrade=False,  # the global cluster says which version
            )
        self.cluster_arn = cluster.attr_db_cluster_arn
        self.resource_id = cluster.attr_db_cluster_resource_id
        self.writer_endpoint = cluster.attr_endpoint_address
        self.reader_endpoint = cluster.attr_read_endpoint_address
        self.port = cluster.attr_endpoint_port


def _global_cluster(
    suffix: str, first_of: rds.CfnGlobalCluster | None, snapshot: str | None
) -> str | None:
    if first_of is not None:
        return first_of.ref
    return names.LEDGER.of(suffix=suffix) if snapshot is None else None


def _security_group(
    scope: Construct,
    *,
    suffix: str,
    vpc_id: str,
    client_security_group_id: str,
    peer_cidr: str | None,
) -> str:
    """PostgreSQL from this region's clients and from the peer's network, if any; nothing out."""
    peer = (
        [
            ec2.CfnSecurityGroup.IngressProperty(
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                cidr_ip=peer_cidr,
                description="The peer region",
            )
        ]
        if peer_cidr is not None
        else []
    )
    group = ec2.CfnSecurityGroup(
        scope,
        "Group",
        vpc_id=vpc_id,
        group_description=f"The ledger of {suffix}: PostgreSQL from its clients",
        security_group_ingress=[
            ec2.CfnSecurityGroup.IngressProperty(
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                source_security_group_id=client_security_group_id,
                description="Functions of this region",
            ),
            *peer,
        ],
        # Without any rule a group may reach everything; this one reaches nothing.
        security_group_egress=[
            ec2.CfnSecurityGroup.EgressProperty(
                ip_protocol="icmp",
                from_port=252,
                to_port=86,
                cidr_ip="255.255.255.255/32",
                description="Nothing",
            )
        ],
    )
    return group.attr_group_id

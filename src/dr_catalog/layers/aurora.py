"""The ledger's database: one Aurora PostgreSQL global database, a Serverless v2 cluster in each region.

The launch region has the writer, the peer a reader that can be promoted. The global cluster and both
members state the same version of the engine; the global endpoint leads to the writer wherever that
is. Functions log in by IAM token. The master user's secret is generated, never shown, replicated to
the peer for emergencies, and used by one function alone, which sets up the ledger inside. Where the
peer has no cluster until one is restored from a copied snapshot, the global database has one member.

What holds data or is in use by it outlives the stack: global cluster, clusters, secret, subnet groups
and parameter groups.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .. import names
from ._aurora_cluster import DATABASE, ENGINE, ENGINE_VERSION, PORT, Cluster
from ._function import Placement, PythonFunction
from ._parameters import publish

MASTER = "ledger_master"
USER = "transactions"
SCHEMA = "2"  # a higher number repeats the set-up
EXCLUDED_CHARACTERS = "\"'/@\\ "  # RDS takes no quote, slash, at sign or space


class GlobalDatabase(Construct):
    """The primary half: global cluster, writer, the master user's secret, and the ledger inside.

    Let ``set_up`` depend on the network's endpoints and routes, through which it goes.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        peer_region: The other region, where the secret has a replica.
        peer_key_arn: The customer key there; a key ARN.
        vpc_id: This region's VPC.
        private_subnet_ids: Where the set-up function runs.
        isolated_subnet_ids: Where the instances run.
        client_security_group_id: Who may connect in this region.
        peer_cidr: The peer network's range, which may connect too; None where there is no peer network.
        min_capacity: The least Aurora capacity units, 0.5 to 256; AWS advises 8 for a global writer.
        max_capacity: The most, 1 to 256.
        deletion_protection: True (default) protects cluster and global cluster from the start. False
            leaves it to whoever protects them later: what is protected keeps a stack that failed from
            rolling back.

    Attributes:
        writer_endpoint: The name that leads to the writer, in whichever region it is.
        reader_endpoint: The name that leads to this region's readers.
        port: The port of both.
        database: The database.
        user: The role for functions, which log in by IAM token.
        cluster_id: The cluster in this region.
        cluster_arn: Its ARN.
        resource_id: Its ``DbClusterResourceId``, which ``rds-db:connect`` names.
        global_cluster_id: The global cluster.
        set_up: The custom resource that makes the ledger inside.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        peer_region: str,
        peer_key_arn: str,
        vpc_id: str,
        private_subnet_ids: Sequence[str],
        isolated_subnet_ids: Sequence[str],
        client_security_group_id: str,
        peer_cidr: str | None,
        min_capacity: float,
        max_capacity: float,
        deletion_protection: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        self.global_cluster_id = names.LEDGER.of(suffix=suffix)
        secret = _master_secret(
            self, suffix=suffix, key=key, peer_region=peer_region, peer_key_arn=peer_key_arn
        )
        global_cluster = rds.CfnGlobalCluster(
            self,
            "GlobalCluster",
            global_cluster_identifier=self.global_cluster_id,
            engine=ENGINE,
            engine_version=ENGINE_VERSION,
            storage_encrypted=True,
            deletion_protection=True if deletion_protection else None,
        )
        global_cluster.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        cluster = Cluster(
            self,
            "Writer",
            suffix=suffix,
            key=key,
            vpc_id=vpc_id,
            subnet_ids=isolated_subnet_ids,
            client_security_group_id=client_security_group_id,
            peer_cidr=peer_cidr,
            min_capacity=min_capacity,
            max_capacity=max_capacity,
            deletion_protection=deletion_protection,
            first_of=global_cluster,
            master_username=MASTER,
            master_password=cdk.Fn.sub(
                "{{resolve:secretsmanager:${Secret}:SecretString:password}}",
                {"Secret": secret.ref},
            ),
        )
        self.reader_endpoint = cluster.reader_endpoint
        self.port, self.database, self.user = cluster.port, DATABASE, USER
        self.cluster_id, self.cluster_arn = cluster.cluster_id, cluster.cluster_arn
        self.resource_id = cluster.resource_id
        self.set_up = _set_up(
            self,
            suffix=suffix,
            key=key,
            secret_arn=secret.ref,
            cluster=cluster,
            placement=Placement(private_subnet_ids, [client_security_group_id]),
            global_cluster_id=self.global_cluster_id,
        )
        # Of the global cluster's endpoint CloudFormation gives an object, and no text in it.
        self.writer_endpoint = self.set_up.get_att_string("WriterEndpoint")
        _publish(self, suffix=suffix, cluster=cluster, writer_endpoint=self.writer_endpoint)


class DatabaseFromSnapshot(Construct):
    """The peer half where there is none until it is needed: a cluster of its own from a copied snapshot.

    The master user and its password are the snapshot's; the secret's replica in this region still holds
    them, wherever the secret itself has gone. Let ``set_up`` depend on the network, as before.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        snapshot: The cluster snapshot, in this region; for ever, since another one is another cluster.
        vpc_id: This region's VPC.
        private_subnet_ids: Where the set-up function runs.
        isolated_subnet_ids: Where the instances run.
        client_security_group_id: Who may connect.
        min_capacity: The least Aurora capacity units, 0.5 to 256.
        max_capacity: The most, 1 to 256.

    Attributes:
        writer_endpoint: The name that leads to the writer.
        reader_endpoint: The name that leads to the readers.
        port: The port of both.
        database: The database.
        user: The role for functions, which log in by IAM token.
        cluster_id: The cluster.
        cluster_arn: Its ARN.
        resource_id: Its ``DbClusterResourceId``, which ``rds-db:connect`` names.
        set_up: The custom resource that makes sure of the ledger inside.

    See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-restore-snapshot.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        snapshot: str,
        vpc_id: str,
        private_subnet_ids: Sequence[str],
        isolated_subnet_ids: Sequence[str],
        client_security_group_id: str,
        min_capacity: float,
        max_capacity: float,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        cluster = Cluster(
            self,
            "Restored",
            suffix=suffix,
            key=key,
            vpc_id=vpc_id,
            subnet_ids=isolated_subnet_ids,
            client_security_group_id=client_security_group_id,
            peer_cidr=None,
            min_capacity=min_capacity,
            max_capacity=max_capacity,
            deletion_protection=False,  # whoever completes the restore protects it
            snapshot=snapshot,
        )
        self.writer_endpoint = cluster.writer_endpoint
        self.reader_endpoint = cluster.reader_endpoint
        self.port, self.database, self.user = cluster.port, DATABASE, USER
        self.cluster_id, self.cluster_arn = cluster.cluster_id, cluster.cluster_arn
        self.resource_id = cluster.resource_id
        self.set_up = _set_up(
            self,
            suffix=suffix,
            key=key,
            # A replica's ARN ends in six letters that only the launch region's template knows.
            secret_arn=stack.format_arn(
                service="secretsmanager",
                resource="secret",
                resource_name=f"{names.LEDGER_SECRET.of(suffix=suffix)}-??????",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            ),
            secret=names.LEDGER_SECRET.of(suffix=suffix),
            cluster=cluster,
            placement=Placement(private_subnet_ids, [client_security_group_id]),
        )
        _publish(
            self,
            suffix=suffix,
            cluster=cluster,
            writer_endpoint=cluster.writer_endpoint,
            in_global_cluster=False,
        )


class GlobalDatabaseReader(Construct):
    """The peer half: the secondary cluster, which follows the writer and can be promoted.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        vpc_id: This region's VPC.
        isolated_subnet_ids: Where the instances run.
        client_security_group_id: Who may connect in this region.
        peer_cidr: The launch region's range, which may connect too; None for nobody there.
        writer_endpoint: The global writer endpoint, as the primary half has it.
        min_capacity: The least Aurora capacity units, 0.5 to 256.
        max_capacity: The most, 1 to 256; as many as the writer's, or a promotion shrinks it.
        deletion_protection: As for ``GlobalDatabase``.
        with_instance: True (default) makes an instance, which reads. Without one the cluster's storage
            follows the writer and costs no compute; nothing reads it, and a recovery makes an instance
            before it promotes.

    Attributes:
        writer_endpoint: As given.
        reader_endpoint: The name that leads to this region's readers.
        port: The port of both.
        database: The database.
        user: The role for functions, which log in by IAM token.
        cluster_id: The cluster in this region.
        cluster_arn: Its ARN.
        resource_id: Its ``DbClusterResourceId``, which ``rds-db:connect`` names.
        security_group_id: The cluster's security group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        vpc_id: str,
        isolated_subnet_ids: Sequence[str],
        client_security_group_id: str,
        peer_cidr: str | None,
        writer_endpoint: str,
        min_capacity: float,
        max_capacity: float,
        deletion_protection: bool = True,
        with_instance: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        cluster = Cluster(
            self,
            "Reader",
            suffix=suffix,
            key=key,
            vpc_id=vpc_id,
            subnet_ids=isolated_subnet_ids,
            client_security_group_id=client_security_group_id,
            peer_cidr=peer_cidr,
            min_capacity=min_capacity,
            max_capacity=max_capacity,
            deletion_protection=deletion_protection,
            with_instance=with_instance,
        )
        self.writer_endpoint = writer_endpoint
        self.reader_endpoint = cluster.reader_endpoint
        self.port, self.database, self.user = cluster.port, DATABASE, USER
        self.cluster_id, self.cluster_arn = cluster.cluster_id, cluster.cluster_arn
        self.resource_id = cluster.resource_id
        self.security_group_id = cluster.security_group_id
        _publish(self, suffix=suffix, cluster=cluster, writer_endpoint=writer_endpoint)


def _master_secret(
    scope: Construct, *, suffix: str, key: kms.IKey, peer_region: str, peer_key_arn: str
) -> secretsmanager.CfnSecret:
    """The master user's name and a generated password.

    RDS's own management of the password is refused for global databases.

    See https://docs.aws.amazon.com/secretsmanager/latest/userguide/create-manage-multi-region-secrets.html
    """
    secret = secretsmanager.CfnSecret(
        scope,
        "MasterSecret",
        name=names.LEDGER_SECRET.of(suffix=suffix),
        description=f"The master user of {suffix}'s ledger, for its set-up and for emergencies",
        kms_key_id=key.key_arn,
        generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
            secret_string_template=json.dumps({"username": MASTER}),
            generate_string_key="password",
            password_length=40,
            exclude_characters=EXCLUDED_CHARACTERS,
        ),
        replica_regions=[
            secretsmanager.CfnSecret.ReplicaRegionProperty(
                region=peer_region, kms_key_id=peer_key_arn
            )
        ],
    )
    secret.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    return secret


def _set_up(
    scope: Construct,
    *,
    suffix: str,
    key: kms.IKey,
    secret_arn: str,
    cluster: Cluster,
    placement: Placement,
    secret: str | None = None,
    global_cluster_id: str | None = None,
) -> cdk.CustomResource:
    """Role, schema and table, made inside the database once the writer's instance is there.

    Args:
        secret_arn: What the function may read.
        secret: What it asks for, where that is not the ARN.
        global_cluster_id: The global cluster whose endpoint it finds; by default the cluster's is taken.
    """
    stack = cdk.Stack.of(scope)
    region = stack.region
    function = PythonFunction(
        scope,
        "SetUp",
        function_name=names.DATABASE_SETUP.of(suffix=suffix),
        role_name=names.DATABASE_SETUP_ROLE.of(suffix=suffix, region=region),
        asset="custom_resources",
        handler="database_setup.handler",
        key=key,
        timeout=cdk.Duration.minutes(3),
        placement=placement,
        database=True,
        statements=[
            iam.PolicyStatement(
                sid="ReadMasterSecret",
                actions=["secretsmanager:GetSecretValue"],
                resources=[secret_arn],
            ),
            iam.PolicyStatement(
                sid="DecryptMasterSecret",
                actions=["kms:Decrypt"],
                resources=[key.key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}
                },
            ),
            *([] if global_cluster_id is None else [_find_endpoint(stack, global_cluster_id)]),
        ],
    )
    ledger = cdk.CustomResource(
        scope,
        "Ledger",
        service_token=function.function.function_arn,
        resource_type="Custom::DrDatabaseSetUp",
        properties={
            "Host": cluster.writer_endpoint,
            "Port": cluster.port,
            "Database": DATABASE,
            **({} if global_cluster_id is None else {"GlobalCluster": global_cluster_id}),
            "SecretArn": secret_arn if secret is None else secret,
            "User": USER,
            "Schema": SCHEMA,
        },
    )
    ledger.node.add_dependency(cluster.instance)
    return ledger


def _find_endpoint(stack: cdk.Stack, global_cluster_id: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="FindWriterEndpoint",
        actions=["rds:DescribeGlobalClusters"],
        resources=[
            stack.format_arn(
                service="rds",
                region="",
                resource="global-cluster",
                resource_name=global_cluster_id,
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
        ],
    )


def _publish(
    scope: Construct,
    *,
    suffix: str,
    cluster: Cluster,
    writer_endpoint: str,
    in_global_cluster: bool = True,
) -> None:
    values: Mapping[str, str] = {
        "writer-endpoint": writer_endpoint,
        "reader-endpoint": cluster.reader_endpoint,
        "port": cluster.port,
        "database": DATABASE,
        "cluster-id": cluster.cluster_id,
        "cluster-arn": cluster.cluster_arn,
        "resource-id": cluster.resource_id,
        "security-group-id": cluster.security_group_id,
        **({"global-cluster-id": names.LEDGER.of(suffix=suffix)} if in_global_cluster else {}),
    }
    publish(scope, suffix=suffix, layer="aurora", values=values)


__all__ = ["PORT", "DatabaseFromSnapshot", "GlobalDatabase", "GlobalDatabaseReader"]

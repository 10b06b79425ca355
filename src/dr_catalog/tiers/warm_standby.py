"""Warm standby: both regions run, the launch region takes the writes, the peer stands ready.

The order is the one the services force on it: the peer's key and bucket exist before the table's
replica and the replication rule need them (*foundation*), and the peer's functions come once its
data does (*workload*).
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from .. import names
from ..layers import (
    GlobalTable,
    GlobalTableReplica,
    MultiRegionKey,
    ReplicaBucket,
    ReplicaKey,
    ReplicatedBucket,
    ReverseReplication,
    TransactionApi,
)
from ..layers.kms import arn_in
from .guard import DeleteGuard
from .peer import PeerParameters, PeerStackSet
from .template import ASSET_BUCKET_PREFIX, FoundationTemplate, PrimaryTemplate, WorkloadTemplate


class WarmStandby:
    """Composes the tier's three templates."""

    name = "warm-standby"

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The template a tenant launches."""
        stack = PrimaryTemplate(
            app,
            construct_id,
            tier=self.name,
            description="Warm standby: table, documents and transaction API in two regions",
        )
        suffix, peer_region = stack.suffix, stack.peer_region
        key = MultiRegionKey(stack, "Key", suffix=suffix)
        peer_key_arn = arn_in(stack, region=peer_region, key_id=key.key_id)
        foundation = PeerStackSet(
            stack,
            "Foundation",
            name=names.FOUNDATION.of(suffix=suffix),
            template="foundation",
            peer_region=peer_region,
            parameters={names.SUFFIX_PARAMETER: suffix, "PrimaryKeyArn": key.key.key_arn},
        )
        table = GlobalTable(
            stack,
            "Table",
            suffix=suffix,
            key=key.key,
            peer_region=peer_region,
            peer_key_arn=peer_key_arn,
        )
        documents = ReplicatedBucket(
            stack,
            "Documents",
            suffix=suffix,
            key=key.key,
            peer_region=peer_region,
            peer_key_arn=peer_key_arn,
        )
        for layer in (table, documents):
            layer.node.add_dependency(foundation)
        api = TransactionApi(
            stack,
            "Transactions",
            suffix=suffix,
            key=key.key,
            table=table.table,
            writer_region=stack.region,
        )
        workload = PeerStackSet(
            stack,
            "Workload",
            name=names.WORKLOAD.of(suffix=suffix),
            template="workload",
            peer_region=peer_region,
            parameters={
                names.SUFFIX_PARAMETER: suffix,
                "AssetBucketPrefix": ASSET_BUCKET_PREFIX,
                "LaunchRegion": stack.region,
                "KeyId": key.key_id,
            },
        )
        workload.node.add_dependency(table, documents)
        peer = PeerParameters(stack, "Peer", suffix=suffix, peer_region=peer_region, key=key.key)
        told = peer.read("Endpoint", layer="compute", names=["endpoint"], after=workload)
        DeleteGuard(
            stack,
            "Guard",
            suffix=suffix,
            peer_region=peer_region,
            key=key.key,
            key_id=key.key_id,
            deletion_protection=stack.deletion_protection,
            on_termination=stack.on_termination,
        )

        bucket_in_peer = names.BUCKET.of(suffix=suffix, account=stack.account, region=peer_region)
        for name, value, description in (
            ("Region", stack.region, "The region that takes writes"),
            ("Endpoint", api.endpoint, "The transaction API in the launch region"),
            ("TableName", table.table_name, "The transactions table, the same in both regions"),
            ("BucketName", documents.bucket.bucket_name, "The documents in the launch region"),
            ("KeyArn", key.key.key_arn, "The customer key in the launch region"),
            ("PeerRegionName", peer_region, "The region that stands ready"),
            ("PeerEndpoint", told["endpoint"], "The transaction API in the peer region"),
            ("PeerBucketName", bucket_in_peer, "The documents in the peer region"),
            ("PeerKeyArn", peer_key_arn, "The customer key in the peer region"),
        ):
            cdk.CfnOutput(stack, name, value=value, description=description)
        return stack

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's key and bucket."""
        stack = FoundationTemplate(
            app,
            construct_id,
            tier=self.name,
            description="Warm standby, peer region: key and documents",
        )
        key = ReplicaKey(stack, "Key", suffix=stack.suffix, primary_key_arn=stack.primary_key_arn)
        documents = ReplicaBucket(stack, "Documents", suffix=stack.suffix, key=key.key)
        cdk.CfnOutput(
            stack, "KeyArn", value=key.key.key_arn, description="The customer key in this region"
        )
        cdk.CfnOutput(
            stack,
            "BucketName",
            value=documents.bucket.bucket_name,
            description="The documents in this region",
        )
        return stack

    def workload(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The peer region's API, and the replication rule back."""
        stack = WorkloadTemplate(
            app,
            construct_id,
            tier=self.name,
            description="Warm standby, peer region: transaction API and the rule back",
        )
        suffix = stack.suffix
        key = kms.Key.from_key_arn(
            stack, "Key", arn_in(stack, region=stack.region, key_id=stack.key_id)
        )
        table = GlobalTableReplica(stack, "Table", suffix=suffix, key=key)
        api = TransactionApi(
            stack,
            "Transactions",
            suffix=suffix,
            key=key,
            table=table.table,
            writer_region=stack.launch_region,
        )
        ReverseReplication(
            stack,
            "Documents",
            suffix=suffix,
            key=key,
            peer_region=stack.launch_region,
            peer_key_arn=arn_in(stack, region=stack.launch_region, key_id=stack.key_id),
        )
        cdk.CfnOutput(
            stack,
            "Endpoint",
            value=api.endpoint,
            description="The transaction API in this region",
        )
        cdk.CfnOutput(
            stack,
            "TableName",
            value=table.table.table_name,
            description="The transactions table's replica",
        )
        return stack

"""Alarms, their topic and a dashboard in each region, and what AWS Backup tells of failures."""

from __future__ import annotations

from aws_cdk import aws_kms as kms

from .. import names
from ..layers import BackupFailures, Documents, Monitoring, Role, Watched
from ..layers.compute import STAGE
from ..tiers import parameters as given
from ..tiers.template import TierTemplate
from .layer import Half, Launch, Layer, Needs, key_of


def _primary(launch: Launch) -> None:
    made = _monitor(launch.stack, role="launch", key=launch.key, peer_region=launch.peer_region)
    launch.bring_up(
        "workload", {given.KEY_ID: launch.key_id, given.LAUNCH_REGION: launch.region}, after=[made]
    )
    launch.output("TopicArn", made.topic.topic_arn, "Where the launch region's alarms are told")


def _peer(stack: TierTemplate) -> None:
    _monitor(stack, role="peer", key=key_of(stack), peer_region=stack.value(given.LAUNCH_REGION))


def _monitor(stack: TierTemplate, *, role: Role, key: kms.IKey, peer_region: str) -> Monitoring:
    suffix, region = stack.suffix, stack.region
    buckets = (
        names.BUCKET.of(suffix=suffix, account=stack.account, region=where)
        for where in (region, peer_region)
    )
    monitoring = Monitoring(
        stack,
        "Monitoring",
        suffix=suffix,
        role=role,
        key=key,
        peer_region=peer_region,
        watched=Watched(
            table=names.TABLE.of(suffix=suffix),
            documents=Documents(*buckets),
            cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=region),
            vault=names.VAULT.of(suffix=suffix),
            functions={"processor": names.PROCESSOR.of(suffix=suffix)},
            api=names.API.of(suffix=suffix),
            stage=STAGE,
        ),
    )
    BackupFailures(stack, "Failures", suffix=suffix, topics=[monitoring.topic])
    return monitoring


LAYER = Layer(
    name="monitoring",
    description="Monitoring: alarms, topic and dashboard in each region",
    needs=tuple(
        Needs(layer, launch=(name,), peer=(name,))
        for layer, name in (
            ("kms", "key-arn"),
            ("dynamodb", "table-name"),
            ("s3", "bucket-name"),
            ("aurora", "cluster-id"),
            ("compute", "endpoint"),
            ("backup", "vault-name"),
        )
    ),
    primary=_primary,
    halves={"workload": Half((given.KEY_ID, given.LAUNCH_REGION), _peer)},
)

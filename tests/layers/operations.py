"""Stacks of the layers that watch, back up, route and recover: as a template's parameters have them, and with
literal values as a CDK app has them, whose peer is switched on by a recovery; both regions' halves, synthesised
once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from dr_catalog.layers import Placement, backup, monitoring, recovery, route53
from dr_catalog.layers.monitoring import Documents, Watched

Template = dict[str, Any]

SUFFIX, ACCOUNT, REGION, PEER, ZONE = "dev-1", "444444444444", "eu-west-1", "eu-north-1", "Z0123"
WITNESS = "eu-south-1"
ENDPOINT = "https://here.example.com/live/"
ROLES = ("launch", "peer")
KINDS = ("neutral", "literal")


@cache
def templates() -> dict[tuple[str, str], Template]:
    """The templates by kind (``neutral``, ``literal``) and role (``launch``, ``peer``)."""
    with TemporaryDirectory() as folder:
        app = cdk.App(
            outdir=str(Path(folder) / "assembly"),
            context={"aws:cdk:enable-path-metadata": False, "aws:cdk:disable-asset-staging": True},
            analytics_reporting=False,
            builtin_cloud_formation_validation=False,
        )
        stacks = {
            (kind, role): _Stack(app, f"{kind}-{role}", neutral=kind == "neutral", role=role)
            for kind in KINDS
            for role in ROLES
        }
        assembly = app.synth()
        found = {
            key: assembly.get_stack_artifact(stack.artifact_id).template
            for key, stack in stacks.items()
        }
    return {key: json.loads(json.dumps(template)) for key, template in found.items()}


class _Stack(cdk.Stack):
    def __init__(self, app: cdk.App, construct_id: str, *, neutral: bool, role: str) -> None:
        super().__init__(
            app,
            construct_id,
            env=None if neutral else _environment(role),
            synthesizer=cdk.DefaultStackSynthesizer(
                file_assets_bucket_name="dr-assets-${AWS::Region}",
                bucket_prefix="assets/",
                generate_bootstrap_version_rule=False,
            ),
        )
        self._neutral = neutral
        suffix = self._value("EnvironmentSuffix", SUFFIX, r"^[a-z](-?[a-z0-9])+$")
        other = self._value("PeerRegion", PEER if role == "launch" else REGION, r"^[a-z0-9-]+$")
        zone_id = self._value("ZoneId", ZONE, r"^[A-Z0-9]*$")
        zone_name = self._value("ZoneName", "example.com", r"^[a-z0-9.-]*$")
        lock = self._value("VaultLock", "governance", r"^(none|governance|compliance)$")
        key_id = self._value("KeyId", "mrk-1", r"^mrk-[0-9a-f]+$")
        key = kms.Key.from_key_arn(self, "Key", self._key_arn(self.region, key_id))
        other_key = self._key_arn(other, key_id)

        vault = backup.BackupVault(self, "Vault", suffix=suffix, key=key, lock=lock)
        plan = backup.BackupPlan(
            self,
            "Backup",
            suffix=suffix,
            key=key,
            peer_region=other,
            peer_key_arn=other_key,
            switched_on=role == "launch",
        )
        plan.node.add_dependency(vault)
        watch = monitoring.Monitoring(
            self,
            "Monitoring",
            suffix=suffix,
            role=role,  # type: ignore[arg-type]
            key=key,
            peer_region=other,
            watched=watched(suffix, f"dr-documents-{suffix}-{self.account}", self.region, other),
        )
        backup.BackupFailures(self, "Failures", suffix=suffix, topics=[watch.topic])
        domain = route53.ApiDomain(
            self,
            "Domain",
            suffix=suffix,
            zone_id=zone_id,
            zone_name=zone_name,
            api_id="abcdef1234",
            stage="live",
        )
        state = recovery.RecoveryState(self, "State", suffix=suffix, key=key)
        endpoint = self._value("LaunchEndpoint", ENDPOINT, r"^https://[a-z0-9./-]+/$")
        recovery.Probe(
            self,
            "Probe",
            suffix=suffix,
            key=key,
            peer_region=other if role == "launch" else self.region,
            launch_endpoint=endpoint,
        )
        if role == "launch":
            route53.DnsRecords(
                self,
                "Dns",
                suffix=suffix,
                zone_id=zone_id,
                zone_name=zone_name,
                launch=domain.endpoint,
                peer=route53.RegionalEndpoint(
                    region=other,
                    domain_name=self._value("PeerDomain", "d-1.example.com", r"^[a-z0-9.-]+$"),
                    hosted_zone_id=self._value("PeerDomainZone", "Z9", r"^(none|[A-Z0-9]+)$"),
                ),
                peer_weight=self._value("PeerWeight", "0", r"^[0-9]{1,3}$"),
            )
        else:
            testing = backup.RestoreTesting(
                self,
                "Testing",
                suffix=suffix,
                key=key,
                source_key_arn=other_key,
                database=backup.RestoredDatabase(
                    subnet_group=f"dr-aurora-{suffix}", security_group_id="sg-1"
                ),
            )
            testing.node.add_dependency(vault)
            route53.ControlMetric(
                self,
                "Control",
                suffix=suffix,
                key=key,
                launch_region=other,
                zone_id=zone_id,
                topics=[watch.topic],
            )

            recovery.Recovery(
                self,
                "Recovery",
                suffix=suffix,
                key=key,
                launch_key_arn=other_key,
                launch_region=other,
                failover_mode=self._value("FailoverMode", "approve", r"^(approve|automatic)$"),
                detection_minutes=3,
                state=state.table,
                topic=watch.topic,
                recovered=_recovered(suffix, endpoint, every=not neutral),
                traffic=recovery.Traffic(
                    serving_parameter=f"/dr/{suffix}/route53/serving-region",
                    control_metric=f"dr-control-metric-{suffix}",
                    url=f"https://{suffix}.example.com/",
                ),
                placement=Placement(["subnet-0a1b2c3d", "subnet-1a1b2c3d"], ["sg-0a1b2c3d"]),
                witness_region=self._value("WitnessRegion", WITNESS, r"^([a-z0-9-]+)?$"),
            )

    def _value(self, name: str, literal: str, pattern: str) -> str:
        if not self._neutral:
            return literal
        return cdk.CfnParameter(
            self, name, allowed_pattern=pattern, description=f"{name} of the test"
        ).value_as_string

    def _key_arn(self, region: str, key_id: str) -> str:
        return self.format_arn(service="kms", resource="key", resource_name=key_id, region=region)


def _environment(role: str) -> cdk.Environment:
    return cdk.Environment(account=ACCOUNT, region=REGION if role == "launch" else PEER)


def watched(suffix: str, bucket: str, region: str, other: str) -> Watched:
    """Everything a region of the whole tier has."""
    return Watched(
        table=f"dr-transactions-{suffix}",
        documents=Documents(bucket=f"{bucket}-{region}", peer_bucket=f"{bucket}-{other}"),
        cluster=f"dr-ledger-{suffix}-{region}",
        vault=f"dr-vault-{suffix}",
        functions={"processor": f"dr-processor-{suffix}"},
        api=f"dr-transactions-{suffix}",
        stage="live",
    )


def _recovered(suffix: str, endpoint: str, *, every: bool) -> recovery.Recovered:
    """What a recovery moves; with every kind of it at once, as no tier has them."""
    return recovery.Recovered(
        table=f"dr-transactions-{suffix}",
        status_index="StatusIndex",
        launch_bucket=f"dr-documents-{suffix}-launch",
        peer_bucket=f"dr-documents-{suffix}-peer",
        launch_endpoint=endpoint,
        peer_endpoint="https://there.example.com/live/",
        processor=f"dr-processor-{suffix}",
        rpo_seconds=60,
        rto_seconds=900,
        database=recovery.RecoveredDatabase(
            global_cluster=f"dr-ledger-{suffix}",
            launch_cluster=f"dr-ledger-{suffix}-launch",
            peer_cluster=f"dr-ledger-{suffix}-peer",
            port="5432",
            database="ledger",
            user="transactions",
            ready_capacity="8",
        ),
        both_serve=every,
        switches_on=every,
    )

"""What a launch really has, read back from each service in both regions.

A template says what should be; this asks KMS, DynamoDB, S3, Lambda and the API itself. One function a
layer, each answering with a ``Check`` for each region; nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from .. import names
from .endpoint import call


@dataclass(frozen=True)
class Check:
    """One thing, looked at in one region.

    Args:
        layer: The layer that made it.
        resource: What was looked at.
        region: Where.
        ok: Whether it is as it must be.
        found: What was found, in words; when not ok, what is missing first.
    """

    layer: str
    resource: str
    region: str
    ok: bool
    found: str


@dataclass(frozen=True)
class Launch:
    """What the checks need to know of a launch.

    Args:
        session: Credentials in the launching account.
        account: Its id.
        suffix: The environment suffix.
        region: The launch region.
        peer_region: The peer region.
        endpoints: The transaction API's address, by region.
    """

    session: boto3.Session
    account: str
    suffix: str
    region: str
    peer_region: str
    endpoints: Mapping[str, str]

    def client(self, service: str, region: str) -> Any:
        """A client in one of the launch's regions."""
        return self.session.client(service, region_name=region)

    def other(self, region: str) -> str:
        """The other region of the pair."""
        return self.peer_region if region == self.region else self.region


def inspect(launch: Launch) -> list[Check]:
    """Every check, layer by layer, the launch region first."""
    # Clients first: making them is not thread safe.
    work = [(check, launch, region) for check in CHECKS for region in _regions(launch)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        return [found for result in pool.map(_run, work) for found in result]


def _run(work: tuple[Callable[[Launch, str], Iterator[Check]], Launch, str]) -> list[Check]:
    check, launch, region = work
    layer = check.__name__.lstrip("_")
    try:
        return list(check(launch, region))
    except ClientError as error:
        return [Check(layer, error.operation_name, region, False, str(error))]


def _regions(launch: Launch) -> tuple[str, str]:
    return (launch.region, launch.peer_region)


def _kms(launch: Launch, region: str) -> Iterator[Check]:
    kms = launch.client("kms", region)
    alias = names.KEY_ALIAS.of(suffix=launch.suffix)
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    wanted = "PRIMARY" if region == launch.region else "REPLICA"
    kind = key.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType", "single-Region")
    facts = {
        f"{kind.lower()} of a multi-Region key": kind == wanted,
        "enabled": key["KeyState"] == "Enabled",
    }
    if wanted == "PRIMARY":  # replicas rotate with it
        facts["rotated yearly"] = kms.get_key_rotation_status(KeyId=key["Arn"])[
            "KeyRotationEnabled"
        ]
    yield _check("kms", alias, region, facts)


def _dynamodb(launch: Launch, region: str) -> Iterator[Check]:
    dynamodb = launch.client("dynamodb", region)
    name = names.TABLE.of(suffix=launch.suffix)
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    replicas = {replica["RegionName"] for replica in table.get("Replicas", [])}
    yield _check(
        "dynamodb",
        name,
        region,
        {
            table["TableStatus"].lower(): table["TableStatus"] == "ACTIVE",
            f"replica in {launch.other(region)}": launch.other(region) in replicas,
            "customer key": table.get("SSEDescription", {}).get("KMSMasterKeyArn")
            == _key_arn(launch, region),
            "point-in-time recovery": backups["PointInTimeRecoveryDescription"][
                "PointInTimeRecoveryStatus"
            ]
            == "ENABLED",
            "deletion protection": table.get("DeletionProtectionEnabled", False),
            "time to live": expiry["TimeToLiveStatus"] in ("ENABLED", "ENABLING"),
            "StatusIndex": "StatusIndex"
            in {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])},
        },
    )


def _s3(launch: Launch, region: str) -> Iterator[Check]:
    s3 = launch.client("s3", region)
    bucket = _bucket(launch, region)
    rule = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"][0]
    target = rule["Destination"]
    (encryption,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    selected = rule["SourceSelectionCriteria"]["SseKmsEncryptedObjects"]["Status"]
    public = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    transitions = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["Transitions"]
    yield _check(
        "s3",
        bucket,
        region,
        {
            f"replicates to {launch.other(region)}": target["Bucket"].endswith(
                _bucket(launch, launch.other(region))
            )
            and rule["Status"] == "Enabled",
            "KMS objects too": selected == "Enabled"
            and target["EncryptionConfiguration"]["ReplicaKmsKeyID"]
            == _key_arn(launch, launch.other(region)),
            "within 15 min": target["ReplicationTime"]["Time"]["Minutes"] == 15,
            "delete markers": rule["DeleteMarkerReplication"]["Status"] == "Enabled",
            "versioned": s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled",
            "customer key": encryption["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
            == _key_arn(launch, region),
            "no public access": all(public.values()),
            "TLS only": any(
                statement["Effect"] == "Deny"
                and statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
                in ("false", False)
                for statement in policy["Statement"]
            ),
            "intelligent tiering": transitions[0]["StorageClass"] == "INTELLIGENT_TIERING",
        },
    )


def _compute(launch: Launch, region: str) -> Iterator[Check]:
    name = names.PROCESSOR.of(suffix=launch.suffix)
    here = launch.client("lambda", region).get_function_configuration(FunctionName=name)
    there = launch.client("lambda", launch.other(region)).get_function_configuration(
        FunctionName=name
    )
    yield _check(
        "compute",
        name,
        region,
        {
            "same code in both": here["CodeSha256"] == there["CodeSha256"],
            "traced": here["TracingConfig"]["Mode"] == "Active",
            here["Runtime"]: here["Runtime"] == there["Runtime"],
        },
    )
    role = "writer" if region == launch.region else "standby"
    endpoint = launch.endpoints[region]
    health, ready = (
        call(launch.session, endpoint=endpoint, region=region, path=path)
        for path in ("health", "ready")
    )
    yield _check(
        "compute",
        "/health and /ready",
        region,
        {
            f"health {health.status}": health.status == 200,
            f"ready {ready.status}": ready.status == 200,
            f"role {role}": ready.body.get("role") == role,
        },
    )


CHECKS = (_kms, _dynamodb, _s3, _compute)


def _check(layer: str, resource: str, region: str, facts: Mapping[str, bool]) -> Check:
    missing = [fact for fact, holds in facts.items() if not holds]
    found = ", ".join(fact for fact, holds in facts.items() if holds)
    if missing:
        found = f"not: {', '.join(missing)}; {found}"
    return Check(layer=layer, resource=resource, region=region, ok=not missing, found=found)


def _bucket(launch: Launch, region: str) -> str:
    return names.BUCKET.of(suffix=launch.suffix, account=launch.account, region=region)


def _key_arn(launch: Launch, region: str) -> str:
    kms = launch.client("kms", region)
    arn: str = kms.describe_key(KeyId=names.KEY_ALIAS.of(suffix=launch.suffix))["KeyMetadata"][
        "Arn"
    ]
    return arn

"""All that a restore asks of AWS: in the peer, in Route 53, and of the launch region where it answers.

Calls go through `failover.Aws`: in the region that is named, shortly, and given up after seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from .. import names
from ..errors import DrCatalogError, NotFoundError
from ..failover.aws import Aws
from .model import BY_JOB, TABLE, Point, Record, Target, iso

RECORD = "run"
"""The SSM parameter below ``/dr/<suffix>/restore/`` that keeps the record."""
_EPOCH = 2
_GLOBAL = "us-east-1"


class Peer:
    """The peer region of a launch, and what is beyond it.

    Args:
        aws: The account's AWS.
        target: The launch.
    """

    def __init__(self, aws: Aws, target: Target) -> None:
        self.aws, self.target = aws, target

    def points(self) -> Iterator[Point]:
        """The complete copies in the vault, in no order.

        Raises:
            NotFoundError: The vault is not there.
        """
        sources = self._sources()
        for page in self._pages(
            "backup", "list_recovery_points_by_backup_vault", BackupVaultName=self.target.vault
        ):
            for each in page["RecoveryPoints"]:
                if (each["Status"], each["ResourceArn"]) == (
                    "COMPLETED",
                    sources.get(each["ResourceType"]),
                ):
                    yield Point(
                        store=each["ResourceType"],
                        arn=each["RecoveryPointArn"],
                        at=iso(each["CreationDate"]),
                        bytes=each.get("BackupSizeInBytes", 0),
                    )

    def _sources(self) -> dict[str, str]:
        """The launch's own resources, whose copies count."""
        target = self.target
        at = f"{target.launch_region}:{target.account}"
        cluster = names.LEDGER_CLUSTER.of(suffix=target.suffix, region=target.launch_region)
        bucket = names.BUCKET.of(
            suffix=target.suffix, account=target.account, region=target.launch_region
        )
        table = names.TABLE.of(suffix=target.suffix)
        arn = f"arn:{target.partition}"
        found = (f"{arn}:rds:{at}:cluster:{cluster}", f"{arn}:dynamodb:{at}:table/{table}")
        return dict(
            zip(("Aurora", "DynamoDB", "S3"), (*found, f"{arn}:s3:::{bucket}"), strict=True)
        )

    @property
    def bucket(self) -> str:
        """The documents' bucket in the peer."""
        target = self.target
        return names.BUCKET.of(suffix=target.suffix, account=target.account, region=target.region)

    def key_state(self) -> str:
        """The state of the customer key, as KMS says."""
        found = self._call("kms", "describe_key", KeyId=self.target.key_arn)
        return str(found["KeyMetadata"]["KeyState"])

    def has_secret(self) -> bool:
        """Whether the master user's secret has its replica."""
        name = names.LEDGER_SECRET.of(suffix=self.target.suffix)
        return self._there("secretsmanager", "describe_secret", SecretId=name)

    def has_table(self) -> bool:
        """Whether a table of the usual name is there."""
        name = names.TABLE.of(suffix=self.target.suffix)
        return self._there("dynamodb", "describe_table", TableName=name)

    def has_service_role(self) -> bool:
        """Whether onboarding has made the role that CloudFormation restores as."""
        return self._there("iam", "get_role", RoleName=names.RESTORE_SERVICE_ROLE)

    def answers(self) -> bool:
        """Whether the launch region's API does."""
        target = self.target
        name = names.parameter(suffix=target.suffix, layer="compute", name="endpoint")
        try:
            endpoint = self.aws.parameter(name, target.launch_region)
            return self.aws.get(endpoint, region=target.launch_region, path="health").status == 200
        except DrCatalogError:
            return False

    # The record.

    def record(self) -> Record | None:
        """The run that has begun here, if one has."""
        try:
            text = self.aws.parameter(self._record_name, self.target.region)
        except NotFoundError:
            return None
        body = json.loads(text)
        points = {store: Point(**each) for store, each in body.pop("points").items()}
        return Record(points=points, **body)

    def keep(self, record: Record) -> None:
        """Keep the run as it is now."""
        self._call(
            "ssm",
            "put_parameter",
            Name=self._record_name,
            Value=json.dumps(asdict(record), separators=(",", ":")),
            Type="String",
            Overwrite=True,
        )

    @property
    def _record_name(self) -> str:
        return names.parameter(suffix=self.target.suffix, layer="restore", name=RECORD)

    # The work.

    def start(self, store: str, point: Point, *, token: str) -> str:
        """Have AWS Backup restore a store; the job. The same token begins no second one."""
        assert store in BY_JOB
        answer = self._call(
            "backup",
            "start_restore_job",
            RecoveryPointArn=point.arn,
            Metadata=self._table_metadata() if store == TABLE else self._bucket_metadata(),
            IamRoleArn=self.target.role,
            IdempotencyToken=token,
            ResourceType=store,
            **({"CopySourceTagsToRestoredResource": True} if store == TABLE else {}),
        )
        return str(answer["RestoreJobId"])

    def _table_metadata(self) -> dict[str, str]:
        """See https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html"""
        return {
            "targetTableName": names.TABLE.of(suffix=self.target.suffix),
            "encryptionType": "KMS",
            "kmsMasterKeyArn": self.target.key_arn,
        }

    def _bucket_metadata(self) -> dict[str, str]:
        """See https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html"""
        return {
            "DestinationBucketName": self.bucket,
            "NewBucket": "false",
            "Encrypted": "true",
            "EncryptionType": "SSE-KMS",
            "KMSKey": self.target.key_arn,
        }

    def job(self, job_id: str) -> tuple[str, str]:
        """A restore job's status, and what it says of it."""
        found = self._call("backup", "describe_restore_job", RestoreJobId=job_id)
        return found["Status"], found.get("StatusMessage", "")

    @property
    def stack_name(self) -> str:
        """The stack of what is rebuilt."""
        return names.RESTORE_STACK.of(suffix=self.target.suffix)

    def stack(self) -> tuple[str, Mapping[str, str]]:
        """The stack's status and outputs; an empty status where there is none."""
        try:
            (found,) = self._call("cloudformation", "describe_stacks", StackName=self.stack_name)[
                "Stacks"
            ]
        except DrCatalogError as error:
            if "does not exist" in error.why:
                return "", {}
            raise
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}
        return found["StackStatus"], outputs

    def create_stack(self, *, snapshot: str, prefix: str, token: str) -> None:
        """Begin to make the stack."""
        target = self.target
        suffix = "amazonaws.com.cn" if target.partition == "aws-cn" else "amazonaws.com"
        values = {**target.parameters, "Snapshot": snapshot}
        self._call(
            "cloudformation",
            "create_stack",
            StackName=self.stack_name,
            TemplateURL=f"https://s3.{target.region}.{suffix}/{prefix}-{target.region}/{target.template}",
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
            RoleARN=f"arn:{target.partition}:iam::{target.account}:role/{names.RESTORE_SERVICE_ROLE}",
            Tags=[{"Key": "dr:suffix", "Value": target.suffix}],
            ClientRequestToken=token,
        )

    def delete_stack(self) -> None:
        """Begin to delete a stack that could not be made."""
        self._call("cloudformation", "delete_stack", StackName=self.stack_name)

    def failures(self) -> str:
        """Why resources of the stack could not be made, the first three."""
        events = self._call("cloudformation", "describe_stack_events", StackName=self.stack_name)
        found = [
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}"
            for each in events["StackEvents"]
            if each["ResourceStatus"] == "CREATE_FAILED" and "cancelled" not in str(each)
        ]
        return "\n".join(found[::-1][:3])

    def write_document(self, key: str, content: str) -> None:
        """Put a text beside the documents."""
        self._call(
            "s3",
            "put_object",
            Bucket=self.bucket,
            Key=key,
            Body=content.encode(),
            ContentType="application/json",
        )

    def read_document(self, key: str) -> str:
        """The text again."""
        body = self._call("s3", "get_object", Bucket=self.bucket, Key=key)["Body"]
        return str(body.read().decode())

    def fence(self) -> None:
        """Let the launch region take no writes any more.

        Raises:
            DrCatalogError: It does not answer, or refuses.
        """
        self.aws.call(
            "dynamodb",
            "put_item",
            self.target.launch_region,
            TableName=names.RECOVERY_STATE.of(suffix=self.target.suffix),
            Item={
                "id": {"S": "writer"},
                "region": {"S": self.target.region},
                "epoch": {"N": str(_EPOCH)},
                "fenced": {"BOOL": False},
                "by": {"S": "restore"},
            },
        )

    def point_name(self, *, zone_id: str, name: str) -> None:
        """Let the API's name lead to this region, through Route 53's control plane."""
        told = self.aws.told(self.target.suffix, "route53", self.target.region)
        record = {
            "Name": name,
            "Type": "A",
            "AliasTarget": {
                "DNSName": told["regional-domain-name"],
                "HostedZoneId": told["regional-hosted-zone-id"],
                "EvaluateTargetHealth": False,
            },
        }
        self.aws.call(
            "route53",
            "change_resource_record_sets",
            _GLOBAL,
            HostedZoneId=zone_id,
            ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]},
        )

    def _call(self, service: str, operation: str, **arguments: Any) -> Any:
        return self.aws.call(service, operation, self.target.region, **arguments)

    def _pages(self, service: str, operation: str, **arguments: Any) -> Iterator[Any]:
        more: dict[str, str] = {}
        while True:
            page = self._call(service, operation, **arguments, **more)
            yield page
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}

    def _there(self, service: str, operation: str, **arguments: Any) -> bool:
        try:
            self._call(service, operation, **arguments)
        except NotFoundError:
            return False
        return True

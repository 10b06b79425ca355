"""The stores on AWS, from inside: the ledger, the transactions table, the documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from aws_claims import AwsClaims
from clients import calling, client
from ledger_access import LedgerAccess
from recovery_settings import RecoverySettings
from world import Refusal, Unreachable

STATUSES = ("RECEIVED", "PENDING", "COMPLETED", "FAILED")
VERIFY = "#verify"
"""A transaction's id that no transaction can have."""
EVIDENCE = "evidence/"
SWITCH_TAG = "dr:backup"
PAGE, LISTED = 500, 5


class AwsStores:
    """Database, table and documents of both regions."""

    def __init__(self, settings: RecoverySettings, ledger: LedgerAccess | None) -> None:
        self._settings, self._ledger = settings, ledger
        self._shared = AwsClaims(settings)

    def verify(self, store: str, region: str, *, run: str, epoch: int) -> None:
        """See ``world.Stores``."""
        if store == "database":
            assert self._ledger is not None
            self._ledger.verify(region, run=run, epoch=epoch)
        elif store == "table":
            self._verify_table(region, run, epoch)
        else:
            self._verify_documents(region, run, epoch)

    def read(self, store: str, region: str) -> None:
        """See ``world.Stores``."""
        self.last_write(store, region)

    def last_write(self, store: str, region: str) -> float | None:
        """See ``world.Stores``; the table's is by the transaction's own time."""
        if store == "database":
            assert self._ledger is not None
            return self._ledger.newest(region)
        return self._newest_item(region) if store == "table" else self._newest_object(region)

    def left_behind(self, *, before: int, cursor: str) -> tuple[list[dict[str, Any]], str]:
        """See ``world.Stores``; items of a release without epochs are not looked at."""
        settings = self._settings
        start = {"ExclusiveStartKey": json.loads(cursor)} if cursor else {}
        with calling(f"the table in {settings.peer}"):
            page = client("dynamodb", settings.peer).scan(
                TableName=settings.table,
                FilterExpression="attribute_exists(#status) AND epoch < :before",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":before": {"N": str(before)}},
                ConsistentRead=True,
                Limit=PAGE,
                **start,
            )
        items = page["Items"]
        assert self._ledger is not None
        ids = [item["transactionId"]["S"] for item in items]
        known = self._ledger.known(settings.peer, ids) if ids else set()
        found = [
            {
                "transactionId": item["transactionId"]["S"],
                "amount": item["amount"]["N"],
                "status": item["status"]["S"],
                "timestamp": item["timestamp"]["S"],
                "epoch": int(item["epoch"]["N"]),
            }
            for item in items
            if item["transactionId"]["S"] not in known
        ]
        following = page.get("LastEvaluatedKey")
        return found, json.dumps(following) if following else ""

    def unsettle(self, *, before: int, cursor: str) -> tuple[int, str]:
        """See ``world.Stores``."""
        assert self._ledger is not None
        return self._shared.unsettle(self._ledger, before=before, cursor=cursor)

    def unsettled(self, *, before: int) -> int:
        """See ``world.Stores``."""
        return self._shared.unsettled(before=before)

    def taken_twice(self) -> list[dict[str, Any]]:
        """See ``world.Stores``."""
        return self._shared.taken_twice()

    def documents_left_behind(
        self, *, since: float, cursor: str
    ) -> tuple[list[dict[str, Any]], str]:
        """See ``world.Stores``: the latest version of each, which no rule brought there."""
        region = self._settings.launch
        s3, bucket = client("s3", region), self._settings.buckets[region]
        start = {"ContinuationToken": cursor} if cursor else {}
        found = []
        with calling(f"the documents in {region}"):
            page = s3.list_objects_v2(Bucket=bucket, **start)
            for each in page.get("Contents", ()):
                if each["Key"].startswith(EVIDENCE) or each["LastModified"].timestamp() < since:
                    continue
                head = s3.head_object(Bucket=bucket, Key=each["Key"])
                if head.get("ReplicationStatus") != "REPLICA":
                    version = {"versionId": head["VersionId"]} if "VersionId" in head else {}
                    modified = each["LastModified"].isoformat()
                    found.append({"key": each["Key"], "modified": modified, **version})
        return found, page.get("NextContinuationToken", "")

    def keep(self, region: str, key: str, text: str) -> str:
        """See ``world.Stores``."""
        bucket = self._settings.buckets[region]
        kind = "text/html; charset=utf-8" if key.endswith(".html") else "application/json"
        with calling(f"the documents in {region}"):
            client("s3", region).put_object(
                Bucket=bucket, Key=key, Body=text.encode(), ContentType=kind
            )
        return f"s3://{bucket}/{key}"

    def back_up(self, region: str, *, on: bool) -> None:
        """See ``world.Stores``: by the tag that the plans' selections follow."""
        settings, value = self._settings, "on" if on else "off"
        tag = {"Key": SWITCH_TAG, "Value": value}
        with calling(f"the table in {region}"):
            dynamodb = client("dynamodb", region)
            arn = dynamodb.describe_table(TableName=settings.table)["Table"]["TableArn"]
            dynamodb.tag_resource(ResourceArn=arn, Tags=[tag])
        with calling(f"the documents in {region}"):
            s3, bucket = client("s3", region), settings.buckets[region]
            tags: list[dict[str, str]] = []
            with calling("tags", ignore=("NoSuchTagSet",)):
                tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
            others = [each for each in tags if each["Key"] != SWITCH_TAG]
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [*others, tag]})
        if settings.database:
            with calling(f"RDS in {region}"):
                rds, name = client("rds", region), settings.database.clusters[region]
                (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
                rds.add_tags_to_resource(ResourceName=cluster["DBClusterArn"], Tags=[tag])

    def _verify_table(self, region: str, run: str, epoch: int) -> None:
        dynamodb, table = client("dynamodb", region), self._settings.table
        key = {"transactionId": {"S": VERIFY}, "timestamp": {"S": run}}
        item = {**key, "epoch": {"N": str(epoch)}, "region": {"S": region}}
        with calling(f"the table in {region}"):
            dynamodb.put_item(TableName=table, Item=item)
            found = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        if found != item:
            raise Unreachable(f"the table in {region} does not have what it was told")

    def _verify_documents(self, region: str, run: str, epoch: int) -> None:
        key = f"{EVIDENCE}{run}/verify-{region}.json"
        text = json.dumps({"run": run, "region": region, "epoch": epoch})
        self.keep(region, key, text)
        with calling(f"the documents in {region}"):
            found = client("s3", region).get_object(Bucket=self._settings.buckets[region], Key=key)
            same = found["Body"].read().decode() == text
        if not same:
            raise Unreachable(f"the documents in {region} do not have what they were told")

    def _newest_item(self, region: str) -> float | None:
        settings, newest = self._settings, []
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        with calling(f"the table in {region}"):
            for status in STATUSES:
                newest += client("dynamodb", region).query(
                    TableName=settings.table,
                    IndexName=settings.index,
                    KeyConditionExpression="#status = :status AND #time <= :now",
                    ExpressionAttributeNames={"#status": "status", "#time": "timestamp"},
                    ExpressionAttributeValues={":status": {"S": status}, ":now": {"S": now}},
                    ScanIndexForward=False,
                    Limit=1,
                )["Items"]
        times = [datetime.fromisoformat(item["timestamp"]["S"]).timestamp() for item in newest]
        return max(times, default=None)

    def _newest_object(self, region: str) -> float | None:
        """Of the tenant's documents.

        Raises:
            Refusal: There are more of them than are looked through.
        """
        times: list[float] = []
        token: dict[str, str] = {}
        with calling(f"the documents in {region}"):
            for _ in range(LISTED):
                page = client("s3", region).list_objects_v2(
                    Bucket=self._settings.buckets[region], **token
                )
                times += [
                    each["LastModified"].timestamp()
                    for each in page.get("Contents", ())
                    if not each["Key"].startswith(EVIDENCE)
                ]
                if not page.get("IsTruncated"):
                    return max(times, default=None)
                token = {"ContinuationToken": page["NextContinuationToken"]}
        raise Refusal(f"there are too many documents in {region} to look through")

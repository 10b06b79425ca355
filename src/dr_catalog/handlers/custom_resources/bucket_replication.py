"""``Custom::DrBucketReplication``: the replication rule of a bucket that existed before its peer.

Each of the two buckets replicates to the other, so one rule can be put only when both are there.
Properties: ``Bucket`` (in this function's region), ``Role`` (the ARN S3 assumes),
``DestinationBucketArn``, ``ReplicaKmsKeyArn`` (a key of the destination's region) and ``RuleId``.
The physical id is the bucket, which holds one configuration.

The rule covers everything: objects encrypted with KMS, delete markers, and changes made to replicas;
Replication Time Control promises 15 minutes and its metrics measure that.

See https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html
"""

from __future__ import annotations

import os
from typing import Any

from response import Result, client, ignoring, serve, text

MINUTES = 15
"""The only time that Replication Time Control takes."""


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], _: Any) -> Result:
    """Put the rule on Create and Update, remove it on Delete; a bucket that is gone is fine then."""
    bucket = text(event, "Bucket")
    s3 = client("s3", os.environ["AWS_REGION"])
    if event["RequestType"] == "Delete":
        with ignoring("NoSuchBucket"):
            s3.delete_bucket_replication(Bucket=bucket)
        return Result(event["PhysicalResourceId"])
    s3.put_bucket_replication(
        Bucket=bucket,
        ReplicationConfiguration={"Role": text(event, "Role"), "Rules": [_rule(event)]},
    )
    return Result(bucket)


def _rule(event: dict[str, Any]) -> dict[str, Any]:
    enabled = {"Status": "Enabled"}
    return {
        "ID": text(event, "RuleId"),
        "Priority": 1,
        "Filter": {},
        **enabled,
        "SourceSelectionCriteria": {
            "SseKmsEncryptedObjects": enabled,
            "ReplicaModifications": enabled,
        },
        "DeleteMarkerReplication": enabled,
        "Destination": {
            "Bucket": text(event, "DestinationBucketArn"),
            "EncryptionConfiguration": {"ReplicaKmsKeyID": text(event, "ReplicaKmsKeyArn")},
            "ReplicationTime": {**enabled, "Time": {"Minutes": MINUTES}},
            "Metrics": {**enabled, "EventThreshold": {"Minutes": MINUTES}},
        },
    }

"""OPERATIONS.md against botocore's models, and the gate against requests of every protocol."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from embedded_aws.operations import document, rest

ACCOUNT = "555555555555"


@pytest.mark.parametrize("service", sorted(document.listed()))
def test_every_listed_operation_exists(service: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    assert sorted(document.listed()[service] - set(model.operation_names)) == []


def test_the_document_is_in_order() -> None:
    services = document.parse(document.FILE.read_text(encoding="utf-8"))
    assert list(services) == sorted(services)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("## s3\n- GetObject\n- GetObject\n", "line 3: GetObject is listed twice"),
        ("## s3\n- get_object\n", "line 2: '- get_object' names no"),
        ("## Amazon S3\n", "line 1: '## Amazon S3' names no"),
        ("- GetObject\n", "line 1: '- GetObject' names no"),
    ],
)
def test_a_line_that_names_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        document.parse(text)


@pytest.mark.parametrize(
    ("service", "request_line", "headers", "name"),
    [
        ("s3", "GET /", {}, "ListBuckets"),
        ("s3", "PUT /b", {}, "CreateBucket"),
        ("s3", "GET /b?list-type=2&prefix=x", {}, "ListObjectsV2"),
        ("s3", "GET /b?prefix=x", {}, "ListObjects"),
        ("s3", "GET /b?versions", {}, "ListObjectVersions"),
        ("s3", "POST /b?delete", {}, "DeleteObjects"),
        ("s3", "PUT /b/k/l", {}, "PutObject"),
        ("s3", "PUT /b/k", {"x-amz-copy-source": "b/x"}, "CopyObject"),
        ("s3", "PUT /b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("s3", "POST /b/k?uploads", {}, "CreateMultipartUpload"),
        ("s3", "DELETE /b/k?uploadId=u", {}, "AbortMultipartUpload"),
        ("s3", "GET /b?replication", {}, "GetBucketReplication"),
        ("s3", "PATCH /b", {}, None),
        ("lambda", "POST /2015-03-31/functions/f/invocations", {}, "Invoke"),
        ("lambda", "GET /2015-03-31/functions/", {}, "ListFunctions"),
        ("lambda", "GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Ax", {}, "ListTags"),
        ("apigateway", "GET /restapis/a/stages/live", {}, "GetStage"),
        ("apigateway", "PUT /restapis/a?mode=merge", {}, "PutRestApi"),
        ("backup", "GET /backup/plans/", {}, "ListBackupPlans"),
        ("glacier-of-no-one", "GET /", {}, None),
    ],
)
def test_a_rest_request_is_recognised(
    service: str, request_line: str, headers: dict[str, str], name: str | None
) -> None:
    method, _, url = request_line.partition(" ")
    path, _, query = url.partition("?")
    parameters = dict(part.partition("=")[::2] for part in query.split("&") if part)
    assert name == rest.operation(
        service, method=method, path=path, query=parameters, headers=headers
    )


@pytest.mark.parametrize(
    ("protocol", "service", "operation", "arguments", "code"),
    [
        ("json", "dynamodb", "list_backups", {}, "NotImplemented"),
        ("rpc-v2-cbor", "cloudwatch", "describe_anomaly_detectors", {}, "NotImplemented"),
        ("query", "iam", "list_users", {}, "InvalidAction"),
        ("ec2", "ec2", "describe_images", {}, "InvalidAction"),
        ("rest-json", "lambda", "list_layers", {}, "NotImplemented"),
        ("rest-json", "apigateway", "get_vpc_links", {}, "NotImplemented"),
        ("rest-json", "backup", "list_frameworks", {}, "NotImplemented"),
        ("rest-xml", "s3", "get_bucket_website", {"Bucket": "b"}, "NotImplemented"),
        ("rest-xml", "route53", "list_traffic_policies", {}, "NotImplemented"),
    ],
)
def test_an_unlisted_operation_is_refused(
    client: Callable[..., Any],
    protocol: str,
    service: str,
    operation: str,
    arguments: dict[str, Any],
    code: str,
) -> None:
    caller = client(service, account=ACCOUNT)
    with pytest.raises(ClientError) as refused:
        getattr(caller, operation)(**arguments)
    error = refused.value.response["Error"]
    name = caller.meta.method_to_api_mapping[operation]
    assert error["Code"] == code
    assert error["Message"] == (
        f"{service}:{name} is not an operation of the embedded AWS; see OPERATIONS.md"
    )


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("apigateway", "get_rest_apis"),
        ("cloudwatch", "list_metrics"),
        ("dynamodb", "list_tables"),
        ("iam", "list_roles"),
        ("lambda", "list_functions"),
        ("s3", "list_buckets"),
        ("sts", "get_caller_identity"),
    ],
)
def test_a_listed_operation_passes(
    client: Callable[..., Any], service: str, operation: str
) -> None:
    answer = getattr(client(service, account=ACCOUNT), operation)()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_what_is_no_api_operation_passes(endpoint: str) -> None:
    with urllib.request.urlopen(f"{endpoint}/_ministack/health") as answer:
        assert answer.status == 200
    # An API that is not there: refused by the data plane, not by the gate.
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{endpoint}/_aws/execute-api/abcdef01/live/health")
    assert b"OPERATIONS.md" not in refused.value.read()

"""Custom::DrDeleteGuard over the emulated SSM, S3, DynamoDB and KMS."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import deadline
import delete_guard
import purge_buckets
import pytest
import response
from botocore.exceptions import ClientError

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Invocations, Stack
from .test_bucket_replication import ROLE, make_bucket

REGIONS = (WRITER, STANDBY)


@dataclass(frozen=True)
class Environment:
    """A launched environment with data in every place a purge must reach."""

    aws: Aws
    suffix: str
    properties: dict[str, str]

    @property
    def guard_id(self) -> str:
        return f"dr-delete-guard-{self.suffix}"

    @property
    def buckets(self) -> dict[str, str]:
        return {WRITER: self.properties["LaunchBucket"], STANDBY: self.properties["PeerBucket"]}

    def protect(self, value: str) -> None:
        self.aws.client("ssm").put_parameter(
            Name=self.properties["ProtectionParameter"], Value=value, Type="String", Overwrite=True
        )

    def left(self) -> list[str]:
        """What still holds data, as ``<kind> <region>``."""
        left = []
        for region in REGIONS:
            tables = self.aws.client("dynamodb", region).list_tables()["TableNames"]
            left += [f"table {region}"] * (self.properties["TableName"] in tables)
            names = {each["Name"] for each in self.aws.client("s3").list_buckets()["Buckets"]}
            left += [f"bucket {region}"] * (self.buckets[region] in names)
            left += [f"key {region}"] * (self.key_state(region) == "Enabled")
        return left

    def key_state(self, region: str) -> str:
        kms = self.aws.client("kms", region)
        found = kms.describe_key(KeyId=self.properties["KeyId"])
        return str(found["KeyMetadata"]["KeyState"])


EVERYTHING = [f"{kind} {region}" for region in REGIONS for kind in ("table", "bucket", "key")]


@pytest.fixture
def environment(aws: Aws, suffix: str, make_table: Callable[..., str]) -> Environment:
    table = make_table(protected=True)
    kms = aws.client("kms")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion=STANDBY)
    properties = {
        "Suffix": suffix,
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "ProtectionParameter": f"/dr/{suffix}/guard/deletion-protection",
        "CompletedParameter": f"/dr/{suffix}/guard/completed",
        "OnTermination": "purge",
        "LaunchBucket": f"dr-{suffix}-{WRITER}",
        "PeerBucket": f"dr-{suffix}-{STANDBY}",
        "TableName": table,
        "KeyId": key,
    }
    environment = Environment(aws, suffix, properties)
    environment.protect("false")
    for region, bucket in environment.buckets.items():
        make_bucket(aws, bucket, region)
    for region, bucket in environment.buckets.items():
        _fill(aws.client("s3", region), bucket)
    assert environment.left() == EVERYTHING
    return environment


def _fill(s3: Any, bucket: str) -> None:
    other = bucket.replace(WRITER, "*").replace(STANDBY, WRITER).replace("*", STANDBY)
    rule = {
        "ID": "dr",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{other}"},
    }
    s3.put_bucket_replication(
        Bucket=bucket, ReplicationConfiguration={"Role": ROLE, "Rules": [rule]}
    )
    for key in ("a", "b/ö &<>", "a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    s3.delete_object(Bucket=bucket, Key="a")
    s3.create_multipart_upload(Bucket=bucket, Key="part")


@pytest.fixture
def run(
    stack: Stack, no_pauses: list[float], environment: Environment
) -> Callable[..., dict[str, Any]]:
    """Sends the guard a request, by default a Delete of the environment; its answer."""

    def run(
        request_type: str = "Delete",
        *,
        context: Context | None = None,
        physical_id: str | None = environment.guard_id,
        **changed: str,
    ) -> dict[str, Any]:
        event = stack.event(request_type, ResourceProperties={**environment.properties, **changed})
        if request_type != "Create":
            event["PhysicalResourceId"] = physical_id
        delete_guard.handler(event, context or Context(900))
        return stack.answer()

    return run


def test_a_creation_and_an_update_touch_nothing_and_say_that_the_launch_is_complete(
    run: Callable[..., dict[str, Any]], environment: Environment
) -> None:
    ssm = environment.aws.client("ssm", WRITER)
    name = environment.properties["CompletedParameter"]
    assert ssm.get_parameters(Names=[name])["InvalidParameters"] == [name]
    for request_type in ("Create", "Update"):
        answer = run(request_type, physical_id=environment.guard_id)
        assert (answer["Status"], answer["Data"]) == ("SUCCESS", {})
        assert answer["PhysicalResourceId"] == environment.guard_id
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "true"
    assert environment.left() == EVERYTHING


def test_a_creation_checks_its_properties(run: Callable[..., dict[str, Any]]) -> None:
    answer = run("Create", OnTermination="burn")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", response.NOT_CREATED)
    assert answer["Reason"] == "OnTermination must be 'retain' or 'purge'"


@pytest.mark.parametrize("on_termination", ["retain", "purge"])
def test_protection_refuses_and_says_how_to_mend(
    run: Callable[..., dict[str, Any]], environment: Environment, on_termination: str
) -> None:
    environment.protect("true")
    answer = run(OnTermination=on_termination)
    assert answer["Status"] == "FAILED"
    assert f"Environment '{environment.suffix}' is not deleted" in answer["Reason"]
    assert "nothing has been touched" in answer["Reason"]
    assert "deletion protection is on" in answer["Reason"]
    assert environment.left() == EVERYTHING

    _obey(environment, answer["Reason"])
    assert run(OnTermination=on_termination)["Status"] == "SUCCESS"
    assert environment.left() == (EVERYTHING if on_termination == "retain" else [])


def test_a_missing_protection_parameter_protects(
    run: Callable[..., dict[str, Any]], environment: Environment
) -> None:
    name = environment.properties["ProtectionParameter"]
    environment.aws.client("ssm").delete_parameter(Name=name)
    answer = run()
    assert (answer["Status"], environment.left()) == ("FAILED", EVERYTHING)
    assert "is missing" in answer["Reason"]
    _obey(environment, answer["Reason"])
    assert run()["Status"] == "SUCCESS"


def _obey(environment: Environment, reason: str) -> None:
    """Run the command in the reason."""
    command = reason.split("run: ")[1].split(" and repeat")[0]
    words = shlex.split(command)
    assert words[:3] == ["aws", "ssm", "put-parameter"]
    options: dict[str, Any] = {"Overwrite": "--overwrite" in words}
    for name in ("name", "value", "type"):
        if f"--{name}" in words:
            options[name.capitalize()] = words[words.index(f"--{name}") + 1]
    region = words[words.index("--region") + 1]
    environment.aws.client("ssm", region).put_parameter(**options)


def test_retain_touches_nothing(
    run: Callable[..., dict[str, Any]], environment: Environment
) -> None:
    assert run(OnTermination="retain")["Status"] == "SUCCESS"
    assert environment.left() == EVERYTHING


def test_purge_leaves_keys_pending_and_can_be_repeated(
    run: Callable[..., dict[str, Any]], environment: Environment
) -> None:
    for _ in range(2):
        answer = run()
        assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
        assert answer["PhysicalResourceId"] == environment.guard_id
        assert environment.left() == []
        for region in REGIONS:
            assert environment.key_state(region) == "PendingDeletion"


def test_a_purge_keeps_its_order(
    run: Callable[..., dict[str, Any]], environment: Environment
) -> None:
    calls: list[str] = []

    def record(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if not model.name.startswith(("Get", "List", "Describe")):
            what = " replica" if b"ReplicaUpdates" in params["body"] else ""
            calls.append(f"{model.name}{what} {context['client_region']}")

    events = environment.aws.session.events
    events.register("before-call", record)
    try:
        run()
        first = calls.copy()
        calls.clear()
        run()
    finally:
        events.unregister("before-call", record)
    assert first == [
        f"DeleteBucketReplication {WRITER}",
        f"DeleteBucketReplication {STANDBY}",
        f"DeleteObjects {WRITER}",
        f"AbortMultipartUpload {WRITER}",
        f"DeleteBucket {WRITER}",
        f"DeleteObjects {STANDBY}",
        f"AbortMultipartUpload {STANDBY}",
        f"DeleteBucket {STANDBY}",
        f"UpdateTable {STANDBY}",
        f"UpdateTable {WRITER}",
        f"UpdateTable replica {WRITER}",
        f"DeleteTable {WRITER}",
        f"ScheduleKeyDeletion {STANDBY}",
        f"ScheduleKeyDeletion {WRITER}",
    ]
    # A repeat finds nothing to do; KMS would refuse to schedule a deletion twice.
    assert calls == first[:2]


def test_vaults_go_in_both_regions_after_the_documents_and_before_the_table(
    run: Callable[..., dict[str, Any]], environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(vault: str, clients: dict[str, Any], **_: Any) -> None:
        assert vault == "dr-vault-dev"
        for region, client in clients.items():
            assert client.meta.service_model.service_name == "backup"
            assert client.meta.region_name == region
        raise response.Refused(f"held in {', '.join(clients)}")

    with monkeypatch.context() as patch:
        patch.setattr(delete_guard, "purge_vaults", held)
        answer = run(Vault="dr-vault-dev")
    assert (answer["Status"], answer["Reason"]) == ("FAILED", f"held in {WRITER}, {STANDBY}")
    assert environment.left() == [each for each in EVERYTHING if not each.startswith("bucket")]


def test_a_purge_that_runs_short_of_time_continues_itself(
    stack: Stack,
    no_pauses: list[float],
    environment: Environment,
    invocations: Invocations,
) -> None:
    left, times = environment.left(), 0
    events = [
        stack.event(
            "Delete",
            ResourceProperties=environment.properties,
            PhysicalResourceId=environment.guard_id,
        )
    ]
    while events and times < 40:
        times += 1
        assert stack.answers == []  # CloudFormation hears nothing before the end
        delete_guard.handler(events[0], Context(*[900] * times, 30))
        events = invocations.taken()
        assert set(environment.left()) <= set(left)
        left = environment.left()
    assert stack.answer()["Status"] == "SUCCESS"
    assert times > 3
    assert environment.left() == []


def test_a_continued_event_is_the_same_with_the_time_of_its_start(
    run: Callable[..., dict[str, Any]],
    stack: Stack,
    environment: Environment,
    invocations: Invocations,
) -> None:
    with pytest.raises(ValueError, match="not enough values"):  # no answer
        run(context=Context(30))
    (first,) = invocations.taken()
    delete_guard.handler(first, Context(30))
    assert invocations.taken() == [first]
    assert first.pop(response.STARTED) == pytest.approx(time.time(), abs=60)
    assert first == stack.event(
        "Delete",
        ResourceProperties=environment.properties,
        PhysicalResourceId=environment.guard_id,
    )


def test_what_cloudformation_does_not_wait_for_is_continued_by_a_repeat(
    run: Callable[..., dict[str, Any]],
    stack: Stack,
    environment: Environment,
    invocations: Invocations,
) -> None:
    event = stack.event(
        "Delete",
        ResourceProperties=environment.properties,
        PhysicalResourceId=environment.guard_id,
        **{response.STARTED: time.time() - deadline.PATIENCE},
    )
    delete_guard.handler(event, Context(900))
    answer = stack.answer()
    assert answer["Status"] == "FAILED"
    assert "repeat the deletion to continue" in answer["Reason"]
    assert invocations.taken() == []
    assert run()["Status"] == "SUCCESS"


def test_a_function_that_may_not_continue_itself_answers(
    run: Callable[..., dict[str, Any]], invocations: Invocations, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Invoke")

    monkeypatch.setattr(invocations, "invoke", refused)
    answer = run(context=Context(30))
    assert (answer["Status"], answer["Reason"]) == ("FAILED", "Invoke failed: AccessDenied: no")


@pytest.mark.parametrize("physical_id", [response.NOT_CREATED, "SC-1-pp-1-Guard-1ABC"])
def test_a_rollback_of_a_failed_creation_is_never_refused(
    run: Callable[..., dict[str, Any]], environment: Environment, physical_id: str
) -> None:
    environment.protect("true")
    answer = run(physical_id=physical_id)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", physical_id)
    assert environment.left() == EVERYTHING


class Stubborn:
    """An S3 client that answers some calls otherwise."""

    def __init__(self, client: Any, **answers: Callable[..., Any]) -> None:
        self._client, self._answers = client, answers

    def __getattr__(self, name: str) -> Any:
        return self._answers.get(name) or getattr(self._client, name)


def test_objects_that_cannot_be_deleted_end_the_purge(
    run: Callable[..., dict[str, Any]],
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def locked(**_: Any) -> dict[str, Any]:
        return {"Errors": [{"Key": "a", "Code": "AccessDenied"}]}

    client = delete_guard.client
    monkeypatch.setattr(
        delete_guard,
        "client",
        lambda service, region: (
            Stubborn(client(service, region), delete_objects=locked)
            if service == "s3"
            else client(service, region)
        ),
    )
    answer = run(context=Context(*[900] * 20, 0))
    assert answer["Status"] == "FAILED"
    assert "1 object versions of bucket" in answer["Reason"]
    assert "AccessDenied" in answer["Reason"]
    assert environment.left() == EVERYTHING


@pytest.mark.parametrize(("times", "fails"), [(2, False), (purge_buckets.ROUNDS, True)])
def test_a_replica_that_arrives_late_is_deleted_too(
    environment: Environment, times: int, fails: bool
) -> None:
    s3 = environment.aws.client("s3")
    bucket = environment.buckets[WRITER]
    arrivals = iter(range(times))

    def delete_bucket(**arguments: Any) -> Any:
        if next(arrivals, None) is not None:
            s3.put_object(Bucket=bucket, Key="late", Body=b"1")
        return s3.delete_bucket(**arguments)

    client = Stubborn(s3, delete_bucket=delete_bucket)
    purge = lambda: purge_buckets.purge_buckets(  # noqa: E731
        {bucket: client}, deadline=deadline.Deadline({response.STARTED: time.time()}, Context(900))
    )
    if fails:
        with pytest.raises(response.Refused, match="keeps filling"):
            purge()
    else:
        purge()
        with pytest.raises(ClientError, match="404"):
            s3.head_bucket(Bucket=bucket)

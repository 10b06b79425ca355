"""A launch by suffix: both regions up, read back from each service, and in use."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from pg8000.native import Connection

from dr_catalog import names
from dr_catalog.provisioning.checks import CHECKS, Check, Launch, inspect
from dr_catalog.provisioning.endpoint import Answer, call

from .conftest import PEER, REGION, TENANT, Identity, environment

ROW = "SELECT amount, status, region FROM ledger.transactions WHERE transaction_id = :id"


@pytest.fixture(scope="module")
def checks(tenant: Identity, launched: Launch) -> list[Check]:
    with environment(tenant.settings):
        return inspect(launched)


@pytest.mark.parametrize("region", [REGION, PEER])
@pytest.mark.parametrize("layer", [each.__name__ for each in CHECKS])
def test_every_layer_is_as_it_must_be(checks: list[Check], layer: str, region: str) -> None:
    found = [check for check in checks if (check.layer, check.region) == (layer, region)]
    assert found
    assert [check for check in found if not check.ok] == []


def test_both_regions_keys_have_the_same_material(launched: Launch) -> None:
    here, there = launched.client("kms", REGION), launched.client("kms", PEER)
    alias = names.KEY_ALIAS.of(suffix=launched.suffix)
    secret = here.encrypt(KeyId=alias, Plaintext=b"read me there")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=secret, KeyId=alias)["Plaintext"] == b"read me there"


@pytest.mark.parametrize(("source", "target"), [(REGION, PEER), (PEER, REGION)])
def test_an_item_written_in_one_region_is_read_in_the_other(
    launched: Launch, source: str, target: str
) -> None:
    table = names.TABLE.of(suffix=launched.suffix)
    item = {"transactionId": {"S": f"from-{source}"}, "timestamp": {"S": "2025"}}
    launched.client("dynamodb", source).put_item(TableName=table, Item=item)
    reading = launched.client("dynamodb", target)
    assert until(lambda: reading.get_item(TableName=table, Key=item).get("Item")) == item


@pytest.mark.parametrize(("source", "target"), [(REGION, PEER), (PEER, REGION)])
def test_a_document_put_in_one_region_is_found_in_the_other_under_its_key(
    launched: Launch, source: str, target: str
) -> None:
    buckets = {
        region: names.BUCKET.of(suffix=launched.suffix, account=TENANT, region=region)
        for region in (source, target)
    }
    launched.client("s3", source).put_object(
        Bucket=buckets[source], Key=f"from/{source}", Body=b"signed"
    )
    s3 = launched.client("s3", target)
    assert until(
        lambda: s3.list_objects_v2(Bucket=buckets[target], Prefix=f"from/{source}").get("Contents")
    )
    replica = s3.head_object(Bucket=buckets[target], Key=f"from/{source}")
    assert replica["ReplicationStatus"] == "REPLICA"
    assert replica["SSEKMSKeyId"].split(":")[3] == target


def test_a_transaction_posted_here_is_read_there_exactly(launched: Launch) -> None:
    first = post(launched, transactionId="t-1", amount="0.10")
    assert (first.status, first.body["amount"]) == (201, "0.1")
    seen = until(lambda: found(get(launched, PEER, "transactions/t-1")))
    assert {**seen.body, "region": REGION} == first.body
    listed = get(launched, PEER, "transactions?status=RECEIVED")
    assert "t-1" in [each["transactionId"] for each in listed.body["transactions"]]


def test_a_transaction_is_a_row_of_the_ledger_in_both_regions(
    launched: Launch, person: Callable[[str], Identity]
) -> None:
    first = post(launched, transactionId="t-row", amount="7.25")
    assert first.status == 201
    administrator = person(TENANT)
    for region in (REGION, PEER):
        told = launched.told("aurora", region)
        host, port = told["reader-endpoint"], int(told["port"])
        token = administrator.client("rds", region).generate_db_auth_token(
            DBHostname=host, Port=port, DBUsername="transactions", Region=region
        )
        encrypted = ssl.create_default_context()
        encrypted.check_hostname, encrypted.verify_mode = False, ssl.CERT_NONE
        ledger = Connection(
            "transactions",
            host=host,
            port=port,
            database=told["database"],
            password=token,
            ssl_context=encrypted,
        )
        with closing(ledger):
            rows = until(lambda ledger=ledger: ledger.run(ROW, id="t-row"))
            [[follows]] = ledger.run("SELECT pg_is_in_recovery()")
        assert rows == [[Decimal("7.25"), "RECEIVED", REGION]]
        assert follows is (region == PEER)


def test_a_repeat_gets_the_first_result_and_another_body_a_conflict(launched: Launch) -> None:
    first = post(launched, transactionId="t-2", amount="1")
    repeat = post(launched, transactionId="t-2", amount="1.00")
    other = post(launched, transactionId="t-2", amount="2")
    assert (repeat.status, repeat.body) == (200, first.body)
    assert other.status == 409


def test_bad_input_is_a_400_with_reasons(launched: Launch) -> None:
    answer = post(launched, transactionId="", amount="much")
    assert answer.status == 400
    assert len(answer.body["reasons"]) == 2


def test_the_standby_takes_no_writes_and_says_who_does(launched: Launch) -> None:
    answer = post(launched, PEER, transactionId="t-3", amount="1")
    assert answer.status == 503
    assert REGION in answer.body["reasons"][0]


def test_layers_tell_others_what_they_made(launched: Launch) -> None:
    for region in (REGION, PEER):
        ssm = launched.client("ssm", region)
        told = {
            each["Name"]: each["Value"]
            for page in ssm.get_paginator("get_parameters_by_path").paginate(
                Path=f"/dr/{launched.suffix}", Recursive=True
            )
            for each in page["Parameters"]
        }
        assert told[f"/dr/{launched.suffix}/compute/endpoint"] == launched.endpoints[region]
        assert told[f"/dr/{launched.suffix}/dynamodb/table-name"] == "dr-transactions-shared"
        assert told[f"/dr/{launched.suffix}/kms/key-arn"].split(":")[3] == region
        assert told[f"/dr/{launched.suffix}/s3/bucket-name"].endswith(region)


def post(launch: Launch, region: str = REGION, **body: Any) -> Answer:
    return call(
        launch.session,
        endpoint=launch.endpoints[region],
        region=region,
        path="transactions",
        method="POST",
        body=body,
    )


def get(launch: Launch, region: str, path: str) -> Answer:
    return call(launch.session, endpoint=launch.endpoints[region], region=region, path=path)


def found(answer: Answer) -> Answer | None:
    return answer if answer.status == 200 else None


def until(look: Callable[[], Any]) -> Any:
    """What ``look`` finds, given a moment: replication takes its time."""
    for _ in range(100):
        if seen := look():
            return seen
        time.sleep(0.02)
    raise AssertionError("nothing was found within two seconds")

"""The client of a drill counts what was confirmed alone, and what the survivor lacks is lost."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import create_autospec

import pytest

from dr_catalog.errors import NotFoundError, SetupError
from dr_catalog.failover.aws import Aws
from dr_catalog.failover.load import Load, Write, losses
from dr_catalog.provisioning.endpoint import Answer

from .fakes import LAUNCH, PEER, SITE

ENDPOINTS = {LAUNCH: "https://launch/", PEER: "https://peer/"}


def client(**statuses: int) -> Any:
    """An AWS whose APIs answer a POST so, by region; 0 is silence."""
    aws = create_autospec(Aws, instance=True)
    answers = {LAUNCH: statuses["launch"], PEER: statuses["peer"]}

    def post(endpoint: str, *, region: str, path: str, body: dict[str, Any]) -> Answer:
        if not answers[region]:
            raise SetupError("no answer")
        return Answer(status=answers[region], body={})

    aws.post.side_effect, aws.answers = post, answers
    return aws


def test_it_goes_where_it_is_answered() -> None:
    aws = client(launch=201, peer=503)
    with Load(aws, SITE, ENDPOINTS, mark="t") as load:
        load.wait_for(4, region=LAUNCH)
        aws.answers.update({LAUNCH: 0, PEER: 201})
        load.wait_for(4, region=PEER)
    regions = [write.region for write in load.confirmed]
    assert regions == sorted(regions)  # us-east-1, then us-west-2, and never both
    assert len({write.key for write in load.confirmed}) == len(load.confirmed)
    assert {write.document for write in load.confirmed} == {True, False}


def test_what_nobody_confirms_counts_nothing() -> None:
    with (
        pytest.raises(TimeoutError, match="us-east-1 did not confirm 1 writes"),
        Load(client(launch=503, peer=0), SITE, ENDPOINTS, mark="t") as load,
    ):
        load.wait_for(1, region=LAUNCH, patience=0.2)
    assert load.confirmed == []


def test_the_longest_silence_is_between_two_confirmed_transactions() -> None:
    load = Load(client(launch=0, peer=0), SITE, ENDPOINTS, mark="t")
    load.confirmed = [
        Write("a", False, LAUNCH, 1.0),
        Write("a.txt", True, LAUNCH, 1.5),
        Write("b", False, LAUNCH, 2.0),
        Write("c", False, PEER, 9.0),
    ]
    assert load.silence() == 7.0


def test_what_the_survivor_lacks_is_lost_by_store() -> None:
    aws = create_autospec(Aws, instance=True)
    rows, items, documents = {"a", "c"}, {"a", "b", "c"}, {"a.txt"}

    def get(endpoint: str, *, region: str, path: str) -> Answer:
        assert (endpoint, region) == (ENDPOINTS[PEER], PEER)
        return Answer(status=200 if path.rpartition("/")[2] in rows else 404, body={})

    def call(service: str, operation: str, region: str, **given: Any) -> Any:
        assert region == PEER
        if operation == "query":
            key = given["ExpressionAttributeValues"][":id"]["S"]
            return {"Items": [{}] if key in items else []}
        if given["Key"] not in documents:
            raise NotFoundError("not found")
        return {}

    aws.get.side_effect, aws.call.side_effect = get, call
    writes = [
        Write("a", False, LAUNCH, 1.0),
        Write("a.txt", True, LAUNCH, 1.1),
        Write("b", False, LAUNCH, 2.0),
        Write("b.txt", True, LAUNCH, 2.5),
        Write("c", False, LAUNCH, 3.0),
        Write("c.txt", True, LAUNCH, 3.5),
    ]
    found = losses(aws, SITE, writes, region=PEER, endpoint=ENDPOINTS[PEER])
    assert {each.store: (each.confirmed, each.lost, each.seconds) for each in found} == {
        "transactions": (3, ("b",), 1.0),
        "table": (3, (), 0.0),
        "documents": (3, ("b.txt", "c.txt"), 1.0),
    }


def test_it_stops_with_its_block() -> None:
    with Load(client(launch=201, peer=201), SITE, ENDPOINTS, mark="t") as load:
        load.wait_for(1, region=LAUNCH)
    written = len(load.confirmed)
    time.sleep(0.1)
    assert len(load.confirmed) == written

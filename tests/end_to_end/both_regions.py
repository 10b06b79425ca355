"""A region of two that both serve is lost and comes back: what is done to it, and where its writes are."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pg8000.native

from dr_catalog import names

from .conftest import PEER, REGION, TENANT
from .rehearsal import Rehearsal

USER, DATABASE = "transactions", "ledger"
ROUNDS = 3
"""Bad answers in a row with which a region leaves the name."""


@dataclass(frozen=True)
class BothRegions:
    """A launch whose regions both serve.

    Args:
        rehearsal: What is done to it.
        zone: The id of its zone.
        name: Its name there.
    """

    rehearsal: Rehearsal
    zone: str
    name: str

    def post(self, key: str, *, region: str, amount: str = "1") -> int:
        """The status of a write."""
        rehearsal = self.rehearsal
        body = {"transactionId": key, "amount": amount}
        return rehearsal.aws.post(
            rehearsal.launch.endpoints[region], region=region, path="transactions", body=body
        ).status

    @contextmanager
    def without_ledger(self, region: str) -> Iterator[None]:
        """The region's processor finds no way to the ledger for the time of a block."""
        functions = self.rehearsal.tenant.client("lambda", region)
        name = names.PROCESSOR.of(suffix=self.rehearsal.suffix)
        before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        for variables in ({**before, "LEDGER_PORT": "1"}, before):
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )
            if variables is not before:
                yield

    def settle(self) -> None:
        """Let every region that is there settle now, as it does each minute."""
        for region in (REGION, PEER):
            if not self.gone(region):
                rule = names.SETTLING.of(suffix=self.rehearsal.suffix)
                self.rehearsal.control("rules", account=TENANT, region=region, rule=rule)

    def gone(self, region: str) -> bool:
        """Whether a region is away."""
        return self.rehearsal.control("regions")["regions"].get(region) == "gone"

    def asked(self, rounds: int = ROUNDS) -> None:
        """Let the health checks ask so many times."""
        self.rehearsal.control("health-checks", rounds=rounds)

    def answers(self) -> str:
        """The region that the name leads to."""
        answer = self.rehearsal.tenant.client("route53").test_dns_answer(
            HostedZoneId=self.zone, RecordName=self.name, RecordType="A"
        )
        (domain,) = answer["RecordData"]
        return str(domain.split(".")[2])

    def served_by(self) -> str:
        """The region that answers a caller of the name."""
        asked = urllib.request.Request(f"{self.rehearsal.url}/ready", headers={"Host": self.name})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return str(json.load(answer)["region"])

    def settled(self, region: str) -> str:
        """What the region says is still to be settled, or was taken twice."""
        rehearsal = self.rehearsal
        ready = rehearsal.aws.get(
            rehearsal.launch.endpoints[region], region=region, path="ready"
        ).body
        assert ready["ready"], ready
        return str(ready["checks"]["settled"].get("reason", ""))

    def rows(self) -> dict[str, str]:
        """The ledger's rows, asked of its writer: id to amount."""
        launch, region = self.rehearsal.launch, self.rehearsal.writer().region
        # Of the account itself: the tenant's role may not log in.
        account = boto3.Session(aws_access_key_id=TENANT, aws_secret_access_key="test")
        cluster = names.LEDGER_CLUSTER.of(suffix=launch.suffix, region=region)
        rds = account.client("rds", region_name=region, endpoint_url=self.rehearsal.url)
        (found,) = rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"]
        host, port = found["Endpoint"], found["Port"]
        password = rds.generate_db_auth_token(
            DBHostname=host, Port=port, DBUsername=USER, Region=region
        )
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        with closing(
            pg8000.native.Connection(
                USER, host=host, port=port, database=DATABASE, password=password, ssl_context=tls
            )
        ) as ledger:
            kept = ledger.run("SELECT transaction_id, amount::text FROM ledger.transactions")
        return {str(name): str(amount) for name, amount in kept}

    def items(self, region: str) -> Counter[str]:
        """The table's transactions in a region: id to how many there are."""
        pages = self.rehearsal.tenant.client("dynamodb", region).get_paginator("scan")
        return Counter(
            item["transactionId"]["S"]
            for page in pages.paginate(TableName=names.TABLE.of(suffix=self.rehearsal.suffix))
            for item in page["Items"]
            if not item["timestamp"]["S"].startswith("#") and "amount" in item
        )

    def listed(self, record: dict[str, Any]) -> list[tuple[str, str]]:
        """What a failback listed as taken twice: id and amount."""
        found = record["figures"]["unmerged"]["object"].removeprefix("s3://")
        bucket, _, key = found.partition("/")
        body = self.rehearsal.tenant.client("s3", PEER).get_object(Bucket=bucket, Key=key)["Body"]
        return [
            (each["transactionId"], each["amount"])
            for each in json.loads(body.read())["transactions"]
        ]

"""A ledger for the tests: a global database on the embedded AWS, set up by its own handler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from ..embedded_aws import aurora_estate as estate
from ..embedded_aws.conftest import serving
from ..embedded_aws.stack_runner import Runner

ACCOUNT = "333333333333"
WRITER, STANDBY = estate.HOME, estate.PEER
USER = "transactions"


@dataclass(frozen=True)
class Database:
    """A global database: the writer in the one region, a reader in the other."""

    url: str
    outputs: dict[str, dict[str, str]]
    secret_arn: str
    password: str

    @property
    def port(self) -> int:
        return int(self.outputs[WRITER]["Port"])

    def client(self, service: str, region: str = WRITER) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
        )

    def run(self, statement: str, region: str = WRITER, at: str = "Global") -> Any:
        """Run a statement as the master user."""
        with estate.connected(
            self.outputs[region][at], self.port, user=estate.MASTER, password=self.password
        ) as connection:
            return connection.run(statement)

    def properties(self, **changed: str) -> dict[str, str]:
        """What the set-up is told."""
        return {
            "Host": self.outputs[WRITER]["Writer"],
            "Port": str(self.port),
            "Database": estate.DATABASE,
            "GlobalCluster": estate.GLOBAL,
            "SecretArn": self.secret_arn,
            "User": USER,
            "Schema": "1",
            **changed,
        }

    def environment(self, region: str, **changed: str) -> dict[str, str]:
        """What the processor of a region is told."""
        return {
            "LEDGER_WRITER_ENDPOINT": self.outputs[WRITER]["Global"],
            "LEDGER_READER_ENDPOINT": self.outputs[region]["Reader"],
            "LEDGER_PORT": str(self.port),
            "LEDGER_DATABASE": estate.DATABASE,
            "LEDGER_USER": USER,
            **changed,
        }


@pytest.fixture(scope="session")
def empty_database() -> Iterator[Database]:
    """A global database that nobody has set up."""
    with serving() as url:
        outputs = {}
        for region, resources, rest in (
            (WRITER, estate.primary(), estate.GLOBAL_OUTPUTS),
            (STANDBY, estate.secondary(), estate.OUTPUTS),
        ):
            cloudformation = boto3.client(
                "cloudformation",
                region_name=region,
                endpoint_url=url,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="test",
            )
            made = Runner(cloudformation, ACCOUNT, region).create(
                "ledger", resources, Template=rest
            )
            assert made.status == "CREATE_COMPLETE", made.reasons
            outputs[region] = made.outputs
        database = Database(url, outputs, "", "")
        secret = database.client("secretsmanager").get_secret_value(SecretId="dr-aurora-dev")
        password = json.loads(secret["SecretString"])["password"]
        yield Database(url, outputs, secret["ARN"], password)


@pytest.fixture(scope="session")
def database(empty_database: Database) -> Database:
    """The same, set up."""
    import database_setup

    with pytest.MonkeyPatch.context() as patch:
        at(empty_database, patch)
        event = {"RequestType": "Create", "ResourceProperties": empty_database.properties()}
        database_setup.act(event, None)
    return empty_database


def at(database: Database, patch: pytest.MonkeyPatch) -> None:
    """Let boto3 talk to the database's AWS."""
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test")
    patch.setattr(boto3, "DEFAULT_SESSION", session)
    patch.setenv("AWS_ENDPOINT_URL", database.url)
    patch.setenv("AWS_REGION", WRITER)

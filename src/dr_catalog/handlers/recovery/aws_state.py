"""The state tables, executions and notices on AWS.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError
from clients import calling, client, error_code
from recovery_settings import RecoverySettings
from world import Conflict, Writer

WRITER = "writer"
_CONDITION = "ConditionalCheckFailedException"
_GONE = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


class AwsState:
    """The peer's state table, and the ``writer`` item of both."""

    def __init__(self, settings: RecoverySettings) -> None:
        self._table, self._peer = settings.state_table, settings.peer

    def item(self, item_id: str) -> dict[str, Any] | None:
        """See ``world.State``."""
        return self._get(self._peer, item_id)

    def put(self, item: Mapping[str, Any]) -> None:
        """See ``world.State``."""
        self._conditional(
            self._peer,
            "put_item",
            Item=_typed(item),
            **_version_is(int(item["version"]) - 1),
        )

    def delete(self, item: Mapping[str, Any]) -> None:
        """See ``world.State``."""
        stored = _version_is(int(item["version"]))
        stored["ConditionExpression"] = (
            f"attribute_not_exists(id) OR {stored['ConditionExpression']}"
        )
        self._conditional(self._peer, "delete_item", Key={"id": {"S": str(item["id"])}}, **stored)

    def writer(self, region: str) -> Writer | None:
        """See ``world.State``."""
        item = self._get(region, WRITER)
        if item is None:
            return None
        return Writer(item["region"], int(item["epoch"]), bool(item["fenced"]), item["run"])

    def set_writer(self, region: str, writer: Writer) -> None:
        """See ``world.State``."""
        condition = "attribute_not_exists(id) OR epoch <= :epoch"
        values: dict[str, Any] = {":epoch": {"N": str(writer.epoch)}}
        names = {}
        if writer.fenced:
            condition = (
                "attribute_not_exists(id) OR epoch < :epoch"
                " OR (epoch = :epoch AND (#run <> :run OR fenced = :fenced))"
            )
            values |= {":run": {"S": writer.run}, ":fenced": {"BOOL": True}}
            names = {"ExpressionAttributeNames": {"#run": "run"}}
        item = {
            "id": WRITER,
            "region": writer.region,
            "epoch": writer.epoch,
            "fenced": writer.fenced,
            "run": writer.run,
        }
        self._conditional(
            region,
            "put_item",
            Item=_typed(item),
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
            **names,
        )

    def _get(self, region: str, item_id: str) -> dict[str, Any] | None:
        with calling(f"the state table in {region}"):
            found = client("dynamodb", region).get_item(
                TableName=self._table, Key={"id": {"S": item_id}}, ConsistentRead=True
            )
            return _plain(found["Item"]) if "Item" in found else None
        raise AssertionError

    def _conditional(self, region: str, operation: str, **given: Any) -> None:
        with calling(f"the state table in {region}"):
            try:
                getattr(client("dynamodb", region), operation)(TableName=self._table, **given)
            except ClientError as error:
                if error_code(error) == _CONDITION:
                    raise Conflict(f"the state table in {region}") from None
                raise


class AwsMachine:
    """Executions and the topic, in the peer."""

    def __init__(self, settings: RecoverySettings) -> None:
        self._peer, self._topic = settings.peer, settings.topic

    def running(self, execution: str) -> bool:
        """See ``world.Machine``."""
        with calling("the state machine", ignore=("ExecutionDoesNotExist", "InvalidArn")):
            found = client("stepfunctions", self._peer).describe_execution(executionArn=execution)
            return bool(found["status"] == "RUNNING")
        return False

    def wake(self, token: str) -> None:
        """See ``world.Machine``."""
        with calling("the state machine", ignore=_GONE):
            client("stepfunctions", self._peer).send_task_success(taskToken=token, output="{}")

    def tell(self, subject: str, text: str) -> None:
        """See ``world.Machine``."""
        with calling("the topic"):
            client("sns", self._peer).publish(
                TopicArn=self._topic, Subject=subject[:100], Message=text
            )


def _version_is(version: int) -> dict[str, Any]:
    if not version:
        return {"ConditionExpression": "attribute_not_exists(id)"}
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }


def _typed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"BOOL": value}
        if isinstance(value, bool)
        else {"N": str(value)}
        if isinstance(value, int)
        else {"S": value}
        for name, value in item.items()
    }


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    plain = {}
    for name, typed in item.items():
        ((kind, value),) = typed.items()
        plain[name] = int(Decimal(value)) if kind == "N" else value
    return plain

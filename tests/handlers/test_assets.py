"""Each asset is self-contained, and runs as Lambda runs it."""

from __future__ import annotations

import ast
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .conftest import HANDLERS, STANDBY, WRITER, Aws

ASSETS = sorted(path for path in HANDLERS.iterdir() if path.is_dir() and path.name[0] not in "._")
DATABASE = HANDLERS / "_database"
MODULES = sorted(module for asset in (*ASSETS, DATABASE) for module in asset.glob("*.py"))
WITH_DRIVER = {"connection", "database_setup", "ledger", "ledger_access", "shared_books"}
"""What runs only where the driver and ``_database`` travel with the asset."""


def test_these_are_the_assets() -> None:
    assets = ["control_metric", "custom_resources", "probe", "processor", "recovery"]
    assert [asset.name for asset in ASSETS] == assets


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.name)
def test_an_asset_holds_modules_only(asset: Path) -> None:
    others = {path.name for path in asset.iterdir() if path.suffix != ".py"}
    assert others <= {"__pycache__"}


@pytest.mark.parametrize(
    "module", MODULES, ids=lambda module: f"{module.parent.name}-{module.stem}"
)
def test_a_module_imports_what_lambda_has(module: Path) -> None:
    siblings = {each.stem for each in module.parent.glob("*.py")}
    allowed = siblings | {"boto3", "botocore"} | set(sys.stdlib_module_names)
    if module.stem in WITH_DRIVER:
        allowed |= {"pg8000"} | {each.stem for each in DATABASE.glob("*.py")}
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module is not None
            assert node.module.split(".")[0] in allowed
        elif isinstance(node, ast.Import):
            assert {each.name.split(".")[0] for each in node.names} <= allowed


def _zipped(asset: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for module in sorted((HANDLERS / asset).glob("*.py")):
            archive.write(module, module.name)
    return buffer.getvalue()


def _deploy(aws: Aws, name: str, asset: str, handler: str, **variables: str) -> str:
    """A function of this asset; its ARN."""
    function = aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler=handler,
        Role="arn:aws:iam::333333333333:role/dr-any",
        Timeout=15,
        Code={"ZipFile": _zipped(asset)},
        Environment={"Variables": variables},
    )
    return str(function["FunctionArn"])


def test_the_processor_runs_in_lambda(aws: Aws, suffix: str, table: str) -> None:
    name = f"dr-processor-{suffix}"
    _deploy(
        aws,
        name,
        "processor",
        "index.handler",
        TABLE_NAME=table,
        STATUS_INDEX="StatusIndex",
        WRITER_REGION=WRITER,
        SUFFIX=suffix,
    )

    def call(method: str, path: str, body: str | None = None) -> dict[str, Any]:
        event = {"httpMethod": method, "path": path, "body": body, "isBase64Encoded": False}
        answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        return told

    created = call("POST", "/transactions", '{"transactionId": "t", "amount": 0.10}')
    assert created["statusCode"] == 201
    read = call("GET", "/transactions/t")
    assert json.loads(read["body"]) == json.loads(created["body"])
    assert call("GET", "/ready")["statusCode"] == 200


def test_a_custom_resource_runs_in_a_stack(aws: Aws, suffix: str) -> None:
    path = f"/dr/{suffix}/compute"
    aws.client("ssm", STANDBY).put_parameter(Name=f"{path}/endpoint", Value="there", Type="String")
    token = _deploy(aws, f"dr-peer-reader-{suffix}", "custom_resources", "peer_parameter.handler")
    properties = {"ServiceToken": token, "Region": STANDBY, "Path": path, "Names": ["endpoint"]}
    template = {
        "Resources": {"Peer": {"Type": "Custom::DrPeerParameter", "Properties": properties}},
        "Outputs": {"Value": {"Value": {"Fn::GetAtt": ["Peer", "Endpoint"]}}},
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=suffix, TemplateBody=json.dumps(template))
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=suffix, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    (stack,) = cloudformation.describe_stacks(StackName=suffix)["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == "there"
    (resource,) = cloudformation.describe_stack_resources(StackName=suffix)["StackResources"]
    assert resource["PhysicalResourceId"] == f"{STANDBY}:{path}"

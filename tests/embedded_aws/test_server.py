"""The process: where it listens, how it starts, forgets, remembers and ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from embedded_aws.extension import PINNED, IncompatibleEmulatorError, require

READY_SECONDS, END_SECONDS = 30.0, 15.0


@contextmanager
def server(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server for a block, and its address, from the one line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "embedded_aws", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.endswith(" (local simulation)\n"), line
        yield process, line.split(" on ")[1].split(" ")[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()


def call(service: str, address: str, account: str = "1" * 12, region: str = "us-east-1"):  # type: ignore[no-untyped-def]
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=address,
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )


def test_it_ends_also_while_a_stack_waits_for_an_answer_that_never_comes() -> None:
    lambda_may = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = {"Version": "2012-10-17", "Statement": [lambda_may]}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "Silent": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Code": {"ZipFile": "def handler(event, context): print('asked')"},
            },
        },
        "Asked": {
            "Type": "Custom::Asked",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Silent", "Arn"]}},
        },
    }
    with server("--port", "0") as (process, address):
        cloudformation = call("cloudformation", address)
        cloudformation.create_stack(
            StackName="hangs",
            Capabilities=["CAPABILITY_IAM"],
            TemplateBody=json.dumps({"Resources": resources}),
        )

        def begun() -> bool:
            events = cloudformation.describe_stack_events(StackName="hangs")["StackEvents"]
            return any(each["LogicalResourceId"] == "Asked" for each in events)

        deadline = time.monotonic() + READY_SECONDS
        while not begun() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert begun()
        process.send_signal(signal.SIGTERM)
        process.wait(2 * END_SECONDS)


def test_the_line_means_ready_and_sigterm_ends_it() -> None:
    with server("--port", "0") as (process, address):
        with urllib.request.urlopen(f"{address}/_ministack/health", timeout=2) as answer:
            assert answer.status == 200
        port = int(address.rpartition(":")[2])
        second = subprocess.run(
            [sys.executable, "-m", "embedded_aws", "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert f"127.0.0.1:{port} can't be used" in second.stderr
        listening = {
            line.split()[1]
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]
            if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
        }
        assert listening == {f"0100007F:{port:04X}"}  # 127.0.0.1 and nowhere else
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0


def test_state_is_kept_and_reset_forgets_it(tmp_path: Path) -> None:
    template = {
        "Resources": {
            "P": {
                "Type": "AWS::ServiceCatalog::Portfolio",
                "Properties": {"DisplayName": "kept", "ProviderName": "test"},
            }
        }
    }
    with server("--port", "0", "--state-dir", str(tmp_path)) as (_, address):
        stacks = call("cloudformation", address)
        stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
        stacks.get_waiter("stack_create_complete").wait(
            StackName="s", WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
        )
    with server("--port", "0", "--state-dir", str(tmp_path)) as (_, address):
        catalog = call("servicecatalog", address)
        (portfolio,) = catalog.list_portfolios()["PortfolioDetails"]
        assert portfolio["DisplayName"] == "kept"
        assert (
            call("servicecatalog", address, region="us-west-2").list_portfolios()[
                "PortfolioDetails"
            ]
            == []
        )
        assert len(call("cloudformation", address).describe_stacks()["Stacks"]) == 1
        forget = urllib.request.Request(f"{address}/_ministack/reset", data=b"", method="POST")
        urllib.request.urlopen(forget, timeout=10).close()
        assert catalog.list_portfolios()["PortfolioDetails"] == []
        assert call("cloudformation", address).describe_stacks()["Stacks"] == []


def test_another_emulator_is_refused_by_name() -> None:
    with pytest.raises(IncompatibleEmulatorError, match=PINNED) as refused:
        require(json, "_no_such_name")
    assert "json has no _no_such_name" in str(refused.value)

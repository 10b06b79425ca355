"""A tenant's day: upgrade, termination, and reruns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.provisioning.checks import Launch, inspect
from dr_catalog.provisioning.checks.left import PENDING, keys, left
from dr_catalog.stacks import StandaloneStack

from .conftest import PEER, REGION, TENANT, WITNESS, Identity, launch_of
from .test_launch import post

WITNESSED = ("--set", f"WitnessRegion={WITNESS}")
PURGE = ("--set", "DeletionProtection=false", "--set", "OnTermination=purge")


def test_launch_upgrade_and_terminate_leave_nothing_but_pending_keys(tenant: Identity) -> None:
    tenant.ok("launch", "warm-standby", "--suffix", "day", "--version", "1.0.0")
    before = launch_of(tenant, "day")
    tenant.ok("upgrade", "--suffix", "day", "--version", "1.1.0")
    assert launch_of(tenant, "day").endpoints == before.endpoints
    two_zones = ("--set", "Zones=2", "--set", "NatPerZone=true")
    tenant.ok("upgrade", "--suffix", "day", "--version", "1.2.0", *PURGE, *two_zones)
    before_recovery = launch_of(tenant, "day")
    assert post(before_recovery, transactionId="kept", amount="1").status == 201
    tenant.ok("upgrade", "--suffix", "day")
    (status,) = [each for each in tenant.json("status") if each["suffix"] == "day"]
    assert (status["version"], status["status"]) == ("1.3.0", "AVAILABLE")
    after = launch_of(tenant, "day")
    assert after.endpoints == before_recovery.endpoints == before.endpoints
    assert post(after, transactionId="kept", amount="1").status == 200
    assert post(after, transactionId="new", amount="1").status == 201
    assert [check for check in inspect(after) if not check.ok] == []

    tenant.client("s3").put_object(
        Bucket=names.BUCKET.of(suffix="day", account=TENANT, region=REGION), Key="a", Body=b"b"
    )
    tenant.ok("terminate", "--suffix", "day", "--yes")
    for region in (REGION, PEER):
        assert left(after, region) == []
        assert set(keys(after, region)) <= set(PENDING)


def test_a_rerun_of_a_launch_or_an_upgrade_changes_nothing(
    tenant: Identity, launched: Launch
) -> None:
    records = tenant.client("servicecatalog").list_record_history()["RecordDetails"]
    rerun = tenant.ok("launch", "warm-standby", "--suffix", launched.suffix, *WITNESSED)
    assert "already" in rerun.stderr
    tenant.ok("upgrade", "--suffix", launched.suffix)
    assert tenant.client("servicecatalog").list_record_history()["RecordDetails"] == records


def test_production_keeps_its_data_by_rule_of_the_portfolio(tenant: Identity) -> None:
    refused = tenant.run(
        "launch", "warm-standby", "--suffix", "prod", "--set", "OnTermination=purge"
    )
    assert refused.exit_code == 1
    assert "OnTermination must be retain" in refused.stderr
    tenant.ok("terminate", "--suffix", "prod", "--yes")


def test_plain_boto3_launches_the_same_and_the_command_follows_it(
    tenant: Identity, launched: Launch
) -> None:
    servicecatalog = tenant.client("servicecatalog")
    product = servicecatalog.search_products()["ProductViewSummaries"][0]
    described = servicecatalog.describe_product(Id=product["ProductId"])
    newest = next(each for each in described["ProvisioningArtifacts"] if each["Name"] == "1.3.0")
    servicecatalog.provision_product(
        ProductId=product["ProductId"],
        ProvisioningArtifactId=newest["Id"],
        ProvisionedProductName="dr-two",
        ProvisioningParameters=[
            {"Key": "EnvironmentSuffix", "Value": "two"},
            {"Key": "DeletionProtection", "Value": "false"},
            {"Key": "OnTermination", "Value": "purge"},
        ],
    )
    # As after an interruption: the same launch by the command finds it and waits for it.
    tenant.ok("launch", "warm-standby", "--suffix", "two", *PURGE)
    found = servicecatalog.search_provisioned_products(Filters={"SearchQuery": ["name:dr-two"]})
    assert found["TotalResultsCount"] == 1
    one, two = (resources(tenant, suffix) for suffix in (launched.suffix, "two"))
    # Only the rights to purge differ, which exist while OnTermination is purge, and the witness.
    assert {name.rstrip("0123456789ABCDEF") for _, name, _ in one ^ two} == {
        *("GuardPurge", "RecoveryDetectionLaunchSilentWitness", "WitnessStackSet")
    }
    assert {kind for _, _, kind in one} >= {"AWS::DynamoDB::GlobalTable", "AWS::KMS::ReplicaKey"}
    tenant.ok("terminate", "--suffix", "two", "--yes")


def test_the_tier_deploys_without_service_catalog(
    tenant: Identity, person: Callable[[str], Identity], tmp_path_factory: pytest.TempPathFactory
) -> None:
    import aws_cdk as cdk

    from dr_catalog.tiers import WarmStandby

    out = tmp_path_factory.mktemp("standalone")
    app = cdk.App(outdir=str(out), builtin_cloud_formation_validation=False)
    stack = StandaloneStack(
        app, "WarmStandby-own", tier=WarmStandby(), suffix="own", regions=(REGION, PEER)
    )
    app.synth()
    stack.add_files(out)
    administrator = person(TENANT)
    bucket = upload(
        administrator, json.loads((out / "WarmStandby-own.assets.json").read_text()), out
    )
    cloudformation = administrator.client("cloudformation")
    cloudformation.create_stack(
        StackName="WarmStandby-own",
        TemplateURL=f"https://s3.{REGION}.amazonaws.com/{bucket}/own.template.json",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": "DeletionProtection", "ParameterValue": "false"},
            {"ParameterKey": "OnTermination", "ParameterValue": "purge"},
        ],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="WarmStandby-own", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    launch = Launch(
        session=administrator.session(),
        account=TENANT,
        suffix="own",
        region=REGION,
        peer_region=PEER,
        endpoints={},
    )
    for region in (REGION, PEER):
        assert f"table {names.TABLE.of(suffix='own')}" in left(launch, region)
    cloudformation.delete_stack(StackName="WarmStandby-own")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName="WarmStandby-own", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    for region in (REGION, PEER):
        assert left(launch, region) == []


def upload(person: Identity, manifest: dict[str, Any], folder: Path) -> str:
    """Do what ``cdk deploy`` does with an asset manifest and a template, in the hub's buckets."""
    prefix = person.client("ssm").get_parameter(Name="/dr-catalog/asset-bucket-prefix")
    owner = prefix["Parameter"]["Value"].rpartition("-")[2]
    hub = Identity({**person.settings, "AWS_ACCESS_KEY_ID": owner})
    for file in manifest["files"].values():
        for destination in file["destinations"].values():
            if "region" in destination:
                hub.client("s3", destination["region"]).put_object(
                    Bucket=destination["bucketName"].replace("${AWS::AccountId}", owner),
                    Key=destination["objectKey"],
                    Body=(folder / file["source"]["path"]).read_bytes(),
                )
    bucket = names.ASSET_BUCKET.of(account=owner, region=REGION)
    hub.client("s3", REGION).put_object(
        Bucket=bucket,
        Key="own.template.json",
        Body=(folder / "WarmStandby-own.template.json").read_bytes(),
    )
    return bucket


def unprotect(tenant: Identity, suffix: str) -> None:
    tenant.client("ssm").put_parameter(
        Name=f"/dr/{suffix}/guard/deletion-protection", Value="false", Overwrite=True
    )


def resources(person: Identity, suffix: str) -> set[tuple[str, str, str]]:
    """Region, logical id and type of all that a launch made, in both regions."""
    found: set[tuple[str, str, str]] = set()
    for region in (REGION, PEER):
        cloudformation = person.client("cloudformation", region)
        for stack in cloudformation.describe_stacks()["Stacks"]:
            given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
            if given.get("EnvironmentSuffix") == suffix:
                found |= {
                    (region, each["LogicalResourceId"], each["ResourceType"])
                    for page in cloudformation.get_paginator("list_stack_resources").paginate(
                        StackName=stack["StackName"]
                    )
                    for each in page["StackResourceSummaries"]
                }
    return found


def settled(servicecatalog: Any, record: str) -> dict[str, Any]:
    import time

    while True:
        detail = servicecatalog.describe_record(Id=record)["RecordDetail"]
        if detail["Status"] not in ("CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR"):
            return detail
        time.sleep(0.05)


def failed(servicecatalog: Any, record: str) -> str:
    detail = settled(servicecatalog, record)
    assert detail["Status"] == "FAILED"
    return " ".join(error["Description"] for error in detail["RecordErrors"])

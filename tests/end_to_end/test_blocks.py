"""Layers as products of their own: launched one after the other under one suffix, and taken away again.

Through Service Catalog's own API, as from the console; in an embedded AWS where
the tiers besides warm standby are published as well.
"""

from __future__ import annotations

import runpy
from collections.abc import Mapping

import pytest

from dr_catalog import names
from dr_catalog.definitions import load_product
from dr_catalog.provisioning.checks import CHECKS, Launch, inspect
from dr_catalog.provisioning.checks.network import vpc

from .catalogs import ROOT
from .conftest import LAYERS, PEER, REGION, TENANT, Identity, environment
from .test_day import failed, settled
from .test_launch import found, get, post, until

PROTECTED = {"kms", "dynamodb", "aurora", "backup"}
SUFFIX = "alone"
FIRST = "1.0.0"


@pytest.fixture(scope="module")
def tenant(elsewhere: Identity) -> Identity:
    """Someone of the tenant team, where the layers are published."""
    return elsewhere


@pytest.fixture(scope="module")
def launched(tenant: Identity) -> Launch:
    """Each layer, launched after those that it needs; the first with a neighbour once too early."""
    catalog = tenant.client("servicecatalog")
    early = failed(catalog, provision(tenant, "vpc"))
    assert (
        f"layer 'kms' is not launched under the suffix '{SUFFIX}' in {REGION} and {PEER}: "
        "launch it first" in early
    )
    assert told(tenant) == {}
    assert settled(catalog, terminate(tenant, "vpc"))["Status"] == "SUCCEEDED"
    launch = runpy.run_path(str(ROOT / "examples/layers_one_by_one.py"))["launch"]
    outputs: dict[str, str] = {}
    for layer in LAYERS:
        if layer == "vpc":  # it begins with the first release, and is upgraded
            record = provision(tenant, layer, FIRST)
            assert settled(catalog, record)["Status"] == "SUCCEEDED", failed(catalog, record)
            continue
        if layer == "s3":
            fail_half_way(tenant)
        outputs |= (line.split(": ") for line in launch(catalog, suffix=SUFFIX, layer=layer))
    assert list(launch(catalog, suffix=SUFFIX, layer="kms")) == ["is launched already"]
    record = upgrade(tenant, "vpc")
    assert settled(catalog, record)["Status"] == "SUCCEEDED", failed(catalog, record)
    return Launch(
        session=tenant.session(),
        account=TENANT,
        suffix=SUFFIX,
        region=REGION,
        peer_region=PEER,
        endpoints={REGION: outputs["Endpoint"], PEER: outputs["PeerEndpoint"]},
    )


@pytest.mark.parametrize("region", [REGION, PEER])
@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_is_as_in_a_tier(launched: Launch, layer: str, region: str) -> None:
    (look,) = (each for each in CHECKS if each.__name__ == layer)
    checks = list(look(launched, region))
    assert checks
    assert [check for check in checks if not check.ok] == []


def test_a_transaction_posted_here_is_read_there(launched: Launch) -> None:
    first = post(launched, transactionId="t-1", amount="0.10")
    assert first.status == 201
    seen = until(lambda: found(get(launched, PEER, "transactions/t-1")))
    assert {**seen.body, "region": REGION} == first.body
    assert post(launched, PEER, transactionId="t-2", amount="1").status == 503


def test_the_tenants_commands_know_each_of_them(tenant: Identity, launched: Launch) -> None:
    with environment(tenant.settings):
        seen = {(check.layer, check.region, check.ok) for check in inspect(launched)}
    assert seen == {(layer, region, True) for layer in LAYERS for region in (REGION, PEER)}
    told = tenant.json("status", "--suffix", SUFFIX, "--health")
    assert [row["layer"] for row in told["launches"]] == [*LAYERS]
    assert [(each["region"], each["ready"]) for each in told["health"]] == [
        (REGION, True),
        (PEER, True),
    ]
    again = tenant.ok("launch", "kms", "--suffix", SUFFIX)
    assert "launched already" in again.stderr
    early = tenant.run("launch", "aurora", "--suffix", "other")
    assert "kms and vpc are not launched there" in early.stderr
    kept = tenant.run("terminate", "--suffix", SUFFIX, "--layer", "vpc", "--yes")
    assert f"why:  aurora, compute and recovery under '{SUFFIX}' need it" in kept.stderr
    which = tenant.run("terminate", "--suffix", SUFFIX, "--yes")
    assert "in this order, each before those that it needs: recovery, " in which.stderr
    assert (early.exit_code, kept.exit_code, which.exit_code) == (1, 1, 2)


def test_they_are_terminated_in_reverse_and_keep_their_data(
    tenant: Identity, launched: Launch
) -> None:
    catalog = tenant.client("servicecatalog")
    errors = failed(catalog, terminate(tenant, "vpc"))
    assert "nothing has been touched: aurora, compute, recovery use it" in errors
    assert [check for check in vpc(launched, REGION) if not check.ok] == []
    table = tenant.client("dynamodb", PEER)
    where = {"TableName": f"dr-recovery-{SUFFIX}", "Key": {"id": {"S": "lock"}}}
    table.update_item(
        **where,
        UpdateExpression="SET #run = :run",
        ExpressionAttributeNames={"#run": "run"},
        ExpressionAttributeValues={":run": {"S": "r-1"}},
    )
    assert "a recovery runs, the failover r-1" in failed(catalog, terminate(tenant, "recovery"))
    table.delete_item(**where)
    record = upgrade(tenant, "s3", DeletionProtection="false", OnTermination="purge")
    assert settled(catalog, record)["Status"] == "SUCCEEDED", failed(catalog, record)
    for layer in reversed(LAYERS):
        if layer in PROTECTED:
            errors = failed(catalog, terminate(tenant, layer))
            assert f"Layer '{layer}' of '{SUFFIX}' is not deleted" in errors
            tenant.client("ssm").put_parameter(
                Name=f"/dr/{SUFFIX}/{layer}/deletion-protection", Value="false", Overwrite=True
            )
        record = terminate(tenant, layer)
        assert settled(catalog, record)["Status"] == "SUCCEEDED", failed(catalog, record)
    assert told(tenant) == {}
    for region in (REGION, PEER):
        table = launched.client("dynamodb", region).describe_table(
            TableName=f"dr-transactions-{SUFFIX}"
        )["Table"]
        assert table["DeletionProtectionEnabled"] is True
        (cluster,) = launched.client("rds", region).describe_db_clusters()["DBClusters"]
        assert cluster["DeletionProtection"] is True
    assert launched.client("s3", REGION).list_buckets()["Buckets"] == []  # it was to be purged


def fail_half_way(tenant: Identity) -> None:
    """A launch of the documents fails when both buckets are there, and leaves neither behind."""
    catalog, logs = tenant.client("servicecatalog"), tenant.client("logs", PEER)
    taken = names.log_group(names.REPLICATOR.of(suffix=SUFFIX))
    logs.create_log_group(logGroupName=taken)
    errors = failed(catalog, provision(tenant, "s3"))
    assert "WorkloadStackSet" in errors
    assert f"'{taken}' already exists" in errors
    assert settled(catalog, terminate(tenant, "s3"))["Status"] == "SUCCEEDED"
    buckets = tenant.client("s3").list_buckets()["Buckets"]
    assert not [each for each in buckets if SUFFIX in each["Name"]]
    assert not [name for name in told(tenant) if "/s3/" in name]
    logs.delete_log_group(logGroupName=taken)


def provision(tenant: Identity, layer: str, version: str = "") -> str:
    """Ask for a launch of the layer; the record's id."""
    answer = tenant.client("servicecatalog").provision_product(
        ProductName=layer,
        ProvisioningArtifactName=version or default(layer),
        ProvisionedProductName=f"dr-{SUFFIX}.{layer}",
        ProvisioningParameters=[{"Key": "EnvironmentSuffix", "Value": SUFFIX}],
    )
    record: str = answer["RecordDetail"]["RecordId"]
    return record


def upgrade(tenant: Identity, layer: str, **parameters: str) -> str:
    """Ask for its upgrade to the default version, or a change of parameters; the record's id."""
    answer = tenant.client("servicecatalog").update_provisioned_product(
        ProvisionedProductName=f"dr-{SUFFIX}.{layer}",
        ProductName=layer,
        ProvisioningArtifactName=default(layer),
        ProvisioningParameters=[
            {"Key": "EnvironmentSuffix", "UsePreviousValue": True},
            *({"Key": key, "Value": value} for key, value in parameters.items()),
        ],
    )
    record: str = answer["RecordDetail"]["RecordId"]
    return record


def default(layer: str) -> str:
    """The version that product.yaml has launched by default."""
    found = load_product(ROOT / "products/layers" / layer).default
    assert found is not None
    return found.version


def terminate(tenant: Identity, layer: str) -> str:
    """Ask for its termination; the record's id."""
    answer = tenant.client("servicecatalog").terminate_provisioned_product(
        ProvisionedProductName=f"dr-{SUFFIX}.{layer}"
    )
    record: str = answer["RecordDetail"]["RecordId"]
    return record


def told(tenant: Identity) -> Mapping[str, str]:
    """What layers tell in both regions."""
    return {
        f"{region} {each['Name']}": each["Value"]
        for region in (REGION, PEER)
        for page in tenant.client("ssm", region)
        .get_paginator("get_parameters_by_path")
        .paginate(Path=f"/dr/{SUFFIX}", Recursive=True)
        for each in page["Parameters"]
    }

"""What protects a launch's data, and what its end leaves: of the launch that others only looked at.

The last file of its folder: no test after this one finds that launch.
"""

from __future__ import annotations

from dr_catalog import names
from dr_catalog.provisioning.checks import Launch, inspect
from dr_catalog.provisioning.checks.left import left

from .conftest import PEER, REGION, TENANT, WITNESS, Identity
from .test_day import failed, settled, unprotect


def test_a_protected_launch_is_not_terminated_and_nothing_is_touched(
    tenant: Identity, launched: Launch
) -> None:
    suffix = launched.suffix
    refused = tenant.run("terminate", "--suffix", suffix, "--yes")
    assert refused.exit_code == 1
    assert "--set DeletionProtection=false" in refused.stderr
    before = tenant.json("outputs", "--suffix", suffix)

    # Who terminates in the console meets the guard in the stack.
    servicecatalog = tenant.client("servicecatalog")
    record = servicecatalog.terminate_provisioned_product(ProvisionedProductName=f"dr-{suffix}")
    errors = failed(servicecatalog, record["RecordDetail"]["RecordId"])
    assert "nothing has been touched" in errors
    assert tenant.json("outputs", "--suffix", suffix) == before
    assert [check for check in inspect(launched) if not check.ok] == []

    # The way out that the message names: the parameter, then again.
    unprotect(tenant, suffix)
    record = servicecatalog.terminate_provisioned_product(ProvisionedProductName=f"dr-{suffix}")
    ended = settled(servicecatalog, record["RecordDetail"]["RecordId"])
    assert ended["Status"] == "SUCCEEDED"
    # OnTermination was retain: the data is still there, in both regions.
    ledger = names.LEDGER.of(suffix=suffix)
    assert left(launched, WITNESS) == [f"global cluster {ledger}"]  # which is in every region
    for region in (REGION, PEER):
        assert left(launched, region) == sorted(
            [
                f"bucket {names.BUCKET.of(suffix=suffix, account=TENANT, region=region)}",
                f"cluster {names.LEDGER_CLUSTER.of(suffix=suffix, region=region)}",
                f"global cluster {ledger}",
                "key Enabled",
                f"parameter group {ledger}",
                f"secret {names.LEDGER_SECRET.of(suffix=suffix)}",
                f"subnet group {ledger}",
                f"table {names.TABLE.of(suffix=suffix)}",
                f"vault {names.VAULT.of(suffix=suffix)}",
            ]
        )

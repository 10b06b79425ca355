"""What is looked at before an account is changed."""

from __future__ import annotations

import pytest

from dr_catalog.errors import SetupError, UsageError
from dr_catalog.publishing.entry import check_account_id, check_entry
from dr_catalog.translation import translated

from .conftest import HUB, PEER, STAGE, TENANT, Stubs


@pytest.mark.parametrize("account", ["", "1", "2222222222222", "22222222222a", "٢٢٢٢٢٢٢٢٢٢٢٢"])
def test_an_account_id_has_twelve_digits(account: str) -> None:
    with pytest.raises(UsageError, match="is not an account id") as caught:
        check_account_id(account)
    assert caught.value.exit_code == 2
    check_account_id("022222222222")


def test_the_hubs_credentials_enter_both_regions(stubs: Stubs) -> None:
    stubs.callers()
    check_entry(stubs.accounts, stage=STAGE, account=TENANT)


def test_other_credentials_than_the_hubs_are_refused(stubs: Stubs) -> None:
    stubs.accounts.__dict__["own"] = TENANT
    with pytest.raises(SetupError, match=f"the hub of stage dev, account {HUB}") as caught:
        check_entry(stubs.accounts, stage=STAGE, account=TENANT)
    assert caught.value.why == f"the credentials are of account {TENANT}"
    assert f"use credentials of {HUB}" in caught.value.hint


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "UnrecognizedClientException"])
def test_a_region_that_the_account_has_disabled_is_named(stubs: Stubs, code: str) -> None:
    stubs.callers()
    peer = stubs("sts", TENANT, PEER)
    peer._queue.clear()
    peer.add_client_error("get_caller_identity", code, "The security token is invalid", 403)
    with pytest.raises(SetupError, match=f"account {TENANT} can't use region {PEER}") as caught:
        check_entry(stubs.accounts, stage=STAGE, account=TENANT)
    assert caught.value.why == "The security token is invalid"
    assert f"aws account enable-region --region-name {PEER}" in caught.value.hint


def test_what_else_goes_wrong_there_is_told_as_it_is(stubs: Stubs) -> None:
    stubs("sts", HUB).add_client_error("get_caller_identity", "ExpiredToken", "gone", 403)
    with pytest.raises(SetupError, match="have expired"), translated(endpoint=None):
        check_entry(stubs.accounts, stage=STAGE, account=TENANT)

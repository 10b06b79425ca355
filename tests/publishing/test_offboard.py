"""Offboarding: which launches hold it up, and that one which comes in between does too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dr_catalog.errors import PublishError
from dr_catalog.publishing.offboard import Attached, Held, Offboarding, OffboardingPlan

from .conftest import PEER, REGION, STAGE, TENANT, Stubs

OURS = f"arn:aws:iam::{TENANT}:role/dr-catalog-launch-warm-standby"
THEIRS = f"arn:aws:iam::{TENANT}:role/another-catalog"
ACCOUNT = {"AccessLevelFilter": {"Key": "Account", "Value": "self"}}


@pytest.fixture
def offboarding(stubs: Stubs, catalog: Path) -> Offboarding:
    return Offboarding(
        root=catalog, stage="dev", account=TENANT, accounts=stubs.accounts, say=lambda line: None
    )


def launch(key: str, name: str) -> dict[str, Any]:
    return {
        "Id": key,
        "Name": name,
        "ProductId": "prod-1",
        "ProvisioningArtifactId": "pa-1",
    }


def launched(
    stubs: Stubs, region: str, *rows: tuple[dict[str, Any], str | None], named: bool = True
) -> None:
    """What a region's scan finds, under which role each was launched, and what the search knows."""
    stub = stubs("servicecatalog", TENANT, region)
    pages = [[row] for row in rows] or [[]]
    for number, page in enumerate(pages):
        more = {"NextPageToken": "next"} if number + 1 < len(pages) else {}
        asked = {"PageToken": "next"} if number else {}
        found = {"ProvisionedProducts": [detail for detail, _ in page], **more}
        stub.add_response("scan_provisioned_products", found, {**ACCOUNT, **asked})
        for detail, role in page:
            answer = {**detail, **({"LaunchRoleArn": role} if role else {})}
            stub.add_response(
                "describe_provisioned_product",
                {"ProvisionedProductDetail": answer},
                {"Id": detail["Id"]},
            )
    if any(role != THEIRS for _, role in rows):
        known = [
            {**detail, "ProductName": "warm-standby", "ProvisioningArtifactName": "1.2.0"}
            for detail, _ in rows
        ]
        stub.add_response(
            "search_provisioned_products",
            {"ProvisionedProducts": known if named else []},
            ACCOUNT,
        )


def test_every_launch_of_either_region_is_listed(stubs: Stubs, offboarding: Offboarding) -> None:
    launched(
        stubs,
        REGION,
        (launch("pp-1", "dr-dev"), OURS),
        (launch("pp-2", "wiki"), THEIRS),
        (launch("pp-3", "unknown"), None),
    )
    launched(stubs, PEER, (launch("pp-4", "dr-test"), OURS), named=False)
    with pytest.raises(PublishError, match="3 launches are there") as caught:
        offboarding._check_nothing_launched(STAGE)
    assert caught.value.why == (
        f"'dev' (warm-standby 1.2.0) in {REGION}, 'unknown' (warm-standby 1.2.0) in {REGION}, "
        f"'test' (prod-1 pa-1) in {PEER}"
    )
    assert f"dr-catalog terminate --suffix dev --region {REGION}" in caught.value.hint


def test_a_layer_is_terminated_by_its_name(stubs: Stubs, offboarding: Offboarding) -> None:
    launched(stubs, REGION, (launch("pp-1", "dr-dev.vpc"), OURS))
    launched(stubs, PEER)
    with pytest.raises(PublishError) as caught:
        offboarding._check_nothing_launched(STAGE)
    assert caught.value.why == f"'dev' (warm-standby 1.2.0) in {REGION}"
    assert f"terminate --suffix dev --layer vpc --region {REGION}" in caught.value.hint


def test_what_another_catalog_launched_holds_nothing_up(
    stubs: Stubs, offboarding: Offboarding
) -> None:
    launched(stubs, REGION, (launch("pp-2", "wiki"), THEIRS))
    launched(stubs, PEER)
    offboarding._check_nothing_launched(STAGE)


def test_a_launch_that_comes_in_between_keeps_its_roles(
    stubs: Stubs, offboarding: Offboarding
) -> None:
    """Principals go, and nothing after them: no stack and no share is asked for."""
    principal = ("arn:aws:iam:::role/dr-tenant", "IAM_PATTERN")
    plan = OffboardingPlan(
        account=TENANT,
        stage=STAGE,
        regions=tuple(
            Attached(
                region=region,
                portfolios=tuple(
                    Held(name=name, id=key, share=True, principals=(principal,))
                    for name, key in (("Tiers", "port-1"), ("Blocks", "port-2"))
                ),
                parameters=True,
            )
            for region in (REGION, PEER)
        ),
        roles=True,
    )
    for region in (REGION, PEER):
        stubs("cloudformation", TENANT, region)
        for key in ("port-1", "port-2"):
            stubs("servicecatalog", TENANT, region).add_response(
                "disassociate_principal_from_portfolio",
                {},
                {
                    "PortfolioId": key,
                    "PrincipalARN": principal[0],
                    "PrincipalType": principal[1],
                },
            )
    launched(stubs, REGION, (launch("pp-1", "dr-dev"), OURS))
    launched(stubs, PEER)
    with pytest.raises(PublishError, match="1 launch is there") as caught:
        offboarding.run(plan)
    assert "nobody can launch there any more" in caught.value.why

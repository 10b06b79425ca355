"""What a tenant can get wrong, or find wrong: one clear error each, with a hint and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from dr_catalog import names
from dr_catalog.errors import NotFoundError
from dr_catalog.provisioning.model import PLAN_IN_PROGRESS
from dr_catalog.translation import translated
from tests.provisioning.fakes import ONE, PRODUCT, TWO, launch, stack

LAUNCH = ("launch", "warm-standby", "--suffix", "demo")
PLAN = ("plan", *LAUNCH[1:])
UPGRADE = ("upgrade", "--suffix", "demo")


def nothing(aws: Any) -> None:
    aws.plans.return_value = ()


def taken(aws: Any) -> None:
    """Another tier stands under the suffix."""
    nothing(aws)
    aws.launch.return_value = launch(product_id="prod-9")
    other = replace(PRODUCT, id="prod-9", name="pilot-light")
    aws.product.side_effect = lambda *, name="", product_id="": (
        other if product_id == "prod-9" else PRODUCT
    )


def held(aws: Any) -> None:
    aws.launch.return_value = launch(status=PLAN_IN_PROGRESS, last_record="")


def launched(aws: Any) -> None:
    nothing(aws)
    aws.launch.return_value = launch()


def withdrawn(aws: Any) -> None:
    """The launched version is inactive."""
    launched(aws)
    aws.product.return_value = replace(PRODUCT, versions=(TWO,))


def no_product(aws: Any) -> None:
    aws.product.side_effect = NotFoundError("not found")


def wrong_account(aws: Any) -> None:
    no_product(aws)
    aws.products.return_value = ()


def no_peer(aws: Any) -> None:
    nothing(aws)
    aws.setting.side_effect = NotFoundError("GetParameter: not found")


def refused(code: str) -> Callable[[Any], None]:
    def setup(aws: Any) -> None:
        def call(**_: Any) -> Any:
            with translated(endpoint=None):
                raise ClientError(
                    {"Error": {"Code": code, "Message": "because"}}, "DescribeProduct"
                )

        aws.product.side_effect = call

    return setup


def no_credentials(aws: Any) -> None:
    def call(**_: Any) -> Any:
        with translated(endpoint=None):
            raise NoCredentialsError

    aws.product.side_effect = call


@pytest.mark.parametrize(
    ("setup", "words", "code", "says", "hint"),
    [
        (nothing, (*LAUNCH[:3], "Demo!"), 2, "'Demo!' is not a valid", "such as 'dev'"),
        (nothing, (*PLAN[:3], "a"), 2, "'a' is not a valid", "such as 'dev'"),
        (nothing, ("events", "--suffix", "a--b"), 2, "is not a valid", "such as 'dev'"),
        (taken, LAUNCH, 1, "pilot-light", "choose another --suffix"),
        (taken, PLAN, 1, "is taken by another product", "choose another --suffix"),
        (held, LAUNCH, 1, "is held by a plan", "dr-catalog plan --suffix demo"),
        (held, UPGRADE, 1, "is held by a plan", "dr-catalog plan --suffix demo"),
        (held, ("status", "--suffix", "demo"), 1, "is held by a plan", "dr-catalog plan"),
        (held, ("terminate", "--suffix", "demo", "--yes"), 1, "is held by a plan", "plan"),
        (nothing, UPGRADE, 1, "nothing is launched", "dr-catalog status"),
        (nothing, ("events", "--suffix", "demo"), 1, "nothing is launched", "status"),
        (no_product, ("describe", "warm-stanby"), 1, "no product", "'warm-standby'?"),
        (no_product, ("launch", "warm-stanby", "--suffix", "demo"), 1, "no product", "standby'?"),
        (nothing, (*LAUNCH, "--version", "1.1.1"), 1, "no version 1.1.1", "'1.1.0'?"),
        (nothing, ("describe", "warm-standby", "--version", "9"), 1, "no version 9", ""),
        (nothing, (*LAUNCH, "--version", "0.9.0"), 1, "is deprecated", "--version 1.0.0"),
        (nothing, (*PLAN, "--version", "0.9.0"), 1, "is deprecated", "--version 1.0.0"),
        (withdrawn, (*UPGRADE, "--set", "Size=large"), 1, "no longer active", "--version 1.1.0"),
        (nothing, (*LAUNCH, "--set", "Sizes=large"), 2, "no parameter 'Sizes'", "'Size'?"),
        (nothing, (*PLAN, "--set", "Size=larg"), 2, "not one of small, large", "'large'?"),
        (launched, (*UPGRADE, "--version", "1.1.0", "--set", "Cidr=x"), 2, "not match", ""),
        (nothing, (*LAUNCH, "--set", "Size"), 2, "not a Name=Value pair", ""),
        (no_peer, LAUNCH, 1, "us-east-1 has no peer region", "another --region"),
        (no_peer, PLAN, 1, names.PEER_REGION_PARAMETER, "onboard the account"),
        (wrong_account, LAUNCH, 1, "account 222222222222", "right account"),
        (no_credentials, LAUNCH, 1, "no AWS credentials", "aws sso login"),
        (refused("ExpiredTokenException"), LAUNCH, 1, "have expired", "sign in again"),
        (refused("ThrottlingException"), PLAN, 1, "throttles", "wait a minute"),
        (refused("AccessDeniedException"), LAUNCH, 1, "may not call", "ask the platform team"),
    ],
)
def test_one_clear_error(aws, run, setup, words, code, says, hint):
    setup(aws)
    aws.stack.return_value = stack()
    done = run(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.count("error: ") == 1
    assert says in done.stderr
    assert hint in done.stderr.partition("hint: ")[2]
    aws.provision.assert_not_called()
    aws.update.assert_not_called()
    aws.make_plan.assert_not_called()


def test_a_malformed_file_names_line_and_field(aws, run, tmp_path):
    nothing(aws)
    path = tmp_path / "values.yaml"
    path.write_text("Size: large\nZones: [2, 3]\n")
    for words in (LAUNCH, PLAN, UPGRADE):
        done = run(*words, "--parameters", str(path))
        assert done.exit_code == 2
        assert f"error: {path}, line 2: Zones is a list\n  why:  expected a text" in done.stderr


def test_an_endpoint_that_is_down_is_said(run, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "222222222222",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    done = run("status", "--region", "us-east-1")
    assert done.exit_code == 1
    assert "http://127.0.0.1:9 can't be reached" in done.stderr
    assert "dr-catalog local up" in done.stderr


def test_the_default_version_of_the_fake_is_not_deprecated():
    """The rows above stand on it."""
    assert PRODUCT.default == ONE

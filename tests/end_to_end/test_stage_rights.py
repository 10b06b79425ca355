"""What the pipeline's roles may do in a stage, held against what the commands really call.

The emulator weighs no policy of who calls it, so the calls are noted and each is looked up in the
synthesised role.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from dr_catalog import canary, provisioning
from dr_catalog.definitions import load_catalog
from dr_catalog.promotion.standing import standing
from dr_catalog.provisioning import checks
from dr_catalog.provisioning.checks.left import left
from dr_catalog.publishing import Accounts

from .conftest import PEER, REGION, Identity, environment, recorded

# Where IAM calls an operation by another name.
ACTIONS = {
    "s3:HeadObject": "s3:GetObject",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
}
SERVICES = {"stepfunctions": "states"}  # and some services
FREE = {"sts:GetCallerIdentity"}  # everyone may


def missing(synthesised: Mapping[str, str], role: str, calls: set[tuple[str, str]]) -> set[str]:
    """Of these calls, those that the role in dev has no right to."""
    template = json.loads(synthesised["StageAccess-dev"])
    (properties,) = (
        each["Properties"]
        for each in template["Resources"].values()
        if each["Properties"]["RoleName"] == role
    )
    allowed = [
        action
        for policy in properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    ]
    actions = {
        "apigateway:GET"
        if service == "apigateway" and operation.startswith("Get")
        else ACTIONS.get(f"{service}:{operation}", f"{service}:{operation}")
        for service, operation in ((SERVICES.get(name, name), called) for name, called in calls)
    }
    return {
        action
        for action in actions - FREE
        if not any(fnmatchcase(action, pattern) for pattern in allowed)
    }


@pytest.mark.usefixtures("hub")
def test_publishing_calls_what_its_role_may(
    synthesised: Mapping[str, str], calls_of_publish: set[tuple[str, str]]
) -> None:
    assert ("cloudformation", "ExecuteChangeSet") in calls_of_publish
    assert ("servicecatalog", "ListProvisioningArtifacts") in calls_of_publish
    assert missing(synthesised, "dr-catalog-publish", calls_of_publish) == set()


def test_a_canary_calls_what_its_role_may(
    synthesised: Mapping[str, str], launched: checks.Launch
) -> None:
    calls: set[tuple[str, str]] = set()
    with recorded(calls):
        assert checks.inspect(launched)
        for region in (REGION, PEER):
            left(launched, region)
    assert len(calls) > 50
    calls |= named_in(provisioning, "aws.py") | named_in(canary, "records.py")
    assert ("servicecatalog", "TerminateProvisionedProduct") in calls
    assert ("ssm", "DeleteParameters") in calls
    assert missing(synthesised, "dr-catalog-canary", calls) == set()


def test_the_stages_beside_call_what_their_reader_may(
    synthesised: Mapping[str, str], hub: Identity, catalog: Path
) -> None:
    calls: set[tuple[str, str]] = set()
    dev = load_catalog(catalog).pipeline.stages[0]
    with environment(hub.settings), recorded(calls):
        there = standing(dev, Accounts())
    assert there.unreachable == ""
    assert ("servicecatalog", "ListProvisioningArtifacts") in calls
    assert missing(synthesised, "dr-catalog-reader", calls) == set()


def named_in(package: object, file: str) -> set[tuple[str, str]]:
    """The operations of the services a launch goes through that a module names."""
    source = Path(str(package.__file__)).with_name(file).read_text()  # type: ignore[attr-defined]
    words = set(re.findall(r"[\"'.]([a-z_]+)[\"'(]", source))
    session = botocore.session.get_session()
    return {
        (service, operation)
        for service in ("servicecatalog", "cloudformation", "ssm")
        for operation in session.get_service_model(service).operation_names
        if xform_name(operation) in words
    }

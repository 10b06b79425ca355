"""The pipeline's template: the order of its actions, what each may do, and whom it tells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from .conftest import CONNECTION, ROOT, TOPIC, Synthesised, rights, text

ACCOUNT = "555555555555"
LOGS = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/dr-catalog/dr-catalog"
ARTIFACTS = f"arn:aws:s3:::dr-catalog-artifacts-{ACCOUNT}-us-east-1"
SOURCE = f"arn:aws:s3:::dr-catalog-source-{ACCOUNT}-us-east-1"
KEY = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
STEPS = ["assets", "portfolio", "guidance", "digests"]


def test_the_order_is_that_of_the_contract(ours: Synthesised) -> None:
    assert {name: ours.actions(name) for name in ours.stages} == {
        "Source": ["source"],
        "Checks": ["test", "verify"],
        "dev": [*STEPS, "canary"],
        "staging": [*STEPS, "canary", "changes", "approval"],
        "prod": STEPS,
    }
    assert list(ours.stages) == ["Source", "Checks", "dev", "staging", "prod"]
    for actions in ours.stages.values():  # one after the other
        assert [each["RunOrder"] for each in actions] == list(range(1, len(actions) + 1))


def test_gates_and_tests_are_what_the_definition_asks_for(
    synthesised: Mapping[str, Synthesised],
) -> None:
    bare, gates = synthesised["bare"], synthesised["gates"]
    assert bare.actions("Checks") == gates.actions("Checks") == ["verify"]
    assert bare.actions("only") == STEPS
    assert gates.actions("a") == [*STEPS, "canary", "changes", "approval"]
    assert gates.actions("b") == [*STEPS, "changes", "approval"]
    assert gates.actions("c") == [*STEPS, "canary"]
    projects = gates.of_type("AWS::CodeBuild::Project")
    assert projects["tiers-build-a-canary"]["TimeoutInMinutes"] == 30 + 360
    assert projects["tiers-build-c-canary"]["TimeoutInMinutes"] == 360


def test_a_newer_commit_supersedes(ours: Synthesised) -> None:
    (pipeline,) = ours.of_type("AWS::CodePipeline::Pipeline").values()
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "SUPERSEDED")
    store = pipeline["ArtifactStore"]
    assert f"arn:aws:s3:::{store['Location']}" == ARTIFACTS
    assert text(store["EncryptionKey"]["Id"]) == "<key>"


def test_the_key_is_taken_from_the_stack_before(synthesised: Mapping[str, Synthesised]) -> None:
    for each in synthesised.values():
        taken = set(re.findall(r"'Fn::ImportValue': '([^']+)'", str(each.pipeline)))
        (given,) = (out["Export"]["Name"] for out in each.store["Outputs"].values())
        assert taken == {given}


def test_every_stage_begins_with_what_was_verified(ours: Synthesised) -> None:
    reads = {
        f"{name}/{action['Name']}": [each["Name"] for each in action.get("InputArtifacts", ())]
        for name, actions in ours.stages.items()
        for action in actions
    }
    before = {"Source/source": [], "Checks/test": ["source"], "Checks/verify": ["source"]}
    assert reads == {
        name: before.get(name, [] if name.endswith("approval") else ["verified"]) for name in reads
    }
    writes = {
        action["Name"]: [each["Name"] for each in action["OutputArtifacts"]]
        for actions in ours.stages.values()
        for action in actions
        if action.get("OutputArtifacts")
    }
    assert writes == {"source": ["source"], "verify": ["verified"]}


def test_each_build_runs_its_specification(ours: Synthesised) -> None:
    projects = ours.of_type("AWS::CodeBuild::Project")
    for name, project in projects.items():
        *_, action = name.split("-")
        spec = "publish" if action in STEPS else action
        inlined = yaml.safe_load(project["Source"]["BuildSpec"])
        file = ROOT / f"pipeline/buildspecs/{spec}.yaml"
        assert inlined == yaml.safe_load(file.read_text())
        assert inlined["phases"]["install"]["runtime-versions"] == {"python": "3.11"}
        stage = re.fullmatch(r"dr-catalog-build-(?:(\w+)-)?\w+", name)
        assert stage is not None
        assert {each["Name"]: each["Value"] for each in variables(project)} == {
            **({"STAGE": stage[1]} if stage[1] else {}),
            **({"STEP": action} if action in STEPS else {}),
        }
    ran = [
        text(action["Configuration"]["ProjectName"]).strip("<>")
        for actions in ours.stages.values()
        for action in actions
        if "ProjectName" in action.get("Configuration", {})
    ]
    assert len(ran) == len(set(ran)) == len(projects) == 17


def variables(project: Mapping[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = project["Environment"].get("EnvironmentVariables", [])
    return found


def test_builds_are_bounded_private_and_logged(ours: Synthesised) -> None:
    for name, project in ours.of_type("AWS::CodeBuild::Project").items():
        environment, log = project["Environment"], project["LogsConfig"]["CloudWatchLogs"]
        assert environment["Image"] == "aws/codebuild/amazonlinux-x86_64-standard:5.0"
        assert environment.get("PrivilegedMode", False) is False
        assert project["ConcurrentBuildLimit"] == 1
        assert 5 <= project["TimeoutInMinutes"] <= 2160
        assert text(project["EncryptionKey"]) == "<key>"
        assert log == {
            "Status": "ENABLED",
            "GroupName": "/dr-catalog/dr-catalog",
            "StreamName": name,
        }


ENTERS = {
    **{f"dev-{step}": {"111111111111:role/dr-catalog-publish"} for step in STEPS},
    **{
        f"staging-{step}": {
            "333333333333:role/dr-catalog-publish",
            "111111111111:role/dr-catalog-reader",
        }
        for step in STEPS
    },
    **{
        f"prod-{step}": {
            "444444444444:role/dr-catalog-publish",
            "333333333333:role/dr-catalog-reader",
        }
        for step in STEPS
    },
    "dev-canary": {"111111111111:role/dr-catalog-canary"},
    "staging-canary": {"333333333333:role/dr-catalog-canary"},
    "staging-changes": {"444444444444:role/dr-catalog-reader"},
    "verify": set(),
    "test": set(),
}


@pytest.mark.parametrize("build", ENTERS)
def test_a_builds_role_does_its_own_work_alone(ours: Synthesised, build: str) -> None:
    name = f"dr-catalog-build-{build}"
    role = ours.of_type("AWS::IAM::Role")[name]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "codebuild.amazonaws.com"}
    project = f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/{name}"
    assert text(trust["Condition"]["ArnEquals"]["aws:SourceArn"]) == project
    artifact = "source" if build in ("verify", "test") else "verified"
    expected = {
        "logs:CreateLogStream": {LOGS, f"{LOGS}:log-stream:{name}/*"},
        "logs:PutLogEvents": {LOGS, f"{LOGS}:log-stream:{name}/*"},
        "s3:GetBucketAcl": {ARTIFACTS},
        "s3:GetBucketLocation": {ARTIFACTS},
        "s3:GetObject": {f"{ARTIFACTS}/dr-catalog/{artifact}/*"},
        "s3:GetObjectVersion": {f"{ARTIFACTS}/dr-catalog/{artifact}/*"},
        **{action: {"<key>"} for action in KEY},
    }
    if build == "verify":
        expected["s3:PutObject"] = {f"{ARTIFACTS}/dr-catalog/verified/*"}
    if ENTERS[build]:
        expected["sts:AssumeRole"] = {f"arn:aws:iam::{each}" for each in ENTERS[build]}
    assert rights(role) == expected


def test_no_other_role_than_these_is_there(ours: Synthesised) -> None:
    assert set(ours.of_type("AWS::IAM::Role")) == {
        *(f"dr-catalog-build-{build}" for build in ENTERS),
        "dr-catalog-pipeline",
        "dr-catalog-start",
    }


def test_the_pipelines_role_starts_its_builds_and_asks_its_topics(ours: Synthesised) -> None:
    projects = {
        f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/dr-catalog-build-{build}"
        for build in ENTERS
    }
    of_source = {f"{SOURCE}/catalog.zip"}
    assert rights(ours.of_type("AWS::IAM::Role")["dr-catalog-pipeline"]) == {
        "codebuild:BatchGetBuilds": projects,
        "codebuild:StartBuild": projects,
        "s3:GetBucketAcl": {ARTIFACTS, SOURCE},
        "s3:GetBucketLocation": {ARTIFACTS, SOURCE},
        "s3:GetBucketVersioning": {ARTIFACTS, SOURCE},
        "s3:GetObject": {f"{ARTIFACTS}/dr-catalog/*"} | of_source,
        "s3:GetObjectVersion": {f"{ARTIFACTS}/dr-catalog/*"} | of_source,
        "s3:GetObjectTagging": of_source,
        "s3:GetObjectVersionTagging": of_source,
        "s3:PutObject": {f"{ARTIFACTS}/dr-catalog/*"},
        "sns:Publish": {f"arn:aws:sns:us-east-1:{ACCOUNT}:dr-catalog-staging"},
        **{action: {"<key>"} for action in KEY},
    }


def test_a_new_file_starts_it(ours: Synthesised) -> None:
    (source,) = ours.stages["Source"]
    assert source["ActionTypeId"]["Provider"] == "S3"
    assert source["Configuration"] == {
        "S3Bucket": f"dr-catalog-source-{ACCOUNT}-us-east-1",
        "S3ObjectKey": "catalog.zip",
        "PollForSourceChanges": "false",
    }
    rule = ours.of_type("AWS::Events::Rule")["dr-catalog-start"]
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": [f"dr-catalog-source-{ACCOUNT}-us-east-1"]},
        "object": {"key": ["catalog.zip"]},
    }
    arn = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:<Pipeline>"
    assert [text(each["Arn"]) for each in rule["Targets"]] == [arn]
    role = ours.of_type("AWS::IAM::Role")["dr-catalog-start"]
    assert rights(role) == {"codepipeline:StartPipelineExecution": {arn}}
    buckets = {
        each["Properties"]["BucketName"]: each["Properties"]
        for each in ours.store["Resources"].values()
        if each["Type"] == "AWS::S3::Bucket"
    }
    told = buckets[f"dr-catalog-source-{ACCOUNT}-us-east-1"]["NotificationConfiguration"]
    assert told == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_a_repository_needs_its_connection_alone(synthesised: Mapping[str, Synthesised]) -> None:
    bare = synthesised["bare"]
    (source,) = bare.stages["Source"]
    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert source["Configuration"] == {
        "ConnectionArn": CONNECTION,
        "FullRepositoryId": "team/tiers",
        "BranchName": "main",
        "OutputArtifactFormat": "CODE_ZIP",
    }
    role = rights(bare.of_type("AWS::IAM::Role")["tiers-pipeline"])
    assert role["codeconnections:UseConnection"] == {CONNECTION}
    assert "sns:Publish" not in role  # nobody is asked
    everywhere = str(synthesised["ours"].pipeline) + str(bare.pipeline)
    assert everywhere.count("UseConnection") == 1
    assert "tiers-start" not in bare.of_type("AWS::Events::Rule")
    kinds = [each["Type"] for each in bare.store["Resources"].values()]
    assert kinds.count("AWS::S3::Bucket") == 1


def test_an_approval_shows_the_changes_and_ends(synthesised: Mapping[str, Synthesised]) -> None:
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:dr-catalog-staging"
    for name, stage, minutes, notified in (
        ("ours", "staging", 72 * 60, topic),
        ("gates", "a", 2 * 60, TOPIC),
    ):
        *_, changes, approval = synthesised[name].stages[stage]
        assert approval["ActionTypeId"]["Category"] == "Approval"
        assert approval["TimeoutInMinutes"] == minutes
        assert text(approval["Configuration"]["NotificationArn"]) == notified
        assert approval["Configuration"]["CustomData"] == f"#{{{changes['Namespace']}.CHANGES}}"
        project = text(changes["Configuration"]["ProjectName"]).strip("<>")
        spec = synthesised[name].pipeline["Resources"][project]["Properties"]["Source"]["BuildSpec"]
        assert yaml.safe_load(spec)["env"]["exported-variables"] == ["CHANGES"]


def test_each_failure_is_told_to_its_stages_topic(synthesised: Mapping[str, Synthesised]) -> None:
    told = {
        name: {
            stage: text(target["Arn"])
            for rule in synthesised[name].of_type("AWS::Events::Rule").values()
            if rule["EventPattern"]["source"] == ["aws.codepipeline"]
            for stage in rule["EventPattern"]["detail"]["stage"]
            for target in rule["Targets"]
        }
        for name in ("ours", "gates")
    }
    topics = f"arn:aws:sns:us-east-1:{ACCOUNT}:dr-catalog-"
    assert told["ours"] == {
        "Source": f"{topics}dev",
        "Checks": f"{topics}dev",
        "dev": f"{topics}dev",
        "staging": f"{topics}staging",
        "prod": f"{topics}prod",
    }
    assert list(told["ours"]) == list(synthesised["ours"].stages)
    assert (told["gates"]["Source"], told["gates"]["a"]) == (TOPIC, TOPIC)
    assert told["gates"]["c"].endswith(":tiers-c")  # a topic, though nobody is named
    mails = {
        name: [
            each["Properties"]["Endpoint"]
            for each in synthesised[name].store["Resources"].values()
            if each["Type"] == "AWS::SNS::Subscription"
        ]
        for name in told
    }
    assert mails == {"ours": ["platform@example.com"] * 3, "gates": ["b@example.com"]}
    for rule in synthesised["ours"].of_type("AWS::Events::Rule").values():
        if rule["EventPattern"]["source"] == ["aws.codepipeline"]:
            assert rule["EventPattern"]["detail"]["state"] == ["FAILED"]
            assert rule["EventPattern"]["detail"]["pipeline"] == ["dr-catalog"]
            (target,) = rule["Targets"]
            said = target["InputTransformer"]["InputTemplate"]
            for variable, path in target["InputTransformer"]["InputPathsMap"].items():
                assert path.startswith("$.detail.")
                assert f"<{variable}>" in said
                said = said.replace(f"<{variable}>", "x")
            assert json.loads(said).startswith("Pipeline dr-catalog failed in x. To see where: aws")
            assert "<" not in said

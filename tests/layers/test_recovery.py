"""Seed row "README": failover was a planned switchover that needs a healthy primary.

What recovers stands in the peer, knows all it needs by heart, and is started by votes or a person.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from dr_catalog.handlers.recovery import procedures
from dr_catalog.layers._code import HANDLERS
from dr_catalog.layers.recovery import INPUT, METRIC, NAMESPACE, definition
from dr_catalog.releases import lint

from .operations import ACCOUNT, PEER, REGION, ROLES, WITNESS, templates
from .reading import Template, actions, of_type, only, resources, statements, text

MACHINE = "arn:<Partition>:states:<Region>:<AccountId>:stateMachine:dr-recovery-<EnvironmentSuffix>"
FUNCTION = "arn:aws:lambda:eu-north-1:444444444444:function:dr-recovery-task-dev-1"


def peer(kind: str = "neutral") -> Template:
    return templates()[kind, "peer"]


def alarm(template: Template, name: str) -> dict[str, Any]:
    """The properties of the alarm with this name, of either kind."""
    (found,) = [
        each["Properties"]
        for kind in ("Alarm", "CompositeAlarm")
        for each in of_type(template, f"AWS::CloudWatch::{kind}")
        if text(template, each["Properties"]["AlarmName"]).startswith(f"dr-{name}-")
    ]
    return found


def function(template: Template, name: str) -> dict[str, Any]:
    (found,) = [
        each["Properties"]
        for each in of_type(template, "AWS::Lambda::Function")
        if text(template, each["Properties"]["FunctionName"]).startswith(f"dr-{name}-")
    ]
    return found


def rule(template: Template, name: str) -> dict[str, Any]:
    (found,) = [
        each["Properties"]
        for each in of_type(template, "AWS::Events::Rule")
        if text(template, each["Properties"]["Name"]).startswith(f"dr-{name}-")
    ]
    return found


def only_table(template: Template) -> str:
    """The logical id of the state table."""
    (name,) = (
        name
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::DynamoDB::GlobalTable"
    )
    return name


@cache
def machine() -> dict[str, Any]:
    return definition(partition="aws", function_arn=FUNCTION)


# The state table.


@pytest.mark.parametrize("role", ROLES)
def test_each_region_has_a_state_table_that_nothing_replicates(role: str) -> None:
    table = only(templates()["neutral", role], "AWS::DynamoDB::GlobalTable")["Properties"]
    (replica,) = table["Replicas"]
    assert replica["Region"] == {"Ref": "AWS::Region"}
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert replica["SSESpecification"]["KMSMasterKeyId"]
    assert {tag["Key"]: tag["Value"] for tag in replica["Tags"]}["dr:backup"] == "off"
    assert (table["BillingMode"], table["KeySchema"]) == (
        "PAY_PER_REQUEST",
        [{"AttributeName": "id", "KeyType": "HASH"}],
    )


# The votes.


@pytest.mark.parametrize("role", ROLES)
def test_a_probe_asks_the_launch_region_and_tells_the_peer(role: str) -> None:
    template = templates()["neutral", role]
    told = function(template, "probe")["Environment"]["Variables"]
    assert told["ENDPOINT"] == {"Ref": "LaunchEndpoint"}
    assert told["PEER_REGION"] == {"Ref": "PeerRegion" if role == "launch" else "AWS::Region"}
    assert rule(template, "probe")["ScheduleExpression"] == "rate(1 minute)"
    publish = [each for each in statements(template, "Probe") if each["Sid"] == "Publish"]
    assert publish[0]["Condition"] == {
        "StringEquals": {
            "aws:RequestedRegion": told["PEER_REGION"],
            "cloudwatch:namespace": NAMESPACE,
        }
    }


@pytest.mark.parametrize(
    ("side", "region", "missing"),
    [
        ("outside", PEER, "notBreaching"),
        ("inside", REGION, "breaching"),
        ("witness", WITNESS, "breaching"),  # it abstains
    ],
)
def test_the_peers_own_silence_alone_counts_for_nothing(
    side: str, region: str, missing: str
) -> None:
    """A peer that does not vote must not look like a launch region that is down."""
    vote = alarm(peer("literal"), f"launch-silent-{side}")
    dimensions = {each["Name"]: each["Value"] for each in vote["Dimensions"]}
    assert (vote["Namespace"], vote["MetricName"]) == (NAMESPACE, METRIC)
    assert dimensions == {"Suffix": "dev-1", "From": region}
    assert vote["TreatMissingData"] == missing
    assert (vote["Statistic"], vote["ComparisonOperator"], vote["Threshold"]) == (
        "Maximum",
        "LessThanThreshold",
        1,
    )
    assert (vote["Period"], vote["EvaluationPeriods"], vote["DatapointsToAlarm"]) == (60, 3, 3)


def test_a_witness_is_alarmed_only_where_there_is_one() -> None:
    template = peer()
    (condition,) = {
        each["Condition"]
        for each in of_type(template, "AWS::CloudWatch::Alarm")
        if text(template, each["Properties"]["AlarmName"]).startswith("dr-launch-silent-witness-")
    }
    assert template["Conditions"][condition]["Fn::Not"]
    assert function(template, "recovery-task")["Environment"]["Variables"]["WITNESS_REGION"] == {
        "Ref": "WitnessRegion"
    }


def test_down_takes_all_votes_and_starts_a_failover_here() -> None:
    template = peer()
    down = alarm(template, "launch-region-down")
    condition, witnessed, alone = down["AlarmRule"]["Fn::If"]
    assert template["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "WitnessRegion"}, ""]}]
    }
    sides = ("outside", "inside", "witness")
    for rule_text, asked in ((alone, sides[:2]), (witnessed, sides)):
        assert text(template, rule_text) == " AND ".join(['ALARM("<Alarm>")'] * len(asked))
        (_, parts) = rule_text["Fn::Join"]
        voted = [
            template["Resources"][each["Ref"]]["Properties"] for each in parts if "Ref" in each
        ]
        assert voted == [alarm(template, f"launch-silent-{side}") for side in asked]

    detected = rule(template, "recovery-detected")
    assert detected["EventPattern"]["detail"] == {"state": {"value": ["ALARM"]}}
    assert [text(template, each) for each in detected["EventPattern"]["resources"]] == [
        "<CompositeAlarm.Arn>"
    ]
    (target,) = detected["Targets"]
    assert text(template, target["Arn"]) == "<StateMachine.Arn>"
    given = json.loads(target["Input"])
    assert given == INPUT
    assert given["operation"] in procedures.PROCEDURES
    may = [each for each in statements(template, "RecoveryDetection") if each["Sid"] == "Start"]
    assert actions(may[0]) == ["states:StartExecution"]
    assert resources(template, may[0]) == ["<StateMachine.Arn>"]


def test_a_run_that_ends_badly_is_told_whoever_started_it() -> None:
    template = peer()
    ended = rule(template, "recovery-ended")
    assert ended["EventPattern"]["detail"]["status"] == ["ABORTED", "FAILED", "TIMED_OUT"]
    assert [text(template, each["Arn"]) for each in ended["Targets"]] == ["<Topic>"]


# The machine.


def test_cfn_lint_knows_the_language_of_the_machine() -> None:
    """In a release the definition is put together from tokens, into which cfn-lint does not look."""

    def found(words: dict[str, Any]) -> list[str]:
        properties = {
            "DefinitionString": json.dumps(words),
            "RoleArn": "arn:aws:iam::444444444444:role/dr-1",
        }
        template = {
            "Resources": {
                "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
            }
        }
        content = json.dumps(template).encode()
        return [
            each.message
            for each in lint.findings(product="", version="", role="primary", content=content)
        ]

    assert found(machine()) == []
    broken = json.loads(json.dumps(machine()))
    del broken["States"]["pause"]["Next"]
    assert found(broken)


def test_every_step_is_a_state_that_asks_the_one_function_until_it_answers() -> None:
    states = machine()["States"]
    assert set(procedures.STATES) <= set(states)
    for name in procedures.STEPS:
        state = states[name]
        asked = state["Parameters"]
        assert asked["FunctionName"] == FUNCTION
        assert asked["Payload"]["step"] == name
        assert asked["Payload"]["execution.$"] == "$$.Execution.Id"
        (retry,) = state["Retry"]
        assert (retry["ErrorEquals"], retry["MaxAttempts"]) == (["States.ALL"], 99_999_999)
        assert retry["MaxDelaySeconds"] == 60
        assert "Catch" not in state
        assert state["Next"] == "next"
    assert machine()["StartAt"] == "lock"
    assert states["lock"]["Parameters"]["Payload"] == {
        "step": "lock",
        "run.$": "$$.Execution.Name",
        "input.$": "$$.Execution.Input",
        "execution.$": "$$.Execution.Id",
    }


def test_a_task_is_lost_only_after_its_function_would_have_been_cut_off() -> None:
    timeout = function(peer(), "recovery-task")["Timeout"]
    for name in procedures.STEPS:
        assert machine()["States"][name]["TimeoutSeconds"] > timeout


def test_an_answer_leads_to_the_state_it_names_after_the_wait_it_asks_for() -> None:
    states = machine()["States"]
    (at_once,) = states["next"]["Choices"]
    assert (at_once["StringEquals"], at_once["Next"]) == ("approval", "approval")
    assert states["next"]["Default"] == "pause"
    assert (states["pause"]["SecondsPath"], states["pause"]["Next"]) == ("$.wait", "go")
    led = {each["StringEquals"]: each["Next"] for each in states["go"]["Choices"]}
    assert led == {name: name for name in (*procedures.STEPS, "done", "aborted")}
    assert states["done"] == {"Type": "Succeed"}
    assert (states["aborted"]["Type"], states["aborted"]["CausePath"]) == ("Fail", "$.told")


def test_whatever_ends_the_wait_for_a_person_the_record_is_looked_into() -> None:
    approval = machine()["States"]["approval"]
    assert approval["Resource"].endswith(":lambda:invoke.waitForTaskToken")
    assert approval["Parameters"]["Payload"]["token.$"] == "$$.Task.Token"
    assert approval["TimeoutSeconds"] == procedures.APPROVE.patience
    (catch,) = approval["Catch"]
    assert catch == {"ErrorEquals": ["States.ALL"], "ResultPath": "$.decided", "Next": "approve"}
    assert (approval["ResultPath"], approval["Next"]) == ("$.decided", "approve")


def test_the_template_holds_the_definition_to_the_last_word() -> None:
    made = only(peer(), "AWS::StepFunctions::StateMachine")["Properties"]
    written = json.loads(text(peer(), made["DefinitionString"]))
    assert written == definition(partition="<Partition>", function_arn="<Function.Arn>")


def test_the_definition_holds_no_null_which_is_lost_on_the_way_into_the_template() -> None:
    assert "null" not in json.dumps(machine())


def test_the_machine_names_no_other_region_and_may_only_ask_its_function() -> None:
    template = peer("literal")
    made = only(template, "AWS::StepFunctions::StateMachine")["Properties"]
    assert REGION not in json.dumps(made)
    assert made["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
    assert made["LoggingConfiguration"]["Level"] == "ALL"
    assert made["LoggingConfiguration"]["IncludeExecutionData"] is False
    log = next(
        each["Properties"]
        for each in of_type(template, "AWS::Logs::LogGroup")
        if "vendedlogs" in each["Properties"]["LogGroupName"]
    )
    assert log["KmsKeyId"]
    assert log["RetentionInDays"] == 365
    own = {each["Sid"]: each for each in statements(template, "RecoveryMachine")}
    assert set(own) == {"Ask", "DeliverLog", "UseMachineKey", "EncryptLog"}
    assert actions(own["Ask"]) == ["lambda:InvokeFunction"]
    assert resources(template, own["Ask"]) == ["<Function.Arn>"]


# The function.


def test_the_function_is_told_all_it_asks_for() -> None:
    """Its own code reads the settings, from what the template says."""
    from dr_catalog.handlers.recovery.recovery_settings import RecoverySettings

    told = function(peer("literal"), "recovery-task")["Environment"]["Variables"]
    assert told["RECOVERY_TABLE"] == {"Ref": only_table(peer("literal"))}
    environment = {"AWS_REGION": PEER} | {
        name: text(peer("literal"), value) for name, value in told.items()
    }
    settings = RecoverySettings.of(environment)
    assert (settings.launch, settings.peer, settings.mode) == (REGION, PEER, "approve")
    assert (settings.rpo, settings.rto) == (60, 900)
    assert settings.endpoints == {
        REGION: "https://here.example.com/live/",
        PEER: "https://there.example.com/live/",
    }
    assert settings.serving_parameter == "/dr/dev-1/route53/serving-region"
    assert settings.database is not None
    assert settings.database.clusters[REGION] == "dr-ledger-dev-1-launch"


def test_the_function_is_in_the_network_and_watches_every_minute() -> None:
    template = peer()
    made = function(template, "recovery-task")
    assert made["VpcConfig"] == {
        "SubnetIds": ["subnet-0a1b2c3d", "subnet-1a1b2c3d"],
        "SecurityGroupIds": ["sg-0a1b2c3d"],
    }
    watch = rule(template, "recovery-watch")
    assert watch["ScheduleExpression"] == "rate(1 minute)"
    assert [json.loads(each["Input"]) for each in watch["Targets"]] == [{"watch": True}]


def test_the_function_touches_nothing_but_what_the_launch_has() -> None:
    template = peer()
    own = {
        each["Sid"]: resources(template, each)
        for each in statements(template, "RecoverySteps")
        if each["Effect"] == "Allow"
    }
    assert {sid for sid, arns in own.items() if "*" in arns} == {
        "Trace",  # whose actions know no resources
        "JoinNetwork",
        "ReadMetrics",
    }
    assert all(arn.endswith(":db:*") for arn in own.pop("FindInstances"))  # a list of all
    shared = {"UseKeys", "GrantKeys", "UseMachineKey"}  # keys carry ids
    for sid, arns in own.items():
        if "*" in arns or sid in shared or sid == "Tell":
            continue
        for arn in arns:
            known = ("<EnvironmentSuffix>", ":dbuser:", ":rds:unplanned-", ":og:", ":pg:")
            assert any(mark in arn for mark in known), (sid, arn)
    assert own["WakeRun"] == [MACHINE]


SERVICES = ("cloudwatch", "dynamodb", "lambda", "rds", "s3", "sns", "ssm", "stepfunctions")
ACTIONS = {  # where IAM's name is not the operation's
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
}
PREFIXES = {"stepfunctions": "states"}


def granted(template: Template) -> set[str]:
    """What the function's role may do."""
    return {
        action
        for each in statements(template, "RecoverySteps")
        if each["Effect"] == "Allow"
        for action in actions(each)
    }


def test_only_where_it_switches_on_the_function_may_and_only_the_peers_processor() -> None:
    pilot, standby = peer("literal"), peer("neutral")
    settles = {"dynamodb:UpdateItem"}  # where both serve
    assert granted(pilot) - granted(standby) - settles == {
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunctionConcurrency",
        "lambda:PutFunctionConcurrency",
    }
    assert granted(standby) <= granted(pilot)
    (own,) = (
        each for each in statements(pilot, "RecoverySteps") if each.get("Sid") == "SwitchProcessor"
    )
    assert resources(pilot, own) == [
        f"arn:<Partition>:lambda:{PEER}:{ACCOUNT}:function:dr-processor-dev-1"
    ]
    told = {
        kind: function(peer(kind), "recovery-task")["Environment"]["Variables"].get("SWITCHES_ON")
        for kind in ("literal", "neutral")
    }
    assert told == {"literal": "yes", "neutral": None}


def test_only_where_both_serve_the_function_may_mark_what_is_to_be_settled() -> None:
    for kind, means in (("neutral", None), ("literal", "true")):
        template = peer(kind)
        variables = function(template, "recovery-task")["Environment"]["Variables"]
        assert variables.get("BOTH_SERVE") == means
        assert ("dynamodb:UpdateItem" in granted(template)) == bool(means)
        told = [
            each["Properties"]["Value"]
            for each in of_type(template, "AWS::SSM::Parameter")
            if text(template, each["Properties"]["Name"]).endswith("/recovery/serves")
        ]
        assert told == (["both"] if means else [])


def test_the_function_may_do_what_its_code_calls_and_nothing_else() -> None:
    """By the names of the operations that the code's calls have: of each, one service's must be allowed."""
    nodes = [
        node
        for module in (HANDLERS / "recovery").glob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    ]
    called = {each.attr for each in nodes if isinstance(each, ast.Attribute)}
    called |= {each.value for each in nodes if isinstance(each, ast.Constant)}  # by getattr
    wanted: dict[str, set[str]] = {}
    for service in SERVICES:
        for operation in botocore.session.get_session().get_service_model(service).operation_names:
            name = xform_name(operation)
            if name in called:
                known = f"{PREFIXES.get(service, service)}:{operation}"
                wanted.setdefault(name, set()).add(ACTIONS.get((service, operation), known))
    allowed = granted(peer("literal"))
    assert len(wanted) > 20
    assert {name: names for name, names in wanted.items() if not names & allowed} == {}
    beside = ("ec2:", "kms:", "logs:", "rds-db:", "xray:")  # for Lambda, keys and the ledger
    spare = {each for each in allowed if not each.startswith(beside)} - set().union(
        *wanted.values()
    )
    assert spare == set()


def test_dashboard_shows_the_votes_and_the_runs() -> None:
    template = peer("literal")
    (body,) = [
        each["Properties"]["DashboardBody"]
        for each in of_type(template, "AWS::CloudWatch::Dashboard")
        if each["Properties"]["DashboardName"].endswith("-recovery")
    ]
    _, witnessed, alone = body["Fn::If"]
    told = json.loads(text(template, witnessed))["widgets"]
    assert any(
        each["properties"].get("title", "").startswith("launch-silent-witness") for each in told
    )
    widgets = json.loads(text(template, alone))["widgets"]
    titles = [each["properties"].get("title", "") for each in widgets]
    assert "runs" in titles
    (states,) = [each for each in widgets if each["type"] == "alarm"]
    assert len(states["properties"]["alarms"]) == 5  # two votes, the silence, down, and errors
    places = [(each["x"], each["y"]) for each in widgets]
    assert len(places) == len(set(places))

"""verify refuses a promise that can't be kept; describe shows what the templates come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dr_catalog.errors import SetupError
from tests.objectives.small import Templates, drop, properties, templates

ROOT = Path(__file__).parents[2]
PROMISED = "region: {rpo: 15 min, rto: 90 min}"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A catalog whose warm standby promises an RPO that its documents can't keep."""
    products, ours = tmp_path / "products", ROOT / "products"
    (products / "warm-standby").mkdir(parents=True)
    (products / "assets").symlink_to(ours / "assets")
    (products / "warm-standby/releases").symlink_to(ours / "warm-standby/releases")
    text = (ours / "warm-standby/product.yaml").read_text()
    assert PROMISED in text
    better = text.replace(PROMISED, "region: {rpo: 60 s, rto: 90 min}")
    (products / "warm-standby/product.yaml").write_text(better)
    return tmp_path


def test_verify_refuses_a_promise_better_than_the_sum(run: Any, clone: Path) -> None:
    done = run("verify", "warm-standby", "--root", str(clone), "--output", "json")
    assert done.exit_code == 1
    error, carried = (each for each in json.loads(done.stdout) if each["level"] == "error")
    assert (error["rule"], error["resource"]) == ("objectives", "objectives.region.rpo")
    assert "the recovery layer measures by 15 min" in carried["message"]
    assert error["message"].splitlines()[0] == (
        "RPO 1 min is promised when the launch region is gone; its templates come to 15 min"
    )
    assert "replication time that S3 commits to" in error["message"]


def served(aws: Any, bodies: Templates) -> None:
    """The templates are read from AWS."""
    properties(bodies, "primary", "Workload")["TemplateURL"] = "https://workload"
    found = {"https://primary": bodies["primary"], "https://workload": bodies["workload"]}
    aws.template_url.return_value = "https://primary"
    aws.read_url.side_effect = lambda url: json.dumps(found[url]).encode()


def test_describe_shows_what_a_tenants_templates_come_to(
    aws: Any, run: Any, tmp_path: Path
) -> None:
    served(aws, templates())
    words = ("describe", "warm-standby", "--root", str(tmp_path))
    text = run(*words).stdout
    rows = [line.split() for line in text.splitlines()]
    assert ["region", "RPO", "15", "min", "15", "min", "documents"] in [row[:7] for row in rows]
    assert "region      RTO        1 h 28 min 15 s  1 h 30 min" in text
    assert "database 5 min 30 s, table 5 min 30 s\n" in text
    assert "the original's RPO 1 h and RTO 4 h when a region is lost: met" in text
    found = json.loads(run(*words, "--output", "json").stdout)["objectives"]
    assert found["original"] == {"rpo": 3600, "rto": 14_400, "met": True}
    corruption = found["corruption"]["rpo"]
    assert (corruption["seconds"], corruption["promised"]) == (10_200, None)
    assert corruption["dominant"]["term"] == "time between two backups"
    assert [each["store"] for each in corruption["sums"]] == ["database", "table", "documents"]
    assert sum(line["seconds"] for line in corruption["sums"][0]["lines"]) == 10_200


def test_describe_shows_a_clones_promise_and_who_does_not_meet_the_originals(
    aws: Any, run: Any, tmp_path: Path
) -> None:
    aws.template_url.side_effect = SetupError("these credentials may not call it")
    folder = tmp_path / "products/warm-standby"
    release = folder / "releases/1.0.0"
    release.mkdir(parents=True)
    bodies = templates()
    drop(bodies, "workload", "Database", "Machine")
    for role, body in bodies.items():
        (release / f"{role}.template.json").write_text(json.dumps(body))
    (folder / "product.yaml").write_text((ROOT / "products/warm-standby/product.yaml").read_text())
    done = run("describe", "warm-standby", "--root", str(tmp_path))
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["region", "RPO", "2", "h", "50", "min", "15", "min", "database"] in [
        row[:9] for row in rows
    ]
    assert ["region", "RTO", "unbounded", "1", "h", "30", "min", "all"] in [row[:8] for row in rows]
    assert ["corruption", "RPO", "2", "h", "50", "min", "3", "h"] in [row[:8] for row in rows]
    assert "the original's RPO 1 h and RTO 4 h when a region is lost: NOT met" in done.stdout


def test_describe_reads_the_template_that_restores_where_a_tenant_can(
    aws: Any, run: Any, tmp_path: Path
) -> None:
    bodies = templates()
    drop(bodies, "workload", "Machine", "Database", "Instance")
    stack_set = properties(bodies, "primary", "Workload")
    restore = {"ParameterKey": "RestoreTemplate", "ParameterValue": "templates/0.json"}
    stack_set["Parameters"].append(restore)
    stack_set["TemplateURL"] = "https://assets/templates/1.json"
    found = {
        "https://primary": bodies["primary"],
        "https://assets/templates/1.json": bodies["workload"],
        "https://assets/templates/0.json": {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}},
    }
    aws.template_url.return_value = "https://primary"
    aws.read_url.side_effect = lambda url: json.dumps(found[url]).encode()
    words = ("describe", "warm-standby", "--root", str(tmp_path), "--output", "json")
    told = json.loads(run(*words).stdout)
    assert {"part": "restore", "type": "AWS::SQS::Queue", "count": 1, "conditional": 0} in (
        told["builds"]
    )
    terms = [
        line["term"]
        for entry in told["objectives"]["region"]["rto"]["sums"]
        for line in entry["lines"]
    ]
    assert "network, functions and API are made" in terms
    assert told["objectives"]["original"]["met"] is False


def test_describe_tells_no_objectives_while_a_template_is_missing(
    aws: Any, run: Any, tmp_path: Path
) -> None:
    served(aws, templates())
    read = aws.read_url.side_effect

    def refuse(url: str) -> bytes:
        if url == "https://workload":
            raise SetupError("no right")
        content: bytes = read(url)
        return content

    aws.read_url.side_effect = refuse
    done = run("describe", "warm-standby", "--root", str(tmp_path), "--output", "json")
    found = json.loads(done.stdout)
    assert (found["unread"], found["objectives"]) == ("no right", {})

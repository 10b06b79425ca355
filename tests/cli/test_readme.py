"""The READMEs' commands: each is one that its program takes, and is run somewhere.

    README.md, products/*/README.md, the scaffold's -> fenced blocks -> commands -> (parse, where it is run)

`dr-catalog` lines go through click's own parser, `aws` lines through botocore's service models, `make` and
`python` lines are looked up. `RUN` says for each line which file runs it, and by which words; a line
without an entry fails, and so does an entry without its line or whose words are not there.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import click
import pytest
from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

from dr_catalog.cli.main import cli
from dr_catalog.definitions import load_product
from dr_catalog.definitions.objectives import spelled
from dr_catalog.scaffold.catalog import FILES

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", *sorted((ROOT / "products").glob("*/README.md"))]
READMES += sorted(FILES.rglob("README.md"))
PROGRAMS = ("dr-catalog", "make", "aws", "python")
VALUES = {"$account": "111111111111", "$tenant": "222222222222"}

DEMO, USE, GATE = "examples/demo.py", "examples/demo_use.py", ".ci/run"
DAY = "tests/end_to_end/test_day.py"
# A README's line -> the file that runs it, and the words by which it does.
RECOVERY = "tests/end_to_end/test_recovery.py"
PLANS = "tests/end_to_end/test_plan.py"
BLOCKS, RESTORE = "tests/end_to_end/test_blocks.py", "tests/end_to_end/test_backup_restore.py"
RUN = {
    "dr-catalog verify": ("Makefile", "dr-catalog verify"),
    "dr-catalog local env --account pipeline": ("tests/cli/test_local.py", '("pipeline", '),
    "dr-catalog local env --account 444444444444": (DEMO, "identity(PROD)"),
    "dr-catalog pipeline run --skip test": (
        DEMO,
        'meanwhile("pipeline", "run", "--skip", "test"',
    ),
    "dr-catalog pipeline run --skip test --approve staging": (
        DEMO,
        'run("pipeline", "run", "--skip", "test", "--approve", "staging"',
    ),
    "dr-catalog pipeline status": (DEMO, 'run("pipeline", "status"'),
    "dr-catalog publish --stage dev": (GATE, "dr-catalog publish --stage dev"),
    "dr-catalog onboard --account 222222222222 --stage dev": (
        GATE,
        "dr-catalog onboard --account 222222222222 --stage dev",
    ),
    "dr-catalog onboard --account 222222222222 --stage prod": (
        DEMO,
        'run("onboard", "--account", TENANT, "--stage", "prod"',
    ),
    "dr-catalog tenants --stage prod": (DEMO, 'run("tenants", "--stage", "prod"'),
    "dr-catalog offboard --account 222222222222 --stage prod": (
        "tests/end_to_end/test_onboarding.py",
        'account.run("offboard", "--yes")',
    ),
    "dr-catalog rollback warm-standby --stage prod --to 1.2.0": (
        "tests/publishing/test_lifecycle.py",
        '"rollback",',
    ),
    "make demo": (GATE, "make demo"),
    "make test": (GATE, "make test"),
    "dr-catalog local up": (GATE, "dr-catalog local up"),
    "dr-catalog local env --account 111111111111": (GATE, "local env --account 111111111111"),
    "dr-catalog local env --account 222222222222 --role dr-tenant": (
        GATE,
        "local env --account 222222222222 --role dr-tenant",
    ),
    "dr-catalog release warm-standby 1.4.0": (
        "tests/releases/test_commands.py",
        'release.command, ["sample", "1.1.0"',
    ),
    "dr-catalog onboard --ou ou-ab12-11111111 --stage prod": (
        "tests/publishing/test_lifecycle.py",
        '"onboard", "--ou", tenancy.unit, "--stage", "one"',
    ),
    "dr-catalog onboard --account $tenant --stage dev": (
        GATE,
        "dr-catalog onboard --account 222222222222 --stage dev",
    ),
    "python -m pip install dr-catalog[local]": (GATE, "[local]"),
    "dr-catalog init . --account 111111111111 --tenant 222222222222": (
        GATE,
        "dr-catalog init . --account 111111111111 --tenant 222222222222",
    ),
    "dr-catalog doctor": (GATE, "dr-catalog doctor"),
    "dr-catalog products": (DEMO, 'run("products"'),
    "dr-catalog launch warm-standby --suffix dev": (
        GATE,
        "dr-catalog launch warm-standby --suffix dev",
    ),
    "dr-catalog describe warm-standby": (PLANS, '"describe", "warm-standby"'),
    "dr-catalog plan warm-standby --suffix dev": (PLANS, '"plan", "warm-standby", "--suffix"'),
    "dr-catalog plan --suffix dev --exit-code": (
        PLANS,
        '"plan", "--suffix", launched.suffix, "--exit-code"',
    ),
    "dr-catalog status --suffix dev --drift --health": (PLANS, '"--drift", "--health"'),
    "dr-catalog events --suffix dev --follow": (
        "tests/cli/test_looking.py",
        '"events", "--suffix", "demo", "--follow"',
    ),
    "dr-catalog status": (DAY, 'tenant.json("status")'),
    "dr-catalog outputs --suffix dev": (USE, 'run("outputs", "--suffix"'),
    "aws servicecatalog provision-product --product-name warm-standby"
    " --provisioning-artifact-name 1.3.0 --provisioned-product-name dr-dev"
    " --provisioning-parameters Key=EnvironmentSuffix,Value=dev": (
        DAY,
        "servicecatalog.provision_product(",
    ),
    "dr-catalog upgrade --suffix dev": (DAY, '"upgrade", "--suffix"'),
    "dr-catalog upgrade --suffix dev --set DeletionProtection=false --set OnTermination=purge": (
        GATE,
        "--set DeletionProtection=false --set OnTermination=purge",
    ),
    "dr-catalog terminate --suffix dev --yes": (GATE, "dr-catalog terminate --suffix dev --yes"),
    "dr-catalog readiness --suffix dev": (RECOVERY, 'rehearsal.run("readiness"'),
    "dr-catalog failover --suffix dev --reason outage": (RECOVERY, 'rehearsal.done("failover"'),
    "dr-catalog failover --suffix dev --approve RUN": (RECOVERY, '"failover", "--approve", first'),
    "dr-catalog failback --suffix dev": (RECOVERY, 'rehearsal.done("failback")'),
    "dr-catalog switchover --suffix dev": (RECOVERY, '"switchover", "--yes"'),
    "dr-catalog drill --suffix dev": (RECOVERY, 'rehearsal.done("drill")'),
    "dr-catalog drill --suffix dev --throw-away": (
        RECOVERY,
        '"drill", "--throw-away"',
    ),
    "dr-catalog evidence --suffix dev --html failover.html": (RECOVERY, '"evidence", "--html"'),
    "dr-catalog launch kms --suffix parts": (BLOCKS, 'tenant.ok("launch", "kms", "--suffix"'),
    "dr-catalog status --suffix parts": (BLOCKS, '"status", "--suffix", SUFFIX'),
    "dr-catalog terminate --suffix parts --layer kms --yes": (
        BLOCKS,
        '"terminate", "--suffix", SUFFIX, "--layer"',
    ),
    "dr-catalog restore --suffix dev --region us-west-2": (
        RESTORE,
        '"restore", "--suffix", SUFFIX, "--region", PEER',
    ),
    "dr-catalog restore --suffix dev --region us-west-2 --at 2026-11-26T03:00:00Z": (
        RESTORE,
        '"--yes", "--at"',
    ),
    "aws stepfunctions start-execution --region us-west-2 --name failover-by-jo"
    " --state-machine-arn arn:aws:states:us-west-2:222222222222:stateMachine:dr-recovery-dev"
    ' --input {"operation":"failover","requestedBy":"jo","reason":"outage"}': (
        RECOVERY,
        "rehearsal.start(BY_HAND)",
    ),
    "python -m dr_catalog.node": (GATE, "-m dr_catalog.node"),
    "python examples/one_layer.py": (GATE, "one_layer.py"),
}


def commands(text: str) -> Iterator[str]:
    """Every command of our programs in the fenced blocks, its words joined by one space."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if language in ("", "sh", "bash", "console"):
            for line in block.replace("\\\n", " ").splitlines():
                yield from _of_line(line)


def _of_line(line: str) -> Iterator[str]:
    """The commands of a line: those inside $(...), and its own after assignments, without comment."""
    for inner in re.findall(r"\$\(([^()]*)\)", line):
        yield from _of_line(inner)
    outer = re.sub(r'"?\$\([^()]*\)"?', "_", line)
    for part in re.split(r"&&|\||;", re.sub(r"(^|\s)#.*", "", outer)):
        words = shlex.split(part)
        while words and (re.match(r"\w+=", words[0]) or words[0] in ("$", "eval")):
            del words[0]
        program = words[0].rpartition("/")[2].rstrip("3") if words else ""
        if program in PROGRAMS:
            yield " ".join([program, *words[1:]])


LINES = sorted({line for file in READMES for line in commands(file.read_text())})


def test_the_blocks_hold_what_they_seem_to_hold() -> None:
    text = (
        "```\n. .venv/bin/activate\nJSII_NODE=$(.venv/bin/python -m a.b) .venv/bin/python c.py\n"
        'eval "$(dr-catalog local env --account hub)"   # aws is no command here\n'
        "dr-catalog verify && make test\naws s3 ls \\\n  s3://b\ncurl https://x/aws\n```\n"
        "```python\nmake = 3\n```\ndr-catalog launch\n"
    )
    assert list(commands(text)) == [
        "python -m a.b",
        "python c.py",
        "dr-catalog local env --account hub",
        "dr-catalog verify",
        "make test",
        "aws s3 ls s3://b",
    ]


@pytest.mark.parametrize("line", LINES)
def test_a_command_is_one_that_its_program_takes(line: str) -> None:
    program, *words = shlex.split(line)
    {"dr-catalog": click_takes, "aws": aws_takes, "make": make_takes, "python": python_takes}[
        program
    ]([VALUES.get(word, word) for word in words])


@pytest.mark.parametrize("line", LINES)
def test_a_command_is_run_somewhere(line: str) -> None:
    assert line in RUN, "say in RUN which file runs it"
    file, words = RUN[line]
    assert words in (ROOT / file).read_text(), f"{file} does not run it by these words"


def test_each_tier_promises_what_its_product_promises() -> None:
    """In the README's first table, by a tier's name."""
    said = {
        name: cells[-3:-1]
        for name, *cells in re.findall(
            r"^\| `([a-z-]+)` \|[^|]*\| ([^|]+) \| ([^|]+) \|()",
            (ROOT / "README.md").read_text(),
            re.M,
        )
    }
    products = {
        product.product: product
        for product in map(load_product, (ROOT / "products").glob("*/product.yaml"))
    }
    assert said == {
        name: [spelled(product.objectives.region.rpo), spelled(product.objectives.region.rto)]
        for name, product in products.items()
        if product.objectives
    }


def test_no_entry_is_left_over() -> None:
    assert set(RUN) <= set(LINES)


WRONG = [
    ("dr-catalog lunch warm-standby", "No such command"),
    ("dr-catalog launch warm-standby --sufix dev", "No such option"),
    ("dr-catalog launch --suffix dev", "Missing parameter: product"),
    ("dr-catalog launch warm-standby", "Missing parameter: suffix"),
    ("dr-catalog status now", "unexpected extra argument"),
    ("dr-catalog local up --port many", "is not a valid integer"),
    ("dr-catalog local", "a command of it is missing"),
    ("aws servicecatalog provision --a b", "no operation"),
    ("aws serviceatalog list-portfolios", "no service"),
    ("aws servicecatalog provision-product --product-nam a", "no parameter"),
    ("aws servicecatalog provision-product --provisioning-parameters Ky=a", "no member"),
    ("make coffee", "no target"),
    ("make demo TEIR=pilot-light", "no target or variable TEIR"),
    ("python -m dr_catalog.nodes", "no module"),
    ("python examples/none.py", "no file"),
]


@pytest.mark.parametrize(("line", "says"), WRONG)
def test_a_command_that_is_none_is_found(line: str, says: str) -> None:
    with pytest.raises((AssertionError, click.UsageError), match=says):
        test_a_command_is_one_that_its_program_takes(line)


def click_takes(words: list[str]) -> None:
    """Click's own parser takes the words, down to the last command."""
    command: click.Command = cli
    context = click.Context(cli, info_name="dr-catalog")
    while isinstance(command, click.Group):
        assert words, "a command of it is missing"
        found = command.get_command(context, words[0])
        assert found is not None, f"no command {words[0]}"
        command, words = found, words[1:]
        if not isinstance(command, click.Group):
            # Values such as "." are looked up where a reader would type the line.
            command.make_context(command.name, list(words), parent=context).close()
        context = click.Context(command, info_name=command.name, parent=context)


def aws_takes(words: list[str]) -> None:
    """Service and operation are in botocore's models, and every option is a parameter of it."""
    session = botocore.session.get_session()
    service, operation, *options = words
    assert service in session.get_available_services(), f"no service {service}"
    model = session.get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"no operation {operation}"
    shape = model.operation_model(names[operation]).input_shape
    members = {xform_name(name, "-"): member for name, member in shape.members.items()}
    given: list[str] = []
    for word in options:
        if word.startswith("--"):
            given.append(word[2:])
            assert word[2:] in {*members, "region", "output", "query"}, f"no parameter {word}"
        elif given[-1] in members:
            _shorthand(members[given[-1]], word)
    required = {xform_name(name, "-") for name in shape.required_members}
    # The CLI fills idempotency tokens in.
    tokens = {name for name, member in members.items() if member.metadata.get("idempotencyToken")}
    assert required - tokens <= set(given), f"missing: {required - tokens - set(given)}"


def _shorthand(shape: Shape, word: str) -> None:
    inner = shape.member if isinstance(shape, ListShape) else shape
    if isinstance(inner, StructureShape):
        for pair in word.split(","):
            name = pair.partition("=")[0]
            assert name in inner.members, f"no member {name} of {shape.name}"


def make_takes(words: list[str]) -> None:
    """Each word is a target of the Makefile, or sets one of its variables."""
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    variables = set(re.findall(r"^([A-Z]+) \?=", text, re.MULTILINE))
    for word in words:
        name, given, _ = word.partition("=")
        assert name in (variables if given else targets), f"no target or variable {name}"


def python_takes(words: list[str]) -> None:
    """The module, or the file, is there."""
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1]) is not None, f"no module {words[1]}"
    else:
        assert (ROOT / words[0]).is_file(), f"no file {words[0]}"

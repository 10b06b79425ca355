"""``dr-catalog local``: the local simulation of AWS, which runs as a process of its own."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import click

from ..errors import DefinitionError, UsageError
from .organisation import ACCESS_ROLE, assume, make_role
from .simulation import ACCOUNTS, DEFAULT_PORT, DEFAULT_STATE, Simulation

port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Where it listens, on 127.0.0.1.",
)
state_option = click.option(
    "--state-dir",
    "state",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_STATE,
    show_default=True,
    help="The folder for its process number and log.",
)


@click.group("local")
def command() -> None:
    """Start, stop and reset a simulated AWS on this machine.

    It shows wiring, order and versions; not IAM, quotas or timing as AWS has them.
    """


@command.command("up")
@port_option
@state_option
def up(port: int, state: Path) -> None:
    """Start it, and wait until it answers."""
    simulation = Simulation(state=state, port=port)
    started = simulation.up()
    _join(simulation)
    said = "is up" if started else "was up already"
    click.echo(f"local simulation {said} at {simulation.url}", err=True)
    other = "" if port == DEFAULT_PORT else f" --port {port}"
    click.echo(f'next: eval "$(dr-catalog local env --account hub{other})"', err=True)


@command.command("down")
@state_option
def down(state: Path) -> None:
    """End it, with every process it started; what it held is gone."""
    ended = Simulation(state=state).down()
    click.echo(
        "local simulation ended" if ended else f"no local simulation runs from {state}", err=True
    )


@command.command("reset")
@port_option
def reset(port: int) -> None:
    """Forget everything it holds, and let it run on."""
    simulation = Simulation(port=port)
    simulation.reset()
    _join(simulation)
    click.echo(f"local simulation at {simulation.url} is empty again", err=True)


@command.command("env")
@click.option(
    "--account",
    required=True,
    metavar="hub|tenant|pipeline|ID",
    help="Whose credentials: one of these three, or those of any 12-digit account.",
)
@click.option("--role", help="Assume this role there; the simulation makes it if it is missing.")
@click.option("--region", default="us-east-1", show_default=True, help="The default region.")
@port_option
def env(account: str, role: str | None, region: str, port: int) -> None:
    """Print shell exports that point every AWS client here: eval "$(dr-catalog local env ...)"."""
    number = ACCOUNTS.get(account, account)
    if not re.fullmatch(r"\d{12}", number):
        raise UsageError(
            f"'{account}' is not an account",
            why="it must be hub, tenant, pipeline or 12 digits",
            hint="`dr-catalog local env --account tenant`",
        )
    if not re.fullmatch(r"[a-z0-9-]+", region):
        raise UsageError(f"'{region}' is not a region")
    url = Simulation(port=port).url
    settings = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": region}
    if role is None:
        settings |= {"AWS_ACCESS_KEY_ID": number, "AWS_SECRET_ACCESS_KEY": "test"}
    else:
        from ..translation import translated  # loads botocore

        with translated(endpoint=url):
            make_role(endpoint=url, account=number, role=role, trusted=(number,))
            settings |= assume(endpoint=url, account=number, role=role)
    click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in settings.items():
        click.echo(f"export {name}={value}")


def _join(simulation: Simulation) -> None:
    """Let hubs and pipeline enter each other's and the tenants' accounts, as in an organisation."""
    trusted, entered = _accounts_here()
    for account in entered:
        make_role(endpoint=simulation.url, account=account, role=ACCESS_ROLE, trusted=trusted)


def _accounts_here() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who may enter, and where: the simulation's own accounts, and those of a catalog in this folder."""
    hubs, others, tenants = {ACCOUNTS["hub"]}, {ACCOUNTS["pipeline"]}, {ACCOUNTS["tenant"]}
    if Path("pipeline/pipeline.yaml").is_file():
        from ..definitions import load_offer, load_pipeline

        # Whoever needs the catalog to be right says so; here it is not needed.
        with contextlib.suppress(DefinitionError):
            pipeline = load_pipeline(Path("pipeline"))
            hubs |= {stage.account for stage in pipeline.stages}
            others |= {pipeline.account}
            tenants |= set(load_offer(Path("portfolio")).shares.accounts)
    return tuple(sorted(hubs | others)), tuple(sorted(hubs | tenants))

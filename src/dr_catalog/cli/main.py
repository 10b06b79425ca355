"""The entry point: lists the commands, imports the one that is asked for, and says what went wrong.

A `DrCatalogError` becomes its lines on stderr and its exit code; anything else that escapes a
command is a defect. Only click is imported here, so that help comes at once.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from ..errors import DrCatalogError
from .lazy import LazyGroup

INTERRUPTED = 130  # what shells report for a process that SIGINT ended

# Name (and module) -> what it does. In the order in which one meets them.
COMMANDS = {
    "init": "Write a catalog of your own into a folder.",
    "doctor": "Say what is missing, here and in the account, and how to mend it.",
    "local": "Start, stop and reset a simulated AWS on this machine.",
    "release": "Freeze a product's next version.",
    "verify": "Prove that the frozen releases are what they were.",
    "synth": "Write the templates that publishing deploys into a folder.",
    "publish": "Put the released products into a stage's portfolios.",
    "canary": "Try a stage's default versions, and leave nothing behind.",
    "pipeline": "Deploy the pipeline, run it, see which version is where.",
    "rollback": "Make an older version the default again.",
    "onboard": "Prepare an account to launch from a stage's portfolios.",
    "offboard": "Take away what onboarding gave an account.",
    "tenants": "List who has a stage's portfolios, and what they run.",
    "products": "List the products you may launch.",
    "describe": "Show a product's versions, parameters and what it builds.",
    "plan": "Show what a launch or an upgrade would change.",
    "launch": "Launch a product in both regions under a suffix.",
    "status": "Show what is launched, and how it stands.",
    "events": "Show what happened in both regions, in one time line.",
    "outputs": "Show a launch's outputs in both regions.",
    "upgrade": "Bring a launch to another version or other values.",
    "readiness": "Say whether a failover could run now, check by check.",
    "failover": "Let the peer take over because the launch region is gone.",
    "switchover": "Let the peer take over as planned, without loss.",
    "failback": "Bring the writer back to the launch region.",
    "restore": "Rebuild a lost launch in its peer from copies.",
    "drill": "Rehearse a failover, in place or on a throw-away launch.",
    "evidence": "Show what a recovery decided, did and measured.",
    "terminate": "Terminate a launch in both regions.",
    "completion": "Print the script that lets a shell complete words.",
}


class Main(LazyGroup):
    """All commands, and what becomes of what they raise."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn what it raises into words and an exit code."""
        try:
            return super().invoke(ctx)
        except DrCatalogError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            click.echo(
                f"error: this is a defect in dr-catalog: {type(error).__name__}: {error}\n"
                "  hint: please report it with the output of `dr-catalog --debug "
                f"{' '.join(sys.argv[1:])}`",
                err=True,
            )
            ctx.exit(1)


@click.group(cls=Main, lazily=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of a defect.")
@click.version_option(package_name="dr-catalog", prog_name="dr-catalog")
def cli(debug: bool) -> None:
    """Disaster recovery tiers as versioned Service Catalog products."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="dr-catalog")


if __name__ == "__main__":
    main()

"""``dr-catalog verify``: prove that releases are whole, valid and within the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..releases import Finding

_PIPE_WIDTH = 160  # a table that is read by a file or another program


@click.command("verify")
@click.argument("product", required=False)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def command(context: click.Context, product: str | None, root: str, output: str) -> None:
    """Verify every release of PRODUCT, or of the whole catalog; exit code 1 when one fails."""
    from dataclasses import asdict
    from json import dumps
    from pathlib import Path

    from ..definitions import find_product, load_catalog
    from ..releases import verify_catalog, verify_product

    if product is None:
        findings = verify_catalog(load_catalog(Path(root)))
    else:
        findings = verify_product(find_product(Path(root), product))
    errors = sum(finding.level == "error" for finding in findings)
    if output == "json":
        click.echo(dumps([asdict(finding) for finding in findings], indent=2))
    elif findings:
        _print_table(findings)
    click.echo(f"{errors} errors, {len(findings) - errors} warnings", err=True)
    context.exit(1 if errors else 0)


def _print_table(findings: tuple[Finding, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("Level", "Rule", "Release", "Where", "What and how to mend it", box=None)
    for finding in findings:
        table.add_row(
            finding.level,
            finding.rule,
            f"{finding.product} {finding.version}".strip(),
            f"{finding.template} {finding.resource}".strip(),
            f"{finding.message}\n-> {finding.hint}",
        )
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_PIPE_WIDTH)
    console.print(table)

"""``dr-catalog verify``: prove that releases are whole, valid, within the rules, and as good as promised."""

from __future__ import annotations

import click

from . import options


@click.command("verify")
@click.argument("product", required=False)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@options.output
@click.pass_context
def command(context: click.Context, product: str | None, root: str, output: str) -> None:
    """Verify every release of PRODUCT, or of the whole catalog; exit code 1 when one fails."""
    from pathlib import Path

    from .. import objectives
    from ..definitions import find_product, load_catalog
    from ..releases import lint_ahead, ordered, verify_catalog, verify_product
    from .render import as_json, as_table

    if product is None:
        catalog = load_catalog(Path(root))
        lint_ahead(catalog.products.values())
        findings = ordered([*verify_catalog(catalog), *objectives.check_catalog(catalog)])
    else:
        one = find_product(Path(root), product)
        lint_ahead([one])
        findings = ordered([*verify_product(one), *objectives.check_product(one)])
    errors = sum(finding.level == "error" for finding in findings)
    if output == "json":
        as_json(findings)
    elif findings:
        as_table(
            ("Level", "Rule", "Release", "Where", "Finding", "How to mend it"),
            (
                (
                    finding.level,
                    finding.rule,
                    f"{finding.product} {finding.version}".strip(),
                    f"{finding.template} {finding.resource}".strip(),
                    finding.message,
                    finding.hint,
                )
                for finding in findings
            ),
        )
    click.echo(f"{errors} errors, {len(findings) - errors} warnings", err=True)
    context.exit(1 if errors else 0)

"""From a release's templates to its objectives."""

from __future__ import annotations

from collections.abc import Mapping

from ..releases.template import Template
from . import data_loss, time_loss
from .durations import load_durations
from .estate import Estate
from .model import CORRUPTION, REGION, Loss

RPO_PARAMETER, RTO_PARAMETER = "/recovery/rpo-seconds", "/recovery/rto-seconds"
"""The ends of the SSM parameters by which the recovery layer tells the promise it measures by."""


def compute(
    templates: Mapping[str, Template], parameters: Mapping[str, str] | None = None
) -> tuple[Loss, ...]:
    """RPO and RTO for each kind of loss; none where no tenant's data is kept.

    Args:
        templates: By role; ``primary`` must be among them.
        parameters: A launch's own; the defaults where it gives none.
    """
    estate, durations = Estate(templates, parameters or {}), load_durations()
    if not estate.stores:
        return ()
    return (
        Loss(REGION, data_loss.region(estate, durations), time_loss.region(estate, durations)),
        Loss(
            CORRUPTION,
            data_loss.corruption(estate, durations),
            time_loss.corruption(estate, durations),
        ),
    )


def carried(templates: Mapping[str, Template]) -> tuple[int, int] | None:
    """The RPO and RTO in seconds that the recovery layer measures by; None where there is none."""
    found: dict[str, int] = {}
    for place in Estate(templates, {}).find("AWS::SSM::Parameter"):
        name, value = place.template.text(place.resource.get("Name")), place.resource.get("Value")
        for end in (RPO_PARAMETER, RTO_PARAMETER):
            if name.endswith(end) and str(value).isdigit():
                found[end] = int(value)
    return (found[RPO_PARAMETER], found[RTO_PARAMETER]) if len(found) == 2 else None

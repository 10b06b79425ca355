"""What a run decided, did and measured: its record, where it is kept, and the page of it.

The record is in the surviving region's state table while the suffix is launched; the step ``record``
stores the same as ``evidence/<run>/`` in that region's documents bucket.
"""

from __future__ import annotations

from ..errors import NotFoundError
from ..handlers.recovery.page import page as _page
from .aws import Aws
from .hints import command
from .model import Run, Site


def evidence(aws: Aws, site: Site, run_id: str | None = None) -> Run:
    """One run, the latest where none is named.

    Raises:
        NotFoundError: There is no such run, or none at all.
    """
    found = aws.run(site, run_id) if run_id else next(reversed(aws.runs(site)), None)
    if found is None:
        what = f"no run {run_id}" if run_id else "no run yet"
        raise NotFoundError(
            f"'{site.suffix}' has {what}",
            hint=f"rehearse one: `{command(aws, 'drill', site.suffix)}`",
        )
    return found


def page(aws: Aws, site: Site, run: Run) -> str:
    """The run as one HTML page that needs nothing else."""
    return _page(run.record, suffix=site.suffix, simulation=aws.local)

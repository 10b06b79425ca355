"""The record of the latest run, a parameter in the pipeline's account; whose id it bears may go on.

``/dr-catalog/pipeline/<name>`` holds one JSON object. A newer run writes its own id, and the older one
finds that out before its next action.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

RUNNING, WAITING, FAILED, REFUSED, DONE = "running", "waiting", "failed", "refused", "done"


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """How the latest run stands.

    Args:
        id: The run's id.
        commit: The commit it takes through the stages.
        status: ``running``, ``waiting`` (for an approval), ``failed``, ``refused`` or ``done``.
        at: The action it is at, such as ``staging/approval``.
        since: When it came to that, as ISO 8601 in UTC.
        text: What an approval that waits is about.
        approved: The commit that was approved last, by the stage whose gate it passed.
    """

    id: str
    commit: str
    status: str
    at: str = ""
    since: str = ""
    text: str = ""
    approved: Mapping[str, str] = field(default_factory=dict)


class Record:
    """The parameter.

    Args:
        ssm: A client in the pipeline's account and region.
        pipeline: The pipeline's name.
    """

    def __init__(self, ssm: Any, pipeline: str) -> None:
        self._ssm, self._name = ssm, f"/dr-catalog/pipeline/{pipeline}"

    def read(self) -> RunRecord | None:
        """How the latest run stands; None before the first."""
        found = self._ssm.get_parameters(Names=[self._name])["Parameters"]
        return RunRecord(**json.loads(found[0]["Value"])) if found else None

    def begin(self, *, run: str, commit: str, since: str) -> RunRecord:
        """Make this run the latest; approvals stay known."""
        before = self.read()
        record = RunRecord(
            id=run,
            commit=commit,
            status=RUNNING,
            since=since,
            approved=before.approved if before else {},
        )
        self._write(record)
        return record

    def change(self, run: str, **changes: Any) -> RunRecord | None:
        """Change the record of this run; None where a newer run has taken it over."""
        now = self.read()
        if now is None or now.id != run:
            return None
        record = replace(now, **changes)
        self._write(record)
        return record

    def _write(self, record: RunRecord) -> None:
        self._ssm.put_parameter(
            Name=self._name, Value=json.dumps(asdict(record)), Type="String", Overwrite=True
        )

"""The evidence of a recovery as one HTML page that needs nothing else: no script, no font, no network.

    a run's record, as index.py describes it -> page -> text of the HTML file

At the top stands how it ended and what was measured against what the tier promises; then the time line,
drawn as inline SVG, a bar a step; then each step with its times and what it told; then on which figures
it was decided, by whom. The step ``record`` and `dr-catalog evidence` make it by this function, so
that both show the same.

Nothing here reads or writes. Whatever the record holds is escaped: a reason is typed by people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

WIDTH, NAMES, ROW, TOP = 960, 150, 26, 34
"""The drawing in pixels: its width, the column of names, a row's height, where the rows begin."""
TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
"""Seconds between two lines of the axis; the first that gives at most twelve is taken."""
WAITS = ("approve",)
"""Steps in which the machine waits for a person."""
STORES = ("database", "table", "documents")

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--paper:#fff;--card:#f6f8fa;
--good:#1a7f37;--bad:#b3261e;--bar:#3b6fb6;--wait:#a8b3c1}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#3d444d;--paper:#0d1117;
--card:#161b22;--good:#4ac26b;--bad:#ff7b72;--bar:#6ea8fe;--wait:#59636e}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;
max-width:1000px;padding:24px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:32px 0 8px}p{margin:4px 0}.soft{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:12px;margin:20px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.tile b{display:block;font-size:22px}.good{color:var(--good)}.bad{color:var(--bad)}
.note{border-left:4px solid var(--bad);padding:4px 12px;background:var(--card)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:5px 12px 5px 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft)}td.n{white-space:nowrap;font-variant-numeric:tabular-nums}
td.t{overflow-wrap:anywhere}
svg{display:block;min-width:640px;width:100%;height:auto}svg text{fill:var(--ink);font-size:12px}
svg .s{fill:var(--soft)}svg .grid{stroke:var(--line)}svg .bar{fill:var(--bar)}svg .wait{fill:var(--wait)}
svg .failed{fill:var(--bad)}svg .mark{stroke:var(--good);stroke-width:2;stroke-dasharray:4 3}
svg .m{fill:var(--good)}
@media print{body{max-width:none;padding:0}.tile{break-inside:avoid}}
"""


def page(record: Mapping[str, Any], *, suffix: str, simulation: bool = False) -> str:
    """The whole HTML text.

    Args:
        record: The run's record; one that is under way has no end.
        suffix: The environment suffix.
        simulation: It ran on a local simulation, which the page then says.
    """
    title = f"{record['operation']} of {suffix}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(title)}: {_text(record['run'])}</title><style>{STYLE}</style></head><body>"
        f"{_head(title, record, simulation)}{_tiles(record)}{_drawn(record)}{_steps(record)}"
        f"{_decision(record)}</body></html>\n"
    )


def duration(seconds: float) -> str:
    """Seconds as people read them: ``0.4 s``, ``42 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")


def _head(title: str, record: Mapping[str, Any], simulation: bool) -> str:
    outcome = str(record.get("outcome") or "under way")
    how = "good" if outcome == "done" else "bad" if record.get("outcome") else "soft"
    way = " to ".join(str(record[end]) for end in ("from", "to") if record.get(end))
    lines = [
        f"<h1>{_text(title)}: <span class={how}>{_text(outcome)}</span></h1>",
        f"<p class=soft>{_text(way)} &middot; run {_text(record['run'])} &middot; "
        f"{_moment(record.get('began'))} to {_moment(record.get('ended'))}</p>",
    ]
    if record.get("told"):
        lines.append(f"<p>{_text(record['told'])}</p>")
    if simulation:
        lines.append(
            "<p class=note>Local simulation: it shows order and wiring, not how long AWS takes.</p>"
        )
    return "".join(lines)


def _tiles(record: Mapping[str, Any]) -> str:
    figures = record.get("figures") or {}
    lost, promised = figures.get("rpo") or {}, figures.get("rpoPromise")
    bounds = figures.get("rpoAtMost") or ()
    back = "the ledger written again" if figures.get("serves") == "both" else "served again"
    tiles = [
        _tile(f"RTO: {back} after", figures.get("rto"), figures.get("rtoPromise")),
        *(
            _tile(f"RPO: {store}, at most", lost.get(store), promised, bound=store in bounds)
            for store in STORES
        ),
    ]
    return f"<div class=tiles>{''.join(tiles)}</div>"


def _tile(name: str, measured: float | None, promised: float | None, *, bound: bool = False) -> str:
    """One figure against its promise; one that is only a bound may keep it, and never misses it."""
    against = f"promised {duration(float(promised))}" if promised is not None else "no promise"
    verdict, how = "", ""
    if measured is None:
        said, how = "not measured", "soft"
    else:
        said = duration(float(measured))
        if promised is not None and float(measured) <= float(promised):
            verdict, how = "&#10003; kept", "good"
        elif bound:
            verdict, how = "a bound and no measurement", "soft"
        elif promised is not None:
            verdict, how = "&#10007; missed", "bad"
    return (
        f"<div class=tile><span class=soft>{_text(name)}</span><b class='{how}'>{said}</b>"
        f"<span class=soft>{against}</span> <span class='{how}'>{verdict}</span></div>"
    )


def _drawn(record: Mapping[str, Any]) -> str:
    """The time line: a row a step, in the order in which they began."""
    steps = [step for step in record.get("steps") or () if step.get("began")]
    if not steps:
        return ""
    times = [_time(step[end]) for step in steps for end in ("began", "ended") if step.get(end)]
    start = min([_time(record["began"])] if record.get("began") else times)
    span = max((max(times) - start).total_seconds(), 1.0)
    scale = (WIDTH - NAMES - 90) / span

    def at(moment: str) -> float:
        return NAMES + max((_time(moment) - start).total_seconds(), 0.0) * scale

    bottom = TOP + ROW * len(steps)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {bottom + 26}" role="img" '
        f'aria-label="time line of {len(steps)} steps over {duration(span)}">'
    ]
    tick = next((each for each in TICKS if span / each <= 12), TICKS[-1])
    for count in range(int(span // tick) + 1):
        x = NAMES + count * tick * scale
        parts.append(
            f'<line class="grid" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>'
            f'<text class="s" x="{x:.1f}" y="{TOP - 14}" text-anchor="middle">'
            f"{_axis(count * tick)}</text>"
        )
    for row, step in enumerate(steps):
        parts.append(_bar(step, y=TOP + row * ROW, at=at))
    moved = next((s["ended"] for s in steps if s["step"] == "move" and s.get("ended")), None)
    if moved:
        traffic = (record.get("figures") or {}).get("traffic") or "moved"
        parts.append(
            f'<line class="mark" x1="{at(moved):.1f}" y1="{TOP - 8}" x2="{at(moved):.1f}" y2="{bottom + 6}"/>'
            f'<text class="m" x="{min(at(moved), WIDTH - 50):.1f}" y="{bottom + 20}" '
            f'text-anchor="middle">traffic {_text(traffic)}</text>'
        )
    return f"<h2>Time line</h2><div class=wide>{''.join(parts)}</svg></div>"


def _bar(step: Mapping[str, Any], *, y: int, at: Any) -> str:
    begin = at(step["began"])
    end = at(step["ended"]) if step.get("ended") else WIDTH - 90.0
    took = f"{duration(_seconds(step))}" if step.get("ended") else "under way"
    kind = "failed" if _failed(step) else "wait" if step["step"] in WAITS else "bar"
    told = f"{step['step']}: {took}. {step.get('told') or ''}"
    return (
        f"<g><title>{_text(told)}</title>"
        f'<text x="0" y="{y + 15}">{_text(step["step"])}{" &#10007;" if kind == "failed" else ""}</text>'
        f'<rect class="{kind}" x="{begin:.1f}" y="{y + 3}" width="{max(end - begin, 2):.1f}" '
        f'height="{ROW - 9}" rx="2"/>'
        f'<text class="s" x="{max(end, begin + 2) + 6:.1f}" y="{y + 15}">{took}</text></g>'
    )


def _steps(record: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td class=n>{_clock(step.get('began'))}</td>"
        f"<td class=n>{duration(_seconds(step)) if step.get('ended') else ''}</td>"
        f"<td class=n>{_text(step['step'])}</td>"
        f"<td class='n {'bad' if _failed(step) else ''}'>{_text(step.get('outcome') or 'under way')}</td>"
        f"<td class=t>{_text(step.get('told') or '')}</td></tr>"
        for step in record.get("steps") or ()
    ]
    head = "<tr><th>began (UTC)</th><th>took</th><th>step</th><th>outcome</th><th>what it told</th></tr>"
    return f"<h2>Steps</h2><div class=wide><table>{head}{''.join(rows)}</table></div>"


def _decision(record: Mapping[str, Any]) -> str:
    approval, figures = record.get("approval") or {}, record.get("figures") or {}
    checks = figures.get("checks") or {}
    rows: list[tuple[str, Any]] = [
        ("requested by", record.get("requestedBy")),
        ("reason", record.get("reason")),
        ("mode", record.get("mode")),
        ("overrides", ", ".join(record.get("overrides") or ()) or "none"),
        ("decision", approval.get("decision")),
        ("decided by", approval.get("decidedBy")),
        ("decided at", _moment(approval.get("decidedAt"), empty="")),
        ("asked at", _moment(approval.get("askedAt"), empty="")),
        ("lag", _lag(figures.get("lag") or {})),
        *((f"check: {name}", why or "ok") for name, why in checks.items()),
        *(
            (f"last write: {store}", _moment(when, empty=""))
            for store, when in (figures.get("lastWrites") or {}).items()
        ),
        *(
            (name, figures.get(name))
            for name in ("endpoint", "traffic", "unmerged", "snapshots", "evidence", "rows")
        ),
        ("taken over", record.get("takenOver")),
        ("epoch", record.get("epoch")),
        ("execution", record.get("execution")),
    ]
    return f"<h2>Who decided, on which figures</h2><div class=wide><table>{_fields(rows)}</table></div>"


def _lag(lag: Mapping[str, Any]) -> str:
    if not lag:
        return ""
    known = lag.get("milliseconds")
    return f"{'not known' if known is None else f'{known} ms'} ({lag.get('source', '')})"


def _fields(rows: Iterable[tuple[str, Any]]) -> str:
    return "".join(
        f"<tr><th>{_text(name)}</th><td class=t>{_text(_plain(value))}</td></tr>"
        for name, value in rows
        if value not in (None, "", [], {})
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _failed(step: Mapping[str, Any]) -> bool:
    return step.get("outcome") in ("failed", "aborted", "refused")


def _seconds(step: Mapping[str, Any]) -> float:
    return max((_time(step["ended"]) - _time(step["began"])).total_seconds(), 0.0)


def _axis(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _time(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _moment(moment: str | None, *, empty: str = "...") -> str:
    return f"{_time(moment):%Y-%m-%d %H:%M:%S} UTC" if moment else empty


def _clock(moment: str | None) -> str:
    return f"{_time(moment):%H:%M:%S.%f}"[:-3] if moment else ""


def _text(words: Any) -> str:
    return escape(str(words))

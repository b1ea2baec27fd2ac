"""The first line: where we are, whether all is well, and how old that knowledge is. Pure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime

from ainf_tui.display.format import counted, duration, span
from ainf_tui.domain.documents import BackendDocument, DatabaseDocument, HealthDocument
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, Span, fit, safe, spread
from ainf_tui.tui.link import AWAY, CONNECTING, LIVE, STOPPED, Link
from ainf_tui.tui.signs import Signs

ROOMY = 100
"""Cells from which on the new errors are told in words."""
STALE = 10.0
"""Seconds without an answer of a backend (asked every 2 to 15 s) after which its age is shown."""


@frozen
class Facts:
    """Everything the header tells. Ages are counted from `now` (aware) and `tick` (monotonic)."""

    link: Link = field(default_factory=Link)
    health: HealthDocument = field(default_factory=HealthDocument)
    backends: Sequence[BackendDocument] = ()
    database: DatabaseDocument | None = None
    now: datetime | None = None
    tick: float = field(default_factory=time.monotonic)
    label: str = ""
    """DEMO, or the box that was connected to."""
    read_only: bool = False
    slow: bool = False
    """Low bandwidth."""
    host: str = ""
    new_errors: int = 0
    """Groups that nobody has looked at."""


STATED = 30
"""Cells of the state that come before what stands on the right."""


def header_line(facts: Facts, cells: int, signs: Signs) -> Line:
    """The header on `cells` cells; what matters least gives way first."""
    left: list[tuple[int, Line]] = [(0, ((" ainf", "strong"),))]
    box = safe(facts.health.host or facts.host, 40)
    if box:
        left.append((4, ((box, ""),)))
    if facts.label:
        left.append((0, ((f" {safe(facts.label, 30)} ", "banner"),)))
    if facts.read_only:
        left.append((2, (("read-only", "warning"),)))
    left.append((0, _state(facts, signs)))
    if facts.new_errors > 0:
        left.append((1, (_new_errors(facts.new_errors, cells, signs),)))
    # What says which box this is and what is wrong takes its cells first, as far as it is short.
    wanted = sum(min(STATED, sum(len(text) for text, _ in part)) + 2 for weight, part in left if weight <= 1)
    right = fit(_right(facts, signs), max(0, min(cells * 2 // 3, cells - wanted)), 3)
    room = cells - sum(len(text) for text, _ in right) - 2
    if room < 30:
        right = fit([(0, ((_clock(facts), "muted"),))], cells // 3)
        room = cells - sum(len(text) for text, _ in right) - 2
    return spread(fit(left, max(0, room), 2), (*right, (" ", "")), cells)


def _state(facts: Facts, signs: Signs) -> Line:
    link = facts.link
    if link.state == CONNECTING:
        return ((f"{signs.of('submitting')} looking for the engine", "muted"),)
    age = span(facts.tick - link.since)
    if link.state == STOPPED:
        return ((f"{signs.of('stopped')} engine stopped {age} ago", "warning"),)
    if link.state == AWAY:
        why = f": {safe(link.message, 200)}" if link.message else ""
        return ((f"{signs.of('error')} engine away {age}{why}", "error"),)
    health = facts.health
    if not health.overall:
        return ((f"{signs.of('submitting')} looking", "muted"),)
    if not health.reasons or health.overall == "ok":
        return ((f"{signs.of('ok')} ok", "ok"),)
    worst = health.reasons[0]
    style = Signs.style(health.overall)
    more = f" (+{len(health.reasons) - 1})" if len(health.reasons) > 1 else ""
    return ((f"{signs.of(health.overall)} {safe(worst.message, 200)}{more}", style),)


def _new_errors(count: int, cells: int, signs: Signs) -> Span:
    """`2 new errors`, in little room `✖ 2 new`."""
    return (
        f"{signs.of('error')} {count:,} new" if cells < ROOMY else f"{counted(count, 'new error')}",
        "error",
    )


def _right(facts: Facts, signs: Signs) -> list[tuple[int, Line]]:
    parts: list[tuple[int, Line]] = []
    if facts.slow:
        parts.append((3, (("slow line", "muted"),)))
    if facts.link.state == LIVE:
        parts.append((6, (("engine", "muted"),)))
    if facts.database is not None and facts.database.url:
        parts.append((5, (_database(facts.database),)))
    parts += [(2 if index == 0 else 4, _backend(b, facts, signs)) for index, b in enumerate(facts.backends)]
    parts.append((0, ((_clock(facts), "muted"),)))
    return parts


def _clock(facts: Facts) -> str:
    return facts.now.astimezone().strftime("%H:%M") if facts.now else ""


def _database(database: DatabaseDocument) -> tuple[str, str]:
    kind = "postgres" if database.url.startswith("postgres") else "sqlite"
    return (kind, "muted") if database.reachable else (f"{kind} does not answer", "error")


def _backend(backend: BackendDocument, facts: Facts, signs: Signs) -> Line:
    name = "comfyui" if backend.name == "default" else safe(backend.name, 20)
    if not backend.reachable:
        return ((f"{signs.of('error')} {name} away", "error"),)
    parts = [name, safe(backend.version, 12)]
    if backend.latency is not None:
        parts.append(f"{backend.latency * 1000:3.0f} ms")
    age = (facts.now - backend.checked_at).total_seconds() if facts.now and backend.checked_at else 0.0
    if facts.link.state != LIVE or age > STALE * 3:
        parts.append(f"{duration(age)} ago")
    return ((" ".join(part for part in parts if part), "muted"),)

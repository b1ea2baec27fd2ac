"""The line above a log, and what stands in its place when there is none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import date

from ainf_tui.display.format import here, percent, span
from ainf_tui.domain.log_documents import LogRow, LogSearchRequest, LogStateDocument
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, Span, fit, line_width, safe, spread, wrap
from ainf_tui.tui.logs.filters import Stack

SOURCES_NAMED = 3
"""Sources that are told by name; of more their number."""
LEAST = 9
"""Cells for what stands at the right, if it is to stand there."""


@frozen
class Told:
    """What the line tells."""

    sources: Sequence[str] = ()
    stack: Stack = field(default_factory=Stack)
    suspended: bool = False
    """The filters are off: a line is shown in context."""
    context: int = 0
    follow: bool = True
    fresh: int = 0
    fresh_exact: bool = True
    state: LogStateDocument | None = None
    search: LogSearchRequest = field(default_factory=LogSearchRequest)
    number: int | None = None
    """Which of the matches the cursor is on."""
    busy: str = ""
    marked: int = 0
    """Rows in the marked range that are held; 0: there is none."""
    row: LogRow | None = None
    line: int | None = None
    today: date | None = None
    error: AinfError | None = None
    age: float = 0.0
    """Seconds since then nothing newer is known."""
    arrow: str = "▼"


def status_line(told: Told, cells: int) -> Line:
    """` comfyui+api   ≥warning   2 filters on (1,204 hidden)   following   10,482,113 lines   0 dropped`."""
    left: list[tuple[int, Line]] = [(2, ((_sources(told.sources), "strong"),))]
    left += [*_filters(told), (0, _follow(told)), *_search(told)]
    if told.busy:
        left.append((0, ((f"{safe(told.busy, 60)}, esc ends it", "accent"),)))
    if told.marked:
        left.append((1, ((f"{told.marked:,} marked", "mark"),)))
    if told.error is not None:
        age = f", as of {span(told.age)} ago" if told.age >= 1 else ""
        left.append((0, ((f"{safe(told.error.message, 120)}{age}", "error"),)))
    # What has to be told on the left comes first, then the whole on the right, then the rest.
    room = max(0, cells - 2)
    must = fit([part for part in left if part[0] <= 1], room)
    spare = room - line_width(must) - 3
    right = fit(_whole(told), spare) if spare >= LEAST else ()
    kept = fit(left, max(0, room - line_width(right) - 3 * bool(right)))
    return ((" ", ""), *spread(kept, right, room))


def _sources(names: Sequence[str]) -> str:
    unlike = list(dict.fromkeys(names))
    if len(unlike) > SOURCES_NAMED:
        return f"{len(unlike)} logs"
    return "+".join(safe(name, 24) for name in unlike) or "no log"


def _filters(told: Told) -> list[tuple[int, Line]]:
    parts: list[tuple[int, Line]] = []
    on = [one for one in told.stack.on if one.kind != "level"]
    state = told.state
    count = len(on)
    if told.suspended:
        parts.append((0, (("in context, filters off", "warning"),)))
        return parts
    spans: list[Span] = []
    if told.stack.level:
        spans.append((f"≥{told.stack.level}{'   ' * bool(count)}", "accent"))
    if count:
        spans.append((f"{count} filter{'s' * (count != 1)} on", "accent"))
    elif told.stack.filters and not told.stack.on:
        parts.append((4, (("filters off", "muted"),)))
    if told.stack.on and state is not None and (state.hidden or (state.hidden == 0 and state.hidden_exact)):
        about = "" if state.hidden_exact else "at least "
        spans.append((f" ({about}{state.hidden:,} hidden)", "muted"))
    parts.append((1, tuple(spans)))
    if told.context and told.stack.on:
        parts.append((3, ((f"±{told.context}", "muted"),)))
    return parts


def _follow(told: Told) -> Line:
    if told.follow:
        return (("following", "ok"),)
    if not told.fresh:
        return (("paused", "muted"),)
    more = "" if told.fresh_exact else "+"
    return ((f"{told.arrow} {told.fresh:,}{more} new", "accent"),)


def _search(told: Told) -> list[tuple[int, Line]]:
    if not told.search.pattern:
        return []
    sign = "/" if told.search.regex else ""
    text = safe(told.search.pattern, 24)
    spans: list[Span] = [(f"/{text}{sign}", "accent")]
    state = told.state
    if state is not None:
        total = f"{state.found:,}" + ("" if state.searched >= 1 else "+")
        of = f" {told.number:,} of {total}" if told.number is not None else f" {total} found"
        none = not state.found and state.searched >= 1
        if not (none and told.busy):  # The answer that begins this search is not here yet.
            spans.append((" not found" if none else of, "" if state.found else "warning"))
        if state.searched < 1:
            spans.append((f" {_share(state.searched)}", "muted"))
    return [(0, tuple(spans))]


def _whole(told: Told) -> list[tuple[int, Line]]:
    state = told.state
    parts: list[tuple[int, Line]] = []
    at = told.row.at if told.row is not None else None
    if at is not None and here(at).date() != told.today:
        parts.append((5, ((f"{here(at):%Y-%m-%d}", "muted"),)))
    if told.line is not None:
        parts.append((6, ((f"line {told.line:,}", "muted"),)))
    if state is None:
        return parts
    if state.problem:
        parts.append((1, ((safe(state.problem, 80), "error"),)))
    if state.indexed < 1:
        parts.append((3, ((f"counting {_share(state.indexed)}", "muted"),)))
    elif state.lines is not None:
        parts.append((3, ((f"{state.lines:,} line{'s' * (state.lines != 1)}", "muted"),)))
    dropped = (f"{state.dropped:,} dropped", "warning" if state.dropped else "muted")
    parts.append((1 if state.dropped else 7, (dropped,)))
    return parts


def _share(fraction: float) -> str:
    return percent(max(0.0, min(1.0, fraction)))


def empty_lines(
    told: Told, key: Callable[[str], str], cells: int, *, asked: bool, loaded: bool
) -> tuple[Line, ...]:
    """What this place is for, and what fills it. `asked`: there is somebody to ask."""
    error = told.error
    if error is not None:
        lines = [((part, "error"),) for part in wrap(safe(error.message, 400), max(10, cells - 4))]
        lines += [((part, "muted"),) for part in wrap(safe(error.hint, 400), max(10, cells - 4))]
        return tuple(((" ", ""), *line) for line in lines)
    if not asked or not loaded:
        return (((" looking for logs ...", "muted"),),)
    if told.stack.on and not told.suspended:
        return (
            ((" The filters let nothing through.", ""),),
            ((f" {key('logs.filters')}", "key"), (" changes them", "muted")),
        )
    return (
        ((" Nothing has been written yet.", ""),),
        ((f" {key('logs.sources')}", "key"), (" chooses other logs; what comes is shown here", "muted")),
    )

"""The lines above the inbox, what stands in its place when it is empty, and the totals in full. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from ainf_tui.display.format import span
from ainf_tui.domain.error_documents import LEVELS, ErrorTotalsDocument
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.errors.filter import Filter
from ainf_tui.tui.lines import Line, fit, safe
from ainf_tui.tui.link import LIVE, Link
from ainf_tui.tui.lists.feed import MOST
from ainf_tui.tui.lists.title import Key, filter_line, why_empty

_SOURCES = 6
"""Sources that the strip names."""


@frozen
class Told:
    """What is known of the list: how much is shown, read, marked, and why there is no more."""

    link: Link = field(default_factory=Link)
    totals: ErrorTotalsDocument = field(default_factory=ErrorTotalsDocument)
    shown: int = 0
    marked: int = 0
    filter: Filter = field(default_factory=Filter)
    order: str = "inbox"
    hidden_too: bool = False
    loading: bool = False
    complete: bool = False
    truncated: bool = False
    error: AinfError | None = None
    age: float | None = None
    """Seconds since the list was read, where it cannot be read now."""


def title_line(told: Told, cells: int) -> Line:
    """`ERRORS   2 new   5 ongoing   41 in 24 h   1,204 in all`."""
    totals = told.totals
    parts: list[tuple[int, Line]] = [(0, (("ERRORS", "title"),))]
    if told.link.state == LIVE or told.shown:
        parts += [
            (1, ((f"{totals.new:,} new", "error" if totals.new else "muted"),)),
            (2, ((f"{totals.ongoing:,} open", ""),)),
            (3, ((f"{totals.last_24h:,} in 24 h", "muted"),)),
            (4, ((f"{totals.total:,} in all", "muted"),)),
        ]
    if told.age is not None and told.shown:
        parts.append((0, ((f"as of {span(told.age)} ago", "warning"),)))
    if told.marked:
        parts.append((0, ((f"{told.marked} marked", "mark"),)))
    parts.append((0, filter_line(told, told.filter.wrong)))
    if told.hidden_too:
        parts.append((1, (("with resolved and muted", "accent"),)))
    if told.order != "inbox":
        parts.append((1, ((f"by {told.order.replace('_', ' ')}", "accent"),)))
    if told.truncated:
        parts.append((1, ((f"the first {MOST:,}", "warning"),)))
    if told.error is not None and told.shown and told.age is None:
        parts.append((1, ((safe(told.error.message, 60), "error"),)))
    return fit(parts, cells)


def totals_line(totals: ErrorTotalsDocument, cells: int) -> Line:
    """Of the last 24 hours: `24 h   error 12   warning 5   ·   comfyui 15   web 2`; nothing was: of all."""
    lately = bool(totals.last_24h)
    levels, sources = _levels(totals, lately=lately), _sources(totals, lately=lately)
    if not levels and not sources:
        return ()
    parts: list[tuple[int, Line]] = [(0, (("24 h" if lately else "in all", "title"),))]
    for number, (name, count) in enumerate(levels):
        look = {"critical": "error", "error": "error", "warning": "warning"}.get(name, "")
        parts.append((1 + number, ((f"{count:,} ", look), (safe(name, 12), "muted"))))
    if sources:
        parts.append((10, (("from", "title"),)))
    for number, (name, count) in enumerate(sources[:_SOURCES]):
        parts.append((11 + number, ((f"{safe(name, 20)} ", "muted"), (f"{count:,}", ""))))
    return fit(parts, cells, 2)


def _levels(totals: ErrorTotalsDocument, *, lately: bool) -> list[tuple[str, int]]:
    """The gravest first; a level that nobody knows comes last."""
    counts = totals.by_level_24h if lately else totals.by_level
    known = {name: number for number, name in enumerate(LEVELS)}
    return [(n, c) for n, c in sorted(counts.items(), key=lambda item: -known.get(item[0], -1)) if c]


def _sources(totals: ErrorTotalsDocument, *, lately: bool) -> list[tuple[str, int]]:
    """Most first."""
    counts = totals.by_source_24h if lately else totals.by_source
    return [(name, count) for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count]


def totals_text(totals: ErrorTotalsDocument) -> str:
    """Both tables in full; whoever shows it makes it safe."""
    lines = [f"{totals.groups:,} groups, {totals.ongoing:,} of them open, {totals.new:,} new", ""]
    lines += _table(
        "level", totals.by_level, totals.by_level_24h, [n for n, _ in _levels(totals, lately=False)]
    )
    lines += [
        "",
        *_table(
            "source", totals.by_source, totals.by_source_24h, [n for n, _ in _sources(totals, lately=False)]
        ),
    ]
    lines += [
        "",
        _row("all", totals.total, totals.last_24h),
        "",
        "Counts are exact; they are never found by searching.",
    ]
    return "\n".join(lines)


def _table(
    title: str, whole: Mapping[str, int], lately: Mapping[str, int], names: list[str]
) -> Iterator[str]:
    yield f"{title:<16} {'in all':>14} {'24 h':>14}"
    for name in names:
        yield _row(name, whole.get(name, 0), lately.get(name, 0))


def _row(name: str, whole: int, lately: int) -> str:
    return f"{safe(name, 40):<16} {whole:>14,} {lately:>14,}"


def empty_lines(told: Told, key: Key) -> tuple[Line, ...]:
    """What stands in the place of the groups."""
    stopped = "What it has collected is stored."
    return tuple(why_empty(told, key, stopped=stopped, reading="errors", well=_well(told, key)))


def _well(told: Told, key: Key) -> Iterator[Line]:
    yield (("All is well: no error is open.", "ok"),)
    yield ()
    yield (("Errors in the logs, failed jobs, services that crash and what fails in ainf itself", "muted"),)
    yield (("stand here, the same failure once, with what it means and what to do.", "muted"),)
    settled = told.totals.groups
    if settled and not told.hidden_too:
        yield ()
        yield ((key("errors.hidden"), "key"), (f" shows the {settled:,} that are resolved or muted", ""))

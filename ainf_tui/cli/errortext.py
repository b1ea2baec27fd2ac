"""Groups of errors as lines of text: the list, one group with its card, the totals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from ainf_tui.cli.output import Output, show
from ainf_tui.cli.tables import Cell, Column, folded
from ainf_tui.display.format import local, since
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.domain.error_documents import (
    ErrorDetailDocument,
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorTotalsDocument,
)

COLUMNS = (
    Column("ERROR", right=True),
    Column("STATE"),
    Column("LEVEL", drop=5),
    Column("COUNT", right=True),
    Column("24H", right=True, drop=3),
    Column("TREND", drop=4),
    Column("SEEN", right=True, drop=1),
    Column("SOURCE", drop=2),
    Column("", flexible=True),
)
_BARS = " ▁▂▃▄▅▆▇█"
_MARKS = {"critical": "error", "error": "error", "warning": "warning"}
_FOREIGN = re.compile(r'\s+File "[^"]*(?:[/\\](?:site|dist)-packages[/\\]|[/\\]lib[/\\]python\d|<frozen)')
_FRAME = re.compile(r'\s+File "')


def mark(group: ErrorGroupDocument) -> str:
    """The word of its glyph and colour."""
    if group.state in {"resolved", "muted"}:
        return "succeeded" if group.state == "resolved" else "held"
    return _MARKS.get(group.level, "info")


def row(group: ErrorGroupDocument, now: datetime, *, unicode: bool) -> list[Cell]:
    """Its line in the table."""
    unseen = "*" if group.unseen else ""
    return [
        Cell(f"#{group.id}"),
        Cell(f"{glyph(mark(group), unicode=unicode)} {group.state}{unseen}", colour(mark(group))),
        Cell(group.level),
        Cell(str(group.count)),
        Cell(str(group.count_24h) if group.count_24h else ""),
        Cell(trend(group.trend) if unicode else ""),
        Cell(since(group.last_seen, now)),
        Cell(show(group.source, 30)),
        Cell(show(group.title, 300)),
    ]


def trend(counts: Sequence[int]) -> str:
    """Bars of the last 24 hours, the newest last; nothing where nothing came."""
    most = max(counts, default=0)
    if most == 0:
        return ""
    return "".join(_BARS[-(-count * 8 // most)] for count in counts)


def detail(out: Output, found: ErrorDetailDocument, now: datetime) -> Iterator[str]:
    """`ainf errors show`."""
    group = found.group
    yield out.paint(
        f"{glyph(mark(group), unicode=out.unicode)} #{group.id} {show(group.title, 300)}", colour(mark(group))
    )
    facts = [(name, text) for name, text in _facts(found, now) if text]
    width = max(len(name) for name, _ in facts)
    for name, text in facts:
        yield from folded(out, f"  {name:<{width}}  {text}", width + 4)
    yield from _card(out, found)
    if found.examples:
        yield ""
        yield from example(found.examples[0])
    yield from _block("see also", list(links(group, found.examples)))


def _facts(found: ErrorDetailDocument, now: datetime) -> Iterator[tuple[str, str]]:
    group = found.group
    until = f" until {local(group.muted_until)}" if group.muted_until is not None else ""
    yield "state", f"{group.state}{until}{', not looked at' if group.unseen else ''}"
    yield "level", group.level
    yield "source", show(group.source, 60)
    kept = f"; {len(found.examples)} of them kept whole" if group.sampled else ""
    yield "count", f"{group.count}, {group.count_24h} in the last 24 hours{kept}"
    yield "first seen", f"{local(group.first_seen)}  ({since(group.first_seen, now)} ago)"
    yield "last seen", f"{local(group.last_seen)}  ({since(group.last_seen, now)} ago)"
    yield "job", f"#{group.job}" if group.job is not None else ""
    for name in ("service", "run", "backend", "pack"):
        yield name, show(getattr(group, name), 100)
    yield "node", show(f"{group.node} {group.node_class}".strip(), 100)
    yield "note", show(group.note, 600)
    yield "fingerprint", ", ".join(group.fingerprints)


def _card(out: Output, found: ErrorDetailDocument) -> Iterator[str]:
    card = found.card
    if card is None:
        return
    yield ""
    yield f"what it means ({card.code})"
    for text in (card.cause, *(f"- {step}" for step in card.steps)):
        if text:
            yield from folded(out, f"  {show(text, 600)}", 4 if text.startswith("- ") else 2)
    if card.action:
        yield f"  `{card.action}`"


def example(found: ErrorExampleDocument) -> Iterator[str]:
    """The report whole, with what stood before it; frames of installed packages as a count."""
    yield f"the newest report, {local(found.at)}"
    for line in found.context:
        yield f"  | {show(line, 400)}"
    for line in in_app(found.lines or (found.message,)):
        yield f"  {show(line, 1000)}"
    if found.details:
        yield f"  {show(dict(found.details), 2000)}"


def in_app(lines: Sequence[str]) -> Iterator[str]:
    """A traceback without the frames of Python and of installed packages."""
    skipped, skipping = 0, False
    for line in lines:
        if _FRAME.match(line):
            skipping = _FOREIGN.match(line) is not None
            skipped += skipping
        elif not line[:1].isspace():
            skipping = False
        if skipping:
            continue
        if skipped:
            yield f"  ({skipped} frames of libraries)"
            skipped = 0
        yield line


def links(group: ErrorGroupDocument, examples: Sequence[ErrorExampleDocument]) -> Iterator[str]:
    """What belongs to it, as commands."""
    if group.job is not None:
        yield f"ainf queue show {group.job}"
    if group.service:
        yield f"ainf services show {show(group.service, 60)}"
    where = next((one for one in examples if one.file), None)
    if where is not None:
        yield f"ainf logs {show(where.file, 300)} --since {where.at:%Y-%m-%dT%H:%M:%SZ}"


def stats(out: Output, totals: ErrorTotalsDocument) -> Iterator[str]:
    """`ainf errors stats`."""
    yield f"{totals.groups} groups, {totals.ongoing} open, {totals.new} new"
    yield f"{totals.total} reports, {totals.last_24h} in the last 24 hours"
    for title, all_, day in (
        ("level", totals.by_level, totals.by_level_24h),
        ("source", totals.by_source, totals.by_source_24h),
    ):
        yield ""
        yield out.paint(f"{title.upper():<20}{'ALL':>12}{'24H':>12}", "dim")
        for name, count in all_.items():
            yield f"{show(name, 20):<20}{count:>12}{day.get(name, 0):>12}"


def _block(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        for line in lines:
            yield f"  {line}"

"""A record whole: its lines, what it says of itself, and what is known of the error. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ainf_tui.display.format import here
from ainf_tui.domain.errors.playbook import Entry
from ainf_tui.domain.log_documents import LogRecordDocument
from ainf_tui.tui.lines import Line, safe, safe_lines, width, wrap
from ainf_tui.tui.logs.rows import GRAVE

MOST = 400_000
"""Characters of a record that are shown."""
_LABEL = 12
"""Cells of a fact's name."""


def record_lines(record: LogRecordDocument, entry: Entry | None, cells: int) -> list[Line]:
    """The facts, the playbook's card, all lines, and the fields."""
    cells = max(12, cells)
    lines: list[Line] = []
    for name, value in facts(record):
        lines += _fact(name, value, cells)
    if entry is not None:
        lines += [(), *_card(entry, cells)]
    lines += [(), (("TEXT", "title"),)]
    style = GRAVE.get(record.row.level, "")
    for number, text in enumerate(safe_lines(record.text, MOST)):
        parts = [text] if width(text) <= cells else wrap(text, cells, 2)
        lines += [((part, style if not number else ""),) for part in parts]
    if record.cut:
        lines.append(((f"{record.cut:,} more bytes are in the file only", "warning"),))
    if record.fields or record.fingerprint:
        lines += [(), (("FIELDS", "title"),)]
    for name, value in record.fields.items():
        lines += _fact(str(name), _plain(value), cells)
    lines += _fact("fingerprint", record.fingerprint, cells)
    return lines


def facts(record: LogRecordDocument) -> Iterator[tuple[str, str]]:
    """(name, value) of what is known about the record."""
    row = record.row
    at = "" if row.at is None else f"{here(row.at):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    yield "time", at + (" (of the line before)" if row.at is not None and row.inherited else "")
    level = row.level + ("" if row.stated else " (by its words)")
    yield "level", "   ".join(part for part in (level, row.source, record.name, record.format) if part)
    where = f"line {record.line:,}, " if record.line is not None else ""
    yield "file", f"{record.path}   {where}bytes {row.start:,} to {row.end:,}"


def _fact(name: str, value: str, cells: int) -> Iterator[Line]:
    if not value:
        return
    label = safe(name, 40)
    label += " " * max(1, _LABEL - width(label))
    for number, part in enumerate(wrap(safe(value, 4_000), max(8, cells - width(label)))):
        yield ((label if not number else " " * width(label), "muted"), (part, ""))


def _card(entry: Entry, cells: int) -> Iterator[Line]:
    yield (("WHAT IT MEANS", "title"),)
    for part in wrap(safe(entry.cause, 2_000), cells):
        yield ((part, ""),)
    for step in entry.steps:
        for number, part in enumerate(wrap(safe(step, 1_000), max(8, cells - 2))):
            yield (("- " if not number else "  ", "muted"), (part, ""))
    if entry.action:
        yield (("x", "key"), (f" {safe(entry.action, 200)}", "accent"))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def record_text(record: LogRecordDocument) -> str:
    """For the clipboard: the record as it stands in the file."""
    return record.raw

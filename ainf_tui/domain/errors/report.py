"""A group of errors as a report to hand on: Markdown, without secrets and without control bytes. Pure.

Times are UTC: who reads it sits elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorExampleDocument
from ainf_tui.domain.redaction import redacted, redacted_json
from ainf_tui.domain.text import visible

LINES = 200
"""Lines of a record at most: its end, where the exception stands."""
LONG = 2_000
"""Characters of a line, or of a value."""


def report(detail: ErrorDetailDocument, version: str, known: Callable[[str], str]) -> str:
    """`known` hides the secrets that the settings name; those that look like one are hidden in any case."""
    return redacted("\n".join(_report(detail, version, known)), known).rstrip() + "\n"


def _report(detail: ErrorDetailDocument, version: str, known: Callable[[str], str]) -> Iterator[str]:
    group, card = detail.group, detail.card
    yield f"## {_line(group.title)}"
    yield ""
    facts = (
        ("error", f"#{group.id}, {group.level}, {group.state}"),
        ("reports", f"{group.count:,}, in the last 24 hours {group.count_24h:,}"),
        ("first and last", f"{_utc(group.first_seen)}, {_utc(group.last_seen)}"),
        ("source", group.source),
        ("service", group.service),
        ("backend", group.backend),
        ("pack", group.pack),
        ("node", " ".join(part for part in (group.node_class, group.node) if part)),
        ("job", f"#{group.job}" if group.job is not None else ""),
        ("code", group.code),
        ("fingerprint", group.fingerprint),
        ("ainf", version),
    )
    yield from (f"- {name}: {_line(value)}" for name, value in facts if value)
    if card is not None:
        if card.cause:
            yield from ("", f"**What it means.** {_line(card.cause)}")
        yield ""
        yield from (f"{number}. {_line(step)}" for number, step in enumerate(card.steps, 1))
    if group.note:
        yield from ("", f"**Note.** {_line(group.note)}")
    if detail.examples:
        yield from _example(detail.examples[0], known)


def _example(example: ErrorExampleDocument, known: Callable[[str], str]) -> Iterator[str]:
    yield from ("", f"The newest report, {_utc(example.at)}:", "")
    lines = [*example.context, *_record(example)]
    cut = len(lines) - LINES
    lines = [f"... {cut} lines before", *lines[-LINES:]] if cut > 0 else lines
    lines = [visible(part, LONG, lines=True) for line in lines for part in line.splitlines() or ("",)]
    fence = _fence(lines)
    yield from (f"{fence}text", *lines, fence)
    details = redacted_json(dict(example.details), known)
    if details:
        yield ""
        yield from (f"- {_line(str(name))}: {_line(str(value))}" for name, value in details.items())


def _record(example: ErrorExampleDocument) -> Sequence[str]:
    if example.lines and example.message in example.lines[0]:
        return example.lines
    return (example.message, *example.lines)


def _line(text: str) -> str:
    return visible(" ".join(text.split()), LONG)


def _fence(lines: Sequence[str]) -> str:
    """Longer than any run of backticks within."""
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return fence


def _utc(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else "?"

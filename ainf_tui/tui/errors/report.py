"""A group of errors as a report to hand on: Markdown, without secrets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ainf_tui.display.format import local
from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorExampleDocument
from ainf_tui.domain.redaction import redacted
from ainf_tui.domain.text import clip

LINES = 200
"""Lines of a record at most: its end, where the exception stands."""


def report(detail: ErrorDetailDocument, version: str, known: Callable[[str], str]) -> str:
    """`known` hides the secrets that the settings name."""
    return redacted("\n".join(_report(detail, version)), known).rstrip() + "\n"


def _report(detail: ErrorDetailDocument, version: str) -> Iterator[str]:
    group, card = detail.group, detail.card
    yield f"## {_line(group.title)}"
    yield ""
    facts = (
        ("state", f"{group.state}, {group.level}"),
        ("reports", f"{group.count:,}, in the last 24 hours {group.count_24h:,}"),
        ("first and last", f"{local(group.first_seen)}, {local(group.last_seen)}"),
        ("source", group.source),
        ("service", group.service),
        ("pack", group.pack),
        ("node", " ".join(part for part in (group.node_class, group.node) if part)),
        ("job", f"#{group.job}" if group.job is not None else ""),
        ("code", group.code),
        ("fingerprint", group.fingerprint),
        ("ainf", version),
    )
    yield from (f"- {name}: {_line(value)}" for name, value in facts if value)
    if card is not None:
        yield from ("", f"**What it means.** {_line(card.cause)}", "")
        yield from (f"{number}. {_line(step)}" for number, step in enumerate(card.steps, 1))
    if group.note:
        yield from ("", f"**Note.** {_line(group.note)}")
    if detail.examples:
        yield from _example(detail.examples[0])


def _example(example: ErrorExampleDocument) -> Iterator[str]:
    yield from ("", f"An example, {local(example.at)}:", "")
    lines = [*example.context, *_record(example)]
    cut = len(lines) - LINES
    lines = [f"... {cut} lines before", *lines[-LINES:]] if cut > 0 else lines
    fence = _fence(lines)
    yield from (fence, *(line.replace("\r", "") for line in lines), fence)
    if example.details:
        yield ""
        yield from (
            f"- {_line(str(name))}: {_line(clip(str(value), 2000))}"
            for name, value in example.details.items()
        )


def _record(example: ErrorExampleDocument) -> Sequence[str]:
    if example.lines and example.message in example.lines[0]:
        return example.lines
    return (example.message, *example.lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def _fence(lines: Sequence[str]) -> str:
    """Longer than any run of backticks within."""
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return fence

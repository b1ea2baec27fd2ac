"""What of a group of errors can be copied. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import msgspec

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorGroupDocument
from ainf_tui.domain.errors.report import report
from ainf_tui.domain.redaction import redacted
from ainf_tui.domain.text import clip
from ainf_tui.tui import asked
from ainf_tui.tui.frame.options import Option

SHOWN = 60
"""Characters of a text in the choice; it is copied whole."""


def copies(
    group: ErrorGroupDocument, detail: ErrorDetailDocument | None, version: str, known: Callable[[str], str]
) -> list[tuple[Option, str]]:
    """(what is offered, the text), the most useful first. `known` hides the secrets of the settings."""
    texts = _texts(group, detail or ErrorDetailDocument(group), version, known)
    return [(Option(name, name, told or clip(text, SHOWN)), text) for name, told, text in texts if text]


def _texts(
    group: ErrorGroupDocument, detail: ErrorDetailDocument, version: str, known: Callable[[str], str]
) -> Iterator[tuple[str, str, str]]:
    """(name, what it is, text)"""
    yield "report", "Markdown, to hand on; secrets are left out", report(detail, version, known)
    example = detail.examples[0] if detail.examples else None
    yield "message", "", example.message if example is not None else group.title
    yield (
        "record",
        "the newest report whole, as it was",
        "\n".join(example.lines) if example is not None else "",
    )
    yield "fingerprint", "", group.fingerprint
    yield "command", "", asked.line("errors", "show", str(group.id))
    document = json.dumps(msgspec.to_builtins(detail), indent=2, ensure_ascii=False)
    yield "json", "everything; secrets are left out", redacted(document, known)

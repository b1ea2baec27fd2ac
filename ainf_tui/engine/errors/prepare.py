"""From reports to what is stored of them: a title and its entry of the playbook, no secrets, no excess. Slow:
for a thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorReport
from ainf_tui.domain.errors.fingerprint import failure
from ainf_tui.domain.errors.fold import EXAMPLES, Folded, trimmed
from ainf_tui.domain.errors.playbook import Known, Playbook
from ainf_tui.domain.errors.restoring import in_time, report_of, with_reports
from ainf_tui.domain.ports_errors import NewErrors
from ainf_tui.domain.redaction import redacted, redacted_json
from ainf_tui.domain.text import clip, storable_json, visible

_TITLE = 200
_TITLES = 10_000
"""Fingerprints whose titles are remembered."""
_NOTE = 2_000
_DETAILS = 16_000
"""Characters of JSON."""


class Prepare:
    """`known` hides the secrets of the settings; `playbook` is read at the first use."""

    def __init__(self, known: Callable[[str], str], playbook: Callable[[], Playbook]) -> None:
        self._known = known
        self._playbook = playbook
        self._titles: dict[str, tuple[str, str]] = {}

    def __call__(self, taken: Mapping[str, Folded]) -> list[NewErrors]:
        """Of each fingerprint."""
        room = max(2, EXAMPLES // max(1, len(taken)))
        return [self._errors(print_, entry, room) for print_, entry in taken.items()]

    def _errors(self, print_: str, entry: Folded, room: int) -> NewErrors:
        examples = tuple(self.clean(report) for report in entry.some(room))
        newest = examples[-1]
        title, code = self._titles.get(print_) or self._told(print_, newest)
        return NewErrors(
            fingerprint=print_,
            source=newest.source,
            title=title,
            code=code,
            seconds=dict(entry.seconds),
            examples=examples,
        )

    def _told(self, print_: str, report: ErrorReport) -> tuple[str, str]:
        """Title and entry of the playbook, which is slow to look into."""
        known = self._playbook().look(report.lines or (report.message,))
        if len(self._titles) >= _TITLES:
            self._titles.clear()
        found = _title(report, known), known.entry.code if known is not None else _cause(report)
        self._titles[print_] = found
        return found

    def clean(self, report: ErrorReport) -> ErrorReport:
        """Without secrets, its details no larger than is kept."""
        return replace(
            report,
            message=redacted(report.message, self._known),
            lines=self._lines(report.lines),
            context=self._lines(report.context),
            details=self._details(report.details),
        )

    def restored(self, detail: ErrorDetailDocument, now: datetime) -> ErrorDetailDocument:
        """A group that was exported, as if its reports had come now: who wrote the file is not known."""
        told = in_time(detail, now)
        reports = {n: self.clean(trimmed(report_of(one), now)) for n, one in enumerate(told.examples)}
        group = told.group
        title = visible(redacted(group.title, self._known), _TITLE) or "an error without a message"
        note = redacted(group.note, self._known)[:_NOTE]
        code = clip(group.code, _TITLE)
        return with_reports(replace(told, group=replace(group, title=title, note=note, code=code)), reports)

    def _lines(self, lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(redacted("\n".join(lines), self._known).split("\n")) if lines else ()

    def _details(self, details: Mapping[str, Any]) -> Mapping[str, Any]:
        if not details:
            return {}
        safe = redacted_json(storable_json(details), self._known)
        text = json.dumps(safe, ensure_ascii=False)
        found: Mapping[str, Any] = safe if len(text) <= _DETAILS else {"cut": clip(text, _DETAILS)}
        return found


def _cause(report: ErrorReport) -> str:
    """Why a service ended stands in its log: who tells of the end has looked there."""
    return str(report.details.get("known", "")) if report.code.startswith("service.") else ""


def _title(report: ErrorReport, known: Known | None) -> str:
    """The playbook's words and where it was, else the exception's own."""
    # A service's end has words of its own, which say the known cause, too: beside the line of its log that
    # tells the same cause it would be the same title twice.
    if known is not None and not report.code.startswith("service."):
        where = report.node_class
        told = f"{known.title} in {where}" if where and where not in known.title else known.title
        return visible(told, _TITLE)
    message = next((line.strip() for line in report.message.splitlines() if line.strip()), "")
    raised = failure(report.source, "", report.lines)
    kind = report.kind
    if raised.kind and not (report.code and (raised.message or raised.kind) in message):
        # `Error handling request from 127.0.0.1` says nothing: the exception behind it does. Words of ainf's
        # own that tell of the exception say more.
        kind, message = raised.kind, raised.message
    kind = kind if kind not in message else ""
    return visible(
        ": ".join(part for part in (kind, message) if part) or "an error without a message", _TITLE
    )

"""Reports as lines of JSON, for what must outlive a process: the spool and the checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import Twin
from ainf_tui.domain.text import storable, storable_json

LINES = 200
"""Lines of a report that are written, from its end."""
LINE = 2_000
_TEXTS = frozenset(
    f.name for f in fields(ErrorReport) if f.name not in {"at", "lines", "details", "context", "job", "start"}
)


def written(report: ErrorReport) -> str:
    """One line, without its end."""
    facts = {**asdict(report), "at": report.at.isoformat() if report.at is not None else None}
    facts["lines"] = [line[:LINE] for line in report.lines[-LINES:]]
    facts["context"] = [line[:LINE] for line in report.context]
    facts["details"] = storable_json(dict(report.details))
    return storable(json.dumps(facts, default=str))


def read(text: str | bytes) -> ErrorReport:
    """ValueError: it is no report."""
    try:
        return _report(json.loads(text))
    except (TypeError, KeyError, RecursionError, AttributeError) as error:
        raise ValueError(f"this is no report: {error!r}") from error


def _report(facts: Any) -> ErrorReport:
    if not isinstance(facts, Mapping) or not {"source", "message"} <= facts.keys():
        raise ValueError("a report has a source and a message")
    known: dict[str, Any] = {name: str(facts[name]) for name in _TEXTS & facts.keys()}
    known |= {name: int(facts[name]) for name in ("job", "start") if facts.get(name) is not None}
    details = facts.get("details") or {}
    if not isinstance(details, Mapping):
        raise TypeError("details are no object")
    return ErrorReport(
        **known,
        at=datetime.fromisoformat(facts["at"]) if facts.get("at") else None,
        lines=tuple(str(line) for line in facts.get("lines") or ()),
        context=tuple(str(line) for line in facts.get("context") or ()),
        details=details,
    )


def written_pending(report: ErrorReport, twin: Twin) -> str:
    """A failure of a log that waits for the job's own word."""
    return json.dumps({"twin": asdict(twin), "report": written(report)})


def read_pending(text: str) -> tuple[ErrorReport, Twin]:
    """ValueError: it is none."""
    try:
        facts = json.loads(text)
        return read(facts["report"]), Twin(**{k: str(v) for k, v in facts["twin"].items()})
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"this is no report: {error!r}") from error

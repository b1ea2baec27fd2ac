"""Files of errors: a JSON object a line, a report as others wrote it or a group as `ainf errors export` does.
A bad line costs one line and is told.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorReport
from ainf_tui.domain.errors.restoring import problem
from ainf_tui.domain.logs.levels import level_of
from ainf_tui.frozen import frozen

LONGEST = 1_048_576
"""Bytes of a report; a longer line is no error that somebody wrote."""
LONGEST_GROUP = 32 * LONGEST
"""Bytes of a group, which has up to 40 reports."""


@frozen
class Line:
    """A report with its key, or a group; or, without, what is wrong with the line of that number."""

    number: int
    report: ErrorReport | None = None
    key: str = ""
    group: ErrorDetailDocument | None = None
    problem: str = ""


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """Every line that is not empty. The key is made of the line and of how often it has come before in the
    file: so the same file twice is counted once, and a line that stands twice in it is counted twice.
    """
    times = Counter[bytes]()
    for number, raw in enumerate(lines, 1):
        text = raw.strip()
        if not text:
            continue
        if len(text) > LONGEST_GROUP:
            yield Line(number, problem=f"longer than {LONGEST_GROUP} bytes")
            continue
        digest = blake2b(text, digest_size=16).digest()
        times[digest] += 1
        try:
            found = json.loads(text.decode("utf-8", "replace"))
            if not isinstance(found, dict):
                yield Line(number, problem="no JSON object")
            elif "group" in found:
                yield Line(number, group=group_of(found))
            elif len(text) > LONGEST:
                yield Line(number, problem=f"longer than {LONGEST} bytes")
            else:
                yield Line(number, parsed(found), f"{digest.hex()}.{times[digest]}")
        except (ValueError, RecursionError) as error:
            yield Line(number, problem=str(error))


def group_of(found: dict[str, Any]) -> ErrorDetailDocument:
    """A line of `ainf errors export`, or of what was cleared. ValueError."""
    from msgspec import ValidationError, convert  # noqa: PLC0415 - most files hold none

    try:
        detail = convert(found, ErrorDetailDocument)
    except ValidationError as error:
        raise ValueError(str(error)) from error
    if bad := problem(detail):
        raise ValueError(bad)
    return detail


def parsed(found: dict[str, Any]) -> ErrorReport:
    """A line of an old errors.jsonl: timestamp, level, source, message, details. ValueError."""
    message = found.get("message", "")
    details = found.get("details") or {}
    if not isinstance(message, str) or not isinstance(details, dict):
        raise ValueError("message is no text, or details no object")  # noqa: TRY004 - as above
    if not message.strip():
        raise ValueError("no message")
    lines = tuple(message.splitlines())
    return ErrorReport(
        source=_word(found.get("source"), "unknown"),
        message=next(line for line in lines if line.strip()),
        level=_level(found.get("level")),
        at=_time(found.get("timestamp", found.get("at"))),
        lines=lines if len(lines) > 1 else (),
        details=details,
    )


def _word(value: Any, usual: str) -> str:
    return value.strip() if isinstance(value, str) and value.strip() else usual


def _level(value: Any) -> str:
    """An unknown level is an error: nobody writes one for nothing."""
    level = level_of(value) if isinstance(value, str) else None
    return level.word if level is not None else "error"


def _time(value: Any) -> datetime:
    """ISO 8601; without a zone it is UTC, as the old program wrote it. ValueError."""
    if not isinstance(value, str):
        raise ValueError("no timestamp")  # noqa: TRY004 - as above
    at = datetime.fromisoformat(value)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

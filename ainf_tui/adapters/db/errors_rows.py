"""Rows of errors: how they grow by new reports, how several make a group, what they are as documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from ainf_tui.adapters.db.columns import encoded
from ainf_tui.adapters.db.error_tables import FROM_NEWEST
from ainf_tui.domain.error_documents import ErrorExampleDocument, ErrorReport
from ainf_tui.domain.errors.groups import HOUR, KEPT, GroupState, Standing, heat, hotter, urgency
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.ports_errors import NewErrors
from ainf_tui.domain.text import storable_json

Row = dict[str, Any]
_WORDS = 2_000
_FACTS = ("level", "source", "title", "code", "first_seen", "last_seen", "count", "cold", "words", "job")
_EXAMPLE = tuple(f.name for f in fields(ErrorExampleDocument) if f.name not in {"id", "at", "fingerprint"})


@dataclass(frozen=True, slots=True)
class Sample:
    """How many reports of a fingerprint are kept: of the first, and of the newest."""

    first: int = 20
    newest: int = 20

    @property
    def most(self) -> int:
        return self.first + self.newest

    def slot(self, kept: int) -> int:
        """Where the next one goes, after so many."""
        return kept if kept < self.first else self.first + (kept - self.first) % self.newest


def recent(errors: NewErrors, now: int) -> Counter[tuple[int, Level]]:
    """What a window of 24 hours may still hold: by second and level."""
    return Counter({at: n for at, n in errors.seconds.items() if at[0] >= now - KEPT})


def grown(row: Mapping[Any, Any], errors: NewErrors, now: int) -> Row:
    """The row of a fingerprint with more reports. `now`: seconds since 1970."""
    added = dict(row)
    first, last = span(errors)
    newest = max(errors.examples, key=_at)
    if row["last_seen"] is None or last >= row["last_seen"]:
        added |= {name: getattr(newest, name) for name in (*FROM_NEWEST, "job")}
        added["words"] = _words(errors, newest)
    levels = Counter({int(level): n for level, n in row["levels"].items()})
    heats = [heat(n, second) for (second, _), n in errors.seconds.items()]
    if row["count"]:
        heats.append(-row["cold"])
    for (_, level), n in errors.seconds.items():
        levels[int(level)] += n
    added |= {
        "level": max(levels),
        "levels": {str(level): n for level, n in levels.items()},
        "count": levels.total(),
        "first_seen": min(first, row["first_seen"] or first),
        "last_seen": max(last, row["last_seen"] or last),
        "cold": -reduce(hotter, heats),
        "hours": _hours(row["hours"], errors, now),
        "title": row["title"] or errors.title,
        "code": row["code"] or errors.code,
    }
    return added


def fresh(number: int, errors: NewErrors) -> Row:
    """The row of a fingerprint that has no report yet."""
    nothing = dict.fromkeys(FROM_NEWEST, "")
    return nothing | {
        "id": number,
        "fingerprint": errors.fingerprint,
        "group_id": number,
        "level": 0,
        "source": errors.source,
        "title": "",
        "code": "",
        "first_seen": None,
        "last_seen": None,
        "count": 0,
        "kept": 0,
        "cold": 0.0,
        "words": "",
        "job": None,
        "levels": {},
        "hours": {},
    }


def _hours(before: Mapping[str, Mapping[str, int]], errors: NewErrors, now: int) -> dict[str, dict[str, int]]:
    oldest = (now - KEPT) // HOUR
    hours = {hour: dict(levels) for hour, levels in before.items() if int(hour) >= oldest}
    for (second, level), n in recent(errors, now).items():
        levels = hours.setdefault(str(second // HOUR), {})
        levels[str(int(level))] = levels.get(str(int(level)), 0) + n
    return hours


def span(errors: NewErrors) -> tuple[datetime, datetime]:
    """When the first and the last of them happened; to the microsecond where that report was kept."""
    seconds = [second for second, _ in errors.seconds]
    first, last = min(seconds), max(seconds)
    kept = sorted(_at(report) for report in errors.examples)
    firsts = [at for at in kept if int(at.timestamp()) == first]
    lasts = [at for at in kept if int(at.timestamp()) == last]
    return (
        firsts[0] if firsts else datetime.fromtimestamp(first, UTC),
        lasts[-1] if lasts else datetime.fromtimestamp(last, UTC),
    )


def _at(report: ErrorReport) -> datetime:
    if report.at is None:
        raise ValueError("a report without its time cannot be stored")
    return report.at


def _words(errors: NewErrors, newest: ErrorReport) -> str:
    parts = (errors.title, newest.message, errors.code, newest.code, errors.source, newest.node)
    found = "\n".join((*parts, newest.node_class, newest.pack, newest.service, newest.kind))
    return found.casefold()[:_WORDS]


# -- groups --------------------------------------------------------------------------------------------
def facts(parts: Sequence[Mapping[Any, Any]], own: int, sample: Sample) -> Row:
    """What a group tells, made of its fingerprints; source, title and code are those of number `own`."""
    first = next((part for part in parts if part["id"] == own), parts[0])
    newest = max(parts, key=lambda part: (part["last_seen"], part["id"]))
    found = {name: first[name] for name in _FACTS} | {name: newest[name] for name in (*FROM_NEWEST, "job")}
    level = Level(max(part["level"] for part in parts))
    return found | {
        "level": int(level),
        "first_seen": min(part["first_seen"] for part in parts),
        "last_seen": max(part["last_seen"] for part in parts),
        "count": sum(part["count"] for part in parts),
        "kept": sum(min(part["kept"], sample.most) for part in parts),
        "cold": -urgency(reduce(hotter, (-part["cold"] for part in parts)), level),
        "words": "\n".join(dict.fromkeys(part["words"] for part in parts))[:_WORDS],
        "parts": len(parts),
    }


def standing(row: Mapping[Any, Any]) -> Standing:
    """Of a group's row."""
    return Standing(GroupState(row["state"]), row["unseen"], row["muted_until"], row["resolved_at"])


def standing_row(now_is: Standing) -> Row:
    """Column values of `error_groups`."""
    return {
        "state": now_is.state.value,
        "rank": now_is.state.rank,
        "unseen": now_is.unseen,
        "muted_until": now_is.muted_until,
        "resolved_at": now_is.resolved_at,
    }


# -- examples ------------------------------------------------------------------------------------------
def example_row(report: ErrorReport, print_id: int, slot: int, number: int) -> Row:
    """Column values of `error_examples`."""
    body = {name: getattr(report, name) for name in _EXAMPLE}
    body["details"] = storable_json(report.details)
    return {"print_id": print_id, "slot": slot, "id": number, "at": _at(report), "body": encoded(body)}


def example_document(row: Mapping[Any, Any], fingerprint: str) -> ErrorExampleDocument:
    """From a row of `error_examples`."""
    body = row["body"] | {name: tuple(row["body"][name]) for name in ("lines", "context")}
    return ErrorExampleDocument(id=row["id"], at=row["at"], fingerprint=fingerprint, **body)

"""One service in full, as lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ainf_tui.display.format import size
from ainf_tui.domain.service_documents import PortOwnerDocument, ServiceDetailDocument, ServiceDocument
from ainf_tui.tui.dashboard.services_list import (
    core_share,
    health_cell,
    long_span,
    state_cell,
    uptime,
    verdict,
)
from ainf_tui.tui.lines import Line, cut_line, fit, safe, safe_lines, width, wrap
from ainf_tui.tui.queue.detail_facts import Fact, moment
from ainf_tui.tui.queue.detail_lines import one_column, two_columns
from ainf_tui.tui.signs import Signs

_LOG_LINES = 20
"""Lines of the log that a problem shows."""


def title_line(service: ServiceDocument, cells: int, signs: Signs) -> Line:
    """`● comfyui   running   healthy   3d 4h`."""
    now = datetime.now(UTC)
    state, health = state_cell(service), health_cell(service)
    parts: list[tuple[int, Line]] = [
        (
            0,
            (
                (f"{signs.of(verdict(service))} ", Signs.style(verdict(service))),
                (safe(service.name, 60), "strong"),
            ),
        ),
        (0, (state,)),
        (1, (health,) if health[0] else ()),
        (2, ((uptime(service, now), "muted"),) if uptime(service, now) else ()),
        (3, ((safe(service.title, 100), "muted"),) if service.title != service.name else ()),
    ]
    return fit(parts, cells)


def service_lines(
    service: ServiceDocument, detail: ServiceDetailDocument | None, cells: int, signs: Signs
) -> list[Line]:
    """What is wrong first, then its facts, what it is made of, its port's owner, what happened."""
    now = datetime.now(UTC)
    blocks: list[list[Line]] = [
        _wrong(service, cells, signs),
        two_columns(list(_facts(service, signs, now)), cells),
    ]
    if detail is not None:
        blocks += [
            _titled("DECLARED", one_column(list(_declared(detail)), cells)),
            _titled("PORTS", [line for owner in detail.owners[:20] for line in _owner(owner, cells)]),
            _titled("WHAT HAPPENED", [_event(event, now, signs) for event in detail.events[-30:]]),
        ]
    lines: list[Line] = []
    for block in blocks:
        lines += [(), *block] if lines and block else block
    return [cut_line(line, cells) for line in lines]


def _titled(title: str, lines: list[Line]) -> list[Line]:
    return [((title, "title"),), *lines] if lines else []


def _wrong(service: ServiceDocument, cells: int, signs: Signs) -> list[Line]:
    problem = service.problem
    lines: list[Line] = []
    if problem is None:
        return [((part, ""),) for part in wrap(safe(service.message, 600), cells)] if service.message else []
    for number, part in enumerate(wrap(safe(problem.message, 1000), max(1, cells - 2))):
        lines.append(((f"{signs.of('error')} " if not number else "  ", "error"), (part, "error")))
    facts = [Fact("next", safe(problem.hint, 600))] if problem.hint else []
    lines += one_column(facts, cells)
    log = problem.details.get("log")
    for text in list(log)[-_LOG_LINES:] if isinstance(log, list | tuple) else safe_lines(log)[-_LOG_LINES:]:
        lines.append(((f"  {safe(text, 400)}", "muted"),))
    return lines


def _facts(service: ServiceDocument, signs: Signs, now: datetime) -> Iterator[Fact]:
    unknown = signs.unknown
    yield Fact("pid", str(service.pid) if service.pid is not None else unknown)
    yield Fact("ports", ", ".join(map(str, service.ports[:20])) or unknown)
    yield Fact("since", moment(service.since, now, signs))
    checked = (
        long_span((now - service.checked_at).total_seconds()) + " ago" if service.checked_at else unknown
    )
    yield Fact("checked", checked)
    yield Fact("cpu", core_share(service.cpu) if service.cpu is not None else unknown)
    yield Fact("memory", size(service.memory) if service.memory is not None else unknown)
    yield Fact("vram", size(service.vram) if service.vram is not None else unknown)
    yield Fact("restarts", str(service.restarts), "warning" if service.restarts else "")
    if service.next_restart is not None:
        yield Fact("restart at", moment(service.next_restart, now, signs))
    if service.version:
        yield Fact("version", safe(service.version, 60))
    if service.depends_on:
        yield Fact("needs", safe(", ".join(service.depends_on), 400))
    if service.log:
        yield Fact("log", safe(service.log, 1000))


def _declared(detail: ServiceDetailDocument) -> Iterator[Fact]:
    without = "none: others started it" if detail.service.kind == "adopted" else "none: it is only watched"
    yield Fact("command", safe(" ".join(detail.command), 4000) or without)
    if detail.cwd:
        yield Fact("folder", safe(detail.cwd, 1000))
    for number, (name, value) in enumerate(list(detail.env.items())[:100]):
        yield Fact("env" if not number else "", f"{safe(name, 100)}={safe(value, 400)}")
    for name, values in (("health", detail.health), ("stop", detail.stop), ("restart", detail.restart)):
        if values:
            yield Fact(name, _pairs(values))
    yield Fact("from", safe(detail.source, 1000))


def _pairs(values: Mapping[str, Any]) -> str:
    told = ((name, value) for name, value in values.items() if value not in ("", None, (), []))
    return safe("  ".join(f"{name} {value}" for name, value in told), 1000)


def _owner(owner: PortOwnerDocument, cells: int) -> list[Line]:
    if owner.pid is None and not owner.command:
        return [((f"{owner.port}  ", ""), ("free", "muted"))]
    who = f"pid {owner.pid}" if owner.pid is not None else "somebody whom you may not see"
    whose = f"  service {safe(owner.service, 40)}" if owner.service else f"  {safe(owner.user, 40)}"
    return [
        cut_line(
            (
                (f"{owner.port}  ", ""),
                (who, ""),
                (whose, "muted"),
                (f"  {safe(owner.command, 400)}", "muted"),
            ),
            cells,
        )
    ]


def _event(event: Mapping[str, Any], now: datetime, signs: Signs) -> Line:
    """As in events.jsonl: ts in milliseconds, level, message."""
    ts = event.get("ts")
    at = None
    if isinstance(ts, int | float) and 0 <= ts < 1e14:
        at = datetime.fromtimestamp(ts / 1000, UTC)
    level = safe(event.get("level"), 20)
    return (
        (f"{moment(at, now, signs)}  ", "muted"),
        (safe(event.get("message"), 400), Signs.style(level) if level in {"warning", "error"} else ""),
    )


def log_place(service: ServiceDocument, path: str) -> str:
    """Where its log is, or why there is none to be shown here."""
    if path or service.kind != "adopted":
        return path
    if service.version:
        return "ainf did not start it; the Logs screen shows what ComfyUI keeps in its memory"
    return "ainf did not start it, and does not know where it writes"


def log_lines(text: str, cells: int) -> list[Line]:
    """The end of a log, wrapped."""
    lines: list[Line] = []
    for line in safe_lines(text.rstrip("\n"), 200_000):
        lines += [((part, ""),) for part in wrap(line, cells, 2)] if width(line) > cells else [((line, ""),)]
    return lines

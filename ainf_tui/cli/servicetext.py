"""Services as lines of text: the table, one service, a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ainf_tui.cli.output import Output, show
from ainf_tui.cli.tables import Cell, Column, folded
from ainf_tui.display.format import local, since, size
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.domain.service_documents import PortOwnerDocument, ServiceDetailDocument, ServiceDocument

COLUMNS = (
    Column("SERVICE"),
    Column("STATE"),
    Column("HEALTH", drop=1),
    Column("PORT", right=True, drop=3),
    Column("PID", right=True, drop=4),
    Column("SINCE", right=True, drop=5),
    Column("CPU", right=True, drop=7),
    Column("MEMORY", right=True, drop=6),
    Column("RESTARTS", right=True, drop=8),
    Column("", flexible=True, drop=2),
)
PORT_COLUMNS = (
    Column("PORT", right=True),
    Column("SERVICE"),
    Column("PID", right=True),
    Column("USER", drop=2),
    Column("COMMAND", flexible=True, drop=1),
)


def standing(service: ServiceDocument) -> str:
    """One word for state and health together, as glyphs and colours know it."""
    if service.state == "running":
        return {"healthy": "ok", "unknown": "submitted"}.get(service.health, "warning")
    return {"crash-loop": "error", "exited": "error" if service.problem else "stopped"}.get(
        service.state, "info"
    )


def row(service: ServiceDocument, now: datetime, *, unicode: bool) -> list[Cell]:
    """Its line in the table."""
    mark = standing(service)
    if service.state == "exited" and service.next_restart is not None:
        mark = "warning"
    adopted = "" if service.kind == "managed" else f" ({service.kind})"
    running = service.state not in {"stopped", "exited", "crash-loop"}
    return [
        Cell(f"{glyph(mark, unicode=unicode)} {show(service.name, 40)}", colour(mark)),
        Cell(service.state + adopted + _again(service, now), colour(mark)),
        Cell(service.health if running else ""),
        Cell(str(service.ports[0]) if service.ports else ""),
        Cell(str(service.pid) if service.pid is not None else ""),
        Cell(since(service.since, now) if service.since is not None and running else ""),
        Cell(f"{service.cpu:.0%}" if service.cpu is not None else ""),
        Cell(size(service.memory) if service.memory is not None else ""),
        Cell(str(service.restarts) if service.restarts else ""),
        Cell(show(message(service), 400)),
    ]


def _again(service: ServiceDocument, now: datetime) -> str:
    if service.next_restart is None:
        return ""
    return f", again in {max(0, round((service.next_restart - now).total_seconds()))}s"


def message(service: ServiceDocument) -> str:
    """Why it is not well, in a line."""
    return service.message or (service.problem.message if service.problem is not None else "")


def port_row(owner: PortOwnerDocument) -> list[Cell]:
    """Its line of `ainf services ports`."""
    if owner.pid is None and not owner.command and not owner.user:
        return [Cell(str(owner.port)), Cell(show(owner.service, 40)), Cell(""), Cell(""), Cell("free", "dim")]
    kind = "ComfyUI: " if owner.comfyui else ""
    return [
        Cell(str(owner.port)),
        Cell(show(owner.service, 40) or "-"),
        Cell(str(owner.pid) if owner.pid is not None else "?"),
        Cell(show(owner.user, 30)),
        Cell(f"{kind}{show(owner.command, 300)}"),
    ]


def detail(out: Output, found: ServiceDetailDocument, now: datetime) -> Iterator[str]:
    """`ainf services show`."""
    service = found.service
    mark = standing(service)
    yield out.paint(
        f"{glyph(mark, unicode=out.unicode)} {show(service.title, 60)}: {service.state}, {service.health}",
        colour(mark),
    )
    if message(service):
        yield from folded(out, f"  {show(message(service))}", 2)
    if service.problem is not None and service.problem.hint:
        yield from folded(out, f"  {show(service.problem.hint)}", 2)
    facts = [(name, text) for name, text in _facts(found, now) if text]
    width = max(len(name) for name, _ in facts)
    yield ""
    for name, text in facts:
        yield from folded(out, f"{name:<{width}}  {text}", width + 2)
    yield from _block("newest events", [_event(event) for event in found.events])
    yield from _block("end of the log", [show(line, 400) for line in found.log_tail])


def _facts(found: ServiceDetailDocument, now: datetime) -> Iterator[tuple[str, str]]:
    service = found.service
    yield "kind", service.kind
    yield "since", f"{local(service.since)}  ({since(service.since, now)})" if service.since else ""
    yield "pid", str(service.pid) if service.pid is not None else ""
    yield "identity", service.identity
    yield "ports", ", ".join(_port(owner) for owner in found.owners)
    yield "command", show(" ".join(found.command), 600)
    yield "folder", show(found.cwd, 300)
    yield "environment", show(" ".join(f"{name}={value}" for name, value in found.env.items()), 600)
    yield "depends on", show(", ".join(service.depends_on), 200)
    yield "health", _spec(found.health)
    yield "stop", _spec(found.stop)
    yield "restart", _spec(found.restart)
    yield "restarts", str(service.restarts)
    yield "log", show(service.log, 300)
    yield "declared in", show(found.source, 300)


def _port(owner: PortOwnerDocument) -> str:
    if owner.pid is None and not owner.command:
        return f"{owner.port} (free)"
    return f"{owner.port} ({show(owner.service or owner.command, 80)}, pid {owner.pid or '?'})"


def _spec(values: object) -> str:
    pairs = values.items() if isinstance(values, dict) else ()
    return show(
        "  ".join(f"{name} {_value(value)}" for name, value in pairs if value not in ("", None, [], ())), 600
    )


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)


def _event(event: object) -> str:
    facts = event if isinstance(event, dict) else {}
    moment = facts.get("ts")
    when = (
        f"{datetime.fromtimestamp(moment / 1000).astimezone():%H:%M:%S}  " if isinstance(moment, int) else ""
    )
    return f"{when}{show(facts.get('message', ''), 300)}"


def _block(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        for line in lines:
            yield f"  {line}"

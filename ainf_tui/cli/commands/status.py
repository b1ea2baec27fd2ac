"""`ainf status`, and what bare `ainf` prints."""

from __future__ import annotations

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.format import duration, local, since, size, span, utc_now
from ainf_tui.cli.glyphs import colour, glyph
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call
from ainf_tui.domain.documents import BackendDocument, StatusDocument


@click.command("status", short_help="The box in one glance; exit code 1 if not well.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.status/1` on stdout.")
@click.pass_obj
def status(app: App, *, _json: bool) -> int:
    """The box in one glance: engine, backends, queue, database, and what to do about what is wrong.

    The exit code is 0 if all is well and 1 if there is anything to do.
    """
    return print_status(app)


def bare(app: App) -> int:
    """`ainf` without a command: until there is an app on the screen, the status."""
    app.out.note("The full-screen app is still to come; `ainf --help` lists the commands.", "dim")
    return print_status(app)


def print_status(app: App) -> int:
    """Prints it and returns the exit code."""
    found = call(app, lambda client: client.status())
    if app.out.json:
        app.out.emit(found)
    else:
        for line in _lines(app, found):
            app.out.line(line)
    return exits.OK if found.overall == "ok" else exits.FAILED


def _lines(app: App, found: StatusDocument) -> list[str]:
    mark = glyph(found.overall, unicode=app.out.unicode)
    lines = [app.out.paint(f"{mark} {found.overall}", colour(found.overall))]
    for reason in found.reasons:
        mark = glyph(reason.severity, unicode=app.out.unicode)
        lines.append("  " + app.out.paint(f"{mark} {show(reason.message)}", colour(reason.severity)))
        if reason.hint:
            lines.append(f"    {show(reason.hint)}")
    facts = [
        ("engine", _engine(found)),
        *_backends(found),
        ("queue", _queue(found)),
        ("database", _database(found)),
    ]
    width = max(len(name) for name, _ in facts)
    lines.append("")
    lines += [f"{name:<{width}}  {text}" for name, text in facts]
    return lines


def _engine(found: StatusDocument) -> str:
    engine = found.engine
    if not engine.running:
        return "not running"
    where = "in this process" if engine.embedded else f"pid {engine.pid}"
    return f"running  {where}  {show(engine.version or '')}  since {local(engine.since)}"


def _backends(found: StatusDocument) -> list[tuple[str, str]]:
    if not found.backends:
        return [("backends", "none")]
    return [(f"backend {show(backend.name, 30)}", _backend(backend)) for backend in found.backends]


def _backend(backend: BackendDocument) -> str:
    url = show(backend.url, 200)
    if not backend.reachable:
        ago = f"  last answer {span(backend.age)} ago" if backend.age is not None else ""
        why = f"  {show(backend.message)}" if backend.message else ""
        return f"no answer  {url}{ago}{why}"
    parts = [f"ComfyUI {show(backend.version or '?', 40)}", url]
    if backend.latency is not None:
        parts.append(f"{backend.latency * 1000:.0f} ms")
    parts.append(f"{backend.queue_running or 0} running, {backend.queue_pending or 0} waiting there")
    if not backend.connected:
        parts.append("no websocket")
    parts += [_device(device) for device in backend.devices]
    return "  ".join(parts)


def _device(device: object) -> str:
    facts = device if isinstance(device, dict) else {}
    free, total = facts.get("vram_free"), facts.get("vram_total")
    memory = ""
    if isinstance(free, int) and isinstance(total, int) and total > 0:
        memory = f" {size(total - free)}/{size(total)}"
    return show(facts.get("name", "?"), 60) + memory


def _queue(found: StatusDocument) -> str:
    queue = found.queue
    parts = [f"{queue.running} running", f"{queue.submitted} sent", f"{queue.queued} queued"]
    if queue.held:
        parts.append(f"{queue.held} held")
    text = ", ".join(parts)
    if queue.eta is not None and queue.running + queue.submitted + queue.queued:
        text += f", done in {duration(queue.eta)}"
    if queue.paused:
        text += f"; paused {since(queue.paused_since, utc_now())} ago"
    return f"{text}; last 24 h: {queue.succeeded_24h} succeeded, {queue.failed_24h} failed"


def _database(found: StatusDocument) -> str:
    database = found.database
    if not database.reachable:
        return f"does not answer: {show(database.message)}"
    return f"{show(database.url)}  revision {show(database.revision or '?', 40)}"

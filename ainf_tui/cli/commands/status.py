"""`ainf status`, and what bare `ainf` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.hosttext import gpu_line
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call, open_screen
from ainf_tui.cli.tables import folded
from ainf_tui.display.format import local, remaining, since, size, span, utc_now
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.domain.documents import BackendDocument
from ainf_tui.domain.status_document import StatusDocument


@click.command("status", short_help="The box in one glance; exit code 1 if not well.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.status/1` on stdout.")
@click.option("--watch", is_flag=True, help="Again whenever something changes, until Ctrl-C.")
@click.pass_obj
def status(app: App, *, watch: bool, _json: bool) -> int:
    """The box in one glance: engine, backends, queue, database, and what to do about what is wrong.

    The exit code is 0 if all is well and 1 if there is anything to do. With --watch and --json: a line a
    change.
    """
    if watch:
        from ainf_tui.cli.statuswatch import watch_status  # noqa: PLC0415 -- 90 ms that a glance does without

        return call(app, lambda client: watch_status(app, client, show_status))
    return print_status(app)


def bare(app: App) -> int:
    """`ainf` without a command: the full-screen app on a terminal, else the status."""
    if app.open_screen is not None and app.out.terminal and not app.out.json:
        return open_screen(app)
    return print_status(app)


def print_status(app: App) -> int:
    """Prints it and returns the exit code."""
    return show_status(app, call(app, lambda client: client.status()))


def show_status(app: App, found: StatusDocument, *, pretty: bool | None = None) -> int:
    """The same of a status that is there already."""
    if app.out.json:
        app.out.emit(found, pretty=pretty)
    else:
        for line in _lines(app, found):
            app.out.line(line)
    return exits.OK if found.overall == "ok" else exits.FAILED


def _lines(app: App, found: StatusDocument) -> Iterator[str]:
    out = app.out
    mark = glyph(found.overall, unicode=out.unicode)
    yield out.paint(f"{mark} {found.overall}", colour(found.overall))
    for reason in found.reasons:
        mark = glyph(reason.severity, unicode=out.unicode)
        for line in folded(out, f"  {mark} {show(reason.message)}", 4):
            yield out.paint(line, colour(reason.severity))
        if reason.hint:
            yield from folded(out, f"    {show(sentence(reason.hint))}", 4)
    facts = [
        ("host", _host(found.host)),
        *_gpus(found.gpus),
        ("engine", _engine(found)),
        *_backends(found),
        ("queue", _queue(found)),
        ("database", _database(found)),
        ("errors", _errors(found.errors)),
    ]
    width = max(len(name) for name, _ in facts)
    yield ""
    for name, text in facts:
        if text:
            yield from folded(out, f"{name:<{width}}  {text}", width + 2)


def sentence(text: str) -> str:
    """With a capital; not where it begins with a name or a command."""
    first = text.partition(" ")[0].rstrip(",:")
    return text[:1].upper() + text[1:] if first.isascii() and first.isalpha() else text


def _host(host: Mapping[str, Any]) -> str:
    load, total, available = host.get("load"), host.get("memory_total"), host.get("memory_available")
    parts = [show(host.get("name", ""), 60)]
    if isinstance(load, Sequence) and load and isinstance(load[0], int | float):
        parts.append(f"load {load[0]:.1f} on {host.get('cpus', '?')} CPUs")
    if isinstance(total, int) and isinstance(available, int):
        parts.append(f"memory {size(total - available)}/{size(total)}")
    if isinstance(host.get("disk_free"), int):
        parts.append(f"disk {size(host['disk_free'])} free")
    return "  ".join(part for part in parts if part)


def _gpus(gpus: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Those that a driver tells of; the others stand below their backend."""
    for gpu in gpus:
        if gpu.get("source") != "comfyui":
            yield f"gpu {show(gpu.get('index', '?'), 10)}", gpu_line(gpu)


def _engine(found: StatusDocument) -> str:
    engine = found.engine
    if not engine.running:
        return "not running"
    where = "in this process" if engine.embedded else f"pid {engine.pid}"
    label = f"  {show(engine.label, 20)}" if engine.label else ""
    return f"running  {where}  {show(engine.version or '')}  since {local(engine.since)}{label}"


def _backends(found: StatusDocument) -> Iterator[tuple[str, str]]:
    if not found.backends:
        yield "backends", "none"
    told = " ".join(reason.message for reason in found.reasons)
    for backend in found.backends:
        yield f"backend {show(backend.name, 30)}", _backend(backend, told)
        for device in backend.devices:
            yield "", _device(device)


def _backend(backend: BackendDocument, told: str) -> str:
    url = show(backend.url, 200)
    if not backend.reachable:
        ago = f"  last answer {span(backend.age)} ago" if backend.age is not None else ""
        why = f"  {show(backend.message)}" if backend.message and backend.message not in told else ""
        return f"no answer  {url}{ago}{why}"
    parts = [f"ComfyUI {show(backend.version or '?', 40)}", url]
    if backend.latency is not None:
        parts.append(f"{backend.latency * 1000:.0f} ms")
    parts.append(f"{backend.queue_running or 0} running, {backend.queue_pending or 0} waiting there")
    if not backend.connected:
        parts.append("no websocket")
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
    if queue.eta is not None and queue.eta >= 1 and queue.running + queue.submitted + queue.queued:
        text += f", done in {remaining(queue.eta)}"
    if queue.paused:
        text += f"; paused {since(queue.paused_since, utc_now())} ago"
    return f"{text}; last 24 h: {queue.succeeded_24h} succeeded, {queue.failed_24h} failed"


def _errors(errors: Mapping[str, Any]) -> str:
    """Nothing where there never was one."""
    if not errors.get("total"):
        return ""
    new = f"{errors.get('new', 0)} new, " if errors.get("new") else ""
    reports = f"{errors['total']} reports, {errors.get('last_24h', 0)} in 24 h"
    return f"{new}{errors.get('ongoing', 0)} open; {reports}"


def _database(found: StatusDocument) -> str:
    database = found.database
    if not database.reachable:
        return f"does not answer: {show(database.message)}"
    return f"{show(database.url)}  revision {show(database.revision or '?', 40)}"

"""`ainf services list|show|ports|logs`, `ainf runs`: what can be seen of services."""

from __future__ import annotations

import asyncio

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.notices import tell
from ainf_tui.cli.output import show as shown
from ainf_tui.cli.servicetext import COLUMNS, PORT_COLUMNS, detail, port_row, row
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import Cell, Column, print_table
from ainf_tui.client import Client
from ainf_tui.display.format import local, size, utc_now
from ainf_tui.domain.service_documents import ServicesDocument
from ainf_tui.errors import NotFoundError

_HERE = "ainf_tui.cli.commands.services"
_CHANGE = "ainf_tui.cli.commands.services_change"
VERBS = {
    "list": (f"{_HERE}:list_services", "All services: state, health, port, pid."),
    "show": (f"{_HERE}:show", "One service: declaration, events, end of its log."),
    "start": (f"{_CHANGE}:start", "Start services, with what they depend on."),
    "stop": (f"{_CHANGE}:stop", "Stop services."),
    "restart": (f"{_CHANGE}:restart", "Stop services and start them again."),
    "adopt": (f"{_CHANGE}:adopt", "Use what listens on a service's port already."),
    "logs": (f"{_HERE}:logs", "What a service wrote."),
    "ports": (f"{_HERE}:ports", "Every declared port and who listens on it."),
}
_PIECE = 1_048_576
_POLL = 0.5
"""Seconds between two looks at a log that is followed."""
RUN_COLUMNS = (
    Column("RUN"),
    Column("BEGAN"),
    Column("STATUS"),
    Column("SIZE", right=True, drop=2),
    Column("SERVICES", flexible=True, drop=1),
)


@click.group(
    "services", cls=LazyGroup, lazy=VERBS, default="list", short_help="Start, stop and watch services."
)
def services() -> None:
    """Services of this box: declared in services.toml, kept by the engine. docs/services.md tells how."""


@click.command("list", short_help=VERBS["list"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.services/1` on stdout.")
@click.pass_obj
def list_services(app: App, *, _json: bool) -> int:
    """All services. The exit code is 1 if one that somebody started is not up."""
    return print_services(app, call(app, lambda client: client.services.listed()))


def print_services(app: App, found: ServicesDocument) -> int:
    """As a table or as the document; the exit code of what is seen."""
    if app.out.json:
        app.out.emit(found)
    else:
        tell(app.out, found.notices)
        now = utc_now()
        if not found.services:
            app.out.note("No service is declared. docs/services.md tells how.")
        else:
            rows = [row(service, now, unicode=app.out.unicode) for service in found.services]
            print_table(app.out, COLUMNS, rows)
    failed = any(service.problem is not None for service in found.services)
    return exits.FAILED if failed or found.notices else exits.OK


@click.command("show", short_help=VERBS["show"][1])
@click.argument("name", metavar="SERVICE")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.service/1` on stdout.")
@click.pass_obj
def show(app: App, *, name: str, _json: bool) -> int:
    """One service: how it stands, how it is declared, its newest events and the end of its log."""
    found = call(app, lambda client: client.services.show(name))
    if app.out.json:
        app.out.emit(found)
    else:
        for line in detail(app.out, found, utc_now()):
            app.out.line(line)
    return exits.FAILED if found.service.problem is not None else exits.OK


@click.command("ports", short_help=VERBS["ports"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.ports/1` on stdout.")
@click.pass_obj
def ports(app: App, *, _json: bool) -> int:
    """Every declared port and who listens on it."""
    found = call(app, lambda client: client.services.ports())
    if app.out.json:
        app.out.emit(found)
    elif not found.ports:
        app.out.note("No service declares a port.")
    else:
        print_table(app.out, PORT_COLUMNS, [port_row(owner) for owner in found.ports])
    return exits.OK


@click.command("logs", short_help=VERBS["logs"][1])
@click.argument("name", metavar="SERVICE")
@click.option(
    "-n", "--lines", type=click.IntRange(0), metavar="N", default=100, show_default=True, help="From the end."
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.pass_obj
def logs(app: App, *, name: str, lines: int, follow: bool) -> int:
    """What a service wrote in this run, the newest last."""
    call(app, lambda client: _logs(app, client, name, lines, follow=follow))
    return exits.OK


async def _logs(app: App, client: Client, name: str, lines: int, *, follow: bool) -> None:
    piece = await client.services.log(name, limit=_PIECE)
    if not piece.path and not follow:
        raise NotFoundError(
            "service.no_log",
            f"{shown(name, 60)} has no log",
            hint="It was not started by ainf in this run; what others started writes where they said. "
            "A ComfyUI is asked for its log by `ainf logs backend:NAME`; `ainf status` has the name.",
        )
    texts = piece.text.split("\n")
    for line in texts[:-1][-lines:] if lines else ():
        app.out.line(shown(line))
    rest, path, position = texts[-1], piece.path, piece.next
    while follow:
        piece = await client.services.log(name, start=position, limit=_PIECE)
        if piece.path != path:  # started again, in a new run
            rest, path, position = "", piece.path, 0
            continue
        *whole, rest = (rest + piece.text).split("\n")
        for line in whole:
            app.out.line(shown(line))
        position = piece.next
        if not piece.text:
            await asyncio.sleep(_POLL)
    if rest:
        app.out.line(shown(rest))


@click.command("runs", short_help="The runs whose logs are kept.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.runs/1` on stdout.")
@click.pass_obj
def runs(app: App, *, _json: bool) -> int:
    """The runs whose logs are kept, newest first: from the start of services to the end of the last."""
    found = call(app, lambda client: client.services.runs())
    if app.out.json:
        app.out.emit(found)
    elif not found.runs:
        app.out.note("There is no run yet: `ainf up` begins one.")
    else:
        rows = [
            [
                Cell(run.id),
                Cell(local(run.started_at)),
                Cell(shown(run.status, 30)),
                Cell(size(run.bytes)),
                Cell(shown(", ".join(run.services), 300)),
            ]
            for run in found.runs
        ]
        print_table(app.out, RUN_COLUMNS, rows)
        app.out.note(f"The newest is in {shown(found.runs[0].folder)}")
    return exits.OK

"""`ainf host`."""

from __future__ import annotations

from dataclasses import asdict

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.hosttext import PROCESS_COLUMNS, facts, process_rows
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import folded, print_table


@click.command("host", short_help="The machine, its disks and its GPUs.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.host/1` on stdout.")
@click.pass_obj
def host(app: App, *, _json: bool) -> int:
    """The machine, its disks and its GPUs, with the processes on them and whose they are.

    A value that nobody tells is left out.
    """
    found = call(app, lambda client: client.host.show())
    if app.out.json:
        app.out.emit({**asdict(found), "schema": "ainf.host/1"})
        return exits.OK
    told = [(name, text) for name, text in facts(found) if text]
    width = max(len(name) for name, _ in told)
    for name, text in told:
        for line in folded(app.out, f"{name:<{width}}  {text}", width + 2):
            app.out.line(line)
    if found.message:
        app.out.note(show(found.message), "yellow")
    rows = process_rows(found.gpus)
    if rows:
        app.out.line("")
        print_table(app.out, PROCESS_COLUMNS, rows)
    return exits.OK

"""`ainf queue list|show|wait`: what looks and changes nothing."""

from __future__ import annotations

from dataclasses import fields

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.jobtext import FIELD, LIST_COLUMNS, detail, foreign_rows, list_row, waits
from ainf_tui.cli.output import show
from ainf_tui.cli.params import JOB
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import folded, print_table
from ainf_tui.client import Client
from ainf_tui.display.format import counted, remaining, since, utc_now
from ainf_tui.display.glyphs import glyph
from ainf_tui.domain.documents import JobPageDocument
from ainf_tui.domain.requests import JobQuery
from ainf_tui.domain.status_document import StatusDocument

STATES = ("queued", "submitting", "submitted", "running", "fetching", "succeeded", "failed", "cancelled")


@click.command("list", short_help="The jobs, in the order in which they run.")
@click.option(
    "--state",
    "states",
    multiple=True,
    metavar="STATE",
    type=click.Choice((*STATES, "held")),
    help="Only these; repeatable. STATE is " + ", ".join(STATES) + " or held.",
)
@click.option("--all", "everything", is_flag=True, help="Ended jobs too, newest first.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    metavar="N",
    default=100,
    show_default=True,
    help="How many at most.",
)
@click.option("--after", metavar="CURSOR", help="Go on behind an earlier page (`next` in the JSON).")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.queue/1` on stdout.")
@click.pass_obj
def list_jobs(
    app: App, *, states: tuple[str, ...], everything: bool, limit: int, after: str | None, _json: bool
) -> int:
    """The jobs, in the order in which they run; without --all or --state only those not ended."""
    query = JobQuery(
        kind="all" if everything or states else "open",
        states=tuple(state for state in states if state != "held"),
        held=True if "held" in states else None,
        limit=limit,
        after=after,
    )
    if app.out.json:
        app.out.emit(call(app, lambda client: client.jobs.list(query)))
        return exits.OK
    page, status = call(app, lambda client: _page_and_status(client, query))
    _banner(app, status)
    now = utc_now()
    rows = [list_row(job, now, unicode=app.out.unicode) for job in page.jobs]
    if after is None and not states:
        rows += foreign_rows(status.backends, unicode=app.out.unicode)
    if not rows:
        _empty(app, status, filtered=bool(states or everything))
        return exits.OK
    print_table(app.out, LIST_COLUMNS, rows)
    for line in waits(page.jobs, {backend.name for backend in status.backends if not backend.reachable}):
        app.out.note(line, "yellow")
    if page.next is not None:
        app.out.note(f"More: the same with --after {show(page.next)}")
    elif not everything and not states and status.queue.ended:
        app.out.note(f"{counted(status.queue.ended, 'ended job')}: `ainf queue list --all`", "dim")
    return exits.OK


async def _page_and_status(client: Client, query: JobQuery) -> tuple[JobPageDocument, StatusDocument]:
    return await client.jobs.list(query), await client.status()


def _banner(app: App, status: StatusDocument) -> None:
    queue = status.queue
    if queue.paused:
        mark = glyph("paused", unicode=app.out.unicode)
        ago = f" since {since(queue.paused_since, utc_now())}" if queue.paused_since else ""
        app.out.note(f"{mark} The queue is paused{ago}: `ainf queue resume` sends again.", "yellow")
    for backend in status.backends:
        if not backend.reachable:
            mark = glyph("warning", unicode=app.out.unicode)
            text = backend.message or "does not answer; jobs wait."
            app.out.note(f"{mark} backend {show(backend.name, 40)}: {show(text)}", "yellow")
            if backend.hint:
                app.out.note(f"  {show(backend.hint)}")
    if queue.eta is not None and queue.eta >= 1:
        app.out.note(f"All done in {remaining(queue.eta)}.", "dim")


def _empty(app: App, status: StatusDocument, *, filtered: bool) -> None:
    if filtered:
        app.out.note("No such jobs.")
        return
    app.out.note('Nothing to do. Queue something: ainf run portrait-basic --prompt "a red bicycle"')
    if status.queue.ended:
        app.out.note(f"{counted(status.queue.ended, 'ended job')}: `ainf queue list --all`", "dim")


@click.command("show", short_help="Everything about one job.")
@click.argument("job", type=JOB)
@click.option("--graph", is_flag=True, help="Print the API graph as it was sent, and nothing else.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.job/1` on stdout.")
@click.pass_obj
def show_job(app: App, *, job: str, graph: bool, _json: bool) -> int:
    """Everything about one job: parameters, attempts, outputs, models, errors, provenance."""
    shown = call(app, lambda client: client.jobs.show(job))
    if graph:
        app.out.emit(shown.graph)
    elif app.out.json:
        body = {field.name: getattr(shown, field.name) for field in fields(shown)}
        app.out.emit({**body, "schema": "ainf.job/1"})
    else:
        for text in detail(shown, unicode=app.out.unicode):
            for line in folded(app.out, text, FIELD):
                app.out.line(line)
    return exits.OK

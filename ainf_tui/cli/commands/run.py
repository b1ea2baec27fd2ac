"""`ainf run`: jobs from a pack, a file or a picture; waits for them where somebody looks on."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from ainf_tui.cli import exits, places
from ainf_tui.cli.app import App
from ainf_tui.cli.ask import RunOptions, build, near_names
from ainf_tui.cli.complete import pack_names, preset_names
from ainf_tui.cli.documents import WarningLine
from ainf_tui.cli.jobtext import LIST_COLUMNS, list_row
from ainf_tui.cli.notices import tell
from ainf_tui.cli.params import SeedType
from ainf_tui.cli.report import reporter
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import print_table
from ainf_tui.cli.watch import Watched, wait_for
from ainf_tui.client import Client
from ainf_tui.display.format import utc_now
from ainf_tui.domain.documents import JobsDocument
from ainf_tui.domain.requests import RunRequest
from ainf_tui.errors import NotFoundError, UnreachableError

MANY = 20
"""Jobs; more are told in one line instead of a table."""


@click.command("run", short_help="Make jobs from a workflow and watch them finish.")
@click.argument("target", metavar="[PACK|FILE]", required=False, shell_complete=pack_names)
@click.option("--prompt", metavar="TEXT", help="What the picture shows; - reads it from standard input.")
@click.option("--negative", metavar="TEXT", help="What the picture must not show.")
@click.option("--preset", metavar="NAME", shell_complete=preset_names, help="A style; implies its pack.")
@click.option("--seed", type=SeedType("random"), help="A number or `random`.", metavar="N|random")
@click.option(
    "--count", type=click.IntRange(1), metavar="N", default=1, help="How many; seeds count up from the first."
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME=VALUE",
    help="An input, or NODE.INPUT by id, title or class.",
)
@click.option(
    "--sweep", "sweeps", multiple=True, metavar="NAME=V1,V2", help="A job for each value; several cross."
)
@click.option("--priority", type=click.IntRange(-100, 100), metavar="N", default=0, help="Higher runs first.")
@click.option("--backend", metavar="NAME", help="Run on this ComfyUI only.")
@click.option("--hold", is_flag=True, help="Store the jobs but do not send them before `ainf queue release`.")
@click.option("--wait/--no-wait", default=None, help="Wait for the end; the default on a terminal.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Wait S seconds at most, then exit 3; the jobs go on.",
)
@click.option("--out", metavar="DIR", help="Folder for the files, instead of the outputs folder.")
@click.option("--from", "source", metavar="IMAGE.png", help="Run what is embedded in a picture of ComfyUI.")
@click.option("--yes", is_flag=True, help="More than 100 jobs are meant.")
@click.option(
    "--json",
    "_json",
    is_flag=True,
    help="JSON on stdout: `ainf.jobs/1`, or lines of `ainf.run/1` when waiting.",
)
@click.pass_obj
def run(app: App, /, *, wait: bool | None, timeout: float | None, _json: bool, **given: Any) -> int:
    r"""Make jobs from a workflow and watch them finish.

    PACK is the name of a workflow pack (`ainf workflows`); FILE is a graph in the API format or a PNG
    that ComfyUI saved. Paths of finished files go to stdout. Ctrl-C leaves the jobs running and says
    how to come back; a second one within two seconds cancels them.

    \b
    ainf run portrait-basic --prompt "a red bicycle" --count 4
    ainf run --preset portrait --prompt "a reading woman" --sweep cfg=5,7,9
    ainf run workflow.json --set KSampler.steps=30 --seed random
    ainf run --from picture.png --set cfg=6
    """
    options = RunOptions(**given)
    request = build(app, options)
    waits = _waits(app, wait, hold=options.hold)
    return call(app, lambda client: _run(app, client, request, waits=waits, limit=timeout))


def _waits(app: App, wait: bool | None, *, hold: bool) -> bool:
    """`--wait` or `--no-wait`, else the setting `run.wait`; held jobs are not waited for unasked."""
    if wait is not None:
        return wait
    asked = places.settings(app).run.wait
    return not hold and (app.out.interactive if asked == "auto" else asked == "yes")


async def _run(app: App, client: Client, request: RunRequest, *, waits: bool, limit: float | None) -> int:
    made = await _submit(app, client, request)
    if not waits:
        _told(app, made)
        return exits.OK
    if app.out.json:
        for notice in made.notices:
            app.out.emit(WarningLine(job=None, id=None, warning=notice), pretty=False)
    else:
        tell(app.out, made.notices)
        app.out.note(_summary(made))
    reports = reporter(app)
    watched = Watched(reports)
    for job in made.jobs:
        watched.fold(job)
    try:
        await wait_for(app, client, watched, limit=limit)
    finally:
        reports.pause()
    reports.result(watched.jobs)
    return exits.of_states(job.state for job in watched.jobs)


async def _submit(app: App, client: Client, request: RunRequest) -> JobsDocument:
    try:
        return await _sent(client, request)
    except NotFoundError as exc:
        if not request.pack or exc.hint:
            raise
        raise await near_names(client, request, exc) from None
    except asyncio.CancelledError:
        app.out.note(
            "Interrupted while the jobs were being sent; `ainf queue` shows whether they were taken."
        )
        raise


async def _sent(client: Client, request: RunRequest) -> JobsDocument:
    """Sends it; if the engine is lost on the way, once more to the next: its id makes that safe."""
    try:
        return await client.jobs.submit(request)
    except UnreachableError:
        if client.reopen is None:
            raise
    await client.reopen()
    return await client.jobs.submit(request)


def _summary(made: JobsDocument) -> str:
    numbers = [job.number for job in made.jobs]
    if len(numbers) == 1:
        return f"Queued as #{numbers[0]}."
    return f"Queued {len(numbers)} jobs, #{min(numbers)} to #{max(numbers)}."


def _told(app: App, made: JobsDocument) -> None:
    if app.out.json:
        app.out.emit(made)
        return
    tell(app.out, made.notices)
    if len(made.jobs) > MANY:
        app.out.line(_summary(made))
        return
    now = utc_now()
    print_table(app.out, LIST_COLUMNS, [list_row(job, now, unicode=app.out.unicode) for job in made.jobs])

"""`ainf queue cancel|retry|hold|release|pause|resume|move|clear`: what changes the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.commands.queue_look import STATES
from ainf_tui.cli.jobtext import LIST_COLUMNS, list_row
from ainf_tui.cli.notices import tell
from ainf_tui.cli.params import JOB, SeedType, assignments
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import print_table
from ainf_tui.client import Client
from ainf_tui.display.format import utc_now
from ainf_tui.domain.documents import JobsDocument, QueueDocument
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import ClearRequest, JobsRequest, MoveRequest, RetryRequest
from ainf_tui.errors import UsageError

ENDED = STATES[-3:]
JSON_HELP = "A document `ainf.jobs/1` on stdout."


def _act(app: App, work: Callable[[Client], Awaitable[JobsDocument]]) -> int:
    """Does it, then shows the jobs as they are now."""
    done = call(app, work)
    if app.out.json:
        app.out.emit(done)
        return exits.OK
    tell(app.out, done.notices)
    if not done.jobs:
        app.out.note("No job was concerned.")
        return exits.OK
    now = utc_now()
    print_table(app.out, LIST_COLUMNS, [list_row(job, now, unicode=app.out.unicode) for job in done.jobs])
    return exits.OK


@click.command("cancel", short_help="Cancel jobs, waiting or running.")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True, type=JOB)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def cancel(app: App, *, jobs: tuple[str, ...], _json: bool) -> int:
    """Cancel jobs: a waiting one is never sent, a running one is interrupted."""
    return _act(app, lambda client: client.jobs.cancel(JobsRequest(jobs)))


@click.command("retry", short_help="New jobs from ended ones.")
@click.argument("jobs", metavar="[JOB]...", nargs=-1, type=JOB)
@click.option("--failed", is_flag=True, help="All failed jobs.")
@click.option(
    "--seed",
    type=SeedType("same", "new"),
    default="same",
    metavar="same|new|N",
    show_default=True,
    help="The seed of the new jobs.",
)
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="Change an input of the new jobs.")
@click.option(
    "--priority", type=click.IntRange(-100, 100), metavar="N", help="Instead of that of the old job."
)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def retry(
    app: App,
    *,
    jobs: tuple[str, ...],
    failed: bool,
    seed: str,
    sets: tuple[str, ...],
    priority: int | None,
    _json: bool,
) -> int:
    """New jobs from ended ones, unchanged or with other values."""
    if bool(jobs) == failed:
        raise click.UsageError("Give either jobs or --failed.")
    request = RetryRequest(
        request_id=new_id(),
        refs=jobs,
        all_failed=failed,
        seed=seed,
        values=assignments(sets, "--set"),
        priority=priority,
    )
    return _act(app, lambda client: client.jobs.retry(request))


@click.command("hold", short_help="Keep waiting jobs from being sent.")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True, type=JOB)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def hold(app: App, *, jobs: tuple[str, ...], _json: bool) -> int:
    """Keep waiting jobs from being sent, until they are released."""
    return _act(app, lambda client: client.jobs.hold(JobsRequest(jobs)))


@click.command("release", short_help="Let held jobs go on.")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True, type=JOB)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def release(app: App, *, jobs: tuple[str, ...], _json: bool) -> int:
    """Let held jobs go on."""
    return _act(app, lambda client: client.jobs.release(JobsRequest(jobs)))


@click.command("move", short_help="Change the order of waiting jobs.")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True, type=JOB)
@click.option("--top", is_flag=True, help="Before all others of its priority.")
@click.option("--bottom", is_flag=True, help="Behind all others of its priority.")
@click.option("--before", type=JOB, metavar="JOB", help="Right before that job.")
@click.option("--after", type=JOB, metavar="JOB", help="Right behind that job.")
@click.option("--priority", type=click.IntRange(-100, 100), metavar="N", help="Higher runs first.")
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def move(
    app: App,
    *,
    jobs: tuple[str, ...],
    top: bool,
    bottom: bool,
    before: str | None,
    after: str | None,
    priority: int | None,
    _json: bool,
) -> int:
    """Change the order of waiting jobs, within their priority or by it."""
    chosen = [top, bottom, before is not None, after is not None, priority is not None]
    if sum(chosen) != 1:
        raise click.UsageError("Give exactly one of --top, --bottom, --before, --after and --priority.")
    request = MoveRequest(
        refs=jobs,
        to="top" if top else "bottom" if bottom else "",
        before=before or "",
        after=after or "",
        priority=priority,
    )
    return _act(app, lambda client: client.jobs.move(request))


@click.command("clear", short_help="Take ended jobs off the list; their files stay.")
@click.argument("jobs", metavar="[JOB]...", nargs=-1, type=JOB)
@click.option("--state", "states", multiple=True, type=click.Choice(ENDED), help="Only these; repeatable.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.count/1` on stdout.")
@click.pass_obj
def clear(app: App, *, jobs: tuple[str, ...], states: tuple[str, ...], yes: bool, _json: bool) -> int:
    """Take ended jobs off the list. Their files stay where they are; their provenance lies beside them."""
    if not jobs and not yes:
        what = " or ".join(states) if states else "ended"
        if not app.out.stdin.isatty():
            raise UsageError(
                "cli.needs_yes", f"all {what} jobs would be taken off the list", hint="Add --yes."
            )
        if not app.out.confirm(f"Take all {what} jobs off the list?"):
            app.out.note("Nothing was changed.")
            return exits.OK
    done = call(app, lambda client: client.jobs.clear(ClearRequest(jobs, states)))
    if app.out.json:
        app.out.emit(done)
    else:
        app.out.note(f"{done.count} jobs taken off the list; their files stay.")
    return exits.OK


@click.command("pause", short_help="Send nothing more; what runs goes on.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.queue-state/1` on stdout.")
@click.pass_obj
def pause(app: App, *, _json: bool) -> int:
    """Send nothing more; what runs goes on, what waits at a ComfyUI is taken back."""
    return _told(app, call(app, lambda client: client.queue.pause()))


@click.command("resume", short_help="Send again.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.queue-state/1` on stdout.")
@click.pass_obj
def resume(app: App, *, _json: bool) -> int:
    """Send again after `ainf queue pause`."""
    return _told(app, call(app, lambda client: client.queue.resume()))


def _told(app: App, queue: QueueDocument) -> int:
    if app.out.json:
        app.out.emit(
            {
                **{part.name: getattr(queue, part.name) for part in fields(queue)},
                "schema": "ainf.queue-state/1",
            }
        )
    else:
        state = "paused" if queue.paused else "sending"
        app.out.note(
            f"The queue is {state}: {queue.queued} queued, {queue.running} running, {queue.held} held."
        )
    return exits.OK

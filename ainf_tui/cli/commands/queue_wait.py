"""`ainf queue wait`: until jobs have ended, or until nothing is left to do."""

from __future__ import annotations

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.params import JOB
from ainf_tui.cli.report import reporter
from ainf_tui.cli.session import call
from ainf_tui.cli.watch import Watched, wait_for
from ainf_tui.client import Client
from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.requests import JobQuery
from ainf_tui.errors import NotFoundError

PORTION = 200
"""Jobs asked for in one request."""


@click.command("wait", short_help="Wait for jobs, or until nothing is left to do.")
@click.argument("jobs", metavar="[JOB]...", nargs=-1, type=JOB)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Wait S seconds at most, then exit 3; the jobs go on.",
)
@click.option("--json", "_json", is_flag=True, help="Lines of `ainf.run/1` on stdout.")
@click.pass_obj
def wait_jobs(app: App, *, jobs: tuple[str, ...], timeout: float | None, _json: bool) -> int:
    """Wait for jobs; without any, until nothing is left that can go on, and report what was waited for.

    The exit code is that of the worst end: 1 failed, 5 cancelled, 0 all succeeded.
    """
    return call(app, lambda client: _wait(app, client, jobs, timeout))


async def _wait(app: App, client: Client, refs: tuple[str, ...], limit: float | None) -> int:
    reports = reporter(app)
    watched = Watched(reports)
    try:
        if refs:
            for job in await _find(client, refs):
                watched.fold(job)
        await wait_for(app, client, watched, until_idle=not refs, limit=limit)
    finally:
        reports.pause()
    if not watched.jobs:
        app.out.note("Nothing is left to do.")
    reports.result(watched.jobs)
    return exits.of_states(job.state for job in watched.jobs)


async def _find(client: Client, refs: tuple[str, ...]) -> list[JobDocument]:
    """The jobs of these references. Raises NotFoundError(`job.not_found`) naming those that are not there."""
    numbers = [ref for ref in refs if ref.isdigit()]
    found = [(await client.jobs.show(ref)).job for ref in refs if not ref.isdigit()]
    for start in range(0, len(numbers), PORTION):
        portion = tuple(numbers[start : start + PORTION])
        found += (await client.jobs.list(JobQuery(kind="all", refs=portion, limit=PORTION))).jobs
    missing = set(numbers) - {str(job.number) for job in found}
    if missing:
        told = sorted(missing, key=int)
        raise NotFoundError(
            "job.not_found",
            f"no job {', '.join(told)}",
            hint="`ainf queue list --all` shows all jobs with their numbers.",
            details={"refs": told},
        )
    return found

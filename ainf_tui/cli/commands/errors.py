"""`ainf errors list|show|stats`: what is known of what went wrong."""

from __future__ import annotations

from typing import Any

import click

from ainf_tui import __version__
from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.errortext import COLUMNS, detail, row, stats
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import print_table
from ainf_tui.display.format import utc_now
from ainf_tui.domain.error_documents import LEVELS, STATES, ErrorGroupPage, ErrorQuery
from ainf_tui.domain.errors.report import report
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.query import moment

_HERE = "ainf_tui.cli.commands.errors"
_CHANGE = "ainf_tui.cli.commands.errors_change"
_FILES = "ainf_tui.cli.commands.errors_files"
ORDERS = ("inbox", "last_seen", "first_seen", "count", "count_24h")
VERBS = {
    "list": (f"{_HERE}:list_errors", "Groups of errors, what is new and getting worse first."),
    "show": (f"{_HERE}:show", "One group: what it means, what to do, a report of it."),
    "stats": (f"{_HERE}:totals", "Exact totals by level and source."),
    "log": (f"{_CHANGE}:log", "Report an error."),
    "seen": (f"{_CHANGE}:seen", "All was looked at: nothing is new any more."),
    "resolve": (f"{_CHANGE}:resolve", "They are over; one that comes back is told as regressed."),
    "reopen": (f"{_CHANGE}:reopen", "Take resolve and mute back."),
    "mute": (f"{_CHANGE}:mute", "Keep them out of sight, for a while or for good."),
    "note": (f"{_CHANGE}:note", "Write a note to a group."),
    "merge": (f"{_CHANGE}:merge", "Make several groups one."),
    "split": (f"{_CHANGE}:split", "Give a merged fingerprint its own group back."),
    "clear": (f"{_FILES}:clear", "Move groups into an archive file."),
    "export": (f"{_FILES}:export", "Groups with their reports, as lines of JSON."),
    "import": (f"{_FILES}:import_", "Take in a file of errors, such as an old errors.jsonl."),
}


@click.group(
    "errors", cls=LazyGroup, lazy=VERBS, default="list", short_help="What went wrong, grouped and explained."
)
def errors() -> None:
    """What went wrong on this box, grouped by cause. ERROR is a number as in the list, or a fingerprint.

    docs/error-groups.md tells how errors are grouped and what their states mean.
    """


@click.command("list", short_help=VERBS["list"][1])
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([*STATES, "all"]),
    help="Repeatable. Without it all but muted and resolved.",
)
@click.option("--level", type=click.Choice(LEVELS), help="At least as grave.")
@click.option("--source", metavar="NAME", default="", help="Only of this source.")
@click.option("--since", metavar="TIME", help="Seen since: 10m, 2h, 14:03, 2026-11-26, 2026-11-26T14:03:05Z.")
@click.option("--text", metavar="WORDS", default="", help="With all of these words.")
@click.option(
    "--order", type=click.Choice(ORDERS), default="inbox", show_default=True, help="Which come first."
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
@click.option("--after", metavar="CURSOR", default="", help="The `next` of the page before.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.errors/1` on stdout.")
@click.pass_obj
def list_errors(app: App, /, *, since: str | None, level: str | None, _json: bool, **chosen: Any) -> int:
    """Groups of errors, what is new and getting worse first. A star marks what nobody has looked at."""
    begin = moment(since, Clock(utc_now())) if since else None
    query = ErrorQuery(since=begin, level=level or "", **chosen)
    return print_groups(app, call(app, lambda client: client.errors.listed(query)))


def print_groups(app: App, page: ErrorGroupPage) -> int:
    """As a table or as the document."""
    if app.out.json:
        app.out.emit(page)
        return exits.OK
    if not page.errors:
        app.out.note("No errors here. `ainf errors list --state all` shows those that are muted or resolved.")
    else:
        now = utc_now()
        print_table(app.out, COLUMNS, [row(group, now, unicode=app.out.unicode) for group in page.errors])
    if page.next is not None:
        app.out.note(f"More: --after {page.next}")
    return exits.OK


@click.command("show", short_help=VERBS["show"][1])
@click.argument("error", metavar="ERROR")
@click.option("--report", "as_report", is_flag=True, help="Markdown to hand on, without secrets.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.error-group/1` on stdout.")
@click.pass_obj
def show(app: App, *, error: str, as_report: bool, _json: bool) -> int:
    """One group: what it means, what to do, the newest report with its place, and what belongs to it."""
    found = call(app, lambda client: client.errors.show(error))
    if app.out.json:
        app.out.emit(found)
        return exits.OK
    if as_report:
        # The secrets that the settings name were taken out by the engine, before it stored anything.
        app.out.line(report(found, __version__, str).rstrip())
        return exits.OK
    for line in detail(app.out, found, utc_now()):
        app.out.line(line)
    return exits.OK


@click.command("stats", short_help=VERBS["stats"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.error-totals/1` on stdout.")
@click.pass_obj
def totals(app: App, *, _json: bool) -> int:
    """Exact totals by level and source, in all and in the last 24 hours."""
    found = call(app, lambda client: client.errors.stats())
    if app.out.json:
        app.out.emit(found)
        return exits.OK
    for line in stats(app.out, found):
        app.out.line(line)
    return exits.OK

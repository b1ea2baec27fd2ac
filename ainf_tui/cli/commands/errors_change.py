"""`ainf errors log|seen|resolve|reopen|mute|note|merge|split`: reporting, and what is done about errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.commands.errors import VERBS, print_groups
from ainf_tui.cli.session import call
from ainf_tui.display.format import utc_now
from ainf_tui.domain.error_documents import (
    LEVELS,
    ErrorReport,
    ErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    SplitErrorRequest,
)
from ainf_tui.errors import UsageError

ERRORS = click.argument("errors", metavar="ERROR...", nargs=-1, required=True)
JSON = click.option("--json", "_json", is_flag=True, help="A document `ainf.errors/1` on stdout.")
_SPAN = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command("log", short_help=VERBS["log"][1])
@click.option(
    "--message", metavar="TEXT", required=True, help="What happened, in a line; - reads it from stdin."
)
@click.option("--source", metavar="NAME", default="unknown", show_default=True, help="Who met it.")
@click.option(
    "--level", type=click.Choice(LEVELS), default="error", show_default=True, help="How grave it is."
)
@click.option("--details", metavar="JSON", help="An object with whatever belongs to it.")
@click.option("--job", type=click.IntRange(1), metavar="N", help="The job that it happened to.")
@JSON
@click.pass_obj
def log(app: App, /, *, message: str, details: str | None, _json: bool, **facts: Any) -> int:
    """Report an error of a script or a program of your own. Of several lines the first is the message.

    Example: `ainf errors log --source backup --message "no space left" --details '{"disk": "/data"}'`
    """
    text = app.out.stdin.read() if message == "-" else message
    lines = tuple(text.strip("\r\n").splitlines())
    known = _details(details) if details is not None else {}
    shown = next((line for line in lines if line.strip()), "")
    one = ErrorReport(
        message=shown, lines=lines if len(lines) > 1 else (), details=known, at=utc_now(), **facts
    )
    return print_groups(app, call(app, lambda client: client.errors.log([one])))


def _details(text: str) -> Mapping[str, Any]:
    """UsageError `errors.bad_details` names the place."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad_details(f"--details is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise _bad_details("--details is no JSON object")
    return found


def _bad_details(message: str) -> UsageError:
    return UsageError(
        "errors.bad_details", message, hint='For example --details \'{"disk": "/data"}\'. Nothing was stored.'
    )


@click.command("seen", short_help=VERBS["seen"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.error-totals/1` on stdout.")
@click.pass_obj
def seen(app: App, *, _json: bool) -> int:
    """All was looked at: nothing is new any more. The list shows it all the same."""
    found = call(app, lambda client: client.errors.seen())
    if app.out.json:
        app.out.emit(found)
    else:
        app.out.note(f"Nothing is new. {found.ongoing} open errors are in the list.")
    return exits.OK


@click.command("resolve", short_help=VERBS["resolve"][1])
@ERRORS
@JSON
@click.pass_obj
def resolve(app: App, *, errors: tuple[str, ...], _json: bool) -> int:
    """They are over. One that comes again is told as regressed, and is new again."""
    return print_groups(app, call(app, lambda client: client.errors.resolve(ErrorsRequest(errors))))


@click.command("reopen", short_help=VERBS["reopen"][1])
@ERRORS
@JSON
@click.pass_obj
def reopen(app: App, *, errors: tuple[str, ...], _json: bool) -> int:
    """Take resolve and mute back."""
    return print_groups(app, call(app, lambda client: client.errors.reopen(ErrorsRequest(errors))))


@click.command("mute", short_help=VERBS["mute"][1])
@ERRORS
@click.option("--for", "span", metavar="SPAN", help="30m, 2h, 3d, 1w. Without it until they are reopened.")
@JSON
@click.pass_obj
def mute(app: App, *, errors: tuple[str, ...], span: str | None, _json: bool) -> int:
    """Keep them out of sight, for a while or for good. They are counted all the same."""
    request = MuteErrorsRequest(errors, _end(span) if span is not None else None)
    return print_groups(app, call(app, lambda client: client.errors.mute(request)))


def _end(span: str) -> datetime:
    found = _SPAN.fullmatch(span.strip())
    try:
        if found is not None and int(found[1]):
            return utc_now() + timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        pass  # as good as no end, and told like every other text that is none
    raise UsageError(
        "errors.bad_mute", f"{span!r} is no length of time", hint="For example 30m, 2h, 3d or 1w."
    )


@click.command("note", short_help=VERBS["note"][1])
@click.argument("error", metavar="ERROR")
@click.argument("text", metavar="TEXT")
@JSON
@click.pass_obj
def note(app: App, *, error: str, text: str, _json: bool) -> int:
    """Write a note to a group; an empty TEXT takes it away."""
    request = NoteErrorRequest(error, text)
    return print_groups(app, call(app, lambda client: client.errors.note(request)))


@click.command("merge", short_help=VERBS["merge"][1])
@click.argument("into", metavar="ERROR")
@click.argument("errors", metavar="OTHER...", nargs=-1, required=True)
@JSON
@click.pass_obj
def merge(app: App, *, into: str, errors: tuple[str, ...], _json: bool) -> int:
    """Make the others a part of ERROR. `split` takes it back, with every count."""
    request = MergeErrorsRequest(into, errors)
    return print_groups(app, call(app, lambda client: client.errors.merge(request)))


@click.command("split", short_help=VERBS["split"][1])
@click.argument("error", metavar="ERROR")
@click.argument("fingerprint", metavar="FINGERPRINT")
@JSON
@click.pass_obj
def split(app: App, *, error: str, fingerprint: str, _json: bool) -> int:
    """Give a merged fingerprint its own group back, as it was. `show` lists the fingerprints of a group."""
    request = SplitErrorRequest(error, fingerprint)
    return print_groups(app, call(app, lambda client: client.errors.split(request)))

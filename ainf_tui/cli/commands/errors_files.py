"""`ainf errors clear|export|import`: errors and files."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.commands.errors import VERBS
from ainf_tui.cli.errorfile import Line, read
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call
from ainf_tui.client import Client
from ainf_tui.display.format import counted
from ainf_tui.domain.error_documents import (
    BadLineDocument,
    ClearErrorsRequest,
    ErrorDetailDocument,
    ErrorQuery,
    ImportedErrorsDocument,
    ImportErrorsRequest,
)
from ainf_tui.errors import NotFoundError, UsageError

_AT_ONCE = 500
"""Reports of one request."""
_GROUPS = 20
_TOLD = 20
"""Bad lines that are told one by one."""


@click.command("clear", short_help=VERBS["clear"][1])
@click.argument("errors", metavar="[ERROR]...", nargs=-1)
@click.option(
    "--all", "all_", is_flag=True, help="Every group. Without it those that are named, or resolved."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.errors-cleared/1` on stdout.")
@click.pass_obj
def clear(app: App, *, errors: tuple[str, ...], all_: bool, yes: bool, _json: bool) -> int:
    """Move groups into an archive file, whose path is told. Their counts go with them."""
    if errors and all_:
        raise click.UsageError("Give either ERROR... or --all.")
    what = counted(len(errors), "error") if errors else "all errors" if all_ else "all resolved errors"
    if not yes:
        if not app.out.stdin.isatty():
            raise UsageError("cli.needs_yes", f"{what} would be moved into an archive", hint="Add --yes.")
        if not app.out.confirm(f"Move {what} into an archive?"):
            app.out.note("Nothing was changed.")
            return exits.OK
    done = call(app, lambda client: client.errors.clear(ClearErrorsRequest(errors, all_)))
    if app.out.json:
        app.out.emit(done)
    elif not done.groups:
        app.out.note("There was nothing to clear.")
    else:
        app.out.note(f"{counted(done.groups, 'group')}, {counted(done.reports, 'report')}, now in")
        app.out.line(show(done.archive))
    return exits.OK


@click.command("export", short_help=VERBS["export"][1])
@click.argument("errors", metavar="[ERROR]...", nargs=-1)
@click.pass_obj
def export(app: App, *, errors: tuple[str, ...]) -> int:
    """Groups with the reports that were kept, a document `ainf.error-group/1` a line; all without ERROR."""
    call(app, lambda client: _export(app, client, errors))
    return exits.OK


async def _export(app: App, client: Client, errors: tuple[str, ...]) -> None:
    async for found in _details(client, errors):
        app.out.emit(found, pretty=False)


async def _details(client: Client, errors: tuple[str, ...]) -> AsyncIterator[ErrorDetailDocument]:
    for error in errors:
        yield await client.errors.show(error)
    after: str | None = None if errors else ""
    while after is not None:
        query = ErrorQuery(states=("all",), order="first_seen", limit=_AT_ONCE, after=after)
        page = await client.errors.listed(query)
        for group in page.errors:
            yield await client.errors.show(str(group.id))
        after = page.next


@click.command("import", short_help=VERBS["import"][1])
@click.argument("file", metavar="FILE")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.errors-imported/1` on stdout.")
@click.pass_obj
def import_(app: App, *, file: str, _json: bool) -> int:
    """Take in a file of errors: of `ainf errors export`, of what was cleared, or an old errors.jsonl.

    They land at their own time. The same file again adds what is new in it. A bad line costs one line: it is
    told with its number, and the exit code is 1. FILE may be - for standard input.
    """
    with _opened(app, file) as stream:
        done = call(app, lambda client: _import(client, read(stream)))
    if app.out.json:
        app.out.emit(done)
    else:
        for bad in done.bad[:_TOLD]:
            app.out.note(f"line {bad.line}: {show(bad.problem, 200)}", "yellow")
        if len(done.bad) > _TOLD:
            app.out.note(f"and {counted(len(done.bad) - _TOLD, 'bad line')} more")
        told = f"{counted(done.stored, 'error')} imported"
        app.out.note(f"{told}, {done.known} were known." if done.known else f"{told}.")
    return exits.FAILED if done.bad else exits.OK


async def _import(client: Client, lines: Iterator[Line]) -> ImportedErrorsDocument:
    done, bad = ImportedErrorsDocument(0, 0), []
    for chunk in _chunks(lines):
        bad += [BadLineDocument(line.number, line.problem) for line in chunk if line.problem]
        good = {line.key: line.report for line in chunk if line.report is not None}
        groups = tuple(line.group for line in chunk if line.group is not None)
        if good or groups:
            request = ImportErrorsRequest(tuple(good.values()), tuple(good), groups)
            more = await client.errors.import_(request)
            done = ImportedErrorsDocument(done.stored + more.stored, done.known + more.known)
    return replace(done, bad=tuple(bad))


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lines of one request: many reports, or few groups, which are large."""
    chunk, room = list[Line](), 1.0
    for line in lines:
        chunk.append(line)
        room -= 1 / _AT_ONCE if line.group is None else 1 / _GROUPS
        if room <= 0:
            yield chunk
            chunk, room = [], 1.0
    if chunk:
        yield chunk


@contextmanager
def _opened(app: App, file: str) -> Iterator[BinaryIO]:
    """NotFoundError `errors.no_file`, UsageError `errors.unreadable`."""
    if file == "-":
        yield getattr(app.out.stdin, "buffer", sys.stdin.buffer)
        return
    try:
        stream = open(file, "rb")  # noqa: SIM115, PTH123 - closed below; what fails later is no missing file
    except FileNotFoundError:
        raise NotFoundError("errors.no_file", f"there is no file {file}") from None
    except OSError as error:
        raise UsageError("errors.unreadable", f"{file} cannot be read: {error.strerror}") from error
    with stream:
        yield stream

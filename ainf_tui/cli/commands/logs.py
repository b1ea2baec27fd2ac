"""`ainf logs`: reads log files in this process; no engine is asked or started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.complete import log_names
from ainf_tui.cli.logsources import sources
from ainf_tui.display.format import utc_now
from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.levels import WORDS, Level
from ainf_tui.domain.logs.query import Query, compiled, moment
from ainf_tui.errors import UsageError
from ainf_tui.playbook import playbook

USUAL = 100
"""Records that are shown where nothing else says how many."""


class _Count(click.ParamType[Any]):
    """A number, or `all`."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "all" or isinstance(value, int):
            return value
        if str(value).isascii() and str(value).isdigit():
            return int(value)
        return self.fail(f"{value!r} is neither a number nor `all`.", param, ctx)


@click.command("logs", short_help="Logs: of the newest run, of files, of archives.")
@click.argument("names", metavar="[SOURCE|FILE]...", nargs=-1, shell_complete=log_names)
@click.option(
    "-n",
    "--lines",
    type=_Count(),
    metavar="N",
    help="Records from the end, or `all`. Without it 100, or all that --grep, --since and --until choose.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--grep", metavar="REGEX", help="Records with a line that this is found in.")
@click.option("-i", "--ignore-case", is_flag=True, help="For --grep.")
@click.option("--level", type=click.Choice(WORDS), help="At least as grave.")
@click.option("--since", metavar="TIME", help="10m, 2h, 14:03, 2026-11-26, 2026-11-26T14:03:05Z.")
@click.option("--until", metavar="TIME", help="The same; the moment itself is left out.")
@click.option("--source", "only", metavar="NAME", multiple=True, help="Only of these sources.")
@click.option("--explain", is_flag=True, help="With what is known of each error: its cause, and what to do.")
@click.option("--print", "printed", is_flag=True, help="Print, on a terminal too, where else a screen opens.")
@click.option("--raw", is_flag=True, help="The bytes as they stand in the file; not for a terminal.")
@click.option("--json", "_json", is_flag=True, help="Lines of `ainf.log/1` on stdout.")
@click.pass_obj
def logs(
    app: App,
    /,
    *,
    names: tuple[str, ...],
    follow: bool,
    raw: bool,
    printed: bool,
    _json: bool,
    **chosen: Any,
) -> int:
    r"""Log files as records, the newest last: a traceback is one, a progress bar its last state.

    SOURCE is a service of the newest run, or `events`. FILE is a file, a glob, a .gz or .zst archive, or -
    for standard input. Without any: all logs of the newest run, in the order of time. See docs/logs.md.

    On a terminal it opens a screen to look through them, unless -n, -f, --print, --explain, --raw or --json
    says what to print.
    """
    clock = Clock(utc_now())
    wanted = _wanted(chosen, clock)
    _check(app, raw=raw)
    if app.open_logs is not None and not (follow or raw or printed) and _for_screen(app, names, chosen):
        sources(app, names, follow=False)  # What is not there is said here, and not on a screen.
        return app.open_logs(app, names, _filters(chosen))
    return _print(app, names, wanted, clock, follow=follow, raw=raw, explain=chosen["explain"])


def _print(
    app: App,
    names: tuple[str, ...],
    wanted: tuple[Query, int | None],
    clock: Clock,
    *,
    follow: bool,
    raw: bool,
    explain: bool,
) -> int:
    # The screen does without them, and waits for all that is loaded before it.
    from ainf_tui.cli.logreading import Following, Reader, Wanted, tell_nothing  # noqa: PLC0415 - see above
    from ainf_tui.cli.logtext import Printer  # noqa: PLC0415 - see above

    found, choice = sources(app, names, follow=follow), Wanted(*wanted)
    printer = Printer(
        app.out, raw=raw, names=[source.name for source in found], playbook=playbook() if explain else None
    )
    with Reader(app, found, choice, clock) as reader:
        reader.open(follow=follow)
        reader.print(printer)
        if follow:
            following = Following(
                app, choice, clock, printer, lambda: [] if names else sources(app, (), follow=True)
            )
            following.begin(found, reader.plain)
            following.run()
        else:
            tell_nothing(app, printer, found)
        return exits.OK if reader.well else exits.FAILED


def _for_screen(app: App, names: Sequence[str], chosen: Mapping[str, Any]) -> bool:
    """Whether a person sits there who did not say what to print. What comes by standard input is no person:
    keys would have to come by another way.
    """
    told = chosen["lines"] is not None or chosen["explain"]
    return app.out.terminal and not (app.out.json or told or "-" in names)


def _filters(chosen: Mapping[str, Any]) -> list[LogFilter]:
    """The same options as filters of the screen."""
    found = [LogFilter(name, chosen[name]) for name in ("level", "since", "until") if chosen[name]]
    if chosen["grep"]:
        found.append(LogFilter("in", chosen["grep"], regex=True, ignore_case=chosen["ignore_case"]))
    if chosen["only"]:
        found.append(LogFilter("source", ",".join(chosen["only"])))
    return found


def _wanted(chosen: dict[str, Any], clock: Clock) -> tuple[Query, int | None]:
    query = Query(
        since=moment(chosen["since"], clock) if chosen["since"] else None,
        until=moment(chosen["until"], clock) if chosen["until"] else None,
        level=Level[chosen["level"].upper()] if chosen["level"] else None,
        pattern=compiled(chosen["grep"], ignore_case=chosen["ignore_case"]) if chosen["grep"] else None,
        sources=frozenset(chosen["only"]),
    )
    count = chosen["lines"]
    if count is None:
        count = "all" if query.timed or query.pattern is not None else USUAL
    return query, None if count == "all" else count


def _check(app: App, *, raw: bool) -> None:
    if raw and app.out.json:
        raise UsageError(
            "cli.usage", "--raw and --json exclude each other", hint="JSON has the file and the place in it."
        )
    if raw and app.out.interactive:
        raise UsageError(
            "logs.raw_terminal",
            "--raw writes bytes that a terminal may obey, and stdout is one",
            hint="Send them to a file or a pipe: ainf logs --raw FILE > COPY",
        )

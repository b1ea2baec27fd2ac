"""The command line inside the app: runs a line of it and completes one. Both block; not for a loop."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence

from click.shell_completion import ShellComplete

from ainf_tui.cli import main
from ainf_tui.cli.app import App, ScreenOpener
from ainf_tui.cli.output import Output, show
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

Test = Callable[[Sequence[str]], bool]


def _always(_: Sequence[str]) -> bool:
    return True


def _follows(rest: Sequence[str]) -> bool:
    return any(word == "--follow" or (word[:1] == "-" and word[:2] != "--" and "f" in word) for word in rest)


REFUSED: Mapping[tuple[str, ...], tuple[Test, str]] = {
    ("engine", "run"): (_always, "it never ends"),
    ("engine", "logs"): (_follows, "with --follow it never ends"),
    ("logs",): (
        lambda rest: "-" in rest or _follows(rest),
        "it would wait for standard input or, with --follow, never end",
    ),
    ("services", "logs"): (_follows, "with --follow it never ends"),
    ("queue", "wait"): (_always, "it ends with the jobs only; the list shows them meanwhile"),
    ("run",): (
        lambda rest: "--wait" in rest,
        "--wait ends with the jobs only; the list shows them meanwhile",
    ),
    ("simulator",): (_always, "it never ends"),
    ("demo",): (_always, "it takes the whole terminal"),
    ("completion",): (_always, "its script is for a shell"),
    (): (lambda rest: not rest, "the app is open already"),
}
"""Verbs that cannot be used inside the app, when, and why."""

_HELPS = frozenset({"-h", "--help", "--version"})


@frozen
class Ended:
    """How a command ended: exit code, data, narration."""

    code: int
    stdout: str
    stderr: str


class Console:
    """`ainf` with the home, flags and engine of the app that runs it."""

    def __init__(self, app: App, opener: ScreenOpener) -> None:
        self._app = app
        self._opener = opener

    def run(self, args: Sequence[str]) -> Ended:
        """Runs `ainf ARGS` with a client of its own. UsageError `cli.not_in_app`: `REFUSED`."""
        _refuse(args)
        if self._app.embedded and args[0] != "config":
            # A second engine on the same state folder is refused by the first one's lock, in other words.
            raise UsageError(
                "cli.not_in_app",
                f"`ainf {args[0]}` cannot be used inside an app with --embedded: its engine serves it alone",
                hint="Without --embedded the engine has a process of its own, and serves both.",
            )
        stdout, stderr = io.StringIO(), io.StringIO()
        # click prints its help by itself. sys.stdout belongs to all threads, so it is lent for that only.
        helps = not _HELPS.isdisjoint(args)
        with contextlib.redirect_stdout(stdout) if helps else contextlib.nullcontext():
            code = main.run([*self._root(), *args], self._inner(stdout, stderr))
        return Ended(code, stdout.getvalue(), stderr.getvalue())

    def complete(self, words: Sequence[str], incomplete: str) -> tuple[tuple[str, str], ...]:
        """(value, help) of what may follow `ainf WORDS`, from the commands' declaration and the files."""
        shell = ShellComplete(main.cli, {"obj": self._inner(io.StringIO(), io.StringIO())}, "ainf", "")
        items = shell.get_completions([*self._root(), *words], incomplete)
        return tuple((show(item.value), show(item.help or "")) for item in items if item.type == "plain")

    def _root(self) -> list[str]:
        app = self._app
        home = ["--home", app.home] if app.home else []
        connect = ["--connect", app.connect] if app.connect is not None else []
        return [*home, *connect, *(["--read-only"] if app.read_only else [])]

    def _inner(self, stdout: io.StringIO, stderr: io.StringIO) -> App:
        # What it prints is shown in a pane over the screen, which leaves some of the width.
        columns = min(113, max(40, self._app.out.width() * 95 // 100 - 5))
        environ = {**self._app.environ, "NO_COLOR": "1", "COLUMNS": str(columns)}
        out = Output(io.StringIO(), stdout, stderr, environ)
        return App(out, environ=environ, opener=lambda _app, start: self._opener(start))


def _refuse(args: Sequence[str]) -> None:
    for verb, (test, why) in REFUSED.items():
        if tuple(args[: len(verb)]) == verb and test(args[len(verb) :]):
            line = " ".join(("ainf", *verb))
            raise UsageError(
                "cli.not_in_app",
                f"`{line}` cannot be used inside the app: {why}",
                hint="Run it in a shell; ctrl+z leads there and `fg` back.",
            )

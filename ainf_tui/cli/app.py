"""What every command is handed: streams, environment, settings and the way to the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from ainf_tui.cli.output import Output

ScreenOpener = Callable[[bool], AbstractAsyncContextManager[Any]]


class App:
    """One run of the command line.

    `opener(app, start)` gives an async context manager that yields a `client.Client`; `start` says
    whether an engine may be started. `open_screen(app, opener, label)` is the full-screen app and returns
    its exit code: `opener(start)` gives it clients, `label` is shown beside the box's name.
    `open_logs(app, sources, filters)` is the screen of logs alone, on files of this machine; filters are
    `domain.log_documents.LogFilter`, which costs too much to load here. `grace` is the
    time in seconds in which a second Ctrl-C cancels.
    """

    def __init__(
        self,
        out: Output | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        opener: Callable[[App, bool], AbstractAsyncContextManager[Any]] | None = None,
        open_screen: Callable[[App, ScreenOpener, str], int] | None = None,
        open_logs: Callable[[App, Sequence[str], Sequence[Any]], int] | None = None,
        grace: float = 2.0,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.out = out or Output(sys.stdin, sys.stdout, sys.stderr, self.environ)
        self.opener = opener
        self.open_screen = open_screen
        self.open_logs = open_logs
        self.grace = grace
        self.home: str | None = None
        self.embedded = False
        self.flags: dict[str, Any] = {}
        """Setting ids and values that the options of `ainf` itself give."""
        self.read_only = False
        self.connect: str | None = None
        """`--connect`, as given; an empty text means: this machine, whatever the settings say."""
        self.screen = False
        """The full-screen app has the terminal: nothing else may write there."""
        self.lent_theme: tuple[Any, str] | None = None
        """The session file (a Path) whose theme holds in this app, too, and the setting beside it."""
        self.tunnel: Any = None
        """The `client.tunnel.Tunnel` to another machine, while there is one."""

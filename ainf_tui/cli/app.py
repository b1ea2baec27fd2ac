"""What every command is handed: streams, environment, settings and the way to the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from ainf_tui.cli.output import Output


class App:
    """One run of the command line.

    `opener(app, start)` gives an async context manager that yields a `client.Client`; `start` says
    whether an engine may be started. `grace` is the time in seconds in which a second Ctrl-C cancels.
    """

    def __init__(
        self,
        out: Output | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        opener: Callable[[App, bool], AbstractAsyncContextManager[Any]] | None = None,
        grace: float = 2.0,
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self.out = out or Output(sys.stdin, sys.stdout, sys.stderr, self.environ)
        self.opener = opener
        self.grace = grace
        self.home: str | None = None
        self.embedded = False
        self.read_only = False

"""The probe's course: when the questions go out, and when the app is told."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from ainf_tui.tui.terminal.abilities import over_ssh
from ainf_tui.tui.terminal.messages import TerminalProbed
from ainf_tui.tui.terminal.probe import Probe, questions, taken

LOCAL, SSH = 0.25, 2.0
"""Seconds until the app is told what the terminal has answered so far."""
_AWAITED = 10.0
"""Seconds for which the begin of an answer is not taken for a key."""


class Probing:
    """Asks once in a driver's life."""

    def __init__(self, tell: Callable[[TerminalProbed], object]) -> None:
        self._tell = tell
        self._probe = Probe()
        self._told: Probe | None = None
        self._asked = False
        self._awaited_until = 0.0

    def awaited(self, now: float) -> bool:
        """Whether answers may still come."""
        return now < self._awaited_until

    def expected(self, now: float) -> bool:
        """Whether answers are likely to come: neither is the last one here nor are they overdue."""
        return not self._probe.complete and now < self._awaited_until - _AWAITED + SSH

    def ask(self, loop: asyncio.AbstractEventLoop, rows: int) -> str:
        """The questions for the terminal, at the first call."""
        if self._asked:
            return ""
        self._asked = True
        self._awaited_until = time.monotonic() + _AWAITED
        loop.call_later(SSH if over_ssh(os.environ) else LOCAL, self._report)
        return questions(os.environ, rows)

    def answer(self, answer: bytes) -> None:
        complete = self._probe.complete
        self._probe = taken(self._probe, answer)
        if self._probe.complete and not complete:
            self._awaited_until = 0.0
            self._report()

    def _report(self) -> None:
        if self._probe != self._told:
            self._told = self._probe
            self._tell(TerminalProbed(self._probe))

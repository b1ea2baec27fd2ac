"""The process ends in order, or at all: signals, and a deadline behind them."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

PATIENCE = 3.0
"""Seconds from the first signal to the hard end. The app saves and restores in a tenth of that."""
ALONE = 0.8
"""The same when there is no terminal any more, and nothing to restore."""
_ECHO = 0.25
"""Seconds in which a second signal is taken for an echo: a closing terminal brings HUP from the kernel and
from the shell, service managers send TERM with HUP."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)


class Ending:
    """Asks the app to end at the first signal, ends the process at the second or after `PATIENCE`.

    `ask(code)` is called from a signal handler and must only pass the request on; `rescue()` restores
    the terminal from any thread without waiting for anything.
    """

    def __init__(self, ask: Callable[[int], None], rescue: Callable[[], None]) -> None:
        self._ask = ask
        self._rescue = rescue
        self._begun: float | None = None
        self._before: dict[int, Any] = {}
        self._guarded = False
        # Its put() may interrupt itself, which is what a signal handler needs.
        self._orders: SimpleQueue[tuple[int, float]] = SimpleQueue()

    def install(self) -> None:
        """Takes the signals over, except the ones that somebody ignores on purpose (nohup)."""
        if self._before:
            return
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._signalled)
        if not self._guarded:
            self._guarded = True
            # Waits for an order in the kernel: no wake-up until then.
            threading.Thread(target=self._guard, name="ainf-ending", daemon=True).start()

    def uninstall(self) -> None:
        """Gives the signals back. A deadline that runs goes on."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._before.clear()

    def begin(self, code: int, seconds: float) -> None:
        """The process ends within `seconds`, with `code` if the app does not end it before. Again: the
        earlier of the two.
        """
        if self._begun is None:
            self._begun = time.monotonic()
        self._orders.put((code, seconds))

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        if self._begun is None:
            self.begin(code, PATIENCE)
            self._ask(code)
        elif time.monotonic() - self._begun > _ECHO:
            self._end(code)

    def _guard(self) -> None:
        code, seconds = self._orders.get()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(Empty):
                code, seconds = self._orders.get(timeout=left)
                deadline = min(deadline, time.monotonic() + seconds)
        self._end(code)

    def _end(self, code: int) -> None:
        self._rescue()
        os._exit(code)

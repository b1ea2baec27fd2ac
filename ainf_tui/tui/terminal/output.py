"""Bytes to the terminal without ever waiting for it, until the very end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import termios
import time
from collections.abc import Callable

ST = b"\x1b\\"
"""String terminator: harmless where nothing is open, and it ends what a cut stream left open."""
_CHUNK = 65_536


def open_terminal(fileno: int) -> int:
    """A file descriptor of our own on the terminal behind `fileno`, non-blocking, for both directions.

    Opened anew, because non-blocking is a property of the open file, which the shell and every other
    process on this terminal share with `fileno`. Where that cannot be done (another mount namespace),
    the shared one is made non-blocking; `TerminalOutput.close` makes it blocking again.
    """
    flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    for name in (os.ttyname, lambda _: "/dev/tty"):
        with contextlib.suppress(OSError):
            return os.open(name(fileno), flags)
    copy = os.dup(fileno)
    os.set_blocking(copy, False)
    return copy


class TerminalOutput:
    """A buffer before a non-blocking descriptor. All calls from the thread of `loop`.

    What the terminal does not take now waits here (`backlog`, bytes) and goes out when the loop sees
    that it takes more. `on_moved(backlog)` is told what is left after each hand-over, `on_gone` when there is
    no terminal any more.
    """

    def __init__(
        self,
        fileno: int,
        loop: asyncio.AbstractEventLoop,
        on_moved: Callable[[int], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.fileno = fileno
        self._loop = loop
        self._on_moved = on_moved
        self._on_gone = on_gone
        self._pending = bytearray()
        self._waiting = False
        self._gone = False

    @property
    def backlog(self) -> int:
        return len(self._pending)

    def write(self, data: bytes) -> None:
        if not self._gone:
            self._pending += data

    def flush(self) -> None:
        """Hands over what the terminal takes now; the loop does the rest."""
        if not self._waiting and self._pending:
            self._push()

    def _push(self) -> None:
        while self._pending:
            try:
                count = os.write(self.fileno, self._pending[:_CHUNK])
            except BlockingIOError:
                self._wait(True)
                self._on_moved(len(self._pending))
                return
            except OSError:
                self.drop()
                self._gone = True
                self._on_gone()
                return
            del self._pending[:count]
        self._wait(False)
        self._on_moved(0)

    def _wait(self, wanted: bool) -> None:
        if wanted == self._waiting:
            return
        self._waiting = wanted
        if wanted:
            self._loop.add_writer(self.fileno, self._push)
        else:
            self._loop.remove_writer(self.fileno)

    def drop(self) -> None:
        """Forgets what the terminal has not taken."""
        self._pending.clear()
        self._wait(False)

    def finish(self, last: bytes, seconds: float, *, stale: bool) -> bool:
        """Writes `last` and waits at most `seconds` for the terminal to take it; whether it did.

        `stale`: pictures that nobody will look at are still under way. They are thrown away, also what
        the kernel holds: a stopped terminal reads `last` first when it goes on, a slow one at once.
        """
        stale = stale or bool(self._pending)
        self.drop()
        return not self._gone and last_words(self.fileno, last, seconds, stale=stale)

    def close(self) -> None:
        self.drop()
        self._gone = True
        with contextlib.suppress(OSError):
            os.set_blocking(self.fileno, True)
        os.close(self.fileno)


def last_words(fileno: int, last: bytes, seconds: float, *, stale: bool) -> bool:
    """`TerminalOutput.finish` without the object: safe in a signal handler and in any thread."""
    if stale:
        with contextlib.suppress(termios.error):
            termios.tcflush(fileno, termios.TCOFLUSH)
        last = ST + last
    deadline = time.monotonic() + seconds
    while last:
        try:
            last = last[os.write(fileno, last) :]
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [fileno], [], left)[1]:
                return False
        except OSError:
            return False
    return True


def listen(fileno: int, awaited: re.Pattern[bytes], count: int, seconds: float) -> None:
    """Reads and forgets what comes until `awaited` was in it `count` times, or `seconds` are over."""
    heard = b""
    deadline = time.monotonic() + seconds
    while len(awaited.findall(heard)) < count and (left := deadline - time.monotonic()) > 0:
        if not select.select([fileno], [], [], left)[0]:
            return
        try:
            data = os.read(fileno, 4_096)
        except OSError:
            return
        if not data:
            return
        heard += data

"""A program in a terminal of its own: a real pty, a screen behind it, keys, and a clock at the wire.

    with Terminal(["htop"], size=(80, 24)) as terminal:
        terminal.wait_text("Tasks")
        terminal.press("down", "ctrl+c")
        assert terminal.wait_exit() == 0 and terminal.modes_left_on() == []

Two threads: one reads the pty and notes when each piece came, the other draws and answers questions;
so a time is never later for what drawing costs. All times are seconds of `time.monotonic`, which all
processes share. Linux only.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.fakes.keys import key_bytes
from tests.fakes.process_tree import ProcessTree
from tests.fakes.pty_reader import Reader
from tests.fakes.xterm import PLAIN_XTERM, Abilities, Xterm

SECONDS = 15.0
"""How long to wait for what must come, on a machine with much else to do."""
SIZE = (120, 40)
ANOTHER_TERMINAL = (
    *("COLUMNS", "LINES", "TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "VTE_VERSION"),
    *("TMUX", "TMUX_PANE", "STY", "KITTY_WINDOW_ID", "WT_SESSION", "SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT"),
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CI", "LC_CTYPE"),
)
"""Variables that tell of the terminal the tests run in, which is not this one."""
XTERM = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


class Expectation:
    """What is waited for. Looked at after every piece of output, so nothing that shows briefly is missed."""

    def __init__(self, name: str, true: Callable[[], bool], told: Callable[[], str]) -> None:
        self.name = name
        self.true = true
        self.came: float | None = None
        """When the output that made it true was read."""
        self._told = told
        self._event = threading.Event()

    def meet(self, moment: float) -> None:
        self.came = moment
        self._event.set()

    def wait(self, timeout: float = SECONDS) -> float:
        """When it came true. AssertionError, with the screen, if it does not in time."""
        self._event.wait(timeout)
        if self.came is None:
            raise AssertionError(f"not within {timeout:g} s: {self.name}\n{self._told()}")
        return self.came


class Terminal:
    """Runs `command` at once; the end of the `with` block kills what is left of it.

    `env` is the whole environment (else this process's), from which what tells of another terminal is
    taken out; `variables` are added last, for example `{"TERM": "screen-256color", "NO_COLOR": "1"}`.
    `keep`: all output is kept in `output`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = SIZE,
        env: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        can: Abilities = PLAIN_XTERM,
        keep: bool = False,
    ) -> None:
        self.output = bytearray()
        self.changes: list[float] = []
        """When the output came that changed what a person sees."""
        self.drawn = 0
        """Bytes taken in so far."""
        self._keep = keep
        self._can = can
        self._lock = threading.Lock()
        self._expected: list[Expectation] = []
        self.xterm = Xterm(*size, answer=self.write, can=can)
        base = {name: text for name, text in (env or os.environ).items() if name not in ANOTHER_TERMINAL}
        self._master, slave = pty.openpty()
        self._set_size(*size)
        self._line_modes = termios.tcgetattr(slave)
        self.began = time.monotonic()
        try:
            self.process = _start(command, slave, {**base, **XTERM, **(variables or {})}, cwd)
        finally:
            os.close(slave)
        self.tree = ProcessTree(self.process.pid)
        self.reader = Reader(self._master, self._take)

    # -- output ------------------------------------------------------------------------------------
    def _take(self, moment: float, data: bytes) -> None:
        """In the drawing thread."""
        with self._lock:
            self.drawn += len(data)
            if self._keep:
                self.output += data
            if self.xterm.feed(data):
                self.changes.append(moment)
            self._look(moment)

    def _look(self, moment: float) -> None:
        met = [expected for expected in self._expected if expected.true()]
        for expected in met:
            self._expected.remove(expected)
            expected.meet(moment)

    @property
    def bytes_out(self) -> int:
        """Read from the pty so far."""
        return self.reader.bytes

    @property
    def text(self) -> str:
        """Of the whole screen, lines without what is blank at their end."""
        return "\n".join(line.rstrip() for line in self.xterm.cells.rows)

    def screen_lines(self) -> list[str]:
        with self._lock:
            return [line.rstrip() for line in self.xterm.cells.rows]

    def modes_left_on(self) -> list[str]:
        """What the program set in the terminal and did not take back, by name; also of the line."""
        with self._lock:
            found = self.xterm.modes.left_on()
        try:
            now = termios.tcgetattr(self._master)
        except termios.error:
            return found
        return found + ["line modes (stty)"] * (now != self._line_modes)

    # -- waiting -----------------------------------------------------------------------------------
    def expect(self, what: str | Callable[[str], bool]) -> Expectation:
        """A regular expression that is found on the screen, or a condition of its text. To be asked for
        before the key that brings it, so that `wait` gives the very moment.
        """
        if callable(what):
            return self._expect(what.__name__, lambda: what(self.text))
        found = re.compile(what, re.MULTILINE)
        return self._expect(repr(what), lambda: found.search(self.text) is not None)

    def _expect(self, name: str, true: Callable[[], bool]) -> Expectation:
        expected = Expectation(name, true, self._told)
        with self._lock:
            self._expected.append(expected)
            self._look(self.changes[-1] if self.changes else self.began)
        return expected

    def wait_text(self, pattern: str, timeout: float = SECONDS) -> float:
        return self.expect(pattern).wait(timeout)

    def wait_change(self, since: float, timeout: float = SECONDS) -> float:
        """The first change of the screen after that moment."""
        changed = self._expect("a change", lambda: bool(self.changes) and self.changes[-1] >= since)
        changed.wait(timeout)
        return self.changes[bisect_left(self.changes, since)]

    def wait_still(self, milliseconds: float = 300, timeout: float = SECONDS) -> float:
        """Until nothing has changed for so long; gives the last change (or the start)."""
        give_up = time.monotonic() + timeout
        while True:
            last = self.changes[-1] if self.changes else self.began
            left = last + milliseconds / 1e3 - time.monotonic()
            if left <= 0:
                return last
            if time.monotonic() + left > give_up:
                raise AssertionError(f"still changing after {timeout:g} s\n{self._told()}")
            time.sleep(left)

    def wait_exit(self, timeout: float = SECONDS) -> int:
        """The exit code, negative for a signal, once everything it wrote has been drawn."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not ended within {timeout:g} s\n{self._told()}") from None
        self.reader.drain(1.0)
        return code

    def _told(self) -> str:
        state = f"ended with {self.process.returncode}" if self.process.poll() is not None else "running"
        return f"{state}; the screen:\n{self.text}"

    # -- what a person does ------------------------------------------------------------------------
    def press(self, *names: str) -> float:
        """Keys by name; gives the moment just before the first was sent."""
        keys = [key_bytes(name, application_cursor=self.xterm.modes.on(1)) for name in names]
        moment = time.monotonic()
        for key in keys:
            self.write(key)
        return moment

    def type(self, text: str) -> float:
        moment = time.monotonic()
        self.write(text.encode())
        return moment

    def paste(self, text: str) -> float:
        """As a terminal does it: in brackets if the program wants them."""
        wanted = self.xterm.modes.on(2004)
        return self.type(f"\x1b[200~{text}\x1b[201~" if wanted else text.replace("\n", "\r"))

    def write(self, data: bytes) -> None:
        """To the program, as it is. Nothing if it has gone."""
        try:
            while data:
                data = data[os.write(self._master, data) :]
        except OSError:  # closed, or nobody has the other end open
            return

    def resize(self, columns: int, lines: int) -> None:
        with self._lock:
            self.xterm.cells.resize(lines, columns)
            self.xterm.cells.changed()
        self._set_size(columns, lines)

    def _set_size(self, columns: int, lines: int) -> None:
        width, height = self._can.cell
        fcntl.ioctl(
            self._master,
            termios.TIOCSWINSZ,
            struct.pack("4H", lines, columns, width * columns, height * lines),
        )

    # -- what a line does --------------------------------------------------------------------------
    def pause_reading(self) -> None:
        """As a terminal that does not read: its program can write until the pty is full."""
        self.reader.pause()

    def resume_reading(self) -> None:
        self.reader.resume()

    def read_rate(self, bytes_per_second: int | None) -> None:
        """As a slow line; None: as fast as it comes."""
        self.reader.rate = bytes_per_second

    def close_pty(self) -> None:
        """As a terminal window that is closed: the kernel sends SIGHUP, reads give EOF or EIO."""
        if self._master >= 0:
            self.reader.close()
            os.close(self._master)
            self._master = -1

    # -- life --------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tree.end()
        self.process.wait(SECONDS)
        self.close_pty()


def _start(
    command: Sequence[str], slave: int, env: Mapping[str, str], cwd: Path | None
) -> subprocess.Popen[Any]:
    """By tools that replace themselves with the command, because no Python may run between fork and exec
    in a process with threads: `env` gives signals their default deeds (a test run may ignore SIGHUP),
    `setsid` makes the pty the controlling terminal.
    """
    if shutil.which("setsid") is None:
        raise RuntimeError("no `setsid` (util-linux) on PATH: it gives the program its terminal")
    words = ["env", "--default-signal", "setsid", "--ctty", *command]
    return subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=dict(env), cwd=cwd)

"""One run of ssh as we see it: when it stands, what it says, when it ends. Belongs to no event loop."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Literal

from ainf_tui.client.ssh import READY

State = Literal["connecting", "stands", "ended"]

_SAID_LINES = 6
_LINE_BYTES = 4_096
_END_SECONDS = 2.0
_LAST_WORDS = 0.2
"""Seconds in which the last of its stderr has come, after it has ended."""


class Line:
    """A running ssh. Its stdin is a pipe of ours: it ends with us, whatever ends us.

    `own_session`: without our terminal. `tell` is given each line that ssh writes until it stands (from
    another thread): a question for a security key's touch, say.
    """

    def __init__(
        self, command: Sequence[str], *, own_session: bool, tell: Callable[[str], None] | None = None
    ) -> None:
        """OSError when there is no such program."""
        self._process = subprocess.Popen(  # noqa: S603 - ssh with words of ours, no shell reads them
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            start_new_session=own_session,
        )
        self._tell = tell
        self._said: deque[str] = deque(maxlen=_SAID_LINES)
        self._changed = threading.Lock()
        self._state: State = "connecting"
        self._waiting: list[Callable[[], None]] = []
        threading.Thread(target=self._drain, name="ssh-output", daemon=True).start()

    @property
    def state(self) -> State:
        with self._changed:
            return self._state

    @property
    def said(self) -> str:
        """The last lines on its stderr."""
        with self._changed:
            return "\n".join(self._said)

    def when_not(self, state: State, call: Callable[[], None]) -> None:
        """`call` is called once, from any thread, as soon as the state is another one."""
        with self._changed:
            if self._state == state:
                self._waiting.append(call)
                return
        call()

    def end(self) -> None:
        """Ends it and waits until it has; harmless when it has ended."""
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._note("ended")

    def _drain(self) -> None:
        """Reads what it writes, so that ssh never waits for a reader, until it has ended.

        The end is that of its stdout: its stderr may live on in a program that it started.
        """
        with selectors.DefaultSelector() as selector:
            pipes = [_Pipe(s) for s in (self._process.stdout, self._process.stderr) if s is not None]
            for pipe in pipes:
                selector.register(pipe.stream, selectors.EVENT_READ, pipe)
            out, _ = pipes
            while found := selector.select(_LAST_WORDS if out.over else None):
                for key, _ in found:
                    self._take(key.data.read(), is_out=key.data is out)
                    if key.data.over:
                        selector.unregister(key.fileobj)
                if not selector.get_map():
                    break
            for pipe in pipes:
                pipe.stream.close()
        self._process.wait()
        self._note("ended")

    def _take(self, lines: Sequence[str], *, is_out: bool) -> None:
        for line in lines:
            if is_out:
                if line == READY:
                    self._note("stands")
                continue
            with self._changed:
                self._said.append(line)
            if self._tell is not None and self._state == "connecting":
                self._tell(line)

    def _note(self, state: State) -> None:
        with self._changed:
            self._state = state
            calls, self._waiting = self._waiting, []
        for call in calls:
            call()


class _Pipe:
    """What comes out of one end, in lines. What is written without line ends takes no memory here."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.over = False
        self._rest = b""

    def read(self) -> list[str]:
        data = os.read(self.stream.fileno(), _LINE_BYTES)
        self.over = not data
        *lines, rest = (self._rest + data + (b"\n" if self.over else b"")).split(b"\n")
        self._rest = rest[-_LINE_BYTES:]
        return [text for line in lines if (text := line.decode(errors="replace").strip())]

"""Bytes of the terminal, in the event loop, to Textual's messages and the answers to our questions."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from textual import constants
from textual._xterm_parser import XTermParser
from textual.message import Message

from ainf_tui.tui.terminal.replies import Replies

_ESCAPE = constants.ESCAPE_DELAY + 0.005
_ESCAPE_FAR = 0.25
"""The same over a line on which the bytes of one key may come in two packets."""
_AT_ONCE = 4_096


class TerminalInput:
    """Reads between `start` and `stop`. What was begun (half a sequence) is kept over a pause.

    `on_message` gets keys, pastes, mouse and focus events; `on_answer(answer, now)` an answer of the
    terminal as bytes; `on_gone` is told when there is no terminal any more; `on_old_mouse` when it sends
    mouse reports in a form that we did not ask for. `awaited(now)` says whether answers may still come.
    `far`: the terminal is at the other end of ssh.
    """

    def __init__(
        self,
        *,
        debug: bool,
        on_message: Callable[[Message], None],
        on_answer: Callable[[bytes, float], None],
        on_gone: Callable[[], None],
        on_old_mouse: Callable[[float], None],
        awaited: Callable[[float], bool],
        far: bool = False,
    ) -> None:
        self._debug = debug
        self._on_message = on_message
        self._on_answer = on_answer
        self._on_gone = on_gone
        self._on_old_mouse = on_old_mouse
        self._awaited = awaited
        self._parser = XTermParser(debug)
        self._replies = Replies()
        self._read_at = 0.0
        # Whoever has set ESCDELAY has set it for this line.
        self._escape = max(_ESCAPE, _ESCAPE_FAR) if far and "ESCDELAY" not in os.environ else _ESCAPE
        self._tick: asyncio.TimerHandle | None = None
        self._source: tuple[asyncio.AbstractEventLoop, int] | None = None

    def start(self, loop: asyncio.AbstractEventLoop, fileno: int) -> None:
        """`fileno`: non-blocking."""
        self._source = loop, fileno
        loop.add_reader(fileno, self._readable)

    def stop(self) -> None:
        if self._source is not None:
            loop, fileno = self._source
            loop.remove_reader(fileno)
            self._source = None
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None

    def _readable(self) -> None:
        if self._source is None:
            return
        try:
            data = os.read(self._source[1], _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:  # EIO: the other end is closed, and nobody hung up
            data = b""
        if not data:
            self.stop()
            self._on_gone()
            return
        self._take(data, time.monotonic())

    def _take(self, data: bytes, now: float) -> None:
        text, answers = self._replies.feed(data, awaited=self._awaited(now))
        if text or self._replies.hold:
            # Answers do not count: of a fast log's frames they come faster than a lone Esc is waited for.
            self._read_at = now
        for answer in answers:
            self._on_answer(answer, now)
        self.parse(text)
        if self._replies.old_mouse:
            self._replies.old_mouse = False
            self._on_old_mouse(now)
        if self._tick is None:
            self._tick_in(self._patience())

    def parse(self, text: str) -> None:
        """As if it had been typed."""
        if not text:
            return  # the parser takes that for the end
        try:
            for message in self._parser.feed(text):
                self._on_message(message)
        except (ValueError, OverflowError):
            # A sequence with numbers that are none: input from outside ends no app. The parser is a
            # generator, and dead after an exception.
            self._parser = XTermParser(self._debug)

    def _patience(self) -> float:
        return self._replies.hold or self._escape

    def _tick_in(self, seconds: float) -> None:
        if self._source is not None:
            self._tick = self._source[0].call_later(seconds, self._ticked)

    def _ticked(self) -> None:
        """Some time after input: a lone Esc is a key, what was held is no answer."""
        self._tick = None
        now = time.monotonic()
        left = self._read_at + self._patience() - now
        if left > 0:
            self._tick_in(left)
        elif self._replies.hold:
            self._read_at = now
            self.parse(self._replies.release())
            self._tick_in(self._patience())
        else:
            for message in self._parser.tick():
                self._on_message(message)

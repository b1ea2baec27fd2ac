"""Textual's driver for Linux and macOS, where the terminal may close, stop, be slow or send rubbish.

Against Textual 8.2.8's own: no thread reads or writes (both directions are non-blocking on a descriptor of
our own, in the event loop); signals end the app in order; a closed terminal ends it; old mouse reports and
bad UTF-8 are input, not crashes; SIGCONT asserts the modes again.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import termios
import time
from collections.abc import Callable
from typing import Any

from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from ainf_tui.tui.terminal import modes
from ainf_tui.tui.terminal.abilities import multiplexer, over_ssh
from ainf_tui.tui.terminal.ending import ALONE, Ending
from ainf_tui.tui.terminal.input import TerminalInput
from ainf_tui.tui.terminal.output import TerminalOutput, last_words, listen, open_terminal
from ainf_tui.tui.terminal.pacing import Pacer
from ainf_tui.tui.terminal.probe import DEVICE, DEVICE_ANSWERED, STATUS, STATUS_ANSWER
from ainf_tui.tui.terminal.probing import Probing

LEAVE_WITHIN, LISTEN_WITHIN = 0.5, 1.0
"""Seconds for which leaving waits for a terminal that takes nothing, and for answers that are under way."""
_AGAIN = 1.0
"""Seconds between two times of asserting the modes because an old mouse report came."""


class AinfDriver(LinuxDriver):
    """See the module. `pacer` says how the line does."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # LinuxDriver has installed its own by now; they do too much inside a signal handler.
        signal.signal(signal.SIGTSTP, self._on_signal(self._suspend))
        signal.signal(signal.SIGCONT, self._on_signal(self._continued))
        self.pacer = Pacer(self.send_message)
        self.pacer.on_wait = self._mark
        self.pacer.pace.indirect = bool(multiplexer(os.environ))
        self._ending = Ending(self._ask_to_end, self._rescue)
        self._output: TerminalOutput | None = None
        self._active = self._suspended = False
        self._input = TerminalInput(
            debug=debug,
            on_message=self.process_message,
            on_answer=self._answer,
            on_gone=self._gone,
            on_old_mouse=self._old_mouse,
            awaited=self._answers_awaited,
            far=over_ssh(os.environ),
        )
        self._probing = Probing(self.send_message)
        self._asserted_at = 0.0
        self._flush_soon = False
        self._sized: Size | None = None
        self._undo: list[str] = []

    def start_application_mode(self) -> None:
        """Takes the terminal over. Also the way back from a suspension."""
        if self._in_background():
            # `bg`: whoever writes now spoils the shell's screen. `fg` brings the next SIGCONT.
            self._suspended = self._must_signal_resume = True
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self.attrs_before = modes.line(self.fileno)
        terminal = open_terminal(self.fileno)
        self._output = TerminalOutput(terminal, self._loop, self._moved, self._gone)
        self._active = True
        atexit.register(self._rescue)
        self._ending.install()
        signal.signal(signal.SIGWINCH, self._on_signal(self._resized))
        modes.raw(self.fileno)
        self.write(modes.enter(mouse=self._mouse))
        self.write(self._probing.ask(self._loop, self._get_terminal_size()[1]))
        self.flush()
        self._input.start(self._loop, terminal)
        self._sized = None
        self._resized()
        if self._must_signal_resume:
            self._must_signal_resume = False
            self.send_message(self.SignalResume())

    def stop_application_mode(self) -> None:
        """Gives the terminal back as it was. Waits at most `LEAVE_WITHIN` for one that takes nothing."""
        if not self._active or self._output is None:
            return
        self._input.stop()
        self._active = False
        self.pacer.stop()
        pace, now = self.pacer.pace, time.monotonic()
        stale = pace.in_flight(now) > 2_000
        # What the terminal still answers must not be typed into the shell: one more question, and everything
        # is read here, with echo off, until its answer has come.
        open_questions = self._probing.expected(now) + pace.marked
        last = self._leaving() + (DEVICE.encode() if open_questions else b"")
        out = self._output.finish(last, LEAVE_WITHIN, stale=stale)
        if out and open_questions:
            answers = 1 + self._probing.expected(now)
            listen(self._output.fileno, DEVICE_ANSWERED, answers, LISTEN_WITHIN)
        self.disable_input()
        modes.set_line(self.fileno, self.attrs_before)
        atexit.unregister(self._rescue)
        if not out:
            # Whatever the process still prints may wait for that terminal for ever.
            self._ending.begin(self._app.return_code or 0, ALONE)

    def disable_input(self) -> None:
        """Reads nothing any more, and forgets what was typed ahead."""
        if self._output is None:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self._input.stop()
        with contextlib.suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)

    def close(self) -> None:
        """After `stop_application_mode`: nothing of ours is left on the terminal."""
        if self._output is not None:
            output, self._output = self._output, None
            output.close()
            self._ending.uninstall()

    @property
    def mouse(self) -> bool:
        """Whether the app has the mouse."""
        return self._mouse

    def set_mouse(self, on: bool) -> None:
        """Takes the mouse, or leaves it to the terminal, which then selects text with it."""
        self._mouse = on
        self.write(modes.mouse(on=on))
        self.flush()

    def undo(self, sequence: str) -> None:
        """`sequence` is written when the terminal is given back: what the app has set beyond the modes."""
        if sequence not in self._undo:
            self._undo.append(sequence)

    def _leaving(self) -> bytes:
        return (modes.leave() + "".join(self._undo)).encode()

    def _rescue(self) -> None:
        """The terminal as it was, from any thread and in any state, without waiting. Idempotent."""
        output = self._output
        if output is None or not self._active:
            return
        self._active = False
        modes.set_line(self.fileno, self.attrs_before)
        last_words(output.fileno, self._leaving(), 0.1, stale=True)

    def _on_signal(self, action: Callable[[], None]) -> Callable[[int, object], None]:
        """A handler that does nothing itself: the loop may be in the middle of anything."""
        return lambda *_: self._soon(action)

    def _soon(self, action: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to act
            self._loop.call_soon_threadsafe(action)

    def _ask_to_end(self, code: int) -> None:
        self._soon(lambda: self._app.exit(return_code=code))

    def _gone(self) -> None:
        """There is no terminal any more: the end, as by SIGHUP, and soon."""
        self._input.stop()
        code = 128 + signal.SIGHUP
        self._ending.begin(code, ALONE)
        self._app.exit(return_code=code)

    def _in_background(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:
            return False  # not our controlling terminal: nobody does job control here

    def _suspend(self) -> None:
        if self._auto_restart and self._active:
            self.suspend_application_mode()
            self._suspended = self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continued(self) -> None:
        if self._suspended:
            self._suspended = False
            self.resume_application_mode()
            self._repaint()
        elif self._active and self._in_background():
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self._active:
            # Stopped from outside, without a chance to give the terminal back: it may be in any state.
            self._assert_modes()
            self._resized()
            self._repaint()

    def _assert_modes(self) -> None:
        self._asserted_at = time.monotonic()
        modes.raw(self.fileno)
        self.write(modes.again(mouse=self._mouse))
        self.flush()

    def _repaint(self) -> None:
        self._app.refresh(layout=True)

    def write(self, data: str) -> None:
        """Text for the terminal. It goes out with the next `flush`, or by itself in a moment."""
        output = self._output
        if output is None or not self._active:
            return
        encoded = data.encode("utf-8", "replace")
        output.write(encoded)
        self.pacer.pace.wrote(len(encoded), time.monotonic())
        if not self._flush_soon:
            self._flush_soon = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Hands over what the terminal takes now, and asks how far it is."""
        self._flush_soon = False
        if self._output is None or not self._active:
            return
        if self.pacer.pace.mark_wanted(waiting=False):
            self._mark()
        self._output.flush()

    def _mark(self) -> None:
        pace = self.pacer.pace
        if self._output is not None and pace.mark_wanted(waiting=True):
            self.write(STATUS)
            pace.marking(time.monotonic())

    def _moved(self, backlog: int) -> None:
        if self.pacer.pace.kept(backlog, time.monotonic()):
            self.pacer.progress()

    def _answers_awaited(self, now: float) -> bool:
        return self._probing.awaited(now) or self.pacer.pace.marked

    def _old_mouse(self, now: float) -> None:
        """The terminal has lost the modes that we set: a new one after a reattach, or a reset."""
        if now - self._asserted_at > _AGAIN:
            self._assert_modes()

    def process_message(self, message: Message) -> None:
        if isinstance(message, (events.Key, events.Paste, events.MouseDown, events.MouseUp)):
            self.pacer.pace.key(time.monotonic())
        super().process_message(message)

    def send_message(self, message: Message) -> None:
        """To the app. In its own thread there is no need of a coroutine for each."""
        self._app.post_message(message)

    def _answer(self, answer: bytes, now: float) -> None:
        if answer == STATUS_ANSWER:
            self.pacer.pace.answered(now)
            self.pacer.progress()
        elif answer.endswith(b"$y"):
            self._input.parse(answer.decode())  # Textual wants to know about synchronized output itself
        self._probing.answer(answer)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Of the terminal itself: COLUMNS and LINES, which Textual asks first, never change."""
        with contextlib.suppress(OSError):
            width, height = os.get_terminal_size(self.fileno)
            if width and height:
                return width, height
        return super()._get_terminal_size()

    def _resized(self) -> None:
        size = Size(*self._get_terminal_size())
        if self._active and size != self._sized:
            self._sized = size
            self.send_message(events.Resize(size, size))

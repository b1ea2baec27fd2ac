"""The terminal lent for a while: to an editor, to a pager, or to its own ways of selecting text."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from textual.app import App


@contextmanager
def interrupts_are_not_ours() -> Iterator[None]:
    """Ctrl-C in the editor is the editor's, though it reaches every process on the terminal."""
    # Not ignored: that would be handed on to the editor.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def run_there(app: App[Any], command: Sequence[str]) -> int:
    """Runs the command on our terminal; its exit code. OSError, ValueError, textual's SuspendNotSupported."""
    with app.suspend(), interrupts_are_not_ours():
        # In a thread: what the engine tells and what is asked of it go on meanwhile.
        return await asyncio.to_thread(_run, command)


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own editor


async def print_there(app: App[Any], text: str) -> None:
    """The text (safe already) on the terminal without us, until a key is pressed. As `run_there`."""
    with app.suspend(), interrupts_are_not_ours():
        await asyncio.to_thread(_print, text)


def _print(text: str) -> None:
    stdin, stdout = sys.__stdin__, sys.__stdout__
    if stdin is None or stdout is None:
        raise OSError("there is no terminal")
    stdout.write(f"{text}\n\n-- any key leads back --")
    stdout.flush()
    fd = stdin.fileno()
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        os.read(fd, 32)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
    stdout.write("\n")
    stdout.flush()

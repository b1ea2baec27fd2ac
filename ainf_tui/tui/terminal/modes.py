"""The terminal modes that the app sets, and how each is undone."""

from __future__ import annotations

import contextlib
import termios
import tty
from typing import Any

from textual import constants

_MOUSE = (1000, 1003, 1006)
"""Clicks, motion, SGR form. Not urxvt's form (1015), which Textual does not read: whoever has no SGR form
sends the oldest one, which we do.
"""
_KITTY_KEYS = 0b00000001 | 0b00001000 | 0b00010000
"""Unambiguous escapes, all keys as escapes, their text: what Textual asks for."""


def _set(*numbers: int) -> str:
    return "".join(f"\x1b[?{number}h" for number in numbers)


def _reset(*numbers: int) -> str:
    return "".join(f"\x1b[?{number}l" for number in numbers)


def mouse(*, on: bool) -> str:
    return _set(*_MOUSE) if on else _reset(*_MOUSE)


def enter(*, mouse: bool) -> str:
    """Alternate screen, mouse, no cursor, focus reports, kitty's keys, marked pastes, no wrap."""
    return _set(1049) + _rest(mouse=mouse)


def again(*, mouse: bool) -> str:
    """`enter` for a terminal that may have lost some of it.

    Kitty's modes are a stack for each screen: ours goes before it comes, on our screen and not the shell's.
    """
    return _set(1049) + ("" if constants.DISABLE_KITTY_KEY else "\x1b[<u") + _rest(mouse=mouse)


def _rest(*, mouse: bool) -> str:
    keys = "" if constants.DISABLE_KITTY_KEY else f"\x1b[>{_KITTY_KEYS}u"
    return _set(*(_MOUSE if mouse else ())) + _reset(25) + _set(1004) + keys + _set(2004) + _reset(7)


def leave() -> str:
    """Everything that `enter` and a frame cut in its middle may have left."""
    frame = "\x1b[?2026l\x1b[m"  # the end of a synchronized update, and of colours
    return (
        f"{frame}{_reset(2004, *reversed(_MOUSE), 1016, 2048)}{_set(7)}"
        f"{'' if constants.DISABLE_KITTY_KEY else chr(27) + '[<u'}{_reset(1049)}{_set(25)}{_reset(1004)}"
    )


def line(fileno: int) -> list[Any] | None:
    """The line's attributes (termios), for `set_line`; None where there are none."""
    with contextlib.suppress(termios.error):
        return termios.tcgetattr(fileno)
    return None


def set_line(fileno: int, attributes: list[Any] | None) -> None:
    if attributes is not None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(fileno, termios.TCSANOW, attributes)


def raw(fileno: int) -> None:
    """Keys as they are typed: no echo, no lines, no signals from keys, no flow control, CR as CR."""
    attributes = line(fileno)
    if attributes is None:
        return
    attributes[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    attributes[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    attributes[tty.CC][termios.VMIN] = 1
    set_line(fileno, attributes)

r"""What a terminal sends, told apart: keys and pastes as text, answers to our questions, old mouse reports.

Textual decodes input as strict UTF-8 and types answers that it does not know as keys. Both are settled
here, on bytes, before its parser sees anything.

Formats: xterm's "Control Sequences" (ctlseqs) for CSI, OSC, DCS and mouse reports, kitty's graphics protocol
for APC.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

_PASTE_START = b"\x1b[200~"
_PASTE_END = b"\x1b[201~"
_X10 = b"\x1b[M"
_ESC_PICTURE = "\N{SYMBOL FOR ESCAPE}".encode()

_ANSWER = re.compile(
    rb"""\x1b(?:
      \[\d*n                                  # device status: 0n
    | \[(?!1;)\d+;\d+R                        # cursor position; row 1 would be F3 with a modifier
    | \[[?>][\d;]*c                           # device attributes
    | \[[468];\d+;\d+t                        # sizes in pixels and cells
    | \[\?\d+;\d\$y                           # mode report
    | [P\]_][^\x07\x18\x1a\x1b]{0,4000}(?:\x07|\x1b\\)   # DCS, OSC, APC
    )""",
    re.VERBOSE,
)
_BEGUN = re.compile(
    rb"\x1b(?:\[(?:\d{0,4}|(?!1;)\d{1,4};\d{0,4}|[?>][\d;]{0,60}\$?|[468];\d{0,5};\d{0,5})"
    rb"|[P\]_][^\x07\x18\x1a\x1b]{0,4000}\x1b?)\Z"
)
"""An answer whose end has not come yet. Asked only while answers are awaited: typed, this is Esc or Alt."""
_BEGUN_X10 = re.compile(rb"\x1b\[M[^\x1b]{0,2}\Z")
_NEXT = re.compile(rb"\x1b(?:\[200~|\[M[^\x1b]{3}|[\[P\]_])")

HOLD, HOLD_X10 = 0.05, 1.0
"""Seconds for which the begin of a sequence waits for its end. An X10 report's is nothing that one types."""


def x10_to_sgr(report: bytes) -> bytes:
    """`ESC [ M b x y` (each byte 32 more than its value, so above 0x7f past column 95) in the SGR form.

    X10 does not say which button was released; it is taken for the left one. Places beyond what a byte
    holds come as 0 and give nothing.
    """
    button, column, row = (value - 32 for value in report[3:6])
    if button < 0 or column < 1 or row < 1:
        return b""
    released = button & 0b11 == 3 and not button & 0b1100000
    final = "m" if released else "M"
    return f"\x1b[<{button & ~3 if released else button};{column};{row}{final}".encode()


class Replies:
    """Bytes in, text for Textual's parser and answers out. Keeps what is incomplete."""

    def __init__(self) -> None:
        self._held = b""
        self._paste = False
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self.old_mouse = False
        """Whether an X10 report came: the terminal has lost the modes that we set."""

    @property
    def hold(self) -> float:
        """Seconds until `release` is due, because the begin of a sequence waits for its end; else 0."""
        if not self._held or self._paste:
            return 0.0
        return HOLD_X10 if self._held.startswith(_X10) else HOLD

    def feed(self, data: bytes, *, awaited: bool) -> tuple[str, list[bytes]]:
        """The text to parse, and the answers in `data`. `awaited`: whether answers are still to come."""
        answers: list[bytes] = []
        plain = bytearray()
        data, self._held = self._held + data, b""
        at = 0
        while at < len(data):
            if self._paste:
                at = self._pasted(data, at, plain)
            elif (found := _NEXT.search(data, at)) is None:
                at = self._tail(data, at, plain, awaited=awaited)
            else:
                plain += data[at : found.start()]
                at = self._sequence(data, found, plain, answers, awaited=awaited)
        return self._decode(bytes(plain)), answers

    def release(self) -> str:
        """What was held is what it looks like: keys."""
        data, self._held = self._held, b""
        return self._decode(data)

    def _pasted(self, data: bytes, at: int, plain: bytearray) -> int:
        """Pasted text is text, whatever it looks like; Textual's parser would type what follows an ESC."""
        end = data.find(_PASTE_END, at)
        if end < 0:
            keep = next((n for n in range(5, 0, -1) if data.endswith(_PASTE_END[:n])), 0)
            stop = max(at, len(data) - keep)
            plain += data[at:stop].replace(b"\x1b", _ESC_PICTURE)
            self._held = data[stop:]
            return len(data)
        self._paste = False
        plain += data[at:end].replace(b"\x1b", _ESC_PICTURE) + _PASTE_END
        return end + len(_PASTE_END)

    def _sequence(
        self, data: bytes, found: re.Match[bytes], plain: bytearray, answers: list[bytes], *, awaited: bool
    ) -> int:
        text = found.group()
        if text == _PASTE_START:
            self._paste = True
            plain += text
            return found.end()
        if text.startswith(_X10) and len(text) == 6:
            self.old_mouse = True
            plain += x10_to_sgr(text)
            return found.end()
        answer = _ANSWER.match(data, found.start())
        if answer is not None:
            answers.append(answer.group())
            return answer.end()
        if self._incomplete(data, found.start(), awaited=awaited):
            self._held = data[found.start() :]
            return len(data)
        plain += text
        return found.end()

    def _tail(self, data: bytes, at: int, plain: bytearray, *, awaited: bool) -> int:
        stop = len(data) - 1 if awaited and data.endswith(b"\x1b") else len(data)
        plain += data[at:stop]
        self._held = data[stop:]
        return len(data)

    @staticmethod
    def _incomplete(data: bytes, start: int, *, awaited: bool) -> bool:
        if _BEGUN_X10.match(data, start):
            return True
        return awaited and _BEGUN.match(data, start) is not None

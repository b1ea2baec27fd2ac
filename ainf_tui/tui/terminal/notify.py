"""Bell, notification and title as sequences for `driver.write`. Their texts come from outside."""

from __future__ import annotations

from ainf_tui.domain.text import visible
from ainf_tui.tui.terminal.abilities import Multiplexer

BELL = "\a"
TITLE_SAVED = "\x1b[22;2t"
TITLE_RESTORED = "\x1b[23;2t"
"""For `driver.undo`, once `TITLE_SAVED` has been written: the title as the shell had it."""
_LIMIT = 200


def through(sequence: str, multiplexer: Multiplexer) -> str:
    """The sequence in the form that tmux or screen hands to the terminal around it.

    tmux does so with `allow-passthrough on`; otherwise it drops it without a word.
    """
    if multiplexer == "tmux":
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return f"\x1bP{sequence}\x1b\\" if multiplexer == "screen" else sequence


def notification(text: str, multiplexer: Multiplexer = "") -> str:
    """OSC 9, the desktop notification of iTerm2, kitty, WezTerm, Ghostty, foot, Windows Terminal; others
    ignore it. At most 200 characters; control and bidi characters are made visible.
    """
    shown = visible(text, _LIMIT)
    if shown[:2] in {"4;", "9;"}:
        shown = f" {shown}"  # ConEmu's other uses of OSC 9: progress, the current folder
    return through(f"\x1b]9;{shown}\a", multiplexer)


def title(text: str) -> str:
    """OSC 2. tmux takes it as the title of its pane."""
    return f"\x1b]2;{visible(text, _LIMIT)}\a"

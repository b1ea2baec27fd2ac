"""Taking in a flood of frames by the gulp: waking up costs many times what decoding a frame costs."""

from __future__ import annotations

GULP = 0.040
"""Seconds for which a flood is left to the kernel's buffer; nobody sees such a delay."""
FLOOD = 200.0
"""Frames a second from which gulping pays: a sampler with previews makes 20 to 100."""

_WINDOW = 32
"""Frames over which the rate is measured."""
_BITE = 0.0015
"""Seconds after a gulp in which frames are still of it."""


class Pace:
    """Says when to leave the connection alone for `GULP` seconds. Times of one monotonic clock."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._resumed = now
        self._frames = 0
        self._flood = False

    def pause(self, now: float) -> bool:
        """After each frame: whether to pause now."""
        self._frames += 1
        if self._frames == _WINDOW:
            self._flood = now - self._since < _WINDOW / FLOOD
            self._frames, self._since = 0, now
        return self._flood and now - self._resumed >= _BITE

    def resumed(self, now: float) -> None:
        self._resumed = now

"""Keys that come faster than what they do can be painted: pasted, or a key held down on a stalled line."""

from __future__ import annotations

EVERY = 0.1
"""Seconds between two paints while keys wait: what those between them changed is seen together."""


class Rush:
    """Whether keys wait, and for how long what they change may."""

    def __init__(self) -> None:
        self.on = False
        """Keys wait for the one before them."""
        self._painted_at = 0.0

    def left(self, now: float) -> float:
        """Seconds until the next paint; 0 while nothing waits."""
        return max(0.0, self._painted_at + EVERY - now) if self.on else 0.0

    def painted(self, now: float) -> None:
        """What has changed so far is seen."""
        self._painted_at = now

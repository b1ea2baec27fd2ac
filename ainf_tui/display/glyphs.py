"""State as glyph and word, never by colour alone."""

from __future__ import annotations

GLYPHS: dict[str, tuple[str, str, str]] = {
    # state: (glyph, the same in ASCII, colour)
    "running": ("●", "*", "green"),
    "ok": ("●", "*", "green"),
    "submitting": ("◐", "~", ""),
    "submitted": ("◐", "~", ""),
    "fetching": ("◐", "~", ""),
    "cancelling": ("◐", "~", "yellow"),
    "queued": ("○", "o", ""),
    "stopped": ("○", "o", ""),
    "paused": ("○", "o", "yellow"),
    "succeeded": ("✓", "+", "green"),
    "warning": ("▲", "!", "yellow"),
    "failed": ("✖", "x", "red"),
    "error": ("✖", "x", "red"),
    "starting": ("◐", "~", ""),
    "stopping": ("◐", "~", ""),
    "exited": ("✖", "x", "red"),
    "crash-loop": ("✖", "x", "red"),
    "unhealthy": ("▲", "!", "yellow"),
    "unreachable": ("▲", "!", "yellow"),
    "info": ("·", ".", "dim"),
    "cancelled": ("–", "-", "dim"),  # noqa: RUF001 -- the dash is the glyph
    "held": ("–", "-", "dim"),  # noqa: RUF001 -- same
    "new": ("✖", "x", "red"),
    "regressed": ("✖", "x", "red"),
    "ongoing": ("●", "*", "dim"),
    "muted": ("–", "-", "dim"),  # noqa: RUF001 -- same
    "resolved": ("✓", "+", "dim"),
    "lost": ("◌", "?", "yellow"),
    "unknown": ("◌", "?", "dim"),
    "foreign": ("·", ".", "dim"),
}


def glyph(state: str, *, unicode: bool) -> str:
    """One cell for the state; the glyph of `unknown` for a state this version does not know."""
    entry = GLYPHS.get(state, GLYPHS["unknown"])
    return entry[0] if unicode else entry[1]


def colour(state: str) -> str:
    """The colour's name for `Output.paint`, or nothing."""
    return GLYPHS.get(state, GLYPHS["unknown"])[2]

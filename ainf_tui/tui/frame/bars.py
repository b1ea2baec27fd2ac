"""Tabs and footer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, Span, fit, line_width, spread

MOST_KEYS = 8


@frozen
class Tab:
    """A screen in the tab line. `count` is shown beside its name, None for none."""

    key: str
    title: str
    here: bool
    count: int | None = None


def tab_line(tabs: Sequence[Tab], cells: int, right: Line = ()) -> Line:
    """`2 Queue 14`; in little room the tab that is open keeps its name, the others only their keys."""
    for short in (False, True):
        spans: list[Span] = [(" ", "")]
        for tab in tabs:
            name = "" if short and not tab.here else f" {tab.title}"
            count = "" if tab.count is None else f" {tab.count}"
            look = "accent" if tab.here else "muted"
            spans += [(tab.key, "key" if tab.here else "muted"), (name, look), (count, ""), ("   ", "")]
        if line_width(tuple(spans)) + line_width(right) <= cells:
            break
    return spread(tuple(spans), right, cells)


@frozen
class KeyHint:
    """A key in the footer. `enabled` False: it does nothing now, and is dimmed."""

    key: str
    label: str
    enabled: bool = True


def footer_line(hints: Sequence[KeyHint], cells: int) -> Line:
    """At most eight keys, the most useful first; the last (help) always stays."""
    hints = [hint for hint in hints if hint.key]
    parts: list[tuple[int, Line]] = []
    shown = [*hints[: MOST_KEYS - 1], *hints[-1:]] if len(hints) > MOST_KEYS else list(hints)
    for number, hint in enumerate(shown):
        last = number == len(shown) - 1
        keys = (hint.key, "key" if hint.enabled else "muted")
        parts.append((0 if last else number + 1, (keys, (f" {hint.label}", "" if hint.enabled else "muted"))))
    return ((" ", ""), *fit(parts, max(0, cells - 2), 3))

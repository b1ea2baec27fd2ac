"""Glyphs and colours of states, in the set that this terminal can show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.frozen import frozen

_STYLES = {"green": "ok", "yellow": "warning", "red": "error", "dim": "muted", "": ""}


@frozen
class Signs:
    """`unicode`: whether the glyphs are one cell wide here (`tui.terminal.probe`)."""

    unicode: bool = True

    def of(self, state: str) -> str:
        return glyph(state, unicode=self.unicode)

    @staticmethod
    def style(state: str) -> str:
        """The style's name (`widgets.painted.STYLES`) of a state."""
        return _STYLES.get(colour(state), "")

    def bar(self, fraction: float | None, cells: int) -> str:
        """`████░░░░`; unknown is empty."""
        if fraction is None or cells <= 0:
            return " " * max(0, cells)
        full = round(max(0.0, min(1.0, fraction)) * cells)
        done, rest = ("█", "░") if self.unicode else ("#", ".")
        return done * full + rest * (cells - full)

    def spark(self, values: Sequence[float | None]) -> str:
        """`▁▃▇`, a cell a value of 0..1; unknown is empty. The highest leaves a gap to what stands above."""
        steps = "▁▂▃▄▅▆▇" if self.unicode else "_.:-=+*"
        most = len(steps) - 1
        return "".join(
            " " if value is None or math.isnan(value) else steps[round(max(0.0, min(1.0, value)) * most)]
            for value in values
        )

    @property
    def pointer(self) -> str:
        return "▸" if self.unicode else ">"

    @property
    def mark(self) -> str:
        return "◆" if self.unicode else "+"

    @property
    def ellipsis(self) -> str:
        return "…" if self.unicode else "~"

    @property
    def times(self) -> str:
        return "×" if self.unicode else "x"  # noqa: RUF001 - the sign is meant

    @property
    def unknown(self) -> str:
        return "–" if self.unicode else "-"  # noqa: RUF001 - the dash is meant

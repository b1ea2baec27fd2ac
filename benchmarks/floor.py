"""`python -m benchmarks.floor [MODE]`: the least that an app of Textual's can do; what ainf is held against.

plain: a line of text and a table of 50 rows. live: eight panels above it, each all new once a second.
bars: four bars drawn by hand in one widget, four times a second. follow FILE: what is new in the file, ten
times a second: its lines counted, the last screen of them shown. All end with `q`.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import Grid
from textual.widgets import DataTable, Static

ROWS = 50
PANELS = 8
BARS = 4
BAR_WIDTH = 40
STEPS = 30
READY = "floor app ready"


class FloorApp(App[None]):
    """`mode`: plain | live | bars."""

    BINDINGS = [("q", "quit", "quit")]  # noqa: RUF012 - as Textual wants it
    CSS = """
        DataTable { height: 1fr; }
        Grid { grid-size: 4 2; height: 14; }
        .panel { border: round $primary; }
        #bars { height: 4; }
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode
        self._beats = itertools.count(1)

    def compose(self) -> ComposeResult:
        yield Static(READY)
        if self._mode == "live":
            with Grid():
                for number in range(PANELS):
                    yield Static("", classes="panel", id=f"panel-{number}")
        if self._mode == "bars":
            yield Static("", id="bars")
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns("state", "pack", "prompt", "done", "age")
        for row in range(ROWS):
            table.add_row("succeeded", "portrait-basic", f"a red bicycle, number {row}", "100%", f"{row}m")
        table.focus()
        if self._mode == "live":
            self.set_interval(1.0, self._show_panels)
        if self._mode == "bars":
            self.set_interval(0.25, self._show_bars)

    def _show_panels(self) -> None:
        beat = next(self._beats)
        for number in range(PANELS):
            values = f"service {number}\nanswers {beat * 7 % 31 + number} ms\nruns since {beat} s"
            self.query_one(f"#panel-{number}", Static).update(values)

    def _show_bars(self) -> None:
        beat = next(self._beats)
        lines = []
        for number in range(BARS):
            step = (beat + number) % (STEPS + 1)
            done = step * BAR_WIDTH // STEPS
            bar = "█" * done + "░" * (BAR_WIDTH - done)
            lines.append(f"job-{number} KSampler {step:2}/{STEPS} {bar} {step * 100 // STEPS:3}%")
        self.query_one("#bars", Static).update("\n".join(lines))


class FollowApp(App[None]):
    """The end of a file that grows, and how many lines it has got."""

    BINDINGS = [("q", "quit", "quit")]  # noqa: RUF012 - as Textual wants it
    CSS = "#lines { height: 1fr; text-wrap: nowrap; text-overflow: clip; }"

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = Path(path)
        self._lines: list[str] = []
        self._count = 0

    def compose(self) -> ComposeResult:
        yield Static(READY, id="count")
        yield Static("", id="lines", markup=False)

    def on_mount(self) -> None:
        self._stream = self._path.open("rb", buffering=0)
        self._show()
        self.set_interval(0.1, self._show)

    def _show(self) -> None:
        data = self._stream.read()
        if not data:
            return
        self._count += data.count(b"\n")
        height = self.size.height
        tail = data[-height * 200 :].decode("utf-8", "replace").splitlines()
        self._lines = [*self._lines, *tail][1 - height :]
        self.query_one("#count", Static).update(f"{READY}: {self._count:,} lines")
        self.query_one("#lines", Static).update("\n".join(self._lines))


def main(words: list[str]) -> None:
    """Runs the app that the words name."""
    app: App[None] = FollowApp(words[1]) if words[:1] == ["follow"] else FloorApp(*words or ["plain"])
    app.run()


if __name__ == "__main__":
    main(sys.argv[1:])

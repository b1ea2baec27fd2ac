"""A tiny app for a real terminal: `python small_app.py [busy] [low] [stock] [pulse=FILE]`.

It shows the last key, its count, and what the driver told; `busy` changes 30 lines ten times a second;
`pulse` adds a byte to the file ten times a second, by the event loop. Key C crashes it, F hangs it for ever.
With `stock` (or AINF_TEST_STOCK_DRIVER set) it runs on Textual's own driver, which shows what the tests see.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, MouseDown, Paste
from textual.screen import Screen
from textual.widgets import Static

from ainf_tui.tui.terminal.driver import AinfDriver
from ainf_tui.tui.terminal.messages import LineChanged, TerminalProbed
from ainf_tui.tui.terminal.pacing import PacedScreen, pacer_of


class Cursor(Static, can_focus=True):
    """Moves a mark along its ten lines."""

    at = 0

    def render(self) -> str:
        return "\n".join(f"{'>' if self.at == line else ' '} line {line}" for line in range(10))

    def on_key(self, event: Key) -> None:
        if event.key in {"down", "up"}:
            self.at = (self.at + (1 if event.key == "down" else -1)) % 10
            self.refresh()


class Fields:
    CSS = "Static { height: auto; } Cursor { height: 10; } #noise { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield Static("keys 0", id="keys", markup=False)
        yield Static("ready", id="told", markup=False)
        yield Cursor()
        yield VerticalScroll(Static("", id="noise", markup=False), can_focus=False)


class Paced(Fields, PacedScreen[None]):
    """Ours."""


class Plain(Fields, Screen[None]):
    """Textual's."""


class Small(App[None]):
    BINDINGS = [("q", "quit"), ("ctrl+z", "suspend_process")]  # noqa: RUF012 -- Textual's own form
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, ours: bool, words: list[str]) -> None:
        super().__init__(driver_class=AinfDriver if ours else LinuxDriver)
        self.ours = ours
        self.words = words
        self.keys = 0
        self.ticks = 0
        self.probe = ""
        self.line = ""

    def get_default_screen(self) -> Screen[None]:
        return Paced() if self.ours else Plain()

    def on_mount(self) -> None:
        self.animation_level = "none"
        if "low" in self.words:
            pacer = pacer_of(self)
            assert pacer is not None
            pacer.low = True
        for path in (Path(word[6:]) for word in self.words if word.startswith("pulse=")):
            self.set_interval(0.1, lambda path=path: path.open("ab").write(b"."))
        if "busy" in self.words:
            self.set_interval(0.1, self.tick)

    def tick(self) -> None:
        self.ticks += 1
        self.query_one("#noise", Static).update(
            "\n".join(
                f"tick {self.ticks} row {row} {'-=' * (self.ticks % 7)} {self.ticks * row}"
                for row in range(30)
            )
        )

    def on_key(self, event: Key) -> None:
        self.keys += 1
        if event.key == "M" and isinstance(self._driver, AinfDriver):
            self._driver.set_mouse(not self._driver.mouse)
        if event.key == "C":
            raise RuntimeError("crash asked for")
        if event.key == "F":
            while True:
                pass
        self.query_one("#keys", Static).update(f"keys {self.keys} last {event.key}")

    def on_paste(self, event: Paste) -> None:
        self.tell(f"paste {event.text!r}")

    def on_mouse_down(self, event: MouseDown) -> None:
        self.tell(f"mouse {event.screen_x},{event.screen_y} button {event.button}")

    def on_terminal_probed(self, message: TerminalProbed) -> None:
        probe = message.probe
        widths = "".join(map(str, probe.widths.values()))
        self.tell(
            f"probe widths={widths} sixel={probe.sixel} kitty={probe.kitty} cell={probe.cell} {probe.name}"
        )

    def on_line_changed(self, message: LineChanged) -> None:
        self.line = f" line {'slow' if message.slow else 'fast'} {message.rate and int(message.rate)}"
        self.tell(self.probe)

    def tell(self, text: str) -> None:
        self.probe = text
        self.query_one("#told", Static).update(text + self.line)


def main() -> None:
    words = sys.argv[1:]
    app = Small(ours="stock" not in words and "AINF_TEST_STOCK_DRIVER" not in os.environ, words=words)
    app.run()
    sys.exit(app.return_code)


if __name__ == "__main__":
    main()

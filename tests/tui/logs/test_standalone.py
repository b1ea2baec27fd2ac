"""`ainf logs FILE`: the screen of logs alone, in an app of its own."""

from __future__ import annotations

import pytest
from textual.screen import ModalScreen

from ainf_tui.tui.logs.standalone import LogsApp
from tests.fakes.log_reading import FakeLogs, log_row
from tests.tui.conftest import still
from tests.tui.screen_text import text


class Files(FakeLogs):
    """Read without an engine."""

    closed = False

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def files() -> Files:
    return Files([log_row(number) for number in range(100)])


OVER = {
    "question_mark": "all keys of this screen",
    "ctrl+p": "Palette|command",
    "f": "filter",
    "S": "log",
    "H": "When what was written",
    "y": "Copy",
    "O": "Open the file",
    "enter": "TEXT",
}
"""Keys that open something over the log, and what is to be read there."""


@pytest.mark.parametrize("key", OVER)
async def test_what_opens_over_the_log_opens_here_too(files: Files, key: str) -> None:
    app = LogsApp(files, ["file:/logs/a.log"])
    async with app.run_test(size=(100, 30)) as pilot:
        await still(pilot)
        assert "line 99" in text(app)
        await pilot.press(key)
        await still(pilot)
        assert isinstance(app.screen, ModalScreen)
        assert any(word in text(app) for word in OVER[key].split("|"))
        # A dialog that was opened with something to type closes that first.
        await pilot.press("escape", *["escape"] * (key == "f"))
        await still(pilot)
        assert not isinstance(app.screen, ModalScreen)
    assert files.closed


@pytest.mark.parametrize("action", ["command_log", "settings", "theme", "command"])
async def test_what_the_palette_opens_opens_here_too(files: Files, action: str) -> None:
    app = LogsApp(files, ["file:/logs/a.log"])
    async with app.run_test(size=(100, 30)) as pilot:
        await still(pilot)
        before = text(app)
        await app.run_action(action)
        await still(pilot)
        assert text(app) != before
        assert action != "command" or "line 99" in text(app)
        await pilot.press("escape")
        await still(pilot)
        assert "line 99" in text(app)
        assert len(app.screen_stack) == 1

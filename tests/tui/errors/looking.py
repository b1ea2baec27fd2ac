"""What a test of the Errors screen sees and asks."""

from __future__ import annotations

from typing import Any

from tests.tui.conftest import still
from tests.tui.screen_text import text


def shown(app) -> list[int]:
    return [group.id for group in app.screen.groups]


async def until(app, pilot, words: str) -> None:
    """The screen shows the words: a card comes once the cursor has come to rest."""
    for _ in range(500):
        if words in text(app):
            return
        await still(pilot, 1)
    raise AssertionError(f"{words!r} is not in\n{text(app)}")


def said(app) -> str:
    return "\n".join(note.message for note in app._notifications)


def asked(box, name: str) -> list[Any]:
    found: list[Any] = box.called(f"errors.{name}")
    return found

"""A command line that answers as it was told, and small questions to the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ainf_tui.tui.console import Result


class FakeConsole:
    """As `tui.console.Console`: keeps what it was asked; `answers` by the words, else an empty success."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.answers: dict[tuple[str, ...], Any] = {}
        self.verbs = (("queue", "List, watch and steer jobs."), ("quiet", ""), ("run", "Make jobs."))

    def run(self, args: Sequence[str]) -> Result:
        self.asked.append(tuple(args))
        found: Result | Exception = self.answers.get(tuple(args), Result(0))
        if isinstance(found, Exception):
            raise found
        return found

    def complete(self, words: Sequence[str], incomplete: str) -> Sequence[tuple[str, str]]:
        if list(words) == ["queue"]:
            return [(verb, "") for verb in ("cancel", "clear", "show") if verb.startswith(incomplete)]
        return [verb for verb in self.verbs if not words and verb[0].startswith(incomplete)]


def toasts(app: Any) -> str:
    return "\n".join(str(note.message) for note in app._notifications)


def screen_of(app: Any) -> Any:
    """The screen that is seen, whichever it is."""
    return app.screen

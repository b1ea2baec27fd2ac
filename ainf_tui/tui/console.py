"""The verbs of the command line as the app may use them; `cli.console` does it, neither knows the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ainf_tui.frozen import frozen


class Ended(Protocol):
    """How a command ended: exit code, data, narration. Both texts are outside text."""

    @property
    def code(self) -> int: ...
    @property
    def stdout(self) -> str: ...
    @property
    def stderr(self) -> str: ...


class Console(Protocol):
    """Both methods block: call them in a thread."""

    def run(self, args: Sequence[str]) -> Ended:
        """Runs `ainf ARGS`. Raises UsageError `cli.not_in_app` for what needs a terminal or never ends."""
        ...

    def complete(self, words: Sequence[str], incomplete: str) -> Sequence[tuple[str, str]]:
        """(value, help) of what may follow `ainf WORDS` and begins like this."""
        ...


@frozen
class Result:
    """An `Ended` as a value."""

    code: int
    stdout: str = ""
    stderr: str = ""

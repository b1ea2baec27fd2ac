"""What screens tell the app: messages that bubble up to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.message import Message

from ainf_tui.domain.documents import JobRow


class JobsTold(Message):
    """Rows as the engine told them: a page of the list, or what has changed."""

    def __init__(self, rows: Sequence[JobRow]) -> None:
        super().__init__()
        self.rows = rows


class JobWanted(Message):
    """The job of that number is to be seen on the Queue screen."""

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number


class LogsWanted(Message):
    """The log of that source is to be seen on the Logs screen."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source


class CopyWanted(Message):
    """A text for the clipboard. It is outside text, and copied as it is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ErrorWanted(Message):
    """The group of errors of that number is to be seen on the Errors screen."""

    def __init__(self, group: str) -> None:
        super().__init__()
        self.group = group


class CommandWanted(Message):
    """A line of the command line is to be run, as if it was typed. It was asked about before."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class TypingWanted(Message):
    """The command line is to be opened with this beginning, for what only the user knows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class LogWanted(Message):
    """A log is to be seen at the place (bytes, where it is known) or time at which something stands."""

    def __init__(self, file: str, start: int | None, at: datetime) -> None:
        super().__init__()
        self.file = file
        self.start = start
        self.at = at

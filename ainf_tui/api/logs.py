"""engine.log: a line an event, UTC, rotated by size, nothing in it that could steer a terminal."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

_BACKUPS = 3
_QUIET = ("httpx", "httpcore", "websockets", "uvicorn", "alembic", "aiosqlite", "asyncio")
"""Libraries that tell every request at `info`."""


class LineFormatter(logging.Formatter):
    """`2026-05-01T10:20:30.123Z INFO name: message`; line ends and control characters are escaped."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = f"{at.replace('+00:00', 'Z')} {super().format(record)}"
        return "".join(_visible(char) for char in self._redact(text))


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    return char.encode("unicode_escape").decode("ascii")


class _PrivateFileHandler(RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the base's type is not spelled out
        stream = super()._open()
        os.fchmod(stream.fileno(), 0o600)
        return stream


@contextmanager
def logging_to(path: Path, *, level: str, max_bytes: int, redact: Callable[[str], str]) -> Iterator[None]:
    """Sends all logging of this process to `path` (0600) while the engine runs."""
    handler = _PrivateFileHandler(path, maxBytes=max_bytes, backupCount=_BACKUPS, encoding="utf-8")
    handler.setFormatter(LineFormatter(redact))
    root = logging.getLogger()
    before = root.level
    root.setLevel(level.upper())
    root.addHandler(handler)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()

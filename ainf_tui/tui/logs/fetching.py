"""Texts of many records, page by page: for the clipboard and for files."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from ainf_tui.domain.log_documents import LogPageRequest, LogPlace, LogRow
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.tui.logs.window import behind

PAGE = 500
"""Records that are asked for at once."""
WIDTH = 1_000_000
"""Characters of a line: all of it, as far as the log's own limit goes."""


async def texts(
    reading: LogReading, view: str, request: LogPageRequest, until: LogPlace | None
) -> AsyncIterator[tuple[str, LogPlace]]:
    """Each record from `request.place` to `until` (None: to the end) whole, and the place behind its page."""
    place = request.place
    while True:
        page = await reading.page(view, replace(request, place=place, before=0, after=PAGE, width=WIDTH))
        for row in page.rows[page.split :]:
            if until is not None and behind(until, row):
                return
            yield await whole(reading, view, row), page.end
        if page.bottom or (page.end == place and not page.partial):
            return
        place = page.end


async def whole(reading: LogReading, view: str, row: LogRow) -> str:
    """All lines of the row's record, safe to show."""
    if row.lines == 1 and not row.cut:
        return row.text
    return (await reading.record(view, row.file, row.start)).text


class Target:
    """A file that is there once all of it is: written beside its place, then renamed. All calls block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._stream = self._temporary.open("x", encoding="utf-8", errors="replace")
        self.bytes = 0
        if path.exists():
            # Who may read what is replaced may read what replaces it, and nobody else.
            self._temporary.chmod(stat.S_IMODE(path.stat().st_mode))

    def write(self, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        self._stream.write(text)
        self.bytes += len(text.encode("utf-8", "replace"))

    def finish(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._temporary.replace(self.path)

    def give_up(self) -> None:
        """Nothing is left of it."""
        self._stream.close()
        self._temporary.unlink(missing_ok=True)


Far = Callable[[int, LogPlace], object]
"""Told how many records are written, and the place behind them."""

"""What is new: a few rows are joined to those that are held; of a flood only the end is fetched."""

from __future__ import annotations

import time
from collections.abc import Callable

from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.tui.logs.pages import PAGE, Pages
from ainf_tui.tui.logs.window import Window

FRESH_MOST = 1_000
"""Rows below what is seen that are fetched while paused, only to be counted."""


class Newest(Pages):
    """Asks for what has come since the last look."""

    def __init__(self, window: Window, changed: Callable[[], object], page: Callable[[], int]) -> None:
        super().__init__(window, changed, page)
        self._rush = False
        """More comes than a screen holds from one look to the next: only the end is fetched."""
        self._new_at = 0.0
        """When anything came last, in monotonic seconds."""

    async def _newer(self, reading: LogReading, view: str) -> bool:
        """What has come; whether that changes anything."""
        window = self.window
        if not self.loaded or (not window.follow and not self._counts()):
            return False
        if self._rush and window.follow:
            return await self._newest(reading, view)
        wanted = self._page() if window.follow else PAGE // 2
        place, follow = window.end, window.follow
        page = await reading.page(view, self.request(place, after=wanted))
        if window.end is not place or window.follow is not follow or self._wish is not None:
            return False
        if page.rows:
            self._new_at = time.monotonic()
        if follow and not page.bottom and page.rows:
            self._rush = True
            return await self._newest(reading, view)
        before = list(window.rows[-1:])
        return bool(window.append(page)) or before != window.rows[-1:]

    async def _newest(self, reading: LogReading, view: str) -> bool:
        """Of a flood its end: one screen, and never what rushed by in between, which nobody could read."""
        window = self.window
        place, seen = window.end, self._page() + 1
        page = await reading.page(view, self.request(None, before=seen))
        if window.end is not place or not window.follow or self._wish is not None:
            return False
        if page.partial and not page.rows:
            self._rush = False
            return False
        if window.joins(page):
            self._rush = False
            before = list(window.rows[-1:])
            return bool(window.append(page)) or before != window.rows[-1:]
        self._new_at = time.monotonic()
        window.reset(page, height=seen)
        return True

    def _counts(self) -> bool:
        """Whether what comes below is still fetched while the cursor rests."""
        window = self.window
        return window.bottom and len(window.rows) - window.first < FRESH_MOST

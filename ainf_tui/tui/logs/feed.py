"""Brings the pieces: what is wished for first, then what is missing around the cursor, then what is new.

One question is under way at a time, and of the wishes the newest counts: keys that are pressed faster than
the answers come skip what nobody waits for any more. Nothing is asked while the screen is hidden.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from ainf_tui.domain.log_documents import LogOpenRequest, LogSearchRequest, LogViewDocument
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.errors import AinfError, NotFoundError, UsageError
from ainf_tui.tui.logs.newest import Newest
from ainf_tui.tui.logs.pages import NO_VIEW, Wish
from ainf_tui.tui.logs.window import Window

POLL, SLOW_POLL = 0.09, 0.5
"""Seconds from one look for what is new to the next: as often as a person can see, and on a slow line."""
IDLE_AFTER, IDLE_POLL = 3.0, 0.5
"""After so many seconds without anything new it looks more seldom."""
PAUSED_POLL = 1.0
STATE_SEARCHING = 0.2
"""Seconds between two looks at what is searched, whose number of matches somebody waits for."""
STATE_FIRST, STATE_EVERY, STATE_IDLE = 0.1, 0.5, 2.0
"""Seconds until the first question about the whole view, which begins the counting: the end of the log is to
be on the screen by then; and between two of them, while something is being counted, and after.
"""
RETRY = 1.0


class LogFeed(Newest):
    """Fills `window` and calls `changed` after each change; `told` gets why a wish cannot be fulfilled.
    `page`: lines that are seen.
    """

    def __init__(
        self,
        window: Window,
        reading: Callable[[], LogReading | None],
        changed: Callable[[], object],
        told: Callable[[AinfError], object],
        page: Callable[[], int],
    ) -> None:
        super().__init__(window, changed, page)
        self.view: LogViewDocument | None = None
        self.error: AinfError | None = None
        """Why nothing newer is known."""
        self.error_since = 0.0
        """Monotonic seconds."""
        self.slow = False
        self._reading, self._told = reading, told
        self._wake = asyncio.Event()
        self._visible = False
        self._reopen = False
        self._state_at = self._looked_at = 0.0

    # -- what is wished -----------------------------------------------------------------------
    @property
    def visible(self) -> bool:
        return self._visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self._visible = visible
        self._new_at = time.monotonic()
        self.wake()

    def wake(self) -> None:
        """There may be something to ask for."""
        self._wake.set()

    def wish(self, wish: Wish, busy: str = "") -> None:
        """Done next, in place of what was wished and is not done yet."""
        self._wish, self.busy = wish, busy
        self.wake()

    @property
    def at_rest(self) -> bool:
        """Nothing is wished."""
        return self._wish is None and not self._reopen

    def give_up(self) -> bool:
        """Ends what is being looked for; False if nothing is."""
        was, self.busy = bool(self.busy), ""
        if was:
            self._wish = None
        return was

    def open(self, sources: Sequence[str], then: Wish | None = None) -> None:
        """Another choice of logs, from its end; `then` is done once it is open."""
        self.asked = replace(self.asked, sources=tuple(sources))
        self._reopen = True
        self.wish(then or self._end)

    def to_end(self) -> None:
        if not self.window.bottom:
            self.wish(self._end)
        self.wake()

    def to_top(self) -> None:
        if not self.window.top:
            self.wish(self._top)

    def reload(self, *, centre: bool = False) -> None:
        """The same place anew: other filters, another search, wider lines."""
        self.wish(self._again_centred if centre else self._again)

    def look_for(self, request: LogSearchRequest) -> None:
        """Another search, or none."""
        self.search = request
        self.wish(self._searched)

    # -- the loop -----------------------------------------------------------------------------
    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._rest()
            reading = self._reading()
            if reading is None or not self._visible:
                continue
            try:
                await self._step(reading)
            except AinfError as error:
                await self._failed(error)
            else:
                if self.error is not None:
                    self.error = None
                    self._changed()

    async def _failed(self, error: AinfError) -> None:
        if error.code == NO_VIEW and self.view is not None:
            self.view, self._reopen = None, True
            self._wish = self._wish or self._where_it_was()
            self.wake()
            return
        if self.view is not None and self._wish is not None and isinstance(error, UsageError | NotFoundError):
            # Asked again it would fail again; what is away is asked until it answers.
            self._wish, self.busy = None, ""
            self._told(error)
            self._changed()
            return
        if self.error is None:
            self.error_since = time.monotonic()
        self.error = error
        self._changed()
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY):
                await self._wake.wait()
        self._wake.set()

    async def _rest(self) -> None:
        """Until something is wished, or it is time to look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause()):
                await self._wake.wait()
        self._wake.clear()

    def _pause(self) -> float | None:
        if not self._visible or self._reading() is None:
            return None
        if self._wish is not None or self._reopen or self._missing() is not None:
            return 0.0
        if not self.window.follow:
            return STATE_SEARCHING if self._searching else PAUSED_POLL
        now = time.monotonic()
        idle = now - self._new_at > IDLE_AFTER
        every = max(SLOW_POLL if self.slow else POLL, IDLE_POLL if idle else 0.0)
        return max(every / 4, self._looked_at + every - now)

    async def _step(self, reading: LogReading) -> None:
        if self._reopen or self.view is None:
            await self._open(reading)
        if self.view is None:
            return
        view = self.view.id
        wish = self._wish
        if wish is not None:
            await wish(reading, view)
            if self._wish is wish:
                self._wish, self.busy = None, ""
            self._changed()
            return
        missing = self._missing()
        if missing is not None:
            await self._fetch(reading, view, missing)
            return
        self._looked_at = time.monotonic()
        came = await self._newer(reading, view)
        told = await self._look(reading, view)
        if came or told:
            self._changed()

    async def _open(self, reading: LogReading) -> None:
        before = self.view
        try:
            view = await reading.open(LogOpenRequest(self.asked.sources))
        except NotFoundError as error:
            if not self.asked.sources:
                raise
            # Those of the last time may be gone; the newest run is what is looked at without a choice.
            self._told(error)
            self.asked = replace(self.asked, sources=())
            self._wish = None
            view = await reading.open(LogOpenRequest())
        self._reopen = False
        self.view, self.state, self.loaded = view, None, False
        self._state_at = time.monotonic() + STATE_FIRST - STATE_EVERY
        if before is not None:
            await reading.close(before.id)
        if self.search.pattern:
            self.state = await reading.search(view.id, self.search)
        self._wish = self._wish or self._end
        self._changed()

    # -- around the cursor --------------------------------------------------------------------
    def _missing(self) -> str | None:
        """At which side too little is held."""
        window, side = self.window, self._page()
        if not self.loaded or self._reopen or self.error is not None:
            return None
        below = len(window.rows) - max(0, window.first) - side
        if not window.bottom and not window.follow and below < side * 2:
            return "newer"
        if not window.top and max(0, window.first) < side * 2 and not (self._rush and window.follow):
            return "older"
        return None

    async def _fetch(self, reading: LogReading, view: str, side: str) -> None:
        window, wanted = self.window, self._side()
        rows, place = len(window.rows), window.start
        if side == "older":
            page = await reading.page(view, self.request(window.start, before=wanted))
            if window.start is place and self._wish is None:
                window.prepend(page)
        else:
            place = window.end
            page = await reading.page(view, self.request(window.end, after=wanted))
            if window.end is place and self._wish is None:
                fresh, exact = window.fresh, window.fresh_exact
                window.append(page)
                window.fresh, window.fresh_exact = fresh, exact
        if len(window.rows) != rows or page.top or page.bottom:
            self._changed()
        elif window.start is place or place in (page.start, page.end):
            # Whoever answers with nothing and goes no further is not asked without end.
            await asyncio.sleep(POLL)

    @property
    def _searching(self) -> bool:
        return self.state is not None and self.state.searching

    async def _look(self, reading: LogReading, view: str) -> bool:
        """What is known of the whole; whether that has changed."""
        now, state = time.monotonic(), self.state
        growing = state is None or state.indexed < 1 or state.marked < 1 or state.searched < 1
        recent = now - self._new_at < STATE_EVERY
        every = STATE_EVERY if growing or recent else STATE_IDLE
        every = STATE_SEARCHING if self._searching else every
        if now - self._state_at < every * (2 if self.slow else 1):
            return False
        self._state_at = now
        told = await reading.state(view)
        if self.window.follow:
            self.followed_lines = told.lines
        if state is not None and told.revision == state.revision:
            return False
        self.state = told
        return True

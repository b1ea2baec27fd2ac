"""The app's way to the engine: found or started, lost and found again, never in the way of the screen.

`Link` is what the screen shows of it. The worker `run` opens the client, reads the live topics and hands
each to the app; nothing else in the app knows of sockets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.ports import EngineClient, Opener

CONNECTING, LIVE, AWAY, STOPPED = "connecting", "live", "away", "stopped"
_FIRST_PAUSE, _LAST_PAUSE = 0.5, 10.0


@frozen
class Link:
    """How the app stands with the engine. `since`: monotonic seconds when it came to stand so."""

    state: str = CONNECTING
    since: float = 0.0
    message: str = ""
    hint: str = ""
    version: str = ""
    pid: int | None = None
    home: str = ""

    @property
    def live(self) -> bool:
        return self.state == LIVE


class Listener(Protocol):
    """What the link tells; the app. Each call comes on the app's own loop."""

    def client_came(self) -> None: ...
    def link_changed(self, link: Link) -> None: ...
    def topic_changed(self, name: str, value: Any) -> None: ...
    def preview_came(self, job_id: str, media_type: str, data: bytes) -> None: ...
    def noticed(self, notice: ProblemDocument) -> None: ...


class LiveTopics(Protocol):
    """`client.live.Live`, as far as the link steers it."""

    def hurry(self) -> None: ...
    async def subscribe(
        self, topics: Collection[str], previews: str | Collection[str] | None = None
    ) -> None: ...


class Engine(Protocol):
    """Who answers: `domain.wire.VersionDocument`."""

    @property
    def version(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def home(self) -> str: ...


class EngineLink:
    """Runs until cancelled. `client` is None until an engine has answered once."""

    def __init__(
        self, opener: Opener, listener: Listener, *, may_start: bool, topics: tuple[str, ...]
    ) -> None:
        self._opener = opener
        self._listener = listener
        self._may_start = may_start
        self._topics = topics
        self._previews: tuple[str, ...] = ()
        self._live: LiveTopics | None = None
        self._again = asyncio.Event()
        self.client: EngineClient | None = None
        self.link = Link(since=time.monotonic())

    async def run(self) -> None:
        """Opens, reads, opens again. Ends only by being cancelled."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._opener(self._may_start) as client:
                    self.client = client
                    self._listener.client_came()
                    await asyncio.sleep(0)  # who waits for it asks before the live libraries load
                    pause = _FIRST_PAUSE
                    for notice in client.notices:
                        self._listener.noticed(notice)
                    await self._read(client)
            except AinfError as error:
                self._tell(AWAY, error.message, error.hint)
            finally:
                self.client = None
            await self._rest(pause)
            pause = min(pause * 2, _LAST_PAUSE)

    def hurry(self) -> None:
        """The user asks for the engine now: one that was stopped is started again."""
        self._again.set()
        if self._live is not None:
            self._live.hurry()

    async def watch_previews(self, job_ids: tuple[str, ...]) -> None:
        """Of which jobs the pictures are wanted."""
        if job_ids == self._previews:
            return
        self._previews = job_ids
        if self._live is not None:
            await self._live.subscribe(self._topics, job_ids or None)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._again.wait()
        self._again.clear()

    async def _read(self, client: EngineClient) -> None:
        from ainf_tui.client.live import (  # noqa: PLC0415 - behind the first list: websockets takes 20 ms
            Connected,
            Live,
            Lost,
            Preview,
            Topic,
        )

        pause = _FIRST_PAUSE
        async with Live(client.transport, self._topics, self._previews or None) as live:
            self._live = live
            try:
                async for update in live:
                    if isinstance(update, Topic):
                        self._listener.topic_changed(update.name, update.value)
                    elif isinstance(update, Preview):
                        self._listener.preview_came(update.job, update.media_type, update.data)
                    elif isinstance(update, Connected):
                        pause = _FIRST_PAUSE
                        self._connected(update.engine)
                    elif isinstance(update, Lost):
                        await self._lost(client, live, (update.reason, update.bye), pause)
                        pause = min(pause * 2, _LAST_PAUSE)
            finally:
                self._live = None

    def _connected(self, engine: Engine) -> None:
        self.link = Link(LIVE, time.monotonic(), "", "", engine.version, engine.pid, engine.home)
        self._listener.link_changed(self.link)

    async def _lost(
        self, client: EngineClient, live: LiveTopics, lost: tuple[str, str], pause: float
    ) -> None:
        """What the user stopped stays stopped until somebody starts it; anything else is mended."""
        from ainf_tui.domain.wire import STOP_ASKED  # noqa: PLC0415 - with the rest of the client

        reason, bye = lost
        if bye == STOP_ASKED:
            self._tell(STOPPED, "the engine was stopped; jobs are stored and go on when it runs again", "")
            if not self._again.is_set():
                return
        else:
            self._tell(AWAY, reason, "")
        self._again.clear()
        if client.reopen is not None:
            try:
                await client.reopen()
            except AinfError as error:
                self._tell(AWAY, error.message, error.hint)
                await self._rest(pause)
        live.hurry()

    def _tell(self, state: str, message: str, hint: str) -> None:
        since = self.link.since if self.link.state == state else time.monotonic()
        told = replace(self.link, state=state, since=since, message=message, hint=hint)
        if told != self.link:
            self.link = told
            self._listener.link_changed(told)

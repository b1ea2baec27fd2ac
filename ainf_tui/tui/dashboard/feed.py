"""What the Dashboard asks for beside the topics: failed jobs when their number changes, and the last hour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from ainf_tui.domain.documents import JobRow, QueueDocument
from ainf_tui.domain.requests import JobQuery
from ainf_tui.errors import AinfError
from ainf_tui.tui.dashboard.history import POINTS, History, bucket_of
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.ports import EngineClient

MOST = 50
"""Failed jobs that are shown; the Queue has all (`state:failed`)."""


class DashboardFeed:
    """Asks in workers of the screen. `failed`: the newest failed jobs, as far as they are known.

    An engine that does not answer is told of in the header; what is here stays, and is asked for again with
    the next connection.
    """

    def __init__(
        self,
        screen: FrameScreen,
        history: History,
        failures_changed: Callable[[], None],
        history_changed: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._history = history
        self._failures_changed = failures_changed
        self._history_changed = history_changed
        self._told: tuple[int, int] | None = None
        """What the queue said of failures when they were asked for last."""
        self.failed: tuple[JobRow, ...] = ()

    def begin(self) -> None:
        """The screen is shown, or an engine has come: what is missing is asked for."""
        self._told = None
        self.announce(self._screen.app.queue)
        if self._history.newest is None or bucket_of(datetime.now(UTC)) > self._history.newest + 1:
            self._run(self._ask_history, "dashboard.history")

    def announce(self, queue: QueueDocument) -> None:
        """The queue's topic: another number of failures means others."""
        told = (queue.failed_24h, queue.ended)
        if told != self._told:
            self._told = told
            self._run(self._ask_failures, "dashboard.failures")

    def _run(self, ask: Callable[[EngineClient], Awaitable[object]], group: str) -> None:
        client = self._screen.app.engine_link.client
        if client is not None:
            in_background(self._screen, ask(client), group=group, exclusive=True)

    async def _ask_failures(self, client: EngineClient) -> None:
        try:
            page = await client.jobs.rows(JobQuery(kind="ended", states=("failed",), limit=MOST))
        except AinfError:
            self._told = None
            return
        if page.rows != self.failed:
            self.failed = page.rows
            self._failures_changed()

    async def _ask_history(self, client: EngineClient) -> None:
        try:
            told = await client.host.history(points=POINTS)
        except AinfError:
            return
        self._history.take(told)
        self._history.sample(datetime.now(UTC), self._screen.app.host)
        self._history_changed()

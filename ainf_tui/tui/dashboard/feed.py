"""What the Dashboard asks for beside the topics: the machine's last hour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from ainf_tui.errors import AinfError
from ainf_tui.tui.dashboard.history import POINTS, History, bucket_of
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.ports import EngineClient


class DashboardFeed:
    """Asks in workers of the screen.

    An engine that does not answer is told of in the header; what is here stays, and is asked for again with
    the next connection.
    """

    def __init__(self, screen: FrameScreen, history: History, history_changed: Callable[[], None]) -> None:
        self._screen = screen
        self._history = history
        self._history_changed = history_changed

    def begin(self) -> None:
        """The screen is shown, or an engine has come: what is missing is asked for."""
        if self._history.newest is None or bucket_of(datetime.now(UTC)) > self._history.newest + 1:
            self._run(self._ask_history, "dashboard.history")

    def _run(self, ask: Callable[[EngineClient], Awaitable[object]], group: str) -> None:
        client = self._screen.app.engine_link.client
        if client is not None:
            in_background(self._screen, ask(client), group=group, exclusive=True)

    async def _ask_history(self, client: EngineClient) -> None:
        try:
            told = await client.host.history(points=POINTS)
        except AinfError:
            return
        self._history.take(told)
        self._history.sample(datetime.now(UTC), self._screen.app.host)
        self._history_changed()

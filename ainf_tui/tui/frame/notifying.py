"""Telling a user who looks elsewhere: bell, desktop notification, hook, the terminal's title."""

from __future__ import annotations

from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.everywhere import Everywhere
from ainf_tui.tui.hook import run_hook
from ainf_tui.tui.notices import EndWatch, Notice, Progress
from ainf_tui.tui.options import Options
from ainf_tui.tui.ports import Opener
from ainf_tui.tui.session import Session
from ainf_tui.tui.terminal.abilities import multiplexer
from ainf_tui.tui.terminal.driver import AinfDriver
from ainf_tui.tui.terminal.notify import BELL, TITLE_RESTORED, TITLE_SAVED, notification, title
from ainf_tui.tui.told import JobsTold

GATHER = 1.0
"""Seconds in which further ends come into the same notice."""


class Notifying(Everywhere):
    """The app, as far as it tells of jobs that have ended."""

    def __init__(
        self, opener: Opener, options: Options | None = None, session: Session | None = None
    ) -> None:
        super().__init__(opener, options, session)
        self._ends = EndWatch()
        self._gathering = False
        self._hooked: list[Notice] = []
        self._hook_told = ""
        self._progress = Progress()
        self._title = ""

    def on_mount(self) -> None:
        if self.options.settings.app.title:
            if isinstance(self._driver, AinfDriver):
                self._driver.undo(TITLE_RESTORED)
            self.write_raw(TITLE_SAVED)
            self.watch(self, "tick", self._show_title)

    def _show_title(self) -> None:
        """Once a second at most, and only what has changed."""
        text = self._progress.title(self.queue, self.active, coarse=self.slow)
        if text != self._title:
            self._title = text
            self.write_raw(title(text))

    # -- jobs that have ended -----------------------------------------------------------------
    def on_jobs_told(self, event: JobsTold) -> None:
        event.stop()
        self._ends.fold(event.rows)
        if self._ends.ready and not self._gathering:
            self._gathering = True
            self.set_timer(GATHER, self._notify_ends)

    def _notify_ends(self) -> None:
        self._gathering = False
        notice = self._ends.take()
        if notice is None:
            return
        settings = self.options.settings.app
        if settings.bell:
            self.write_raw(BELL)
        if settings.desktop_notifications:
            self.write_raw(notification(f"ainf: {notice.text}", multiplexer(self.options.environ)))
        if settings.notify_hook:
            self._hooked.append(notice)
            if len(self._hooked) == 1:
                in_background(self, self._run_hooks(settings.notify_hook), group="app.hook")

    async def _run_hooks(self, command: str) -> None:
        """One after the other; what ends meanwhile goes into the next."""
        while self._hooked:
            count = len(self._hooked)
            rows = tuple(row for notice in self._hooked for row in notice.rows)
            wrong = await run_hook(command, Notice(rows), self.options.environ)
            del self._hooked[:count]
            if wrong and wrong != self._hook_told:
                self._hook_told = wrong
                self.tell(f"app.notify_hook: {wrong}", "`,` shows the setting.", severity="warning")

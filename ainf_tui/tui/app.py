"""The app: its screens, and how they come to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.tui.frame.notifying import Notifying
from ainf_tui.tui.frame.screen import TABS, FrameScreen
from ainf_tui.tui.link import STOPPED
from ainf_tui.tui.shell import Shell
from ainf_tui.tui.told import ErrorWanted, JobWanted, LogsWanted, LogWanted

BEHIND = 1.0
"""Seconds after the first paint until the other screens are made, one by one, behind the one that is seen."""
BETWEEN = 0.2
"""Seconds between two of them: a key does not wait for more than one."""


class AinfApp(Notifying):
    """A front end on the client: it shows what the engine tells and asks it for what the user wants."""

    # -- the screens of the tab line ----------------------------------------------------------
    def get_default_screen(self) -> Screen[Any]:
        """The one that was open the last time, else the Dashboard."""
        kept = self.session.text("screen")
        screen = self._tab_screen(kept if kept in TABS else TABS[0])
        # `switch_screen` takes this back; Textual gives it to every screen but the default one.
        screen._push_result_callback(screen, None)  # noqa: SLF001 - see above
        return screen

    def on_mount(self) -> None:
        # Each stays mounted from now on: a switch is a paint, and the list of jobs is read by its own screen.
        self.call_after_refresh(self.set_timer, BEHIND, self._make_others)

    def _make_others(self) -> None:
        name = next((name for name in TABS if name not in self._installed_screens), None)
        if name is not None:
            self._get_screen(self._tab_screen(name))
            self.set_timer(BETWEEN, self._make_others)

    def _tab_screen(self, name: str) -> FrameScreen:
        if name not in self._installed_screens:
            self.install_screen(_make_screen(name), name)
        screen = self.get_screen(name)
        if not isinstance(screen, FrameScreen):
            raise TypeError(f"{name} is no screen of the frame")
        return screen

    def show_tab(self, name: str) -> None:
        self.to_tab()
        self.came_from = ""
        self.session.put(screen=name)
        self.switch_screen(self._tab_screen(name))

    def on_shell_preview_came(self, event: Shell.PreviewCame) -> None:
        event.stop()
        for screen in self.screen_stack:
            if (came := getattr(screen, "preview_came", None)) is not None:
                came(event.job_id, event.media_type, event.data)

    def on_logs_wanted(self, event: LogsWanted) -> None:
        from ainf_tui.tui.logs.sources import source_of  # noqa: PLC0415 - loaded when it is asked

        event.stop()
        self.show_logs(source_of(event.source, self.services.services, self.backends))

    def on_job_wanted(self, event: JobWanted) -> None:
        event.stop()
        self._follow_link(lambda: self.go_to(event.number))

    def on_error_wanted(self, event: ErrorWanted) -> None:
        event.stop()
        self._follow_link(lambda: self.show_error(event.group))

    def on_log_wanted(self, event: LogWanted) -> None:
        event.stop()
        if event.file.startswith(BACKEND):  # in a server's memory: there is no file
            self._follow_link(lambda: self.show_logs(event.file, at=event.at))
            return
        self._follow_link(lambda: self.show_logs(file=event.file, start=event.start, at=event.at))

    def _follow_link(self, show: Callable[[], None]) -> None:
        """To another screen of the tab line; back leads to the one that the link stood on."""
        below = self.screen_stack[0]
        show()
        self.came_from = below.tab if isinstance(below, FrameScreen) else ""

    def action_start_engine(self) -> None:
        """Where it was stopped: go on."""
        if self.link.state == STOPPED or not self.link.live:
            self.engine_link.hurry()


def _make_screen(name: str) -> FrameScreen:
    """Each loads when it is made: the first one alone stands before the first paint."""
    if name == "app.queue":
        from ainf_tui.tui.queue.screen import QueueScreen  # noqa: PLC0415 - see above

        return QueueScreen()
    if name == "app.logs":
        from ainf_tui.tui.logs.screen import LogsScreen  # noqa: PLC0415 - see above

        return LogsScreen()
    if name == "app.errors":
        from ainf_tui.tui.errors.screen import ErrorsScreen  # noqa: PLC0415 - see above

        return ErrorsScreen()
    from ainf_tui.tui.dashboard.screen import DashboardScreen  # noqa: PLC0415 - see above

    return DashboardScreen()

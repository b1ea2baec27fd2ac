"""The app: its screens, and the keys that hold on all of them."""

from __future__ import annotations

import time
from typing import Any

from textual.screen import Screen

from ainf_tui.actions import BY_ID
from ainf_tui.tui.frame.notifying import Notifying
from ainf_tui.tui.frame.screen import TABS, FrameScreen
from ainf_tui.tui.link import STOPPED
from ainf_tui.tui.shell import Shell
from ainf_tui.tui.told import JobWanted

TWICE = 2.0
"""Seconds within which a second ctrl+c leaves."""
BEHIND = 1.0
"""Seconds after the first paint until the other screens are made, one by one, behind the one that is seen."""
BETWEEN = 0.2
"""Seconds between two of them: a key does not wait for more than one."""


class AinfApp(Notifying):
    """A front end on the client: it shows what the engine tells and asks it for what the user wants."""

    _interrupted_at = -TWICE

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
        self.session.put(screen=name)
        self.switch_screen(self._tab_screen(name))

    def on_shell_preview_came(self, event: Shell.PreviewCame) -> None:
        event.stop()
        for screen in self.screen_stack:
            if (came := getattr(screen, "preview_came", None)) is not None:
                came(event.job_id, event.media_type, event.data)

    def on_job_wanted(self, event: JobWanted) -> None:
        event.stop()
        self.go_to(event.number)

    # -- keys that hold everywhere ------------------------------------------------------------
    async def action_back(self) -> None:
        """What is open on the screen is closed, else the screen itself; the first one stays."""
        screen = self.screen
        if isinstance(screen, FrameScreen) and screen.back():
            return
        if len(self.screen_stack) > 1:
            self.pop_screen()

    async def action_quit(self) -> None:
        """Back; at the first screen, leave."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            await self.action_leave()

    async def action_leave(self) -> None:
        """What was asked for is done before the end."""
        for screen in {*self.screen_stack, *self._installed_screens.values()}:
            if isinstance(screen, FrameScreen) and screen.is_running:
                await screen.leaving()
        self.exit()

    async def action_interrupt(self) -> None:
        """What is selected is copied; without a selection people mean to leave."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_text(selected)
            return
        now = time.monotonic()
        if now - self._interrupted_at < TWICE:
            await self.action_leave()
            return
        self._interrupted_at = now
        key = self.keymap.shown
        self.tell(
            f"{key(BY_ID['app.interrupt'])} again leaves the app.",
            f"So does {key(BY_ID['app.leave'])}. The engine and its jobs go on.",
        )

    def action_redraw(self) -> None:
        self.refresh(layout=True)

    def action_suspend(self) -> None:
        self.action_suspend_process()

    def action_start_engine(self) -> None:
        """Where it was stopped: go on."""
        if self.link.state == STOPPED or not self.link.live:
            self.engine_link.hurry()


def _make_screen(name: str) -> FrameScreen:
    """Each loads when it is made: the first one alone stands before the first paint."""
    if name == "app.queue":
        from ainf_tui.tui.queue.screen import QueueScreen  # noqa: PLC0415 - see above

        return QueueScreen()
    from ainf_tui.tui.dashboard.screen import DashboardScreen  # noqa: PLC0415 - see above

    return DashboardScreen()

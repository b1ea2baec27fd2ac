"""Keys that hold on every screen of any app of ours: back, leave, paint anew, to the shell."""

from __future__ import annotations

import time

from ainf_tui.actions import BY_ID
from ainf_tui.tui.frame.commands import Commands
from ainf_tui.tui.frame.screen import FrameScreen

TWICE = 2.0
"""Seconds within which a second ctrl+c leaves."""
STAYS = "The engine and its jobs go on."
"""What a user who leaves may worry about."""


class Everywhere(Commands):
    """The app, as far as it is left and come back to."""

    _interrupted_at = -TWICE
    stays = STAYS
    came_from = ""
    """The screen of the tab line whose link led to this one."""

    async def action_back(self) -> None:
        """What is open on the screen is closed, else the screen itself; the first one stays, unless a link
        of another one led here.
        """
        screen = self.screen
        if isinstance(screen, FrameScreen) and screen.back():
            return
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.came_from:
            self.show_tab(self.came_from)

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
            f"So does {key(BY_ID['app.leave'])}. {self.stays}".rstrip(),
        )

    def action_redraw(self) -> None:
        self.refresh(layout=True)

    def action_suspend(self) -> None:
        self.action_suspend_process()

"""The app: its screens, and the keys that hold on all of them."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from ainf_tui.tui.frame.notifying import Notifying
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.link import STOPPED
from ainf_tui.tui.queue.detailed import DetailedScreen
from ainf_tui.tui.queue.screen import QueueScreen
from ainf_tui.tui.shell import Shell


class AinfApp(Notifying):
    """A front end on the client: it shows what the engine tells and asks it for what the user wants."""

    def get_default_screen(self) -> Screen[Any]:
        return QueueScreen()

    def on_shell_preview_came(self, event: Shell.PreviewCame) -> None:
        event.stop()
        for screen in self.screen_stack:
            if isinstance(screen, DetailedScreen):
                screen.preview_came(event.job_id, event.media_type, event.data)

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
        for screen in self.screen_stack:
            if isinstance(screen, FrameScreen):
                await screen.leaving()
        self.exit()

    def action_redraw(self) -> None:
        self.refresh(layout=True)

    def action_suspend(self) -> None:
        self.action_suspend_process()

    def action_start_engine(self) -> None:
        """Where it was stopped: go on."""
        if self.link.state == STOPPED or not self.link.live:
            self.engine_link.hurry()

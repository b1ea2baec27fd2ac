"""What the keys that hold everywhere open: help, palette, command line, command log, settings, themes."""

from __future__ import annotations

import asyncio

from textual.dom import DOMNode

from ainf_tui.actions import BY_ID, Action
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.reasons import READ_ONLY
from ainf_tui.tui.frame.screen import FrameScreen, types
from ainf_tui.tui.frame.tabbed import Tabbed
from ainf_tui.tui.keymap import OPENING_NAMES
from ainf_tui.tui.options import Options
from ainf_tui.tui.ports import Opener
from ainf_tui.tui.session import Session
from ainf_tui.tui.terminal.driver import AinfDriver
from ainf_tui.tui.user_themes import read_themes

SAVE_AFTER = 2.0
"""Seconds between a change of the session and its saving."""
_IMAGES = ("auto", "kitty", "sixel", "blocks", "off")


class Doors(Tabbed):
    """The app, as far as it opens things. Each is loaded when it is opened first."""

    def __init__(
        self, opener: Opener, options: Options | None = None, session: Session | None = None
    ) -> None:
        self.theme_problems: tuple[str, ...] = ()
        super().__init__(opener, options, session)
        kept = self.session.chosen("images", self.options.settings.app.images)
        if kept in _IMAGES:
            super().choose_images(kept)

    def on_mount(self) -> None:
        self.call_after_refresh(self.begin_session)

    def register_themes(self) -> None:
        super().register_themes()
        if self.options.themes_dir is not None:
            found = read_themes(self.options.themes_dir, self.available_themes)
            self.theme_problems = found.problems
            for theme in found.themes:
                self.register_theme(theme)

    # -- the session --------------------------------------------------------------------------
    def begin_session(self) -> None:
        """Once the first screen stands: what is to be told of settings, themes and session."""
        self.session.on_dirty = lambda: self.set_timer(SAVE_AFTER, self._save)
        for problem in self.options.settings.key_problems:
            self.tell(problem.message, problem.hint, severity="warning")
        for text in (*self.theme_problems, self.session.problem):
            if text:
                self.tell(text, severity="warning")
        if self.options.theme not in self.available_themes:
            self.tell(
                f"there is no theme {self.options.theme!r}",
                "`:theme` lists what there is; yours are files in themes/ beside config.toml.",
                severity="warning",
            )

    def _save(self) -> None:
        in_background(self, asyncio.to_thread(self.session.save), group="app.session")

    def on_unmount(self) -> None:
        self.session.save()

    # -- actions by their id ------------------------------------------------------------------
    def why_not(self, action: Action) -> str:
        """Why the action does nothing on the screen as it is; empty if it does something."""
        if action.changes and self.options.read_only:
            return READ_ONLY
        screen = self.screen_stack[-1]
        if isinstance(screen, FrameScreen) and (reason := screen.why_not(action)):
            return reason
        return "" if self._doer(action) is not None else "not on this screen"

    def _doer(self, action: Action) -> DOMNode | None:
        """Who does it: the app, or the nearest around the focus that has a method for it."""
        if action.area == "app":
            return self
        screen = self.screen_stack[-1]
        areas = (*screen.areas, *screen.pane_areas) if isinstance(screen, FrameScreen) else ()
        if action.area not in areas:
            return None
        start = screen.focused or screen
        around = [node for node in start.ancestors_with_self if hasattr(node, f"action_{action.name}")]
        return around[0] if around and around[0] is not self else None

    async def do(self, action_id: str) -> None:
        """Does the action as its key would."""
        action = BY_ID[action_id]
        reason = self.why_not(action)
        doer = self._doer(action)
        if reason or doer is None:
            self.tell(f"{action.label}: {reason}", severity="warning")
        else:
            await self.run_action(action.name, doer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What opens a line does so on a screen of the frame, where none is open."""
        screen = self.screen_stack[-1] if self.screen_stack else None
        if action in OPENING_NAMES and (not isinstance(screen, FrameScreen) or types(screen.focused)):
            return False
        return super().check_action(action, parameters)

    # -- doors --------------------------------------------------------------------------------
    async def action_help(self) -> None:
        from ainf_tui.tui.frame.help import make_help  # noqa: PLC0415 - loaded when it is opened

        screen = self.screen
        areas = (*screen.areas, *screen.pane_areas, "app") if isinstance(screen, FrameScreen) else ("app",)
        await self.push_screen(make_help(self.keymap, areas, self.why_not), self._do_later)

    def _do_later(self, action_id: str | None) -> None:
        # The screen below is not the current one before this call has returned.
        if action_id:
            self.call_later(self.do, action_id)

    async def action_palette(self) -> None:
        from ainf_tui.tui.frame import palette  # noqa: PLC0415 - loaded when it is opened

        items = palette.action_items(self.keymap, self.why_not)
        items += palette.theme_items(self.available_themes, self.theme)
        await self.push_screen(palette.Palette(items, self.engine_link.client), self._take)

    def _take(self, value: str | None) -> None:
        from ainf_tui.tui.frame import palette  # noqa: PLC0415 - it is loaded by now

        kind, _, name = (value or "").partition(":")
        if f"{kind}:" == palette.ACTION:
            self._do_later(name)
        elif f"{kind}:" == palette.THEME:
            self.set_theme(name)
        elif f"{kind}:" == palette.JOB:
            self.go_to(name)
        elif f"{kind}:" == palette.PRESET:
            self.new_run_from(name)

    def new_run_from(self, preset: str) -> None:
        """A new run of that preset."""
        raise NotImplementedError

    def action_command_log(self) -> None:
        from ainf_tui.tui.frame.command_log import CommandLog  # noqa: PLC0415 - loaded when it is opened

        self._over(CommandLog)

    def action_settings(self) -> None:
        from ainf_tui.tui.frame.settings import SettingsScreen  # noqa: PLC0415 - loaded when it is opened

        self._over(SettingsScreen)

    def _over(self, kind: type[FrameScreen]) -> None:
        """Opens the screen over the first one, or goes back if it is open."""
        if isinstance(self.screen, kind):
            self.pop_screen()
            return
        self.to_tab()
        self.push_screen(kind())

    # -- looks --------------------------------------------------------------------------------
    def action_theme(self) -> None:
        from ainf_tui.tui.frame.themes import make_theme_finder  # noqa: PLC0415 - loaded when it is opened

        before = self.theme

        def taken(name: str | None) -> None:
            if name is None:
                self.theme = before
            else:
                self.set_theme(name)

        self.push_screen(make_theme_finder(self.available_themes, before, self._preview), taken)

    def _preview(self, name: str) -> None:
        if name in self.available_themes:
            self.theme = name

    def set_theme(self, name: str) -> None:
        """Switches to the theme and keeps it for the next time."""
        self.chosen_theme = self.theme = name
        self.session.choose("theme", name, self.options.settings.app.theme)

    def choose_images(self, way: str) -> None:
        super().choose_images(way)
        self.session.choose("images", way, self.options.settings.app.images)

    def action_mouse(self) -> None:
        """Off, the terminal selects text by itself."""
        driver = self._driver
        if not isinstance(driver, AinfDriver):
            return  # headless: there is no mouse
        on = not driver.mouse
        driver.set_mouse(on)
        self.tell("The app has the mouse." if on else "The terminal has the mouse: drag selects text.")

"""Runs the lines of the command line: those of this screen here, those of `ainf` in a thread."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from ainf_tui.errors import AinfError
from ainf_tui.tui import asked
from ainf_tui.tui.console import Ended
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.copying import Copying
from ainf_tui.tui.frame.reasons import READ_ONLY
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.frame.verbs import VIEW, Choice, completions
from ainf_tui.tui.queue.rows import SORTS
from ainf_tui.tui.told import CommandWanted, TypingWanted

SHORT = 160
"""Characters of an answer that fits a toast; a longer one opens."""
TOLD_AFTER = 1.0
"""Seconds after which a command that still runs is mentioned."""


class Commands(Copying):
    """The app, as far as it has a command line."""

    # -- opening and closing ------------------------------------------------------------------
    async def action_command(self) -> None:
        await self.open_command()

    async def open_command(self, text: str = "") -> None:
        """Opens it with the text, on the screen that is seen."""
        from ainf_tui.tui.frame.command_line import CommandLine  # noqa: PLC0415 - loaded when it is opened

        screen = self.screen
        if not isinstance(screen, FrameScreen) or screen.query(CommandLine):
            return
        screen.footer.display = False
        await screen.mount(CommandLine(self.session.texts("history"), self.complete_line, text))

    def close_command(self) -> None:
        from ainf_tui.tui.frame.command_line import CommandLine  # noqa: PLC0415 - it is loaded by now

        for screen in self.screen_stack:
            for line in screen.query(CommandLine):
                line.remove()
                if isinstance(screen, FrameScreen):
                    screen.footer.display = True
                    screen.focus_body()

    def complete_line(self, text: str) -> Sequence[Choice]:
        """What the last word may become; blocks."""
        console = self.options.console
        complete = console.complete if console is not None else lambda _words, _last: ()
        return completions(text, complete, list(self.available_themes))

    def on_command_line_closed(self) -> None:
        self.close_command()

    def on_command_line_entered(self, event: object) -> None:
        self.close_command()
        text = str(getattr(event, "text", ""))
        if text:
            self.session.remember(text)
            self.run_line(text)

    def on_command_wanted(self, event: CommandWanted) -> None:
        event.stop()
        self.run_line(event.line)

    async def on_typing_wanted(self, event: TypingWanted) -> None:
        event.stop()
        await self.open_command(event.text)

    # -- running ------------------------------------------------------------------------------
    def run_line(self, text: str) -> None:
        """A line as it was typed."""
        try:
            words = shlex.split(text)
        except ValueError as error:
            self.tell(f":{text}: {str(error).lower()}", "A quote needs its partner.", severity="error")
            return
        if words[:1] == ["ainf"]:
            words = words[1:]
        if words and words[0] in VIEW:
            self._view(words, text)
        elif self.options.console is None:
            self.tell("this app has no command line", severity="warning")
        else:
            in_background(self, self._run(words), group="app.command")

    def _view(self, words: Sequence[str], text: str) -> None:
        verb, rest = words[0], words[1:]
        if verb == "quit":
            self.exit()
        elif verb == "help":
            self.call_later(self.action_help)
        elif verb == "filter":
            self.to_queue("set_filter", text.partition("filter")[2].strip())
        elif verb == "goto" and len(rest) == 1 and rest[0].lstrip("#").isdecimal():
            self.go_to(rest[0].lstrip("#"))
        elif verb == "theme" and len(rest) == 1 and rest[0] in self.available_themes:
            self.set_theme(rest[0])
        elif verb == "theme" and not rest:
            self.action_theme()
        elif verb == "sort" and " ".join(rest) in SORTS:
            self.to_queue("sort_by", " ".join(rest))
        else:
            self._misused(verb, rest)

    def _misused(self, verb: str, rest: Sequence[str]) -> None:
        known = {"sort": ", ".join(SORTS), "theme": ", ".join(sorted(self.available_themes))}
        told = " ".join(rest) or "nothing"
        self.tell(
            f":{verb} takes no {told}", known.get(verb, f"{VIEW[verb]}: :{verb} 142"), severity="warning"
        )

    async def _run(self, words: Sequence[str]) -> None:
        console = self.options.console
        if console is None:
            return
        line, at, begun = asked.line(*words), datetime.now(UTC), time.monotonic()
        waiting = self.set_timer(TOLD_AFTER, lambda: self.tell(f"{line} ..."))
        try:
            ended = await asyncio.to_thread(console.run, words)
        except AinfError as error:
            self.orders.note(line, at, time.monotonic() - begun, "", f"{error.code}: {error.message}")
            self.tell(error.message, error.hint, severity="error")
            return
        finally:
            waiting.stop()
        data, told = ended.stdout.strip("\n"), ended.stderr.strip("\n")
        failed = ended.code != 0 and bool(told)
        result = "" if failed else (data or told).partition("\n")[0][:200] or "done"
        self.orders.note(line, at, time.monotonic() - begun, result, told if failed else "")
        self._show(line, ended)

    def _show(self, line: str, ended: Ended) -> None:
        text = "\n".join(part for part in (ended.stdout.strip("\n"), ended.stderr.strip("\n")) if part)
        bad = ended.code != 0
        if len(text) <= SHORT and text.count("\n") < 3:
            self.tell(text.replace("\n", "  ") or "done", severity="error" if bad else "information")
            return
        from ainf_tui.tui.frame.pane import TextPane  # noqa: PLC0415 - loaded when it is opened

        self.push_screen(TextPane(line + (f"   exit code {ended.code}" if bad else ""), text))

    # -- presets in the palette ---------------------------------------------------------------
    def new_run_from(self, preset: str) -> None:
        """The form of a new run of that preset."""
        client = self.engine_link.client
        if self.options.read_only:
            self.tell(READ_ONLY, severity="warning")
        elif client is None:
            self.tell("There is no engine to ask just now.", "The header says how things stand.")
        else:
            from ainf_tui.tui.queue.new_run import new_run_of  # noqa: PLC0415 - inputs load when they are needed

            in_background(
                self, new_run_of(self, client, preset), group="app.new_run", exclusive=True, opens=True
            )

"""`ainf logs` on a terminal: the Logs screen alone, on files of this machine; no engine is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Protocol

from textual import events, on
from textual.screen import Screen
from textual.widget import Widget

from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.errors import AinfError
from ainf_tui.tui.frame.everywhere import Everywhere
from ainf_tui.tui.garbage import Garbage
from ainf_tui.tui.link import LIVE, Link
from ainf_tui.tui.logs.filters import Stack
from ainf_tui.tui.logs.screen import LogsScreen
from ainf_tui.tui.options import Options
from ainf_tui.tui.ports import EngineClient
from ainf_tui.tui.session import Session, read_session
from ainf_tui.tui.setup import Setup, asked, make_options
from ainf_tui.tui.terminal.abilities import decide
from ainf_tui.tui.terminal.probe import Probe


class Reading(LogReading, Protocol):
    """Who reads the files; it is closed at the end."""

    async def aclose(self) -> None: ...


class FilesScreen(LogsScreen):
    """The log is the screen: without header and tabs."""

    quiet = True

    def __init__(self, reading: LogReading, sources: Sequence[str], filters: Sequence[LogFilter]) -> None:
        super().__init__()
        self._files = reading
        self.stack = Stack(tuple(filters))
        self.feed.asked = replace(self.feed.asked, sources=tuple(sources))

    def body(self) -> Iterable[Widget]:
        self.header.display = self.tabs.display = False
        return super().body()

    def reading(self) -> LogReading | None:
        return self._files


class LogsApp(Everywhere):
    """An app of one screen, with the keys, dialogs and looks of the whole."""

    stays = ""

    def __init__(
        self,
        reading: Reading,
        sources: Sequence[str] = (),
        filters: Sequence[LogFilter] = (),
        options: Options | None = None,
        session: Session | None = None,
    ) -> None:
        super().__init__(_no_engine, options, session)
        self._reading = reading
        self._chosen = (sources, filters)

    def get_default_screen(self) -> Screen[Any]:
        screen = FilesScreen(self._reading, *self._chosen)
        # `switch_screen` takes this back; Textual gives it to every screen but the default one.
        screen._push_result_callback(screen, None)  # noqa: SLF001 - see above
        return screen

    def _run_link(self) -> None:
        """There is no engine to look for: what is shown is here."""
        self.link = Link(LIVE)

    @on(events.Unmount)
    async def _close_reading(self) -> None:
        await self._reading.aclose()

    def show_tab(self, name: str) -> None:
        del name
        self.tell("This is `ainf logs` alone.", "`ainf` without more opens all screens.")

    def to_queue(self, method: str, value: str) -> None:
        del method, value
        self.show_tab("")

    def show_logs(self, *place: Any, **more: Any) -> None:
        screen = self.screen
        if isinstance(screen, FilesScreen):
            screen.show_logs(*place, **more)

    def action_start_engine(self) -> None:
        self.show_tab("")


def _no_engine(start: bool) -> AbstractAsyncContextManager[EngineClient]:
    del start
    raise AinfError("engine.not_running", "`ainf logs` asks no engine")


def run_logs(
    make_reading: Callable[[], Reading], setup: Setup, sources: Sequence[str], filters: Sequence[LogFilter]
) -> int:
    """Runs until the user leaves; returns the exit code. Raises UsageError `tui.no_terminal`."""
    tty = all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__))
    able = decide(setup.environ, asked(setup.settings), Probe(), tty=tty)
    session = read_session(setup.locations.app_session_file)
    options = make_options(setup, able, session.chosen("theme", setup.settings.app.theme))
    app = LogsApp(make_reading(), sources, filters, options, session)
    app.garbage = Garbage(settled=1.0)
    app.run(mouse=options.mouse)
    return app.return_code or 0

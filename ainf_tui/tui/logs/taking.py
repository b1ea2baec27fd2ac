"""Keys of the Logs screen that take something away: to the clipboard, into a file, into an editor."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

from textual.app import SuspendNotSupported

from ainf_tui.display.format import size
from ainf_tui.domain.log_documents import LogPlace, LogRow
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.lending import print_there, run_there
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.lines import safe
from ainf_tui.tui.logs.editors import at_line
from ainf_tui.tui.logs.fetching import Target, texts, whole
from ainf_tui.tui.logs.moving import MovingScreen
from ainf_tui.tui.logs.rows import clock
from ainf_tui.tui.logs.strip import fraction
from ainf_tui.tui.told import CopyWanted

COPIED = 4_000_000
"""Characters of a marked range that are gathered: more than any clipboard is given."""
BATCH = 500
"""Lines that are written at once."""


def at_home(name: str) -> Path:
    """The path with `~` filled in."""
    return Path(os.path.expanduser(name))  # noqa: PTH111 - pathlib raises for the ~name of no user


class TakingScreen(MovingScreen):
    """Everything here works on what the view holds, page by page; nothing holds the whole of a log."""

    _stop_saving = False

    # -- the clipboard ------------------------------------------------------------------------
    def action_mark(self) -> None:
        self.range = self.range.press(self.window)
        self.show_log()

    def action_copy(self) -> None:
        if self.window.row is not None:
            in_background(self, self._copy(self.window.row), group="logs.copy", exclusive=True, opens=True)

    async def _copy(self, row: LogRow) -> None:
        view, reading = self.feed.view, self.reading()
        if view is None or reading is None:
            self.app.tell("There is nobody to ask for the line just now.")
            return
        options = [Option("line", "line", safe(row.text, 60))]
        options.append(Option("record", "record", "as it stands in the file"))
        if self._range_places is not None:
            options.insert(0, Option("range", "marked range", "all records in it, whole"))
        if row.at is not None:
            options.append(Option("time", "time", row.at.isoformat()))
        options.append(Option("place", "place", "file and line"))
        chosen = await self.app.choose("Copy", options)
        try:
            text = await self._text_of(reading, view.id, row, chosen or "")
        except AinfError as error:
            self.app.tell_error(error)
            return
        if chosen:
            self.post_message(CopyWanted(text))

    async def _text_of(self, reading: LogReading, view: str, row: LogRow, what: str) -> str:
        if what == "line":
            return row.text if not row.cut else (await whole(reading, view, row)).partition("\n")[0]
        if what == "time":
            return row.at.isoformat() if row.at is not None else ""
        if what in {"record", "place"}:
            record = await reading.record(view, row.file, row.start)
            place = record.path if record.line is None else f"{record.path}:{record.line}"
            return record.raw.rstrip("\n") if what == "record" else place
        return await self._range_text(reading, view) if what == "range" else ""

    async def _range_text(self, reading: LogReading, view: str) -> str:
        places = self.range.places(self.window)
        if places is None:
            return ""
        lines: list[str] = []
        room = COPIED
        async for text, _ in texts(reading, view, self.feed.request(places[0]), places[1]):
            lines.append(text)
            room -= len(text)
            if room < 0:
                self.app.tell("The range is too large for a clipboard: only its beginning was copied.")
                break
        return "\n".join(lines)

    # -- a file -------------------------------------------------------------------------------
    def action_save(self) -> None:
        if self.saving:
            self.app.tell("A file is being written already; esc ends it.")
        elif self.feed.view is not None:
            in_background(self, self._save(), group="logs.save", opens=True)

    async def _save(self) -> None:
        from ainf_tui.tui.dashboard.dialogs import (  # noqa: PLC0415 - inputs load when they are needed
            AskText,
        )

        told = "Everything that the filters let through; ~ is your home."
        name = await self.app.push_screen_wait(AskText("Write what is shown into which file?", told))
        if not name:
            return
        path = at_home(name)
        if await asyncio.to_thread(path.exists) and not await self.app.confirm(
            f"Replace {path}?", ["It is there already."], "Replace it"
        ):
            return
        await self.save(path)

    async def save(self, path: Path) -> None:
        """Writes all that passes the filters, and tells how much that was."""
        view, reading = self.feed.view, self.reading()
        if view is None or reading is None:
            return
        self._stop_saving, self.saving = False, "writing"
        try:
            target = await asyncio.to_thread(Target, path)
        except OSError as error:
            self.saving = ""
            self.app.tell(f"{path} cannot be written: {error.strerror}", severity="error")
            return
        try:
            count = await self._write(target, texts(reading, view.id, self.feed.request(LogPlace()), None))
        except (AinfError, OSError) as error:
            self.app.tell(f"{path} was not written: {error}", severity="error")
        else:
            if count is None:
                self.app.tell("Nothing was written.")
                return
            await asyncio.to_thread(target.finish)
            self.app.tell(f"{count:,} records, {size(target.bytes)}, are in {path}.")
        finally:
            self.saving = ""
            await asyncio.to_thread(target.give_up)
            self.show_status()

    async def _write(self, target: Target, found: AsyncIterator[tuple[str, LogPlace]]) -> int | None:
        """How many records were written; None: it was ended."""
        count, batch = 0, list[str]()
        async for text, place in found:
            count += 1
            batch.append(text)
            if len(batch) < BATCH:
                continue
            await asyncio.to_thread(target.write, batch)
            batch = []
            state = self.feed.state
            share = f" {int(100 * fraction(place, state.bytes))}%" if state is not None else ""
            self.saving = f"writing {target.path.name}: {count:,} records{share}"
            self.show_status()
            if self._stop_saving:
                return None
        await asyncio.to_thread(target.write, batch)
        return count

    def stop_saving(self) -> bool:
        """False if nothing is being written."""
        self._stop_saving = bool(self.saving)
        return self._stop_saving

    # -- the terminal lent --------------------------------------------------------------------
    def action_plain(self) -> None:
        in_background(self, self._plain(), group="logs.plain", exclusive=True)

    async def _plain(self) -> None:
        window = self.window
        seen = window.rows[max(0, window.first) :][: self.view.page]
        times = self.kept.times != "none"
        lines = [f"{clock(r.at)} {r.text}" if times and r.at and not r.time_end else r.text for r in seen]
        try:
            await print_there(self.app, "\n".join(safe(line, 20_000) for line in lines))
        except SuspendNotSupported:
            self.app.tell("this terminal cannot be lent", severity="warning")
        except OSError as error:
            self.app.tell(f"no terminal: {error}", severity="error")

    def action_editor(self) -> None:
        if self.window.row is not None:
            in_background(self, self._edit(self.window.row), group="logs.editor", exclusive=True, opens=True)

    async def _edit(self, row: LogRow) -> None:
        view, reading = self.feed.view, self.reading()
        if view is None or reading is None:
            return
        environ = self.app.options.environ
        editor = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
        pager = environ.get("PAGER") or "less"
        options = [Option(pager, "pager", pager), Option(editor, "editor", editor)]
        chosen = await self.app.choose("Open the file at this line in", options)
        if chosen is None:
            return
        try:
            record = await reading.record(view.id, row.file, row.start)
            path = Path(record.path)
            if not await asyncio.to_thread(path.is_file):
                self.app.tell(f"{path} is not on this machine.", "Save what is shown, and open that.")
                return
            await run_there(self.app, at_line(shlex.split(chosen), path, record.line))
        except SuspendNotSupported:
            self.app.tell("this terminal cannot be lent to an editor", severity="warning")
        except (OSError, ValueError) as error:
            self.app.tell(f"{chosen}: {error}", "Set PAGER or EDITOR to a command.", severity="error")
        except AinfError as error:
            self.app.tell_error(error)

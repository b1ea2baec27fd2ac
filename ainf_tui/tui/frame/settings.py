"""The settings: every value with its source and meaning, as `ainf config show` has them."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textual import getters, on
from textual.app import SuspendNotSupported
from textual.widget import Widget

from ainf_tui.errors import AinfError
from ainf_tui.settings import Settings
from ainf_tui.settings_text import ShownSetting, shown, write_template
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.everywhere import Everywhere
from ainf_tui.tui.frame.lending import run_there
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.lines import Line, Span, fit, safe, wrap
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Column, Table

COLUMNS = (
    Column("setting", 28),
    Column("value", 18, flexible=True),
    Column("source", 24, flexible=True, drop=1),
)
HELP_LINES = 3
_OF_THE_APP = ("app.", "keys.")


def value_text(value: object) -> str:
    """As `ainf config show` prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def toml_line(row: ShownSetting) -> str:
    """The setting as it stands in the file, with its table where it is not plain."""
    section, _, name = row.id.partition(".")
    if section == "keys":
        name = json.dumps(name)
    if section == "backends":
        section, _, name = row.id.rpartition(".")
    value = list(row.value) if isinstance(row.value, tuple) else row.value
    return f"[{section}]\n{name} = {json.dumps(value, ensure_ascii=False)}"


def restart_advice(before: Settings, after: Settings) -> str:
    """What has to start again so that the changes are in force; empty if nothing has changed."""
    old = {row.id: (row.value, row.source) for row in shown(before)}
    new = {row.id: (row.value, row.source) for row in shown(after)}
    changed = [name for name in old.keys() | new.keys() if old.get(name, ("",))[0] != new.get(name, ("",))[0]]
    parts = []
    if any(name.startswith(_OF_THE_APP) for name in changed):
        parts.append("start the app again")
    if any(not name.startswith(_OF_THE_APP) for name in changed):
        parts.append("`ainf engine stop` (it starts again by itself)")
    return f"{len(changed)} changed. For it to hold: {' and '.join(parts)}." if parts else ""


@dataclass(slots=True)
class SettingList:
    """A Source of the table over settings that hold the words."""

    rows: Sequence[ShownSetting] = field(default_factory=tuple)
    found: list[ShownSetting] = field(default_factory=list)

    def search(self, text: str) -> None:
        words = text.lower().split()
        self.found = [
            row
            for row in self.rows
            if all(word in f"{row.id} {value_text(row.value)} {row.help}".lower() for word in words)
        ]

    def __len__(self) -> int:
        return len(self.found)

    def id_at(self, index: int) -> str:
        return self.found[index].id

    def index_of(self, row_id: str) -> int | None:
        return next((index for index, row in enumerate(self.found) if row.id == row_id), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        row = self.found[index]
        plain = row.source == "default"
        return {
            "setting": (safe(row.id, 100), ""),
            "value": (safe(value_text(row.value), 300), "muted" if plain else "strong"),
            "source": (safe(row.source, 300), "muted"),
        }


class SettingsScreen(FrameScreen):
    """The table, and below it what the setting under the cursor means."""

    app = getters.app(Everywhere)
    areas = ("settings",)
    over = "app.settings"
    AUTO_FOCUS = "#settings"

    def __init__(self) -> None:
        super().__init__()
        self.title_bar = Bar(id="settings-title")
        self.entry = Entry(id="settings-filter", placeholder="words")
        self.source = SettingList()
        self.table = Table(COLUMNS, self.source, id="settings")
        self.table.pointer = self.app.signs.pointer
        self.about = Bar(id="settings-about")
        self._take(self.app.options.settings)

    def _take(self, settings: Settings) -> None:
        self._settings = settings
        self.source.rows = shown(settings)
        self.source.search(self.entry.value)

    def body(self) -> Iterable[Widget]:
        yield self.title_bar
        yield self.entry
        yield self.table
        yield self.about

    def on_mount(self) -> None:
        self.table.bind_keys(self.app.keymap.bindings("list"))
        self.table.empty = ((("No setting holds these words.", "muted"),),)
        self.table.update()

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        cells = max(20, self.size.width)
        parts: list[tuple[int, Line]] = [(0, (("SETTINGS", "title"),)), (0, ((self._where(), "muted"),))]
        self.title_bar.show(((" ", ""), *fit(parts, cells - 2)))
        row = self.row
        if row is None:
            self.about.show()
            return
        told = wrap(safe(row.help, 600), cells - 4)[: HELP_LINES - 1]
        env = f"   {row.env}" if row.env else ""
        lines: list[Line] = [(("  ", ""), (safe(f"{row.id}{env}", 200), "accent"))]
        self.about.show(*lines, *((("  ", ""), (line, "")) for line in told))

    def _where(self) -> str:
        file = self.app.options.config_file
        if file is None:
            return "no file"
        return safe(str(file), 300) + ("" if file.exists() else " (not there; `e` makes it)")

    @property
    def row(self) -> ShownSetting | None:
        """Under the cursor."""
        index = self.table.cursor
        return self.source.found[index] if 0 <= index < len(self.source.found) else None

    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        self._show()

    # -- keys ---------------------------------------------------------------------------------
    def action_copy(self) -> None:
        if self.row is not None:
            self.app.copy_text(toml_line(self.row))

    def action_filter(self) -> None:
        self.entry.open(self.entry.value)

    def back(self) -> bool:
        if not self.entry.value:
            return False
        self._close_filter("")
        return True

    @on(Entry.Changed)
    def _typed(self, event: Entry.Changed) -> None:
        event.stop()
        self.source.search(event.value)
        self.table.update()
        self._show()

    @on(Entry.Submitted)
    def _done(self, event: Entry.Submitted) -> None:
        event.stop()
        self._close_filter(event.value)

    @on(Entry.Left)
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        self._close_filter("")

    def _close_filter(self, text: str) -> None:
        self.entry.value = text
        self.entry.close()
        self.table.focus()

    # -- the file -----------------------------------------------------------------------------
    def action_edit(self) -> None:
        in_background(self, self._edit(), group="settings.edit", exclusive=True)

    async def _edit(self) -> None:
        file, environ = self.app.options.config_file, self.app.options.environ
        if file is None or self.app.options.reread is None:
            self.app.tell("there is no settings file to edit", severity="warning")
            return
        try:
            command = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")
            if not file.exists():
                await asyncio.to_thread(write_template, file)
            code = await run_there(self.app, [*command, str(file)])
        except SuspendNotSupported:
            self.app.tell(
                "this terminal cannot be lent to an editor", f"The file is {file}.", severity="warning"
            )
        except (OSError, ValueError) as error:
            self.app.tell(f"no editor: {error}", "Set VISUAL or EDITOR to a command.", severity="error")
        except AinfError as error:
            self.app.tell_error(error)
        else:
            await self._reread(file, code)

    async def _reread(self, file: Path, code: int) -> None:
        if self.app.options.reread is None:
            return
        try:
            after = await asyncio.to_thread(self.app.options.reread)
        except AinfError as error:
            self.app.tell(error.message, "Nothing has changed until it is mended: `e`.", severity="error")
            return
        advice = restart_advice(self._settings, after)
        for problem in after.key_problems:
            self.app.tell(problem.message, problem.hint, severity="warning")
        ended = f"The editor ended with {code}. " if code else ""
        self.app.tell(ended + (advice or f"Nothing has changed in {file.name}."))
        self._take(after)
        self.table.update()
        self._show()

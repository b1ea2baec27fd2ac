"""The way to the form: which pack or preset, the draft that was left, the job that is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ainf_tui.actions import BY_ID
from ainf_tui.domain.documents import JobRow
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.errors import AinfError
from ainf_tui.tui.frame.finder import Finder, Item
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.lines import safe
from ainf_tui.tui.ports import EngineClient
from ainf_tui.tui.queue.form import Drafts, FormScreen
from ainf_tui.tui.queue.form_fields import RUN, Draft, pack_of_job
from ainf_tui.tui.shell import Shell
from ainf_tui.tui.widgets.table import Column

_COLUMNS = (Column("name", 20, title=""), Column("help", 20, flexible=True, title=""))
DRAFT, PACK, PRESET = "draft:", "pack:", "preset:"
"""What an item's value begins with."""


def items_of(packs: Sequence[Pack], presets: Sequence[Preset], draft: Draft | None) -> list[Item]:
    """The draft first, then presets and packs under headings."""
    found = []
    if draft is not None:
        name = draft.preset.id if draft.preset is not None else draft.pack.id
        found.append(_item(DRAFT, "go on", f"with what you typed for {safe(name, 60)}", ""))
    if presets:
        found.append(_heading("PRESETS", "preset"))
    found += [_item(PRESET + p.id, p.id, p.description, "preset") for p in presets]
    if packs:
        found.append(_heading("PACKS", "pack"))
    found += [_item(PACK + p.id, p.id, f"{p.name}: {p.description}", "pack") for p in packs]
    return found


def _heading(text: str, group: str) -> Item:
    return Item("", {"name": (text, "title")}, group=group)


def _item(value: str, name: str, told: str, group: str) -> Item:
    cells = {"name": (safe(name, 60), ""), "help": (safe(told, 300), "muted")}
    return Item(value, cells, f"{name} {told}", group)


async def new_run(screen: FrameScreen, client: EngineClient, drafts: Drafts) -> None:
    """Asks for pack or preset and opens the form; a worker's work."""
    app = screen.app
    try:
        packs, presets = await asyncio.gather(client.workflows.list(), client.presets.list())
    except AinfError as error:
        app.tell_error(error)
        return
    kept: Draft | None = drafts.get(RUN)
    chosen = await app.push_screen_wait(Finder("New run of what?", _COLUMNS, items_of(packs, presets, kept)))
    if chosen is None:
        return
    if chosen == DRAFT and kept is not None:
        app.push_screen(FormScreen(kept, drafts))
    else:
        await _begin(app, drafts, chosen, packs, presets)


async def new_run_of(app: Shell, client: EngineClient, preset: str) -> None:
    """Opens the form with that preset; a worker's work."""
    try:
        packs, presets = await asyncio.gather(client.workflows.list(), client.presets.list())
    except AinfError as error:
        app.tell_error(error)
        return
    if any(known.id == preset for known in presets):
        await _begin(app, app.drafts, PRESET + preset, packs, presets)
    else:
        app.tell(f"there is no preset {preset} any more", severity="warning")


async def _begin(
    app: Shell, drafts: Drafts, chosen: str, packs: Sequence[Pack], presets: Sequence[Preset]
) -> None:
    """The form of a preset or pack, unless what was typed before is still wanted."""
    kept: Draft | None = drafts.get(RUN)
    preset = next((p for p in presets if PRESET + p.id == chosen), None)
    name = preset.pack if preset is not None else chosen.removeprefix(PACK)
    pack = next((p for p in packs if p.id == name), None)
    if pack is None:
        app.tell(
            f"the pack {name} of this preset is not there", "The preset's file names it.", severity="error"
        )
        return
    if kept is not None and kept.typed:
        question = "Begin anew and forget what you typed before?"
        back = f"`go on` in the list of `{app.keymap.shown(BY_ID['queue.new_run'])}` brings it back instead."
        if not await app.confirm(question, [back], "Forget it"):
            return
        drafts[RUN] = None
    backends = tuple(backend.name for backend in app.backends)
    app.push_screen(FormScreen(Draft(pack, preset, backends=backends), drafts))


async def retry_edited(screen: FrameScreen, client: EngineClient, drafts: Drafts, row: JobRow) -> None:
    """Opens the form with the values of the ended job, or what was typed over them; a worker's work."""
    app = screen.app
    try:
        packs, detail = await asyncio.gather(client.workflows.list(), client.jobs.show(row.id, brief=True))
    except AinfError as error:
        app.tell_error(error)
        return
    draft = drafts.get(row.id) or Draft(pack_of_job(detail.job, packs), again=detail.job)
    app.push_screen(FormScreen(draft, drafts))

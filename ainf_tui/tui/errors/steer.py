"""What the keys of the Errors screen ask of the engine. Each is one call of `tui.orders`, in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ainf_tui.actions import BY_ID
from ainf_tui.display.format import counted, here, utc_now
from ainf_tui.domain.error_documents import (
    ClearErrorsRequest,
    ErrorGroupDocument,
    ErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    SplitErrorRequest,
)
from ainf_tui.errors import AinfError
from ainf_tui.tui.errors.chosen import GroupsScreen, named, refs_of
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.options import Option

MUTES = (
    Option("hour", "1 hour"),
    Option("tomorrow", "until tomorrow", "until midnight on this clock"),
    Option("week", "1 week"),
    Option("ever", "for good", "until it is unmuted"),
)


def until(choice: str, now: datetime) -> datetime | None:
    """When a mute of MUTES ends, in UTC; None: never. `now` is aware; midnight is that of its zone."""
    if choice == "hour":
        return now + timedelta(hours=1)
    if choice == "week":
        return now + timedelta(weeks=1)
    if choice == "tomorrow":
        return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
    return None


class SteeredScreen(GroupsScreen):
    """The part of the Errors screen that changes something. ErrorsScreen is the whole."""

    _last: tuple[str, ...] = ()
    """What was resolved or muted last."""

    def _some(self) -> list[ErrorGroupDocument]:
        groups = self.chosen()
        if not groups:
            self.none_chosen("There is no error to act on.")
        return groups if groups and self.may() else []

    # -- resolve, mute, and back --------------------------------------------------------------
    def action_resolve(self) -> None:
        """Resolves those that are not; if all are, opens them again."""
        groups = self._some()
        open_ones = [group for group in groups if group.state != "resolved"]
        if open_ones:
            self._settle("resolve", open_ones, f"Resolved {named(open_ones)}.")
        elif groups:
            self._reopen(groups)

    def action_mute(self) -> None:
        """Asks for how long; if all are muted, unmutes them."""
        groups = self._some()
        loud = [group for group in groups if group.state != "muted"]
        if loud:
            in_background(self, self._mute(loud), group="errors.mute.ask", exclusive=True, opens=True)
        elif groups:
            self._reopen(groups)

    async def _mute(self, groups: Sequence[ErrorGroupDocument]) -> None:
        chosen = await self.app.choose(f"Mute {named(groups)}", MUTES)
        if chosen is not None:
            self._settle("mute", groups, f"Muted {named(groups)}.", until(chosen, here(utc_now())))

    def _settle(
        self, verb: str, groups: Sequence[ErrorGroupDocument], done: str, end: datetime | None = None
    ) -> None:
        refs, orders = refs_of(groups), self.app.orders.errors
        self._last = refs
        undo = self.app.keymap.shown(BY_ID["errors.undo"])
        work = (
            orders.resolve(ErrorsRequest(refs))
            if verb == "resolve"
            else orders.mute(MuteErrorsRequest(refs, end))
        )
        self.order(verb, work, f"{done} `{undo}` takes it back." if undo else done)
        self.clear_marks()

    def _reopen(self, groups: Sequence[ErrorGroupDocument]) -> None:
        self.order(
            "reopen",
            self.app.orders.errors.reopen(ErrorsRequest(refs_of(groups))),
            f"Opened {named(groups)} again.",
        )
        self.clear_marks()

    def action_undo(self) -> None:
        if not self._last:
            self.app.tell("Nothing to undo.", "It opens again what was resolved or muted last.")
        elif self.may():
            refs, self._last = self._last, ()
            done = f"{counted(len(refs), 'error')} open again."
            self.order("reopen", self.app.orders.errors.reopen(ErrorsRequest(refs)), done)

    # -- note, merge, split -------------------------------------------------------------------
    def action_note(self) -> None:
        if self.row is not None and self.may():
            in_background(self, self._note(self.row), group="errors.note.ask", exclusive=True, opens=True)

    async def _note(self, group: ErrorGroupDocument) -> None:
        from ainf_tui.tui.errors.dialogs import AskNote  # noqa: PLC0415 - inputs load when they are needed

        note = await self.app.push_screen_wait(AskNote(named([group]), group.note))
        if note is not None and note != group.note:
            request = NoteErrorRequest(str(group.id), note)
            self.order("note", self.app.orders.errors.note(request), "" if note else "The note is gone.")

    def action_merge(self) -> None:
        into = self.row
        if into is None or not self.may():
            return
        others = [group for group in self.groups if str(group.id) in self.table.marks and group.id != into.id]
        if not others:
            self.app.tell("Mark what is to become part of this one.", "`space` marks.")
            return
        in_background(self, self._merge(into, others), group="errors.merge.ask", opens=True)

    async def _merge(self, into: ErrorGroupDocument, others: Sequence[ErrorGroupDocument]) -> None:
        more = [*(f"#{group.id} {group.title}" for group in others[:NAMED_IN_FULL])]
        if len(others) > NAMED_IN_FULL:
            more.append(f"and {len(others) - NAMED_IN_FULL} more")
        what = "becomes" if len(others) == 1 else "become"
        more.append(f"{'It' if len(others) == 1 else 'They'} {what} part of it, from now on too.")
        if await self.app.confirm(f"Merge into {named([into])}?", more, "Merge"):
            request = MergeErrorsRequest(str(into.id), refs_of(others))
            self.order("merge", self.app.orders.errors.merge(request), f"Merged into #{into.id}.")
            self.clear_marks()

    def action_split(self) -> None:
        group = self.row
        if group is None or not self.may():
            return
        if len(group.fingerprints) < 2:
            self.app.tell("Nothing was merged into this one.")
            return
        in_background(self, self._split(group), group="errors.split.ask", exclusive=True, opens=True)

    async def _split(self, group: ErrorGroupDocument) -> None:
        client, said = self.app.engine_link.client, {}
        if client is not None:
            try:
                detail = await client.errors.show(str(group.id))
            except AinfError as error:
                self.app.tell_error(error)
                return
            said = {example.fingerprint: example.message for example in detail.examples}
        options = [Option(name, name, said.get(name, "")) for name in group.fingerprints[1:]]
        chosen = await self.app.choose(f"Which part of #{group.id} becomes a group of its own?", options)
        if chosen is not None:
            request = SplitErrorRequest(str(group.id), chosen)
            self.order("split", self.app.orders.errors.split(request), "It is a group of its own again.")

    # -- clear --------------------------------------------------------------------------------
    def action_clear(self) -> None:
        if self.may():
            in_background(self, self._clear(), group="errors.clear.ask", opens=True)

    async def _clear(self) -> None:
        marked = [group for group in self.chosen() if group.state == "resolved"] if self.table.marks else []
        if self.table.marks and not marked:
            self.app.tell("None of the marked errors is resolved.", "Resolve what is settled, then clear it.")
            return
        question = f"Clear {named(marked)}?" if marked else "Clear all resolved errors?"
        more = ["They go to an archive file in the state folder, with their examples."]
        if not await self.app.confirm(question, more, "Clear"):
            return
        try:
            cleared = await self.app.orders.errors.clear(ClearErrorsRequest(refs_of(marked)))
        except AinfError as error:
            self.app.tell_error(error)
            return
        self.clear_marks()
        where = f"They are in {cleared.archive}." if cleared.archive else ""
        self.app.tell(
            f"{counted(cleared.groups, 'error')} cleared." if cleared.groups else "Nothing to clear.", where
        )


NAMED_IN_FULL = 5
"""Groups that the question of a merge names by their titles."""

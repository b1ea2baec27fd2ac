"""A screen that explains a group of errors: what it asks for, what it follows, the keys of the card."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ainf_tui import __version__
from ainf_tui.actions import BY_ID, Action
from ainf_tui.domain.error_documents import ErrorExampleDocument, ErrorGroupDocument
from ainf_tui.domain.errors.remedies import to_type
from ainf_tui.errors import AinfError
from ainf_tui.tui.errors.card import CardPane
from ainf_tui.tui.errors.card_feed import Cache, CardFeed
from ainf_tui.tui.errors.card_lines import Seen
from ainf_tui.tui.errors.copying import copies
from ainf_tui.tui.errors.steer import SteeredScreen
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.lists.paned import PanedScreen
from ainf_tui.tui.told import CommandWanted, JobWanted, LogWanted, TypingWanted


class CardedScreen(PanedScreen[ErrorGroupDocument], SteeredScreen):
    """Subclasses call `look` when another group is to be shown."""

    pane_keys = ("errors",)

    def __init__(self, cache: Cache | None = None) -> None:
        super().__init__()
        self.pane = self.card = CardPane(self._key)
        self.details = self.cards = CardFeed(self.ways(self._card_came), cache)
        self._example = (0, 0)
        """(id of a group, index of the example of it that is looked at)"""

    def _key(self, action: str) -> str:
        return self.app.keymap.shown(BY_ID[action])

    # -- what is shown ------------------------------------------------------------------------
    def look(self) -> None:
        if not self.is_current:
            return
        # Also where the card is not seen: the keys for its command and its log need it.
        self.cards.look_at(self.row)
        self.show_pane()

    def show_pane(self) -> None:
        if self.is_current and self.card.display:
            self.card.show(self._seen())

    def _card_came(self) -> None:
        self.show_pane()
        self.show_footer()

    def _seen(self) -> Seen | None:
        """What the card shows."""
        group = self.row
        if group is None:
            return None
        example = self._example[1] if self._example[0] == group.id else 0
        folded = not self.unfolded(group)
        return Seen(group, self.cards.found(), example, folded, self.cards.error)

    def took(self, groups: Sequence[ErrorGroupDocument]) -> None:
        super().took(groups)
        self.look()
        self.show_footer()

    @property
    def example(self) -> ErrorExampleDocument | None:
        """The example that is looked at."""
        seen = self._seen()
        return seen.shown if seen is not None else None

    def why_not(self, action: Action) -> str:
        if reason := super().why_not(action):
            return reason
        group, example, detail = self.row, self.example, self.cards.found()
        missing = {
            "errors.fix": detail is None or detail.card is None or not detail.card.action,
            "errors.log": example is None or not example.file,
            "errors.job": group is None or group.job is None,
            "errors.service": group is None or not group.service,
            "errors.split": group is None or len(group.fingerprints) < 2,
        }
        return _WHY_NOT[action.id] if missing.get(action.id) else ""

    def _able(self, name: str) -> bool:
        """Whether the key does something; else it is said why not."""
        why = self.why_not(BY_ID[f"errors.{name}"])
        if why:
            self.app.tell(f"{why[:1].upper()}{why[1:]}.")
        return not why

    # -- keys (`actions`, area errors) --------------------------------------------------------
    def action_next_example(self) -> None:
        self._step_example(1)

    def action_previous_example(self) -> None:
        self._step_example(-1)

    def _step_example(self, by: int) -> None:
        seen = self._seen()
        if seen is None or not 0 <= seen.example + by < len(seen.examples):
            self.app.tell("No other report of it was kept." if by > 0 else "This is the newest report.")
            return
        self._example = (seen.group.id, seen.example + by)
        self.show_pane()

    def action_fix(self) -> None:
        detail = self.cards.found()
        if self._able("fix") and detail is not None and detail.card is not None:
            action = detail.card.action
            if begun := to_type(action):
                self.post_message(TypingWanted(begun.removeprefix("ainf ")))
                return
            work = self._fix(action, detail.card.title)
            in_background(self, work, group="errors.fix", exclusive=True, opens=True)

    async def _fix(self, line: str, title: str) -> None:
        """The command is shown before; the app's command line runs it and shows what came of it."""
        if await self.app.confirm(f"Run `{line}`?", [title, "As if you had typed it behind `:`."], "Run it"):
            self.post_message(CommandWanted(line))

    def action_log(self) -> None:
        example = self.example
        if self._able("log") and example is not None:
            self.post_message(LogWanted(example.file, example.start, example.at))

    def action_job(self) -> None:
        if self._able("job") and self.row is not None:
            self.post_message(JobWanted(str(self.row.job)))

    def action_service(self) -> None:
        if self._able("service") and self.row is not None:
            from ainf_tui.tui.dashboard.service import (  # noqa: PLC0415 - loaded when it is opened
                ServiceScreen,
            )

            self.app.push_screen(ServiceScreen(self.row.service))

    def action_copy(self) -> None:
        if self._able("copy"):
            in_background(self, self._copy(), group="errors.copy", exclusive=True, opens=True)

    async def _copy(self) -> None:
        group, detail, client = self.row, self.cards.found(), self.client()
        if group is None:
            return
        if detail is None and client is not None:
            try:
                detail = await client.errors.show(str(group.id))
            except AinfError as error:
                self.app.tell_error(error)
                return
        settings = self.app.options.settings
        found = await asyncio.to_thread(copies, group, detail, __version__, settings.redact)
        await self.offer_copy(f"Copy of #{group.id}", found)


_WHY_NOT = {
    "errors.fix": "there is no command that mends this one",
    "errors.log": "it stands in no log that is known",
    "errors.job": "it befell no job",
    "errors.service": "it befell no service",
    "errors.split": "nothing was merged into this one",
}

"""One group of errors on the whole screen."""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.actions import BY_ID, Action
from ainf_tui.domain.error_documents import ErrorGroupDocument
from ainf_tui.tui.errors.card_feed import Cache
from ainf_tui.tui.errors.carded import CardedScreen
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.lists.single import SingleScreen
from ainf_tui.tui.widgets.table import Table

_OF_THE_LIST = frozenset(
    {"mark", "mark_all", "filter", "sort", "hidden", "totals", "export", "clear", "merge"}
)
"""Actions that mean nothing for one group."""
_FOOTER = ("fix", "resolve", "mute", "log", "job", "copy")


class GroupScreen(SingleScreen[ErrorGroupDocument], CardedScreen):
    """Shows that group, whatever the list does; its list is the one of the screen below."""

    AUTO_FOCUS = "#card-text"

    def __init__(
        self, group: ErrorGroupDocument, groups: Groups, table: Table, cache: Cache | None = None
    ) -> None:
        super().__init__(cache)
        self.groups, self.table = groups, table
        self.shown = group

    @classmethod
    def for_list(cls, below: CardedScreen, group: ErrorGroupDocument) -> GroupScreen:
        """Over a screen with the list, whose groups and details it shares."""
        return cls(group, below.groups, below.table, below.cards.cache)

    def took(self, groups: Sequence[ErrorGroupDocument]) -> None:
        self.shown = next((group for group in groups if group.id == self.shown.id), self.shown)
        super().took(groups)

    def why_not(self, action: Action) -> str:
        if action.area == "errors" and action.name in _OF_THE_LIST:
            return "not on this screen"
        return super().why_not(action)

    def hinted(self) -> list[Action]:
        return [BY_ID[f"errors.{name}"] for name in _FOOTER]

    def hints(self) -> list[KeyHint]:
        return [*super().hints(), self.hint(BY_ID["app.back"])]

    def action_open(self) -> None:
        """It is open: its traceback, too, or no longer."""
        self.action_fold()

"""One group of errors on the whole screen: where there is no room beside the list, and to read all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID, Action
from ainf_tui.domain.error_documents import ErrorGroupDocument
from ainf_tui.tui.errors.card_feed import Cache
from ainf_tui.tui.errors.carded import CardedScreen
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.widgets.table import Table

_OF_THE_LIST = frozenset(
    {"mark", "mark_all", "filter", "sort", "hidden", "totals", "export", "clear", "merge"}
)
"""Actions that mean nothing for one group."""
_FOOTER = ("fix", "resolve", "mute", "log", "job", "copy")


class GroupScreen(CardedScreen):
    """Shows that group, whatever the list does; its list is the one of the screen below."""

    AUTO_FOCUS = "#card-text"

    def __init__(
        self, group: ErrorGroupDocument, groups: Groups, table: Table, cache: Cache | None = None
    ) -> None:
        super().__init__(cache)
        self.groups, self.table = groups, table
        self._group = group

    @classmethod
    def for_list(cls, below: CardedScreen, group: ErrorGroupDocument) -> GroupScreen:
        """Over a screen with the list, whose groups and details it shares."""
        return cls(group, below.groups, below.table, below.cards.cache)

    def body(self) -> Iterable[Widget]:
        with Vertical(id="body"):
            yield self.card

    def on_mount(self) -> None:
        self.watch(self.app, "tick", self._follow, init=False)

    def _follow(self) -> None:
        """The list below brings the group's changes."""
        before = self._group
        if self.group is not before:
            self.look()
            self.show_footer()

    @property
    def group(self) -> ErrorGroupDocument:
        """As the list knows it now; as it was last, when it has left the list."""
        self._group = self.groups.group(str(self._group.id)) or self._group
        return self._group

    def chosen(self) -> list[ErrorGroupDocument]:
        """The group that is shown, whatever is marked in the list."""
        return [self.group]

    def clear_marks(self) -> None:
        """They are the list's, and nothing was done with them here."""

    def took(self, groups: Sequence[ErrorGroupDocument]) -> None:
        self._group = next((group for group in groups if group.id == self._group.id), self._group)
        super().took(groups)

    def why_not(self, action: Action) -> str:
        if action.area == "errors" and action.name in _OF_THE_LIST:
            return "not on this screen"
        return super().why_not(action)

    def hints(self) -> list[KeyHint]:
        labels = {
            "errors.resolve": "reopen" if self.group.state == "resolved" else "resolve",
            "errors.mute": "unmute" if self.group.state == "muted" else "mute",
        }
        actions = [BY_ID[f"errors.{name}"] for name in _FOOTER]
        found = [self.hint(a, labels.get(a.id, ""), enabled=not self.why_not(a)) for a in actions]
        return [*found, self.hint(BY_ID["app.back"])]

    def action_open(self) -> None:
        """It is open: its traceback, too, or no longer."""
        self.action_fold()

    def action_back(self) -> None:
        self.dismiss()

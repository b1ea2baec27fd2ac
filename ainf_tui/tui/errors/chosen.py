"""Which groups of errors the next key acts on, and what the engine says to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ainf_tui.actions import Action
from ainf_tui.domain.error_documents import ErrorGroupDocument, ErrorGroupPage
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.lines import safe
from ainf_tui.tui.lists.chosen import ChosenScreen, named_all

_ANY = frozenset(
    {
        *("open", "fix", "resolve", "mute", "log", "job", "service", "fold", "next_example"),
        *("previous_example", "mark", "mark_all", "note", "merge", "split", "copy"),
    }
)
"""Actions that need a group."""


class GroupsScreen(ChosenScreen[ErrorGroupDocument]):
    """A screen with a list of groups, or with one of them."""

    areas = ("errors",)
    tab = "app.errors"
    things = "errors"
    groups: Groups

    def find(self, row_id: str | None) -> ErrorGroupDocument | None:
        return self.groups.group(row_id)

    def listed(self) -> Iterable[ErrorGroupDocument]:
        return self.groups

    def row_id(self, row: ErrorGroupDocument) -> str:
        return str(row.id)

    def why_not(self, action: Action) -> str:
        if action.area == "errors" and action.name in _ANY and self.row is None:
            return "there is no error under the cursor"
        return super().why_not(action)

    def labels(self) -> dict[str, str]:
        state = self.row.state if self.row is not None else ""
        return {
            "errors.resolve": "reopen" if state == "resolved" else "resolve",
            "errors.mute": "unmute" if state == "muted" else "mute",
        }

    def answered(self, found: object) -> None:
        if isinstance(found, ErrorGroupPage):
            self.took(found.errors)

    def took(self, groups: Sequence[ErrorGroupDocument]) -> None:
        """The engine's answer: these are as they are now, before the list is read anew."""
        self.groups.replace(groups)
        self.table.paint()


def refs_of(groups: Sequence[ErrorGroupDocument]) -> tuple[str, ...]:
    return tuple(str(group.id) for group in groups)


def named(groups: Sequence[ErrorGroupDocument]) -> str:
    """`#7 The GPU's memory is full`, or how many and the first numbers."""
    if len(groups) == 1:
        return f"#{groups[0].id} {safe(groups[0].title, 80)}"
    return named_all("errors", [group.id for group in groups])

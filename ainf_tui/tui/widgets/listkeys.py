"""The keys of lists (`actions.py`, area list), for everything that is moved in line by line."""

from __future__ import annotations

from textual.binding import BindingsMap
from textual.widget import Widget


class ListKeys(Widget):
    """Subclasses give `step`, `to_end` and `page`."""

    def bind_keys(self, keys: BindingsMap) -> None:
        """The keys as they are in force. Those that Textual gives to whatever scrolls are not ours: they
        would scroll the list away from under its cursor.
        """
        self._bindings = keys.copy()

    @property
    def page(self) -> int:
        """Lines that are seen at once."""
        return max(1, self.size.height)

    def step(self, lines: int) -> None:
        """So many lines down, or up."""
        raise NotImplementedError

    def to_end(self, *, last: bool) -> None:
        """To the first or the last line."""
        raise NotImplementedError

    def action_up(self) -> None:
        self.step(-1)

    def action_down(self) -> None:
        self.step(1)

    def action_page_up(self) -> None:
        self.step(-self.page)

    def action_page_down(self) -> None:
        self.step(self.page)

    def action_half_up(self) -> None:
        self.step(-(self.page // 2))

    def action_half_down(self) -> None:
        self.step(self.page // 2)

    def action_top(self) -> None:
        self.to_end(last=False)

    def action_bottom(self) -> None:
        self.to_end(last=True)


def above(bindings: BindingsMap, keys: BindingsMap) -> BindingsMap:
    """`keys` in place of what Textual's own classes bind to the same ones; a merge would only add them."""
    found = bindings.copy()
    found.key_to_bindings.update(keys.copy().key_to_bindings)
    return found

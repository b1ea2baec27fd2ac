"""The groups of errors as the screen holds them: as far as they were read, in the engine's order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ainf_tui.domain.error_documents import ErrorGroupDocument


class Groups:
    """A list with its index. The order is the engine's alone, so that a part of the list is enough."""

    def __init__(self) -> None:
        self._groups: list[ErrorGroupDocument] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[ErrorGroupDocument]:
        return iter(self._groups)

    def at(self, index: int) -> ErrorGroupDocument:
        """IndexError beyond the last."""
        return self._groups[index]

    def id_at(self, index: int) -> str:
        return str(self._groups[index].id)

    def index_of(self, row_id: str) -> int | None:
        return self._places.get(row_id)

    def group(self, row_id: str | None) -> ErrorGroupDocument | None:
        place = self._places.get(row_id) if row_id is not None else None
        return None if place is None else self._groups[place]

    def reset(self, groups: Iterable[ErrorGroupDocument] = ()) -> None:
        """Only these, which are the beginning of the list, or all of it."""
        self._groups, self._places = [], {}
        self.append(groups)

    def append(self, groups: Iterable[ErrorGroupDocument]) -> None:
        """The next page. A group that has come nearer meanwhile, and is here already, stays where it is."""
        for group in groups:
            if str(group.id) not in self._places:
                self._places[str(group.id)] = len(self._groups)
                self._groups.append(group)

    def replace(self, groups: Iterable[ErrorGroupDocument]) -> None:
        """The same groups as they are now, at their places; others are left out."""
        for group in groups:
            place = self._places.get(str(group.id))
            if place is not None:
                self._groups[place] = group

"""Brings the detail of the group that is looked at: its examples, its note, its card."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorGroupDocument
from ainf_tui.tui.lists.detail import DetailFeed
from ainf_tui.tui.ports import EngineClient

Cache = OrderedDict[Hashable, ErrorDetailDocument]


class CardFeed(DetailFeed[ErrorGroupDocument, ErrorDetailDocument, ErrorGroupDocument]):
    """A group's state is all of it that lasts."""

    def _key(self, row: ErrorGroupDocument) -> Hashable:
        return row.id

    def _state(self, row: ErrorGroupDocument) -> ErrorGroupDocument:
        """There may be other examples, another note, another card: what is only counted is no news."""
        # The trend moves with the clock, and `unseen` with this screen.
        return replace(row, trend=(), count_24h=0, unseen=False)

    def _moved(self, before: ErrorGroupDocument, now: ErrorGroupDocument) -> bool:
        return before != now

    def _outdated(self, known: ErrorDetailDocument, row: ErrorGroupDocument) -> bool:
        return self._state(known.group) != self._state(row)

    async def _ask(self, client: EngineClient, row: ErrorGroupDocument) -> ErrorDetailDocument:
        return await client.errors.show(str(row.id))

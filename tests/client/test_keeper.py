"""How often a cut line is tried again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ainf_tui.client import remote
from ainf_tui.client.box import parse_box
from ainf_tui.errors import AinfError, UnreachableError


async def test_attempts_come_at_growing_intervals(monkeypatch):
    class Line:
        box = parse_box("ssh://box")
        stands = False
        failure: AinfError | None = None
        code = "connect.failed"

        async def cut(self) -> None:
            return

        async def restore(self) -> None:
            self.failure = UnreachableError(self.code, "no")
            raise self.failure

    pauses: list[float] = []

    async def rest(self, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            Line.code = "connect.auth"
        if len(pauses) == 10:
            raise asyncio.CancelledError

    monkeypatch.setattr(remote._Keeper, "_rest", rest)
    line: Any = Line()
    with pytest.raises(asyncio.CancelledError):
        await remote._Keeper(line).run()
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 60.0, 60.0]

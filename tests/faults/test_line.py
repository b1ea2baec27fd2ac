"""A run whose line is cut, whose socket is deaf, whose server stalls: it goes on and ends right."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import websockets

from tests.faults.troubles import TROUBLES, Trouble, run_through
from tests.faults.world import World


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda t: t.__name__)
async def test_progress_goes_on_and_nothing_is_done_twice(tmp_path: Path, trouble: Trouble) -> None:
    async with World(tmp_path, behind_a_line=True) as world:
        await run_through(world, trouble, TROUBLES[trouble])


async def _asked(url: str) -> int:
    """The status of a question on a connection of its own."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=0.5) as http:
        return (await http.get("/queue")).status_code


async def test_the_line_itself(tmp_path: Path) -> None:
    """The proxy does what the tests above believe of it."""
    async with World(tmp_path, behind_a_line=True) as world:
        world.keeping = False
        line = world.line
        assert line is not None
        assert await _asked(line.url) == 200
        await line.cut()
        with pytest.raises(httpx.ConnectError):
            await _asked(line.url)
        await line.restore()
        assert await _asked(line.url) == 200
        line.blackhole()
        with pytest.raises(httpx.ReadTimeout):
            await _asked(line.url)
        await line.restore()
        async with websockets.connect(f"ws://127.0.0.1:{line.port}/ws?clientId=x") as socket:
            await socket.recv()
            assert line.deafen() == 1
            async with httpx.AsyncClient(base_url=line.url, trust_env=False) as http:
                await http.post("/queue", json={"clear": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    pytest.fail(f"heard {await socket.recv()!r}")

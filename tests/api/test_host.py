"""The routes of the machine, and who looks at it over a websocket."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.client.live import Live, Topic
from ainf_tui.errors import UsageError
from tests.api.fakes import FakeService, app_of, served
from tests.fakes.host import host_of


async def test_the_document_and_its_history_come_through_whole() -> None:
    service = FakeService()
    async with Client(AsgiTransport(app_of(service))) as client:
        assert await client.host.show() == host_of()
        found = await client.host.history(points=120)
        assert found.series[0].values == (None, 0.25, 0.5)
        await client.host.history()
        assert service.host.points == [120, 0]
        for bad in ("points=-1", "points=x", "points=7201", "point=3"):
            with pytest.raises(UsageError):
                await client.call("GET", f"/v1/host/history?{bad}")


async def until(service: FakeService, *, wanted: bool) -> None:
    async with asyncio.timeout(10):
        while service.store.interest.wanted("host") is not wanted:  # noqa: ASYNC110 - it has no event for a test
            await asyncio.sleep(0.01)


async def test_the_engine_knows_while_somebody_looks(tmp_path: Path) -> None:
    service = FakeService()
    path = tmp_path / "e.sock"
    async with served(app_of(service), path), Client(UnixTransport(path)) as client:
        assert not service.store.interest.wanted("host")
        async with Live(client.transport, ("host", "queue")) as live:
            await until(service, wanted=True)
            service.store.update(host=host_of())
            async with asyncio.timeout(10):
                async for event in live:
                    if isinstance(event, Topic) and event.name == "host" and event.value == host_of():
                        break
        await until(service, wanted=False)
        assert not service.store.interest.wanted("queue")

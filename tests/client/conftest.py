"""One fake engine, reached over its socket and in the process: the same tests hold for both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.store import Previews
from tests.api.fakes import FakeService, app_of, served


@dataclass
class Pair:
    """Both ends."""

    client: Client
    service: FakeService
    previews: Previews


@pytest.fixture(params=["unix", "asgi"])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    service, previews = FakeService(), Previews()
    app = app_of(service, previews)
    if request.param == "asgi":
        async with Client(AsgiTransport(app)) as client:
            yield Pair(client, service, previews)
        return
    path = tmp_path / "e.sock"
    async with served(app, path), Client(UnixTransport(path)) as client:
        yield Pair(client, service, previews)

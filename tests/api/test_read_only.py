"""A read-only front end changes nothing, whatever route it asks: every one that the app has is tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.routing import APIRoute, APIWebSocketRoute

from ainf_tui.api import app as api
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.client.client import Client
from ainf_tui.client.codec import encode, error_of
from ainf_tui.client.live import Connected, Live, Topic
from ainf_tui.client.unix import UnixTransport
from ainf_tui.domain.requests import JobQuery
from ainf_tui.errors import ForbiddenError
from tests.api.fakes import FakeService, app_of, job, served

LOOKING = {"GET", "HEAD", "OPTIONS"}
BODIES: dict[str, Any] = {
    "/v1/jobs": {"request_id": "r", "pack": "p"},
    "/v1/jobs/cancel": {"refs": ["1"]},
    "/v1/jobs/retry": {"request_id": "r", "refs": ["1"]},
    "/v1/jobs/hold": {"refs": ["1"]},
    "/v1/jobs/release": {"refs": ["1"]},
    "/v1/jobs/move": {"refs": ["1"], "to": "top"},
    "/v1/jobs/clear": {},
    "/v1/queue/pause": None,
    "/v1/queue/resume": None,
    "/v1/backends": {"name": "b", "url": "http://127.0.0.1:1"},
    "/v1/backends/free": {"backend": "b"},
    "/v1/engine/stop": {},
    "/v1/services/start": {"names": ["web"]},
    "/v1/services/stop": {"names": ["web"]},
    "/v1/services/restart": {},
    "/v1/services/adopt": {"names": ["web"]},
    "/v1/services/up": {},
    "/v1/services/down": {},
    "/v1/errors": {"reports": [{"source": "web", "message": "no"}]},
    "/v1/errors/import": {"reports": [{"source": "web", "message": "no"}], "keys": ["a"]},
    "/v1/errors/seen": None,
    "/v1/errors/resolve": {"errors": ["7"]},
    "/v1/errors/reopen": {"errors": ["7"]},
    "/v1/errors/mute": {"errors": ["7"]},
    "/v1/errors/note": {"error": "7", "note": "n"},
    "/v1/errors/merge": {"into": "7", "errors": ["7"]},
    "/v1/errors/split": {"error": "7", "fingerprint": "1.00000000000000aa"},
    "/v1/errors/clear": {"all": True},
    "/v1/checks/fix": {"id": "private", "steps": ["chmod 700 /s"]},
    "/v1/comfyui/install": {},
    "/v1/comfyui/update": {"version": "v1"},
    "/v1/comfyui/rollback": None,
    "/v1/comfyui/cancel": None,
    "/v1/comfyui/nodes/plan": {"source": "https://h/n.git"},
    "/v1/comfyui/nodes/install": {"token": "t"},
    "/v1/comfyui/nodes/update": {"name": "n"},
    "/v1/comfyui/nodes/enable": {"name": "n"},
    "/v1/comfyui/nodes/disable": {"name": "n"},
    "/v1/comfyui/nodes/remove": {"name": "n"},
}
"""What each route takes; a new one that changes something needs its line."""


def changing(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route that is more than a look."""
    return [(method, path) for method, path in every(list(app.routes)) if method not in LOOKING]


def every(found: list[Any]) -> Iterator[tuple[str, str]]:
    """Of every kind of route, those of included routers too; a kind that is unknown here is an error."""
    for route in found:
        if hasattr(route, "effective_route_contexts"):  # a router that FastAPI includes as a whole
            yield from every(list(route.effective_route_contexts()))
        elif not isinstance(route, APIWebSocketRoute):
            yield from ((method, route.path) for method in route.methods)


async def ask(transport: AsgiTransport, method: str, path: str) -> tuple[int, bytes]:
    body = BODIES[path]
    async with transport.open(method, path, None if body is None else encode(body)) as answer:
        return answer.status, await answer.read()


async def passed(app: FastAPI) -> list[str]:
    """Routes that did not refuse a read-only front end."""
    transport = AsgiTransport(app, read_only=True)
    found = []
    for method, path in changing(app):
        status, data = await ask(transport, method, path)
        if status != 403 or error_of(status, data).code != "api.read_only":
            found.append(f"{method} {path}")
    return found


async def test_every_route_refuses_and_has_changed_nothing() -> None:
    service = FakeService()
    service.put(job(1))
    before = service.store.state
    app = app_of(service)
    assert await passed(app) == []
    assert {path for _, path in changing(app)} == set(BODIES)
    assert service.asked == []
    assert service.services.asked == []
    assert (app.state.context.stopping, service.store.state) == ("", before)


async def test_the_same_requests_change_something_for_others() -> None:
    """Else their refusal would prove nothing."""
    service = FakeService()
    app = app_of(service)
    for method, path in sorted(changing(app), key=lambda found: found[1] == "/v1/engine/stop"):
        service.asked.clear()
        status, _ = await ask(AsgiTransport(app), method, path)
        assert (status, len(service.asked)) == (200, 1), path


async def test_a_route_without_the_gate_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_of(FakeService())

    async def added() -> dict[str, str]:
        return {}

    app.router.routes.insert(0, APIRoute("/v1/added", added, methods=["PUT"]))
    monkeypatch.setitem(BODIES, "/v1/added", None)
    assert await passed(app) == ["PUT /v1/added"]


@pytest.fixture(params=["unix", "asgi"])
async def watcher(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    """A read-only client of a fake engine with one job, by each way."""
    service = FakeService()
    service.put(job(1))
    app = app_of(service)
    if request.param == "asgi":
        yield Client(AsgiTransport(app, read_only=True))
        return
    path = tmp_path / "s"
    async with served(app, path), Client(UnixTransport(path, read_only=True)) as client:
        yield client


async def test_it_may_look_and_is_told_what_was_refused(watcher: Client) -> None:
    assert (await watcher.status()).overall == "ok"
    assert len((await watcher.jobs.rows(JobQuery())).rows) == 1
    for _ in range(2):  # a kept connection says it again
        with pytest.raises(ForbiddenError) as caught:
            await watcher.queue.pause()
        assert caught.value.code == "api.read_only"
        assert "/v1/queue/pause" in caught.value.message
        assert "--read-only" in caught.value.hint


async def test_it_sees_what_changes(watcher: Client) -> None:
    async with Live(watcher.transport, ("queue",)) as live:
        assert isinstance(await anext(live), Connected)
        update = await anext(live)
        assert isinstance(update, Topic)
        assert update.value.revision == 1


async def test_the_live_connection_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    async def note(socket: WebSocket) -> None:
        told.append(socket.headers.get("ainf-read-only"))
        await socket.accept()
        await socket.close()

    monkeypatch.setattr(api, "_live", note)
    app = app_of(FakeService())
    async with served(app, tmp_path / "s"):
        for transport in (
            AsgiTransport(app, read_only=True),
            UnixTransport(tmp_path / "s", read_only=True),
            AsgiTransport(app),
            UnixTransport(tmp_path / "s"),
        ):
            socket = await transport.websocket("/v1/live")
            await socket.aclose()
    assert told == ["1", "1", None, None]

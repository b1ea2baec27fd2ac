"""The routes: what they take, what they refuse, how they say so, and their description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from ainf_tui.api import openapi_document
from ainf_tui.api.context import mutation
from ainf_tui.api.routes import Routes
from ainf_tui.client import Client
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.errors import AinfError, ConflictError, NotFoundError, UnreachableError, UsageError
from tests.api.fakes import FakeService, app_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
async def client(service: FakeService) -> AsyncIterator[Client]:
    async with Client(AsgiTransport(app_of(service))) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "path", "body", "names"),
    [
        ("POST", "/v1/jobs", b"{", "json"),
        ("POST", "/v1/jobs", b"", "body"),
        ("POST", "/v1/jobs", b"[]", "body"),
        ("POST", "/v1/jobs", b"{}", "request_id"),
        ("POST", "/v1/jobs", b'{"request_id": "r", "count": "many"}', "count"),
        ("POST", "/v1/jobs", b'{"request_id": "r", "sweep": [{"name": 1}]}', "sweep"),
        ("POST", "/v1/jobs", b'{"request_id": "r", "value": {}}', "unknown: value"),
        ("POST", "/v1/jobs/clear", b'{"state": ["failed"]}', "unknown: state"),
        ("POST", "/v1/jobs/cancel", b'{"refs": "12"}', "refs"),
        ("POST", "/v1/jobs/cancel", b'{"refs": ["\\ud800"]}', "surrogates"),
        ("POST", "/v1/engine/stop", b'{"reason": "boredom"}', "boredom"),
        ("GET", "/v1/jobs?state=failed", None, "unknown: state"),
        ("GET", "/v1/jobs?kind=some", None, "kind"),
        ("GET", "/v1/jobs?limit=0", None, "limit"),
        ("GET", "/v1/jobs?limit=1001", None, "limit"),
        ("GET", "/v1/jobs?kind=changed", None, "changed_since"),
        ("GET", "/v1/jobs/rows?limit=1001", None, "limit"),
        ("GET", "/v1/jobs/rows?packs=a", None, "unknown: packs"),
        ("GET", "/v1/jobs/1/outputs/first", None, "index"),
        ("DELETE", "/v1/jobs", None, "DELETE /v1/jobs"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(
    client: Client, service: FakeService, *, method: str, path: str, body: bytes | None, names: str
) -> None:
    with pytest.raises(UsageError) as caught:
        await client.call(method, path, body=body)
    assert caught.value.code == "api.bad_request"
    assert names in caught.value.message.lower() or names in caught.value.message
    assert caught.value.hint
    assert service.asked == []


async def test_a_refusal_does_not_repeat_what_was_sent(client: Client) -> None:
    with pytest.raises(UsageError) as caught:
        await client.call("POST", "/v1/backends", body=b'{"name": "b", "url": "u", "token": ["s3cret"]}')
    assert "s3cret" not in json.dumps(caught.value.document())
    assert caught.value.details["problems"][0]["where"] == "body.token"


async def test_an_unknown_path_is_not_found(client: Client) -> None:
    with pytest.raises(NotFoundError) as caught:
        await client.call("GET", "/v1/nothing")
    assert caught.value.code == "api.not_found"


@pytest.mark.parametrize("noun", ["workflows", "presets"])
async def test_an_unknown_name_lists_the_known(client: Client, noun: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await client.call("GET", f"/v1/{noun}/nope")
    assert caught.value.code == f"{noun}.not_found"
    assert caught.value.details["known"]


@pytest.mark.parametrize(
    ("path", "name"), [("version", "version"), ("jobs", "queue"), ("jobs/rows", "rows"), ("status", "status")]
)
async def test_the_documents_carry_their_schema(client: Client, path: str, name: str) -> None:
    assert json.loads(await client.call("GET", f"/v1/{path}"))["schema"] == f"ainf.{name}/1"


async def test_an_engine_that_ends_takes_in_nothing_new_but_answers(
    client: Client, service: FakeService
) -> None:
    stopping = await client.engine.stop()
    assert stopping.reason == "stop"
    assert service.asked == [("stop", "stop")]
    with pytest.raises(UnreachableError) as caught:
        await client.queue.pause()
    assert caught.value.code == "engine.stopping"
    assert (await client.status()).overall == "ok"
    # Asking twice is no mistake, and changes nothing.
    await client.engine.stop("replace")
    assert [name for name, _ in service.asked] == ["stop", "status"]


async def test_every_status_of_an_error_is_its_class(client: Client, service: FakeService) -> None:
    for error in (ConflictError("a.b", "m"), AinfError("a.b", "m")):
        service.failure = error
        with pytest.raises(type(error)):
            await client.status()


def built(*areas: Routes) -> list[APIRoute]:
    app = FastAPI(openapi_url=None)
    for area in areas:
        area.add_to(app, "")
    return [route for route in app.routes if isinstance(route, APIRoute)]


def test_every_change_passes_through_the_one_door() -> None:
    document = openapi_document()
    from ainf_tui.api import actions, checks, comfyui, errors, reads, services

    assert {m for r in built(reads.routes) for m in r.methods or ()} == {"GET"}
    every = built(actions.routes, services.routes, comfyui.routes, checks.routes, errors.routes)
    changing = {r.path for r in every if r.methods != {"GET"}}
    for route in every:
        gated = mutation in [d.call for d in route.dependant.dependencies]
        assert gated == (route.methods != {"GET"})
    posted = {p.removeprefix("/v1") for p, item in document["paths"].items() if set(item) - {"get"}}
    assert posted == changing


async def test_the_description_is_served_and_the_routes_are_as_described(client: Client) -> None:
    """What serves and what describes are built apart."""
    document = openapi_document()
    assert json.loads(await client.call("GET", "/v1/openapi.json")) == document
    built_ones = [route for route in app_of(FakeService()).routes if isinstance(route, APIRoute)]
    served = {(method.lower(), route.path) for route in built_ones for method in route.methods or ()}
    assert served == {(method, path) for path, item in document["paths"].items() for method in item}


def test_the_description_in_docs_is_the_one_served() -> None:
    stored: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert stored == openapi_document(), "run `make docs`"


def test_the_description_tells_how_errors_look() -> None:
    for path, item in openapi_document()["paths"].items():
        for operation in item.values():
            assert "4XX" in operation["responses"], path
            assert "422" not in operation["responses"], path

"""The FastAPI application: routes, errors, the live websocket. No logic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ainf_tui.api import actions, checks, comfyui, errors, host, log_views, reads, services
from ainf_tui.api.codec import ErrorDocument, respond_error
from ainf_tui.api.context import Activity, Context, context, describe
from ainf_tui.api.guard import Guard
from ainf_tui.api.live import LiveHub, Pace
from ainf_tui.domain.engine_service import EngineService
from ainf_tui.domain.wire import API_REVISION, VersionDocument
from ainf_tui.errors import AinfError, NotFoundError, UsageError
from ainf_tui.store import Previews, Store

_SHOWN_PROBLEMS = 5
_PREFIX = "/v1"
_AREAS = (
    reads.routes,
    actions.routes,
    services.routes,
    host.routes,
    comfyui.routes,
    checks.routes,
    errors.routes,
    log_views.routes,
)
_FACTS: dict[str, Any] = {
    "title": "ainf engine",
    "summary": "What front ends ask of the engine, over its private Unix socket.",
    "version": str(API_REVISION),
    "openapi_url": f"{_PREFIX}/openapi.json",
    "docs_url": None,
    "redoc_url": None,
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorDocument, "description": "It cannot be done as asked, or not now."},
    "5XX": {"model": ErrorDocument, "description": "Something outside did not answer, or a bug."},
}


def create_app(
    service: EngineService,
    store: Store,
    previews: Previews,
    *,
    version: str,
    home: str,
    pace: Pace | None = None,
) -> FastAPI:
    """The API over one engine. `app.state.context` is its `Context`."""
    identity = VersionDocument(
        version=version, api=API_REVISION, pid=os.getpid(), since=datetime.now(UTC), home=home
    )
    app = _application()
    activity = Activity()  # now: nobody could ask before
    app.add_middleware(Guard, activity=activity)
    app.state.context = Context(
        service=service,
        store=store,
        live=LiveHub(store, previews, lambda: describe(identity, store), pace),
        activity=activity,
        identity=identity,
    )
    return app


def openapi_document() -> dict[str, Any]:
    """The OpenAPI description of the API, as served under `/v1/openapi.json`."""
    app = FastAPI(**_FACTS)
    for area in _AREAS:
        area.describe_in(app, _PREFIX, _ERRORS)
    return app.openapi()


class _Engine(FastAPI):
    """Its description is made when it is asked for: few ever ask."""

    def openapi(self) -> dict[str, Any]:
        self.openapi_schema = self.openapi_schema or openapi_document()
        return self.openapi_schema


def _application() -> FastAPI:
    app = _Engine(**_FACTS)
    for area in _AREAS:
        area.add_to(app, _PREFIX)
    app.add_api_websocket_route(f"{_PREFIX}/live", _live)
    app.add_exception_handler(AinfError, _known_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    return app


async def _live(socket: WebSocket) -> None:
    await context(socket).live.serve(socket)


async def _known_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, AinfError):
        raise error
    return respond_error(error)


async def _bad_request(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = [_problem(found) for found in error.errors()]
    shown = "; ".join(f"{found['where']}: {found['message']}" for found in problems[:_SHOWN_PROBLEMS])
    more = len(problems) - _SHOWN_PROBLEMS
    tail = f" (and {more} more)" if more > 0 else ""
    return respond_error(
        UsageError(
            "api.bad_request",
            f"the request does not fit: {shown}{tail}",
            hint="The API's description is in docs/openapi.json.",
            details={"problems": problems},
        )
    )


def _problem(found: Mapping[str, Any]) -> dict[str, str]:
    # The input itself is left out: it may hold a token, and it is the caller's own.
    where = ".".join(str(part) for part in found.get("loc", ()))
    return {"where": where, "message": str(found.get("msg", "")), "type": str(found.get("type", ""))}


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    what = f"{request.method} {request.url.path}"
    hint = "The API's description is in docs/openapi.json."
    if error.status_code == 404:
        return respond_error(NotFoundError("api.not_found", f"the engine has no {what}", hint=hint))
    return respond_error(UsageError("api.bad_request", f"{what}: {error.detail}", hint=hint))

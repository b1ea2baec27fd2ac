"""Routes about logs that are looked at piece by piece. Nothing here changes the box: a view is a look.

What is asked is JSON in the parameter `ask`: so each is a GET, which a front end that may only look may send.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here
from ainf_tui.api.routes import Routes
from ainf_tui.domain.log_documents import (
    LogFindRequest,
    LogFoundDocument,
    LogHistogramDocument,
    LogOpenRequest,
    LogPageDocument,
    LogPageRequest,
    LogRecordDocument,
    LogSearchRequest,
    LogSourcesDocument,
    LogStateDocument,
    LogViewDocument,
)
from ainf_tui.domain.wire import known_keys, refuse_unknown

routes = Routes()

Ask = Annotated[str, Query(description="The request as JSON")]
_Model = TypeVar("_Model")


@routes.get("/logs/sources", response_model=LogSourcesDocument, tags=["logs"])
async def sources(here: Here) -> Response:
    """All logs that can be looked at, those of the newest run first."""
    return respond(await here.service.logs.sources())


@routes.get("/logs/open", response_model=LogViewDocument, tags=["logs"])
async def opened(here: Here, request: Request, ask: Ask = "{}") -> Response:
    """`ask`: LogOpenRequest. Opens a view, which ends a minute after the last question."""
    return respond(await here.service.logs.open(_asked(request, ask, LogOpenRequest)))


@routes.get("/logs/views/{view}/page", response_model=LogPageDocument, tags=["logs"])
async def page(here: Here, request: Request, view: str, ask: Ask = "{}") -> Response:
    """`ask`: LogPageRequest."""
    return respond(await here.service.logs.page(view, _asked(request, ask, LogPageRequest)))


@routes.get("/logs/views/{view}/find", response_model=LogFoundDocument, tags=["logs"])
async def find(here: Here, request: Request, view: str, ask: Ask) -> Response:
    """`ask`: LogFindRequest."""
    return respond(await here.service.logs.find(view, _asked(request, ask, LogFindRequest)))


@routes.get("/logs/views/{view}/search", response_model=LogStateDocument, tags=["logs"])
async def search(here: Here, request: Request, view: str, ask: Ask = "{}") -> Response:
    """`ask`: LogSearchRequest; it is searched behind, and `state` tells how far it has come."""
    return respond(await here.service.logs.search(view, _asked(request, ask, LogSearchRequest)))


@routes.get("/logs/views/{view}/records/{file}/{start}", response_model=LogRecordDocument, tags=["logs"])
async def record(here: Here, view: str, file: str, start: int) -> Response:
    """One record whole."""
    return respond(await here.service.logs.record(view, file, start))


@routes.get("/logs/views/{view}/state", response_model=LogStateDocument, tags=["logs"])
async def state(here: Here, view: str) -> Response:
    """What is known of the whole view by now."""
    return respond(await here.service.logs.state(view))


@routes.get("/logs/views/{view}/histogram", response_model=LogHistogramDocument, tags=["logs"])
async def histogram(here: Here, view: str, buckets: Annotated[int, Query(ge=1, le=1000)] = 60) -> Response:
    """Levels over the time of the whole view."""
    return respond(await here.service.logs.histogram(view, buckets))


@routes.get("/logs/views/{view}/close", status_code=200, response_model=None, tags=["logs"])
async def closed(here: Here, view: str) -> Response:
    """Nobody looks at it any more; a view that is unknown is no fault."""
    await here.service.logs.close(view)
    return respond({})


def _asked(request: Request, ask: str, model: type[_Model]) -> _Model:
    try:
        refuse_unknown(request.query_params.keys(), ["ask"])
        data = TypeAdapter(dict[str, Any]).validate_json(ask)
        return TypeAdapter(model).validate_python(known_keys(model, data))
    except ValidationError as error:
        raise RequestValidationError(
            [
                {"type": found["type"], "loc": ("ask", *found["loc"]), "msg": found["msg"]}
                for found in error.errors()
            ]
        ) from error
    except ValueError as error:
        raise RequestValidationError([{"type": "value_error", "loc": ("ask",), "msg": str(error)}]) from error

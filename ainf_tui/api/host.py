"""Routes about the machine and its GPUs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError

from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here
from ainf_tui.api.routes import Routes
from ainf_tui.domain.host_documents import HistoryDocument, HostDocument
from ainf_tui.domain.wire import refuse_unknown

routes = Routes()


@routes.get("/host", response_model=HostDocument, tags=["host"])
async def host(here: Here) -> Response:
    """The machine and its GPUs as of this second."""
    return respond(await here.service.host.host())


@routes.get("/host/history", response_model=HistoryDocument, tags=["host"])
async def history(here: Here, request: Request, points: Annotated[int, Query(ge=0, le=7200)] = 0) -> Response:
    """The last hour; `points`: at most so many averages a series, 0: as sampled."""
    try:
        refuse_unknown(request.query_params.keys(), ["points"])
    except ValueError as error:
        raise RequestValidationError(
            [{"type": "value_error", "loc": ("query",), "msg": str(error)}]
        ) from error
    return respond(await here.service.host.history(points=points))

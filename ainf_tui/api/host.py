"""Routes about the machine and its GPUs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here
from ainf_tui.domain.host_documents import HistoryDocument, HostDocument

router = APIRouter()


@router.get("/host", response_model=HostDocument, tags=["host"])
async def host(here: Here) -> Response:
    """The machine and its GPUs as of this second."""
    return respond(await here.service.host.host())


@router.get("/host/history", response_model=HistoryDocument, tags=["host"])
async def history(here: Here, points: Annotated[int, Query(ge=0, le=7200)] = 0) -> Response:
    """The last hour; `points`: at most so many averages a series, 0: as sampled."""
    return respond(await here.service.host.history(points=points))

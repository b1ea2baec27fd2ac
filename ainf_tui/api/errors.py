"""Routes of collected errors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BeforeValidator

from ainf_tui.api.actions import fit
from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here, Mutation
from ainf_tui.api.routes import Routes
from ainf_tui.domain.error_documents import (
    ClearedErrorsDocument,
    ClearErrorsRequest,
    ErrorDetailDocument,
    ErrorGroupPage,
    ErrorQuery,
    ErrorsRequest,
    ErrorTotalsDocument,
    ImportedErrorsDocument,
    ImportErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    ReportErrorsRequest,
    SplitErrorRequest,
)
from ainf_tui.domain.wire import refuse_unknown

routes = Routes("/errors", tags=["errors"])

ReportBody = Annotated[ReportErrorsRequest, BeforeValidator(partial(fit, ReportErrorsRequest))]
ImportBody = Annotated[ImportErrorsRequest, BeforeValidator(partial(fit, ImportErrorsRequest))]
Body = Annotated[ErrorsRequest, BeforeValidator(partial(fit, ErrorsRequest))]
MuteBody = Annotated[MuteErrorsRequest, BeforeValidator(partial(fit, MuteErrorsRequest))]
NoteBody = Annotated[NoteErrorRequest, BeforeValidator(partial(fit, NoteErrorRequest))]
MergeBody = Annotated[MergeErrorsRequest, BeforeValidator(partial(fit, MergeErrorsRequest))]
SplitBody = Annotated[SplitErrorRequest, BeforeValidator(partial(fit, SplitErrorRequest))]
ClearBody = Annotated[ClearErrorsRequest, BeforeValidator(partial(fit, ClearErrorsRequest))]


@routes.get("", response_model=ErrorGroupPage)
async def listed(
    here: Here,
    request: Request,
    *,
    states: Annotated[Sequence[str], Query()] = (),
    level: str = "",
    source: str = "",
    since: AwareDatetime | None = None,
    text: str = "",
    order: str = "inbox",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: str = "",
) -> Response:
    """A page of groups of errors; without `states` those that are neither resolved nor muted."""
    try:
        refuse_unknown(request.query_params.keys(), list(ErrorQuery.__dataclass_fields__))
    except ValueError as error:
        problem = {"type": "value_error", "loc": ("query",), "msg": str(error)}
        raise RequestValidationError([problem]) from error
    query = ErrorQuery(tuple(states), level, source, since, text, order, limit, after)
    return respond(await here.service.errors.listed(query))


@routes.get("/stats", response_model=ErrorTotalsDocument)
async def stats(here: Here) -> Response:
    """Exact totals by level and source, in all and in the last 24 hours."""
    return respond(await here.service.errors.stats())


@routes.get("/{error}", response_model=ErrorDetailDocument)
async def show(here: Here, error: str) -> Response:
    """One group, by number or fingerprint: what it means, and reports that were kept whole."""
    return respond(await here.service.errors.show(error))


@routes.post("", response_model=ErrorGroupPage, dependencies=[Mutation])
async def log(here: Here, body: ReportBody) -> Response:
    """Report errors; answered with their groups once they are stored."""
    return respond(await here.service.errors.log(body.reports))


@routes.post("/import", response_model=ImportedErrorsDocument, dependencies=[Mutation])
async def import_(here: Here, body: ImportBody) -> Response:
    """Report errors of the past, each with a key, so that the same one is not counted twice."""
    return respond(await here.service.errors.import_(body))


@routes.post("/seen", response_model=ErrorTotalsDocument, dependencies=[Mutation])
async def seen(here: Here) -> Response:
    """All was looked at: what is new is no longer."""
    return respond(await here.service.errors.seen())


@routes.post("/resolve", response_model=ErrorGroupPage, dependencies=[Mutation])
async def resolve(here: Here, body: Body) -> Response:
    """They are over; one that comes again is `regressed`."""
    return respond(await here.service.errors.resolve(body))


@routes.post("/reopen", response_model=ErrorGroupPage, dependencies=[Mutation])
async def reopen(here: Here, body: Body) -> Response:
    """Take resolve and mute back."""
    return respond(await here.service.errors.reopen(body))


@routes.post("/mute", response_model=ErrorGroupPage, dependencies=[Mutation])
async def mute(here: Here, body: MuteBody) -> Response:
    """Keep them out of the inbox, until a time or until they are reopened; they are counted all the same."""
    return respond(await here.service.errors.mute(body))


@routes.post("/note", response_model=ErrorGroupPage, dependencies=[Mutation])
async def note(here: Here, body: NoteBody) -> Response:
    """Write a note to a group."""
    return respond(await here.service.errors.note(body))


@routes.post("/merge", response_model=ErrorGroupPage, dependencies=[Mutation])
async def merge(here: Here, body: MergeBody) -> Response:
    """Make groups one; each fingerprint keeps its counts."""
    return respond(await here.service.errors.merge(body))


@routes.post("/split", response_model=ErrorGroupPage, dependencies=[Mutation])
async def split(here: Here, body: SplitBody) -> Response:
    """Give a merged fingerprint its own group back, as it was."""
    return respond(await here.service.errors.split(body))


@routes.post("/clear", response_model=ClearedErrorsDocument, dependencies=[Mutation])
async def clear(here: Here, body: ClearBody) -> Response:
    """Move groups to an archive file in the state folder."""
    return respond(await here.service.errors.clear(body))

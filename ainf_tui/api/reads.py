"""Routes that change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse

from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here
from ainf_tui.api.routes import Routes
from ainf_tui.domain.documents import JobDetailDocument, JobPageDocument, JobRowPage
from ainf_tui.domain.engine_service import JobQuery
from ainf_tui.domain.status_document import StatusDocument
from ainf_tui.domain.wire import VersionDocument, refuse_unknown
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.errors import NotFoundError

routes = Routes()

Kind = Literal["all", "open", "ended", "changed"]
Limit = Annotated[int, Query(ge=1, le=1000)]


@routes.get("/version", response_model=VersionDocument, tags=["engine"])
async def version(here: Here) -> Response:
    """Who answers; costs nothing."""
    return respond(here.describe())


@routes.get("/status", response_model=StatusDocument, tags=["engine"])
async def status(here: Here) -> Response:
    """One glance: engine, backends, queue, database, and what is wrong."""
    return respond(await here.service.status())


def _query(
    request: Request,
    *,
    kind: Kind = "all",
    states: Annotated[Sequence[str], Query()] = (),
    held: bool | None = None,
    refs: Annotated[Sequence[str], Query()] = (),
    batch: str = "",
    text: str = "",
    pack: str = "",
    character: str = "",
    backend: str = "",
    changed_since: Annotated[int | None, Query(ge=0)] = None,
    after: str | None = None,
) -> JobQuery:
    """`states` and `refs` may be given several times. `changed` needs `changed_since`."""
    query = JobQuery(
        kind=kind,
        states=tuple(states),
        held=held,
        refs=tuple(refs),
        batch=batch,
        text=text,
        pack=pack,
        character=character,
        backend=backend,
        changed_since=changed_since,
        after=after,
    )
    try:
        refuse_unknown(request.query_params.keys(), list(JobQuery.__dataclass_fields__))
    except ValueError as error:
        raise _refused("query", str(error)) from error
    if kind == "changed" and changed_since is None:
        raise _refused("changed_since", "kind=changed needs it")
    return query


def _refused(where: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("query", where), "msg": message}])


Asked = Annotated[JobQuery, Depends(_query)]


@routes.get("/jobs", response_model=JobPageDocument, tags=["jobs"])
async def jobs(here: Here, query: Asked, limit: Limit = 100) -> Response:
    """A page of jobs; `next` is the `after` of the following page."""
    return respond(await here.service.jobs(replace(query, limit=limit)))


@routes.get("/jobs/rows", response_model=JobRowPage, tags=["jobs"])
async def rows(here: Here, query: Asked, limit: Limit = 200) -> Response:
    """A page of jobs as light rows for a table; the same jobs in the same order."""
    return respond(await here.service.rows(replace(query, limit=limit)))


@routes.get("/jobs/{ref}", response_model=JobDetailDocument, tags=["jobs"])
async def job(here: Here, ref: str, *, brief: bool = False) -> Response:
    """One job and everything it was made of, by number, id or unique beginning of the id.

    `brief` leaves out the graph and the workflow, which can be large.
    """
    return respond(await here.service.job(ref, brief=brief))


@routes.get(
    "/jobs/{ref}/outputs/{index}",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}}},
    tags=["jobs"],
)
async def output(here: Here, ref: str, index: int) -> Response:
    """The bytes of a fetched output, with their length; `index` counts from 0."""
    path = await here.service.output(ref, index)
    if not await asyncio.to_thread(_is_file, path):
        raise NotFoundError(
            "outputs.file_gone",
            f"the file of output {index} of job {ref} is no longer at {path}",
            hint="It was moved or removed after it was fetched; `ainf queue show` names its hash.",
        )
    return FileResponse(path)


def _is_file(path: Path) -> bool:
    return path.is_file()


@routes.get("/workflows", response_model=list[Pack], tags=["workflows"])
async def workflows(here: Here) -> Response:
    """Every workflow pack."""
    return respond(await here.service.packs())


@routes.get("/workflows/{pack_id}", response_model=Pack, tags=["workflows"])
async def workflow(here: Here, pack_id: str) -> Response:
    """One workflow pack with its inputs and graph."""
    packs = await here.service.packs()
    found = next((pack for pack in packs if pack.id == pack_id), None)
    if found is None:
        raise _no_such("workflows.not_found", "workflow", pack_id, [pack.id for pack in packs])
    return respond(found)


@routes.get("/presets", response_model=list[Preset], tags=["workflows"])
async def presets(here: Here) -> Response:
    """Every preset."""
    return respond(await here.service.presets())


@routes.get("/presets/{preset_id}", response_model=Preset, tags=["workflows"])
async def preset(here: Here, preset_id: str) -> Response:
    """One preset."""
    known = await here.service.presets()
    found = next((preset for preset in known if preset.id == preset_id), None)
    if found is None:
        raise _no_such("presets.not_found", "preset", preset_id, [preset.id for preset in known])
    return respond(found)


def _no_such(code: str, noun: str, name: str, known: list[str]) -> NotFoundError:
    return NotFoundError(
        code,
        f"there is no {noun} {name!r}",
        hint=f"There are: {', '.join(known)}." if known else f"There is no {noun} at all.",
        details={"known": known},
    )

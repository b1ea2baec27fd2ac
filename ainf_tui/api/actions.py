"""Routes that change something; each passes through `mutation`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Response
from pydantic import BeforeValidator

from ainf_tui.api.codec import Listed, encode, respond
from ainf_tui.api.context import Here, Mutation
from ainf_tui.api.routes import Routes
from ainf_tui.domain.documents import FreedDocument, JobsDocument, QueueDocument
from ainf_tui.domain.engine_service import BackendSpec, CountDocument
from ainf_tui.domain.requests import (
    ClearRequest,
    FreeRequest,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
)
from ainf_tui.domain.wire import (
    ASKABLE_REASONS,
    BackendAddedDocument,
    StoppingDocument,
    StopRequest,
    known_keys,
)
from ainf_tui.errors import UsageError

routes = Routes(dependencies=[Mutation])


def fit(model: type[Any], data: Any) -> Any:
    """Before anything is read: no unknown key, and no text that UTF-8 (and so a database) cannot hold."""
    encode(data)
    return known_keys(model, data)


RunBody = Annotated[RunRequest, BeforeValidator(partial(fit, RunRequest))]
JobsBody = Annotated[JobsRequest, BeforeValidator(partial(fit, JobsRequest))]
RetryBody = Annotated[RetryRequest, BeforeValidator(partial(fit, RetryRequest))]
MoveBody = Annotated[MoveRequest, BeforeValidator(partial(fit, MoveRequest))]
ClearBody = Annotated[ClearRequest, BeforeValidator(partial(fit, ClearRequest))]
FreeBody = Annotated[FreeRequest, BeforeValidator(partial(fit, FreeRequest))]
BackendBody = Annotated[BackendSpec, BeforeValidator(partial(fit, BackendSpec))]
StopBody = Annotated[StopRequest, BeforeValidator(partial(fit, StopRequest))]


@routes.post("/jobs", response_model=JobsDocument, tags=["jobs"])
async def submit(here: Here, body: RunBody) -> Response:
    """Make jobs from a pack or a graph. The same `request_id` again gives the same jobs."""
    listed = Listed()
    notices = await here.service.submit(body, listed.take)
    return listed.respond("jobs", JobsDocument((), notices))


@routes.post("/jobs/cancel", response_model=JobsDocument, tags=["jobs"])
async def cancel(here: Here, body: JobsBody) -> Response:
    """Take waiting jobs off, interrupt running ones of ours."""
    return respond(await here.service.cancel(body))


@routes.post("/jobs/retry", response_model=JobsDocument, tags=["jobs"])
async def retry(here: Here, body: RetryBody) -> Response:
    """New jobs from ended ones."""
    return respond(await here.service.retry(body))


@routes.post("/jobs/hold", response_model=JobsDocument, tags=["jobs"])
async def hold(here: Here, body: JobsBody) -> Response:
    """Keep waiting jobs from being sent."""
    return respond(await here.service.hold(body))


@routes.post("/jobs/release", response_model=JobsDocument, tags=["jobs"])
async def release(here: Here, body: JobsBody) -> Response:
    """Let held jobs be sent."""
    return respond(await here.service.release(body))


@routes.post("/jobs/move", response_model=JobsDocument, tags=["jobs"])
async def move(here: Here, body: MoveBody) -> Response:
    """Change the place in the queue."""
    return respond(await here.service.move(body))


@routes.post("/jobs/clear", response_model=CountDocument, tags=["jobs"])
async def clear(here: Here, body: ClearBody) -> Response:
    """Forget ended jobs; their files stay."""
    return respond(await here.service.clear(body))


@routes.post("/queue/pause", response_model=QueueDocument, tags=["queue"])
async def pause(here: Here) -> Response:
    """Send nothing more."""
    return respond(await here.service.pause())


@routes.post("/queue/resume", response_model=QueueDocument, tags=["queue"])
async def resume(here: Here) -> Response:
    """Send again."""
    return respond(await here.service.resume())


@routes.post("/backends", response_model=BackendAddedDocument, tags=["engine"])
async def ensure_backend(here: Here, body: BackendBody) -> Response:
    """Make a caller's backend known; one whose URL is known already stays as it is."""
    name, added = await here.service.ensure_backend(body)
    return respond(BackendAddedDocument(name=name, added=added))


@routes.post("/backends/free", response_model=FreedDocument, tags=["engine"])
async def free(here: Here, body: FreeBody | None = None) -> Response:
    """Ask ComfyUI to let go of its models and of what it keeps of earlier runs, once no prompt runs."""
    return respond(await here.service.memory.free(body or FreeRequest()))


@routes.post("/engine/stop", response_model=StoppingDocument, tags=["engine"])
async def stop(here: Here, body: StopBody | None = None) -> Response:
    """End soon, whatever is going on; jobs stay stored."""
    reason = (body or StopRequest()).reason
    if reason not in ASKABLE_REASONS:
        raise UsageError(
            "api.bad_request",
            f"{reason!r} is no reason to stop; there are {', '.join(ASKABLE_REASONS)}",
            hint="The API's description is in docs/openapi.json.",
        )
    here.stop(reason)
    return respond(StoppingDocument(pid=here.identity.pid, reason=reason))

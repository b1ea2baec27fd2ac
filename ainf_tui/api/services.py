"""Routes of the services and their run logs."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Response
from pydantic import BeforeValidator

from ainf_tui.api.actions import fit
from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here, Mutation
from ainf_tui.api.routes import Routes
from ainf_tui.domain.service_documents import (
    LogTextDocument,
    PortsDocument,
    RunsDocument,
    ServiceDetailDocument,
    ServicesDocument,
    ServicesRequest,
)

routes = Routes(tags=["services"])

Body = Annotated[ServicesRequest, BeforeValidator(partial(fit, ServicesRequest))]


@routes.get("/services", response_model=ServicesDocument)
async def listed(here: Here) -> Response:
    """Every service as it stands; `notices` tells what is wrong with the definitions."""
    return respond(await here.service.services.listed())


@routes.get("/services/ports", response_model=PortsDocument)
async def ports(here: Here) -> Response:
    """Every declared port and who listens on it."""
    return respond(await here.service.services.ports())


@routes.get("/services/{name}", response_model=ServiceDetailDocument)
async def show(here: Here, name: str) -> Response:
    """One service: declaration, owners of its ports, newest events, end of its log."""
    return respond(await here.service.services.show(name))


@routes.get("/services/{name}/log", response_model=LogTextDocument)
async def log(
    here: Here,
    name: str,
    start: Annotated[int | None, Query(ge=0)] = None,
    limit: Annotated[int, Query(ge=1, le=1_048_576)] = 65_536,
) -> Response:
    """A piece of its log: from `start` on, without it the end. Ask again with `next` for what follows."""
    return respond(await here.service.services.log(name, start=start, limit=limit))


@routes.get("/runs", response_model=RunsDocument)
async def runs(here: Here) -> Response:
    """The runs that are kept, newest first."""
    return respond(await here.service.services.runs())


@routes.post("/services/start", response_model=ServicesDocument, dependencies=[Mutation])
async def start(here: Here, body: Body) -> Response:
    """Begin to start these (none named: all), with what they depend on; how it goes on is told live."""
    return respond(await here.service.services.start(body))


@routes.post("/services/stop", response_model=ServicesDocument, dependencies=[Mutation])
async def stop(here: Here, body: Body) -> Response:
    """Begin to stop these (none named: all), each after what depends on it."""
    return respond(await here.service.services.stop(body))


@routes.post("/services/restart", response_model=ServicesDocument, dependencies=[Mutation])
async def restart(here: Here, body: Body) -> Response:
    """Stop and start again; one that does not run is started."""
    return respond(await here.service.services.restart(body))


@routes.post("/services/adopt", response_model=ServicesDocument, dependencies=[Mutation])
async def adopt(here: Here, body: Body) -> Response:
    """Use what listens on the service's port already, whoever started it."""
    return respond(await here.service.services.adopt(body))


@routes.post("/services/up", response_model=ServicesDocument, dependencies=[Mutation])
async def up(here: Here, body: Body) -> Response:
    """Begin to start all that start by themselves."""
    return respond(await here.service.services.up(body))


@routes.post("/services/down", response_model=ServicesDocument, dependencies=[Mutation])
async def down(here: Here, body: Body) -> Response:
    """Begin to stop all; adopted ones only where they were confirmed."""
    return respond(await here.service.services.down(body))

"""Routes of the system check."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Response
from pydantic import BeforeValidator

from ainf_tui.api.actions import fit
from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here, Mutation
from ainf_tui.api.routes import Routes
from ainf_tui.domain.check_documents import ChecksDocument, FixedDocument, FixRequest

routes = Routes()
FixBody = Annotated[FixRequest, BeforeValidator(partial(fit, FixRequest))]


@routes.get("/checks", response_model=ChecksDocument, tags=["checks"])
async def checks(here: Here) -> Response:
    """Look at everything now; seconds, a minute where a torch is read from a cold disk."""
    return respond(await here.service.checks.run())


@routes.post("/checks/fix", response_model=FixedDocument, tags=["checks"], dependencies=[Mutation])
async def fix(here: Here, body: FixBody) -> Response:
    """Carry out a fix that a check offers, by its id and the steps that were shown."""
    return respond(await here.service.checks.fix(body))


@routes.get(
    "/checks/bundle",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
    tags=["checks"],
)
async def bundle(here: Here) -> Response:
    """The debug bundle, a zip."""
    return Response(await here.service.checks.bundle(), media_type="application/zip")

"""Routes about the ComfyUI of this box. Starting and stopping it is the services'."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Response
from pydantic import BeforeValidator

from ainf_tui.api.actions import fit
from ainf_tui.api.codec import respond
from ainf_tui.api.context import Here, Mutation
from ainf_tui.api.routes import Routes
from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodesDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
)

routes = Routes("/comfyui", tags=["comfyui"])

InstallBody = Annotated[InstallRequest, BeforeValidator(partial(fit, InstallRequest))]
NodeBody = Annotated[NodeRequest, BeforeValidator(partial(fit, NodeRequest))]


@routes.get("", response_model=ComfyUIDocument)
async def info(here: Here) -> Response:
    """What is installed, what is being done to it, and what can be done."""
    return respond(await here.service.comfyui.info())


@routes.post("/install", response_model=ComfyUIDocument, dependencies=[Mutation])
async def install(here: Here, body: InstallBody | None = None) -> Response:
    """Begin to install it, or go on where that was cut off. The topic `comfyui` tells how it goes."""
    return respond(await here.service.comfyui.install(body or InstallRequest()))


@routes.post("/update", response_model=ComfyUIDocument, dependencies=[Mutation])
async def update(here: Here, body: InstallBody | None = None) -> Response:
    """Begin to bring it to a newer version; the commit of now is kept for a rollback."""
    return respond(await here.service.comfyui.update(body or InstallRequest()))


@routes.post("/rollback", response_model=ComfyUIDocument, dependencies=[Mutation])
async def rollback(here: Here, body: InstallBody | None = None) -> Response:
    """Begin to go back to the commit before the last update."""
    return respond(await here.service.comfyui.rollback(body or InstallRequest()))


@routes.post("/cancel", response_model=ComfyUIDocument, dependencies=[Mutation])
async def cancel(here: Here) -> Response:
    """End the task that runs, and its processes. What is done stays."""
    return respond(await here.service.comfyui.cancel())


@routes.get("/nodes", response_model=CustomNodesDocument)
async def nodes(here: Here) -> Response:
    """The custom nodes, and how ComfyUI's last start went for each."""
    return respond(await here.service.comfyui.nodes())


@routes.post("/nodes/plan", response_model=PlanDocument, dependencies=[Mutation])
async def plan_node(here: Here, body: NodeBody) -> Response:
    """Fetch a custom node aside and tell what installing it would run."""
    return respond(await here.service.comfyui.plan_node(body))


@routes.post("/nodes/install", response_model=ComfyUIDocument, dependencies=[Mutation])
async def install_node(here: Here, body: NodeBody) -> Response:
    """Begin to carry out a plan, by its token."""
    return respond(await here.service.comfyui.install_node(body))


@routes.post("/nodes/update", response_model=ComfyUIDocument, dependencies=[Mutation])
async def update_node(here: Here, body: NodeBody) -> Response:
    """Begin to bring a custom node to its newest commit."""
    return respond(await here.service.comfyui.update_node(body))


@routes.post("/nodes/enable", response_model=CustomNodesDocument, dependencies=[Mutation])
async def enable_node(here: Here, body: NodeBody) -> Response:
    """Let ComfyUI load it at its next start."""
    return respond(await here.service.comfyui.enable_node(body))


@routes.post("/nodes/disable", response_model=CustomNodesDocument, dependencies=[Mutation])
async def disable_node(here: Here, body: NodeBody) -> Response:
    """Keep ComfyUI from loading it at its next start."""
    return respond(await here.service.comfyui.disable_node(body))


@routes.post("/nodes/remove", response_model=CustomNodesDocument, dependencies=[Mutation])
async def remove_node(here: Here, body: NodeBody) -> Response:
    """Move it to the trash folder."""
    return respond(await here.service.comfyui.remove_node(body))

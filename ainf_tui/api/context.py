"""What a request may reach, and the one door through which every change passes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from ainf_tui.api.live import LiveHub
from ainf_tui.domain.engine_service import EngineService
from ainf_tui.domain.wire import API_REVISION, READ_ONLY_HEADER, VersionDocument, read_only_error
from ainf_tui.errors import UnreachableError
from ainf_tui.store import Store

_STOP_PATH = "/v1/engine/stop"  # To be asked twice is no mistake.


class Activity:
    """Who is here: open requests and the monotonic time of the last one."""

    def __init__(self) -> None:
        self.open = 0
        self.last = time.monotonic()

    def begin(self) -> None:
        self.open += 1
        self.last = time.monotonic()

    def end(self) -> None:
        self.open -= 1
        self.last = time.monotonic()


@dataclass(slots=True)
class Context:
    """Belongs to one app. `stopping` is the reason, once somebody has asked for the end."""

    service: EngineService
    store: Store
    live: LiveHub
    activity: Activity
    identity: VersionDocument
    stopping: str = ""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def describe(self) -> VersionDocument:
        """Costs nothing: what changes comes from the store."""
        return describe(self.identity, self.store)

    def stop(self, reason: str) -> None:
        """Only the first reason counts."""
        if self.stopping:
            return
        self.stopping = reason
        self.service.request_stop(reason)
        self.stopped.set()


def describe(identity: VersionDocument, store: Store) -> VersionDocument:
    """`identity` with the present `busy` and `backends`."""
    queue, task = store.state.queue, store.state.comfyui.task
    return VersionDocument(
        version=identity.version,
        api=API_REVISION,
        pid=identity.pid,
        since=identity.since,
        home=identity.home,
        busy=queue.queued + queue.submitted + queue.running > 0
        or (task is not None and task.state == "running"),
        backends=tuple(backend.url for backend in store.state.backends),
    )


def context(connection: HTTPConnection) -> Context:
    """The app's own."""
    found = connection.app.state.context
    if not isinstance(found, Context):
        raise TypeError("the app was built without a context")
    return found


async def mutation(request: Request) -> None:
    """The one gate: every route that changes something depends on it.

    Raises ForbiddenError(`api.read_only`) for a front end that may only look, UnreachableError
    (`engine.stopping`) at the end: what is begun is finished, nothing new is taken in.
    """
    if request.headers.get(READ_ONLY_HEADER, "0") != "0":
        raise read_only_error(f"{request.method} {request.url.path}")
    if context(request).stopping and request.url.path != _STOP_PATH:
        raise UnreachableError(
            "engine.stopping",
            "the engine is ending and takes in nothing new",
            hint="Run the command again: it starts a new engine.",
        )


Here = Annotated[Context, Depends(context)]
Mutation = Depends(mutation)

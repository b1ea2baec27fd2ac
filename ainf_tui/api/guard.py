"""The outermost layer: counts who is here, and turns a bug into an answer that betrays nothing."""

from __future__ import annotations

import logging
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ainf_tui.api.codec import respond_error
from ainf_tui.api.context import Activity
from ainf_tui.errors import AinfError

_LOG = logging.getLogger(__name__)


class Guard:
    """ASGI middleware. An exception nobody expected goes to the engine's log with a reference; the
    client gets the reference alone.
    """

    def __init__(self, app: ASGIApp, activity: Activity) -> None:
        self._app = app
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        self._activity.begin()
        try:
            await self._answer(scope, receive, send)
        finally:
            self._activity.end()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            reference = secrets.token_hex(4)
            what = f"{scope.get('method', 'WS')} {scope['path']}"
            _LOG.exception("engine.bug reference=%s request=%r", reference, what)
            if begun or scope["type"] != "http":
                # Too late for an answer: a cut connection is what the client can tell from a whole one.
                raise
            await respond_error(_bug(reference))(scope, receive, send)


def _bug(reference: str) -> AinfError:
    return AinfError(
        "engine.bug",
        f"the engine met a bug of its own (reference {reference})",
        hint=f"`ainf engine logs` shows what happened beside the reference {reference}.",
        details={"reference": reference},
    )

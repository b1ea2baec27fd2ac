"""One request to the engine: its target, its deadline, its failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import quote, urlencode

from ainf_tui.client.codec import error_of
from ainf_tui.client.transport import DEADLINE, Answer, Transport
from ainf_tui.errors import UnreachableError

Params = Mapping[str, str | int | float | bool | Sequence[str] | None]


class Caller:
    """Requests over a transport. `deadline`: seconds for one whole answer."""

    def __init__(self, transport: Transport, deadline: float = DEADLINE) -> None:
        self._transport = transport
        self._deadline = deadline

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
    ) -> bytes:
        """The body of a 2xx answer; any other is raised as what it says.

        `deadline`: seconds for all of it.
        """
        seconds = self._deadline if deadline is None else deadline
        try:
            async with (
                asyncio.timeout(seconds),
                self._transport.open(method, target(path, params), body) as answer,
            ):
                data = await answer.read()
        except TimeoutError as error:
            raise late(f"{method} {path}", seconds) from error
        if not 200 <= answer.status < 300:
            raise error_of(answer.status, data)
        return data

    @asynccontextmanager
    async def stream(self, method: str, path: str) -> AsyncIterator[Answer]:
        """An open answer, for bodies that are too large for memory; each chunk has the call's deadline."""
        async with self._transport.open(method, target(path)) as answer:
            if not 200 <= answer.status < 300:
                raise error_of(answer.status, await answer.read())
            chunks = _timely(answer.body, f"{method} {path}", self._deadline)
            yield Answer(answer.status, answer.headers, chunks)


def target(path: str, params: Params | None = None) -> str:
    """Path and query as they are sent. None leaves a parameter out; a sequence repeats it."""
    pairs: list[tuple[str, str]] = []
    for name, value in (params or {}).items():
        if value is None:
            continue
        values = [value] if isinstance(value, str | int | float) else value
        pairs += [(name, str(item).lower() if isinstance(item, bool) else str(item)) for item in values]
    return f"{path}?{urlencode(pairs, errors='replace')}" if pairs else path


def segment(ref: str | int) -> str:
    """A job's number or id as one part of a path, whatever the user typed."""
    return quote(str(ref), safe="", errors="replace")


def late(what: str, seconds: float) -> UnreachableError:
    return UnreachableError(
        "engine.timeout",
        f"the engine did not answer {what} within {seconds:g} s",
        hint="`ainf engine logs` shows what it is at; `ainf queue list` shows what has become of it.",
    )


async def _timely(chunks: AsyncIterator[bytes], what: str, seconds: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            raise late(what, seconds) from error
        if chunk is None:
            return
        yield chunk

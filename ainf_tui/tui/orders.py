"""The one way from the screens to the engine: typed calls, each kept in the command log."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from ainf_tui.domain.check_documents import FixedDocument, FixRequest
from ainf_tui.domain.documents import CountDocument, JobsDocument, QueueDocument
from ainf_tui.domain.requests import ClearRequest, JobsRequest, MoveRequest, RetryRequest, RunRequest
from ainf_tui.errors import AinfError, UnreachableError
from ainf_tui.frozen import frozen
from ainf_tui.tui import asked
from ainf_tui.tui.orders_comfyui import ComfyUIOrders
from ainf_tui.tui.orders_errors import ErrorOrders
from ainf_tui.tui.orders_services import ServiceOrders
from ainf_tui.tui.ports import EngineClient

T = TypeVar("T")
KEPT = 1000
"""Entries of the command log."""


@frozen
class Order:
    """One entry of the command log. `error` is empty where it was done."""

    number: int
    at: datetime
    line: str
    """The `ainf` command that does the same."""
    seconds: float
    result: str
    error: str = ""


class Orders:
    """Asks and remembers. Every method raises AinfError children, as the client does."""

    def __init__(self, client: Callable[[], EngineClient | None]) -> None:
        self._client = client
        self._count = 0
        self.log: deque[Order] = deque(maxlen=KEPT)
        self.on_logged: Callable[[Order], None] | None = None
        self.services = ServiceOrders(self._do)
        self.comfyui = ComfyUIOrders(self._do)
        self.errors = ErrorOrders(self._do)

    async def run(self, request: RunRequest) -> JobsDocument:
        return await self._do(asked.run_line(request), lambda c: c.jobs.submit(request), _made)

    async def cancel(self, request: JobsRequest) -> JobsDocument:
        line = asked.jobs_line("cancel", request)
        return await self._do(line, lambda c: c.jobs.cancel(request), _done)

    async def hold(self, request: JobsRequest) -> JobsDocument:
        line = asked.jobs_line("hold", request)
        return await self._do(line, lambda c: c.jobs.hold(request), _done)

    async def release(self, request: JobsRequest) -> JobsDocument:
        line = asked.jobs_line("release", request)
        return await self._do(line, lambda c: c.jobs.release(request), _done)

    async def retry(self, request: RetryRequest) -> JobsDocument:
        return await self._do(asked.retry_line(request), lambda c: c.jobs.retry(request), _made)

    async def move(self, request: MoveRequest) -> JobsDocument:
        return await self._do(asked.move_line(request), lambda c: c.jobs.move(request), _done)

    async def clear(self, request: ClearRequest) -> CountDocument:
        line = asked.clear_line(request)
        return await self._do(line, lambda c: c.jobs.clear(request), lambda d: f"{d.count} removed")

    async def pause(self) -> QueueDocument:
        return await self._do(asked.line("queue", "pause"), lambda c: c.queue.pause(), lambda _: "paused")

    async def resume(self) -> QueueDocument:
        return await self._do(asked.line("queue", "resume"), lambda c: c.queue.resume(), lambda _: "goes on")

    async def fix(self, request: FixRequest) -> FixedDocument:
        line = asked.line("doctor", "--fix")
        return await self._do(
            line, lambda c: c.checks.fix(request), lambda d: "done" if d.done else "not done"
        )

    async def _do(
        self, line: str, work: Callable[[EngineClient], Awaitable[T]], told: Callable[[T], str]
    ) -> T:
        begun, at = time.monotonic(), datetime.now(UTC)
        try:
            client = self._client()
            if client is None:
                raise UnreachableError(
                    "engine.unreachable",
                    "there is no engine to ask just now",
                    hint="Nothing was done. The header says how things stand; try again when it is back.",
                )
            found = await work(client)
        except AinfError as error:
            self.note(line, at, time.monotonic() - begun, "", f"{error.code}: {error.message}")
            raise
        self.note(line, at, time.monotonic() - begun, told(found))
        return found

    def note(self, line: str, at: datetime, seconds: float, result: str, error: str = "") -> None:
        """Keeps an entry; also of what was asked on the command line of the app."""
        self._count += 1
        order = Order(self._count, at, line, seconds, result, error)
        self.log.append(order)
        if self.on_logged is not None:
            self.on_logged(order)


def _made(found: JobsDocument) -> str:
    numbers = [job.number for job in found.jobs]
    if not numbers:
        return "no job"
    return (
        f"#{numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} jobs, #{min(numbers)} to #{max(numbers)}"
    )


def _done(found: JobsDocument) -> str:
    numbers = [job.number for job in found.jobs]
    if len(numbers) > 3:
        return f"{len(numbers)} jobs"
    return ", ".join(f"#{number}" for number in numbers) or "no job"

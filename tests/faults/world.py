"""A box in small and what users do with it: submit, ask, wait until the dust has settled."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ainf_tui.client.client import Client
from ainf_tui.domain.documents import JobDocument, JobPageDocument
from ainf_tui.domain.requests import JobQuery, RunRequest
from ainf_tui.errors import AinfError, ConflictError, UnreachableError
from tests.faults.box import STEP, Box
from tests.faults.graphs import graph, write_graph
from tests.faults.processes import Child

__all__ = ["STEP", "Wanted", "World"]

T = TypeVar("T")

ACT_SECONDS = 45.0
ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(slots=True)
class Wanted:
    """A job that was asked for. `sure`: the engine has said that it has it."""

    text: str
    seed: int
    sure: bool = False
    cancelled: bool = False
    id: str = ""


async def _page(query: JobQuery, client: Client) -> JobPageDocument:
    return await client.jobs.list(query)


class World(Box):
    """A box whose jobs are known by what was asked for. `first_seed`: of the first job; texts follow it."""

    def __init__(self, folder: Path, *, first_seed: int = 1000, **box: Any) -> None:
        super().__init__(folder, **box)
        self.wanted: dict[str, Wanted] = {}
        self._seeds = itertools.count(first_seed)

    # -- front ends --------------------------------------------------------------------------------
    def front_end(self, *, steps: int = 8) -> tuple[Child, Wanted]:
        """`ainf run FILE --wait --json` with a job of its own."""
        wanted = self._want()
        path = write_graph(self.folder / f"graph-{wanted.seed}.json", wanted.text, wanted.seed, steps)
        return self.ainf("run", str(path), "--wait", "--json", "--timeout", "90"), wanted

    def _want(self) -> Wanted:
        seed = next(self._seeds)
        wanted = Wanted(f"a red bicycle number {seed}", seed)
        self.wanted[wanted.text] = wanted
        return wanted

    # -- what is asked of the engine ---------------------------------------------------------------
    async def act(self, call: Callable[[Client], Awaitable[T]]) -> T | None:
        """Asks until an engine answers; None if it says that it is too late for that."""
        give_up = time.monotonic() + ACT_SECONDS
        while True:
            try:
                return await call(self.client)
            except ConflictError:
                return None
            except UnreachableError:
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(0.05)

    async def submit(self, *, steps: int = 4, priority: int = 0, held: bool = False) -> Wanted:
        """One job; repeated with the same request id until the engine has said that it has it."""
        wanted = self._want()
        request = RunRequest(
            request_id=str(uuid.uuid4()),
            graph=graph(wanted.text, wanted.seed, steps),
            name="fault.json",
            priority=priority,
            held=held,
        )
        made = await self.act(lambda client: client.jobs.submit(request))
        assert made is not None
        (job,) = made.jobs
        wanted.sure, wanted.id = True, job.id
        return wanted

    async def jobs(self) -> dict[str, JobDocument]:
        """All jobs by id, once an engine answers."""
        found: dict[str, JobDocument] = {}
        after: str | None = None
        while True:
            page = await self.act(partial(_page, JobQuery(kind="all", limit=500, after=after)))
            assert page is not None
            found |= {job.id: job for job in page.jobs}
            after = page.next
            if after is None:
                return found

    async def state(self, wanted: Wanted) -> str:
        return (await self.jobs())[wanted.id].state

    async def until(self, condition: Callable[[dict[str, JobDocument]], bool], seconds: float = 3.0) -> bool:
        """Whether it came true in time; with processes dying around it, it need not."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if condition(await self.jobs()):
                return True
            await asyncio.sleep(0.03)
        return False

    async def until_state(self, wanted: Wanted, *states: str, seconds: float = 3.0) -> bool:
        return await self.until(lambda jobs: jobs[wanted.id].state in states, seconds)

    # -- the end -----------------------------------------------------------------------------------
    async def settle(self, seconds: float = 40.0) -> float:
        """Waits until front ends and jobs have ended; seconds since the newest death, or AssertionError."""
        self.keeping = True
        give_up = time.monotonic() + seconds
        stuck: list[str] = []
        while time.monotonic() < give_up:
            with suppress(AinfError):
                jobs = await self.jobs()
                stuck = [
                    f"#{j.number} {j.state} {j.blocked or ''}" for j in jobs.values() if j.state not in ENDED
                ]
                waiting = [child for child in self._fronts if child.code is None]
                if not stuck and not waiting:
                    return time.monotonic() - self.last_blow
                stuck += [f"{child.label} has not ended" for child in waiting]
            await asyncio.sleep(0.05)
        raise AssertionError(f"stuck after {seconds:g} s: {'; '.join(stuck)}\n{self.engine_words()}")

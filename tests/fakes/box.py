"""A whole engine in the test's own loop: simulators, a real database, the service, and fast timing.

Nothing here sleeps: `until` looks again each time the store tells of a change, and otherwise a few
times a second for what only the server knows.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from ainf_tui.adapters.comfy import dial
from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.http import HttpComfyServer
from ainf_tui.adapters.comfy.socket import WebComfySocket
from ainf_tui.adapters.comfy.transport import Deadlines
from ainf_tui.adapters.db import engine as database
from ainf_tui.adapters.error_archive import FileArchive
from ainf_tui.adapters.gpu.choose import NoGpus
from ainf_tui.adapters.host.disks import Disks
from ainf_tui.adapters.host.machine import SystemMachine
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.comfy import Accepted, PromptRequest
from ainf_tui.domain.documents import JobDocument, JobsDocument
from ainf_tui.domain.jobs import Job
from ainf_tui.domain.ports import ComfyServer, ComfySocket
from ainf_tui.domain.ports_host import Machine
from ainf_tui.domain.requests import JobQuery, RunRequest
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Context, Tuning
from ainf_tui.engine.engine import Catalog, Engine
from ainf_tui.engine.service import Service
from ainf_tui.locations import Locations, locate
from ainf_tui.runtime import catalog
from ainf_tui.runtime_comfyui import comfyui_manager
from ainf_tui.settings import Settings
from ainf_tui.store import Previews, Store
from tests.fakes.checks import FakeInspector
from tests.fakes.logs import logs_of
from tests.fakes.sim import Sim, SimTask
from tests.fakes.supervised import nothing_supervised

SECONDS = 12.0
"""How long a test waits for what must come, on a machine with much else to do."""
AGAIN = 0.05
"""Between two looks at what no change of the store tells of."""

FAST = Tuning(
    poll_busy=0.05, poll_idle=0.4, look_apart=0.05, publish_every=0.005, save_every=0.05, watch_for=60.0
)
SHORTER: Mapping[str, Any] = {
    "ainf_tui.engine.dispatch.NOT_SENT_AGAIN": 0.05,
    "ainf_tui.engine.fetch.DISK_AGAIN": 0.1,
    "ainf_tui.engine.fetch.SERVER_AGAIN": 0.1,
    "ainf_tui.engine.orders.INTERRUPT_AGAIN": 0.1,
    "ainf_tui.engine.worker.UNREACHABLE_AGAIN": 0.05,
    "ainf_tui.engine.backend.AFTER_END": 0.05,
    "ainf_tui.engine.submission.FIRST_ANSWER": 1.0,
}
"""Pauses that are seconds for people and servers, and nothing that a test waits for."""
TIMING = dial.SocketTiming(settle_loopback=0.02, backoff_first=0.02, backoff_most=0.1, rejected_least=0.05)


@dataclass(slots=True)
class Wire:
    """What a test does to the calls of one backend; the server's own faults do the rest."""

    identity: str | None = ""
    """Of the process behind it; empty: cannot be told; None: the real one, which is the test's own."""
    swallow: list[Exception] = field(default_factory=list)
    """Each is raised instead of one POST /prompt, which never leaves."""
    posts: list[str] = field(default_factory=list)
    """Prompt ids of all POSTs that were tried."""
    freed: int = 0
    """Calls of POST /free."""


class WiredServer(HttpComfyServer):
    """The real client, with the test's hand on it."""

    def __init__(self, address: BackendAddress, deadlines: Deadlines, wire: Wire) -> None:
        super().__init__(address, deadlines)
        self._wire = wire

    async def submit(self, request: PromptRequest) -> Accepted:
        self._wire.posts.append(request.prompt_id)
        if self._wire.swallow:
            raise self._wire.swallow.pop(0)
        return await super().submit(request)

    async def free(self, *, unload_models: bool, free_memory: bool) -> None:
        self._wire.freed += 1
        await super().free(unload_models=unload_models, free_memory=free_memory)

    async def process_identity(self) -> str:
        return await super().process_identity() if self._wire.identity is None else self._wire.identity


class Servers:
    """The ComfyUIs of a box, and what a test does to them behind the engine's back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outputs = folder / "outputs"
        self.specs: list[BackendSpec] = []
        self.sims: dict[str, Sim] = {}
        self.wires: dict[str, Wire] = {}
        self.prompt_deadline = 5.0
        self._stack = AsyncExitStack()

    @property
    def sim(self) -> Sim:
        """The only one, or the first."""
        return next(iter(self.sims.values()))

    @property
    def wire(self) -> Wire:
        return next(iter(self.wires.values()))

    async def add_sim(self, name: str = "default", *, start: bool = True, **options: Any) -> SimTask:
        """A simulator and its backend; before `start`. Not started, it refuses connections on its port."""
        sim = SimTask(self.folder / f"sim-{name}", **options)
        await sim.start()
        self._stack.push_async_callback(sim.kill)
        if not start:
            await sim.kill()
        self.sims[name] = sim
        self.add_backend(name, sim.url)
        return sim

    def add_backend(self, name: str, url: str) -> None:
        self.specs = [*(s for s in self.specs if s.name != name), BackendSpec(name, url)]
        self.wires.setdefault(name, Wire())

    def connect(self, spec: BackendSpec, client_id: str) -> tuple[ComfyServer, ComfySocket]:
        """For the engine."""
        address = BackendAddress(url=spec.url)
        deadlines = Deadlines(prompt=self.prompt_deadline, view=2.0)
        wire = self.wires.setdefault(spec.name.partition(" at ")[0], Wire())
        return WiredServer(address, deadlines, wire), WebComfySocket(address, client_id, timing=TIMING)

    async def hold(self, step: int = 1, name: str = "default") -> None:
        """Samplers stop after that step until `let_go`."""
        await self.sims[name].faults(hold_at_step=step)

    async def let_go(self, name: str = "default") -> None:
        await self.sims[name].faults(hold_at_step=None, release=True)

    async def ask(self, method: str, path: str, body: Any = None, name: str = "default") -> Any:
        """As another client of that ComfyUI, which is not ours."""
        async with httpx.AsyncClient(base_url=self.sims[name].url, trust_env=False) as client:
            answer = await client.request(method, path, json=body)
            answer.raise_for_status()
            return answer.json() if answer.content else None

    async def foreign(self, graph: dict[str, Any], prompt_id: str, name: str = "default") -> None:
        """Somebody else's prompt."""
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": "a web page"}
        await self.ask("POST", "/prompt", body, name)

    def started(self, name: str = "default") -> list[str]:
        """Prompt ids in the order in which the server began them."""
        return [entry["prompt_id"] for entry in self.sims[name].events("started")]

    def files(self) -> list[Path]:
        """Every file of the outputs folder, without the sidecars."""
        found = [p for p in self.outputs.rglob("*") if p.is_file() and p.suffix != ".json"]
        return sorted(found)


class Box(Servers):
    """One engine and its ComfyUIs. `start` and `stop` may be repeated: the database stays."""

    def __init__(self, folder: Path, db_url: str = "", **tuning: Any) -> None:
        super().__init__(folder)
        self.db_url = db_url or f"sqlite:///{folder / 'ainf.db'}"
        self.tuning = replace(FAST, outputs=self.outputs, pictures=folder / "pictures", **tuning)
        self.machine: Machine | None = None
        """What the engine samples; None: the real one, its outputs' disk, no GPU."""
        self.inspector = FakeInspector()
        """What the system check finds."""
        self._running: AsyncExitStack | None = None
        self._engine: Engine | None = None
        self._service: Service | None = None

    # -- parts -------------------------------------------------------------------------------------
    @property
    def engine(self) -> Engine:
        assert self._engine is not None
        return self._engine

    @property
    def service(self) -> Service:
        assert self._service is not None
        return self._service

    @property
    def ctx(self) -> Context:
        return self.engine.ctx

    def backend(self, name: str = "default") -> Backend:
        found = self.engine.registry.get(name)
        assert found is not None
        return found

    # -- life --------------------------------------------------------------------------------------
    async def start(self, *, connected: bool = True) -> None:
        """The engine on its database; `connected`: once every backend's websocket is open."""
        stack = AsyncExitStack()
        db = await database.open(self.db_url)
        stack.push_async_callback(db.aclose)
        ctx = Context(db=db, store=Store(), previews=Previews(), tuning=self.tuning)
        engine = Engine(
            ctx,
            specs=self.specs,
            connect=self.connect,
            catalog=self._catalog,
            services=nothing_supervised(ctx.store),
            machine=self.machine or SystemMachine(Disks({"outputs": self.outputs}, {}), NoGpus("a test")),
            inspector=self.inspector,
            archive=FileArchive(self.folder / "errors-cleared"),
            holder=str(self.folder),
        )
        comfyui = comfyui_manager(Settings(), self._places(), ctx.store, ctx.clock)
        self._engine, self._service = engine, Service(engine, comfyui, logs_of())
        self._running = stack
        await stack.enter_async_context(engine)
        if connected:
            await self.until(self._connected)

    def _connected(self) -> bool:
        backends = self.engine.registry.backends
        return all(b.ready and b.info is not None for b in backends if not b.retired)

    async def stop(self) -> None:
        """The engine ends; its prompts stay on the servers."""
        if self._running is not None:
            running, self._running = self._running, None
            await running.aclose()

    def _catalog(self) -> Catalog:
        return catalog(self._places())

    def _places(self) -> Locations:
        return locate({"AINF_HOME": str(self.folder / "home")})

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._stack.aclose()

    # -- jobs --------------------------------------------------------------------------------------
    async def run(self, graph: dict[str, Any] | None = None, **fields: Any) -> JobDocument:
        """Submits one job."""
        (job,) = await self.run_all(graph, **fields)
        return job

    async def run_all(self, graph: dict[str, Any] | None = None, **fields: Any) -> tuple[JobDocument, ...]:
        """Submits the jobs of one request."""
        request = RunRequest(request_id=str(uuid.uuid4()), graph=graph, name="story.json", **fields)
        return (await self.submit(request)).jobs

    async def submit(self, request: RunRequest) -> JobsDocument:
        """The whole answer at once."""
        jobs: list[JobDocument] = []
        notices = await self.service.submit(request, jobs.extend)
        return JobsDocument(tuple(jobs), notices)

    async def job(self, job: JobDocument | int) -> JobDocument:
        number = job if isinstance(job, int) else job.number
        return (await self.service.job(str(number))).job

    async def stored(self, job: JobDocument) -> Job:
        found = await self.ctx.db.jobs.get(job.number)
        assert found is not None
        return found

    async def jobs(self) -> tuple[JobDocument, ...]:
        return (await self.service.jobs(JobQuery(limit=1000))).jobs

    async def reach(self, job: JobDocument, *states: str, seconds: float = SECONDS) -> JobDocument:
        """Waits until the job is in one of these states; fails at once if it ends in another."""

        async def there() -> bool:
            now = await self.job(job)
            if now.state not in states and now.finished_at is not None:
                raise AssertionError(f"job {now.number} ended {now.state}: {now.error} {now.attempts}")
            return now.state in states

        await self.until(there, seconds)
        return await self.job(job)

    async def succeed(self, *jobs: JobDocument, seconds: float = SECONDS) -> tuple[JobDocument, ...]:
        return tuple([await self.reach(job, "succeeded", seconds=seconds) for job in jobs])

    async def held_at(self, job: JobDocument, step: int = 1) -> JobDocument:
        """Waits until the job runs and its progress tells of that step or a later one."""

        async def there() -> bool:
            now = await self.job(job)
            return (now.step or 0) >= step and now.state == "running"

        await self.until(there)
        return await self.job(job)

    async def until(self, condition: Callable[[], bool | Awaitable[bool]], seconds: float = SECONDS) -> None:
        """Waits for the condition, which is looked at after each change of the store."""
        changed = asyncio.Event()
        stop = self.ctx.store.listen(lambda _topics: changed.set())
        try:
            async with asyncio.timeout(seconds):
                while not await _true(condition):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(AGAIN):
                            await changed.wait()
                    changed.clear()
        except TimeoutError:
            raise AssertionError(f"not within {seconds:g} s; {await self._told()}") from None
        finally:
            stop()

    async def _told(self) -> str:
        jobs = [(j.number, j.state, j.blocked, j.error, j.attempts) for j in await self.jobs()]
        return f"jobs: {jobs}; backends: {self.ctx.store.state.backends}"


async def _true(condition: Callable[[], bool | Awaitable[bool]]) -> bool:
    result = condition()
    return result if isinstance(result, bool) else await result


def content(path: str) -> bytes:
    """Of a file that must be there; a function because a test's coroutine may not block."""
    return Path(path).read_bytes()


def shorten(patch: pytest.MonkeyPatch, pauses: Mapping[str, Any] = SHORTER) -> None:
    """Sets constants by their dotted names."""
    for name, value in pauses.items():
        patch.setattr(name, value)

"""The command line with everything real but the engine behind the API: client, API, JSON, streams."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from ainf_tui.api.app import create_app
from ainf_tui.cli.app import App
from ainf_tui.cli.main import run
from ainf_tui.cli.output import Output
from ainf_tui.client import Client
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.domain.documents import (
    BackendDocument,
    CountDocument,
    DatabaseDocument,
    EngineDocument,
    JobDetailDocument,
    JobDocument,
    JobPageDocument,
    JobRowPage,
    JobsDocument,
    OutputDocument,
    ProblemDocument,
    QueueDocument,
    ReasonDocument,
)
from ainf_tui.domain.status_document import StatusDocument
from ainf_tui.domain.workflows import Pack, PackInput, Preset
from ainf_tui.errors import NotFoundError, UnreachableError
from ainf_tui.store import Previews, Store
from tests.fakes.checks import FakeChecks
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.errors_asked import ErrorsAsked
from tests.fakes.host import FakeHost
from tests.fakes.logs import logs_of
from tests.fakes.memory import FakeMemory
from tests.fakes.rows import rows_of
from tests.fakes.services_asked import ServicesAsked

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OPEN = ("queued", "submitting", "submitted", "running", "fetching")


def make_job(number: int = 142, **changes: Any) -> JobDocument:
    """A waiting job; what is not given is unknown."""
    values: dict[str, Any] = dict.fromkeys(field.name for field in fields(JobDocument))
    values |= dict.fromkeys(("attempts", "warnings", "outputs"), ())
    values |= {
        "id": f"0198c0de-0000-7000-8000-{number:012d}",
        "number": number,
        "state": "queued",
        "held": False,
        "cancel_requested": False,
        "pack": "portrait-basic",
        "prompt": "a red bicycle",
        "params": {"prompt": "a red bicycle", "steps": 30},
        "seed": 7,
        "seed_mode": "fixed",
        "attempt": 0,
        "priority": 0,
        "position": 1,
        "created_at": THEN,
        "revision": 1,
    }
    return JobDocument(**{**values, **changes})


def make_output(number: int, path: str = "") -> OutputDocument:
    return OutputDocument(path or f"/out/{number:06d}.png", "images", 1234, "ab" * 32, "9")


PACK = Pack(
    id="portrait-basic",
    name="Portrait",
    description="Text to image.",
    version="1.0.0",
    category="portrait",
    tags=("sdxl",),
    inputs=(
        PackInput("prompt", "text", ("6.text",), required=True, min_length=1, max_length=2000),
        PackInput("steps", "int", ("3.steps",), default=30, min=1, max=150),
        PackInput("seed", "seed", ("3.seed",), min=0, max=2**64 - 1),
    ),
    graph={"3": {"class_type": "KSampler", "inputs": {}}},
)
PRESET = Preset(
    id="fashion",
    name="Fashion",
    description="On the street.",
    category="portrait",
    pack="portrait-basic",
    prompt_template="fashion photo of {subject}",
    negative="blurry",
    values={"steps": 30, "cfg": 7.0},
)


class FakeJobs:
    """The jobs of a fake engine and what becomes of them, for scripts of tests."""

    def __init__(self) -> None:
        self.store = Store()
        self.previews = Previews()
        self.calls: list[tuple[str, Any]] = []
        self.listed: dict[int, JobDocument] = {}
        self.paused = False
        self.page_size = 1000
        self.notices: tuple[ProblemDocument, ...] = ()
        self.failure: Exception | None = None
        self.reasons: tuple[ReasonDocument, ...] = ()
        self.overall = "ok"
        self.backends: tuple[BackendDocument, ...] = (
            BackendDocument("default", "http://127.0.0.1:8188", True, "0.8.0", 0.012, 0, 0, 0.5, True),
        )
        self.host = FakeHost()
        self.gpus: tuple[dict[str, Any], ...] = ()
        self.error_counts: dict[str, Any] = {}
        self.next_number = 142
        self.revision = 1
        self.submitted = asyncio.Event()
        self.cancelled = asyncio.Event()

    def put(self, job: JobDocument) -> None:
        self.revision += 1
        self.listed[job.number] = replace(job, revision=self.revision)
        self._publish()

    def change(self, number: int, **changes: Any) -> None:
        self.put(replace(self.listed[number], **changes))

    def succeed(self, number: int, path: str = "") -> None:
        self.change(
            number,
            state="succeeded",
            finished_at=THEN,
            elapsed=12.0,
            progress=1.0,
            outputs=(make_output(number, path),),
        )

    def _publish(self) -> None:
        running = [job for job in self.listed.values() if job.state in OPEN and job.state != "queued"]
        self.store.update(queue=self.queue(), active=tuple(running))

    def queue(self) -> QueueDocument:
        states = [job.state for job in self.listed.values()]
        return QueueDocument(
            queued=states.count("queued"),
            running=states.count("running"),
            held=sum(job.held for job in self.listed.values()),
            ended=sum(state not in OPEN for state in states),
            paused=self.paused,
            revision=self.revision,
        )

    def asked(self, name: str) -> Any:
        """What the last call of that name was asked."""
        return next(what for called, what in reversed(self.calls) if called == name)


class FakeEngine(FakeJobs):
    """An `EngineService` that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.host = FakeHost()
        self.checks = FakeChecks()
        self.logs = logs_of()
        self.comfyui = FakeComfyUI(self.store, self._called)
        self.errors = ErrorsAsked(self._called)
        self.memory = FakeMemory(self._called)

    @cached_property
    def services(self) -> ServicesAsked:
        return ServicesAsked(self._called, changed=lambda document: self.store.update(services=document))

    def _called(self, name: str, what: Any = None) -> None:
        self.calls.append((name, what))
        if self.failure is not None:
            raise self.failure

    async def status(self) -> StatusDocument:
        self._called("status")
        return StatusDocument(
            ainf_version="0.1.0",
            overall=self.overall,
            reasons=self.reasons,
            engine=EngineDocument(running=True, pid=4711, version="0.1.0", since=THEN),
            host={},
            gpus=self.gpus,
            services=(),
            backends=self.backends,
            queue=self.queue(),
            database=DatabaseDocument("sqlite:///ainf.db", reachable=True, revision="0001"),
            errors=self.error_counts,
        )

    async def submit(
        self, request: Any, take: Callable[[Sequence[JobDocument]], None]
    ) -> tuple[ProblemDocument, ...]:
        self._called("submit", request)
        if request.pack and request.pack != PACK.id:
            raise NotFoundError("workflows.not_found", f"There is no pack {request.pack!r}.")
        numbers = range(self.next_number, self.next_number + request.count)
        self.next_number += request.count
        for i, number in enumerate(numbers):
            self.put(make_job(number, held=request.held, seed=7 + i, pack=request.pack or request.name))
        self.submitted.set()
        take([self.listed[n] for n in numbers])
        return self.notices

    async def jobs(self, query: Any) -> JobPageDocument:
        self._called("jobs", query)
        found = [job for job in self.listed.values() if self._wanted(job, query)]
        if query.kind == "changed":
            found.sort(key=lambda job: job.revision)
        start = int(query.after or 0)
        size = min(query.limit, self.page_size) if query.kind == "open" else query.limit
        more = start + size < len(found)
        return JobPageDocument(
            tuple(found[start : start + size]), str(start + size) if more else None, self.revision
        )

    async def rows(self, query: Any) -> JobRowPage:
        return rows_of(await self.jobs(query))

    def _wanted(self, job: JobDocument, query: Any) -> bool:
        is_open = job.state in OPEN
        if (query.kind == "open" and not is_open) or (query.kind == "ended" and is_open):
            return False
        if query.changed_since is not None and job.revision <= query.changed_since:
            return False
        if query.refs and not any(str(job.number) == ref or job.id.startswith(ref) for ref in query.refs):
            return False
        if query.held is not None and job.held != query.held:
            return False
        return not query.states or job.state in query.states

    async def job(self, ref: str, *, brief: bool = False) -> JobDetailDocument:
        self._called("job", ref)
        for job in self.listed.values():
            if ref in {str(job.number), job.id}:
                return JobDetailDocument(
                    job=job,
                    graph={} if brief else {"3": {"class_type": "KSampler", "inputs": {"seed": 7}}},
                    workflow=None,
                    bindings={"seed": ("3.seed",)},
                    nodes=(),
                    models=({"input": "4.ckpt_name", "name": "sd.safetensors", "sha256": None},),
                    pack_version="1.0.0",
                    graph_hash="cafe" * 16,
                )
        raise NotFoundError("job.not_found", f"There is no job {ref}.")

    async def output(self, ref: str, index: int) -> Any:
        raise NotImplementedError

    async def _jobs_of(self, name: str, request: Any) -> JobsDocument:
        self._called(name, request)
        jobs = tuple(job for job in self.listed.values() if str(job.number) in request.refs)
        return JobsDocument(jobs, self.notices)

    async def cancel(self, request: Any) -> JobsDocument:
        self.cancelled.set()
        return await self._jobs_of("cancel", request)

    async def retry(self, request: Any) -> JobsDocument:
        return await self._jobs_of("retry", request)

    async def hold(self, request: Any) -> JobsDocument:
        return await self._jobs_of("hold", request)

    async def release(self, request: Any) -> JobsDocument:
        return await self._jobs_of("release", request)

    async def move(self, request: Any) -> JobsDocument:
        return await self._jobs_of("move", request)

    async def clear(self, request: Any) -> CountDocument:
        self._called("clear", request)
        return CountDocument(3)

    async def pause(self) -> QueueDocument:
        self._called("pause")
        self.paused = True
        return self.queue()

    async def resume(self) -> QueueDocument:
        self._called("resume")
        self.paused = False
        return self.queue()

    async def packs(self) -> tuple[Pack, ...]:
        self._called("packs")
        return (PACK, replace(PACK, id="landscape-basic", name="Landscape"))

    async def presets(self) -> tuple[Preset, ...]:
        self._called("presets")
        return (PRESET,)

    async def ensure_backend(self, spec: Any) -> tuple[str, bool]:
        raise NotImplementedError

    def request_stop(self, reason: str) -> None:
        self.calls.append(("stop", reason))


class Terminal(io.StringIO):
    """A text stream that may say it is a terminal."""

    def __init__(self, text: str = "", *, tty: bool = False) -> None:
        super().__init__(text)
        self._tty = tty
        self.on_write: Callable[[], None] = lambda: None

    def write(self, text: str) -> int:
        written = super().write(text)
        self.on_write()
        return written

    def isatty(self) -> bool:
        return self._tty


def _stop_unless_well(script: asyncio.Task[None], command: asyncio.Task[Any] | None) -> None:
    """A script that failed leaves a command that waits for ever."""
    if command is not None and not script.cancelled() and script.exception() is not None:
        command.cancel()


@dataclass
class Result:
    code: int
    out: str
    err: str


@dataclass
class CommandLine:
    """Runs `ainf ARGS...` in this process against the fake engine."""

    engine: FakeEngine
    home: str
    environ: dict[str, str] = field(default_factory=dict)
    running: bool = True
    grace: float = 0.05
    script: Callable[[], Coroutine[Any, Any, None]] | None = None
    reopen: Callable[[], Awaitable[None]] | None = None
    open_screen: Callable[..., int] | None = None
    stdout: Terminal = field(default_factory=Terminal)
    stderr: Terminal = field(default_factory=Terminal)
    written: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, *args: str, stdin: str = "", tty: bool = False, err_tty: bool = False) -> Result:
        self.stdout, self.stderr = Terminal(tty=tty), Terminal(tty=err_tty)
        self.stdout.on_write = self.stderr.on_write = self.written.set
        environ = {"LANG": "C.UTF-8", "AINF_HOME": self.home, "COLUMNS": "120", **self.environ}
        out = Output(Terminal(stdin, tty=tty), self.stdout, self.stderr, environ)
        app = App(out, environ=environ, opener=self._open, open_screen=self.open_screen, grace=self.grace)
        with redirect_stdout(self.stdout):
            code = run(args, app)
        return Result(code, self.stdout.getvalue(), self.stderr.getvalue())

    @asynccontextmanager
    async def _open(self, app: App, start: bool) -> AsyncIterator[Client]:
        if not self.running and not start:
            raise UnreachableError("engine.not_running", "No engine is running.", hint="It starts by itself.")
        api = create_app(
            self.engine, self.engine.store, self.engine.previews, version="0.1.0", home=self.home
        )
        acting = asyncio.create_task(self.script()) if self.script else None
        if acting is not None:
            main = asyncio.current_task()
            acting.add_done_callback(lambda ended: _stop_unless_well(ended, main))
        try:
            async with Client(AsgiTransport(api, read_only=app.read_only), reopen=self.reopen) as client:
                yield client
        finally:
            if acting is not None:
                acting.cancel()
                [ended] = await asyncio.gather(acting, return_exceptions=True)
                if isinstance(ended, Exception):
                    raise ended

    async def until(self, text: str) -> None:
        """Waits until the command has written this text somewhere."""
        async with asyncio.timeout(10):
            while text not in self.stdout.getvalue() + self.stderr.getvalue():
                self.written.clear()
                await self.written.wait()

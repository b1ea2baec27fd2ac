"""A client for the app without an engine: rows from a list, live topics by hand, calls kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ainf_tui.client.codec import encode
from ainf_tui.client.transport import LiveClosedError, LiveSocket, unreachable
from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodeDocument,
    PlanDocument,
)
from ainf_tui.domain.documents import (
    CountDocument,
    DatabaseDocument,
    EngineDocument,
    FreedDocument,
    HealthDocument,
    JobDetailDocument,
    JobDocument,
    JobRow,
    JobRowPage,
    JobsDocument,
    ProblemDocument,
    QueueDocument,
)
from ainf_tui.domain.error_documents import ErrorTotalsDocument
from ainf_tui.domain.host_documents import HistoryDocument, HostDocument
from ainf_tui.domain.requests import (
    ClearRequest,
    FreeRequest,
    JobQuery,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
)
from ainf_tui.domain.service_documents import (
    ServiceDetailDocument,
    ServicesDocument,
)
from ainf_tui.domain.wire import API_REVISION, VersionDocument
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.errors import AinfError, NotFoundError
from ainf_tui.tui.queue.rows import place
from tests.fakes.error_reading import FakeErrors
from tests.fakes.job_rows import NOW, job_document
from tests.fakes.log_reading import FakeLogs
from tests.fakes.tui_box import FakeChecks, FakeComfyUI, FakeHost, FakeServices

OPEN = frozenset({"queued", "submitting", "submitted", "running", "fetching"})


class FakeSocket:
    """One live connection: `frames` are what the engine says, None is its end."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.wishes: list[str] = []

    async def send(self, text: str) -> None:
        self.wishes.append(text)

    async def receive(self) -> str | bytes:
        frame = await self.frames.get()
        if frame is None:
            raise LiveClosedError("the fake engine went away")
        return frame

    async def aclose(self) -> None:
        """Nothing to do."""


class FakeEngine:
    """What all fake clients of a test talk to. `rows` is the list; `say` tells a topic to everybody."""

    def __init__(self, rows: Sequence[JobRow] = ()) -> None:
        self.rows = {row.id: row for row in rows}
        self.calls: list[tuple[str, Any]] = []
        self.sockets: list[FakeSocket] = []
        self.topics: dict[str, Any] = {
            "engine": EngineDocument(running=True, pid=1, version="0.1.0", since=NOW, home="/home/x"),
            "queue": QueueDocument(),
            "active": (),
            "backends": (),
            "database": DatabaseDocument("sqlite:///x", reachable=True, revision="1"),
            "health": HealthDocument("ok", (), "gpu-box"),
            "services": ServicesDocument(),
            "host": HostDocument(),
            "checks": (),
            "comfyui": ComfyUIDocument(),
            "errors": ErrorTotalsDocument(),
        }
        self.errors = FakeErrors(self.act, lambda totals: self.say("errors", totals))
        self.up = True
        self.fail: AinfError | None = None
        """Raised by the next action."""
        self.packs: tuple[Pack, ...] = ()
        self.presets: tuple[Preset, ...] = ()
        self.pictures: dict[tuple[str, int], bytes] = {}
        self.details: dict[str, JobDetailDocument] = {}
        self.service_details: dict[str, ServiceDetailDocument] = {}
        self.logs: dict[str, str] = {}
        """What the services have written, by name."""
        self.log_reading = FakeLogs()
        """What `client.logs` reads."""
        self.mends = True
        """Whether a fix comes to its end."""
        self.nodes: tuple[CustomNodeDocument, ...] = ()
        self.plan = PlanDocument("token", "nothing", ())
        self.history = HistoryDocument(NOW, 15.0, ())
        self._count()

    # -- telling ------------------------------------------------------------------------------
    def say(self, name: str, value: Any) -> None:
        self.topics[name] = value
        for socket in self.sockets:
            socket.frames.put_nowait(encode({"topic": name, "revision": 1, "value": value}).decode())

    def preview(self, job_id: str, data: bytes, media_type: str = "image/png") -> None:
        header = encode({"job": job_id, "media_type": media_type})
        for socket in self.sockets:
            socket.frames.put_nowait(len(header).to_bytes(4, "big") + header + data)

    def put(self, *rows: JobRow) -> None:
        """New or changed rows, as the engine announces them."""
        for row in rows:
            self.rows[row.id] = replace(row, revision=self.revision + 1)
            self._count()
        self.say("queue", self.topics["queue"])

    def remove(self, *ids: str) -> None:
        for row_id in ids:
            self.rows.pop(row_id, None)
        self._count()
        self.say("queue", self.topics["queue"])

    def go(self, bye: str = "") -> None:
        """The engine ends, with its last word."""
        self.up = False
        for socket in self.sockets:
            if bye:
                socket.frames.put_nowait(encode({"bye": bye}).decode())
            socket.frames.put_nowait(None)
        self.sockets.clear()

    @property
    def revision(self) -> int:
        revision: int = self.topics["queue"].revision
        return revision

    def _count(self) -> None:
        rows = self.rows.values()
        self.topics["queue"] = replace(
            self.topics["queue"],
            queued=sum(row.state == "queued" and not row.held for row in rows),
            held=sum(row.held for row in rows),
            running=sum(row.state == "running" for row in rows),
            ended=sum(row.state not in OPEN for row in rows),
            revision=max([self.revision, *(row.revision for row in rows)]),
        )

    # -- being asked --------------------------------------------------------------------------
    def called(self, name: str) -> list[Any]:
        return [argument for called, argument in self.calls if called == name]

    def act(self, name: str, argument: Any) -> None:
        self.calls.append((name, argument))
        if self.fail is not None and name not in {
            "show",
            "output",
            "errors.listed",
            "errors.show",
            "errors.seen",
        }:
            failure, self.fail = self.fail, None
            raise failure

    def page(self, query: JobQuery) -> JobRowPage:
        rows = sorted(self.rows.values(), key=lambda row: (place(row), row.id))
        if query.kind == "changed":
            rows = sorted(self.rows.values(), key=lambda row: row.revision)
            rows = [row for row in rows if row.revision > (query.changed_since or 0)]
        rows = [row for row in rows if not query.states or row.state in query.states]
        rows = [row for row in rows if query.held is None or row.held is query.held]
        rows = [row for row in rows if query.text.lower() in f"#{row.number} {row.prompt} {row.pack}".lower()]
        begin = int(query.after or 0)
        shown = rows[begin : begin + query.limit]
        more = begin + query.limit < len(rows)
        return JobRowPage(tuple(shown), str(begin + query.limit) if more else None, self.revision)

    @asynccontextmanager
    async def opener(self, start: bool) -> AsyncIterator[FakeClient]:
        """As `tui.ports.Opener`."""
        self.calls.append(("open", start))
        if not self.up:
            raise unreachable("fake.sock", "nobody is there")
        yield FakeClient(self)


class FakeTransport:
    """Gives live connections while the engine is up."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def websocket(self, target: str) -> LiveSocket:
        if not self._engine.up:
            raise unreachable("fake.sock", "nobody is there")
        socket = FakeSocket()
        version = VersionDocument("0.1.0", API_REVISION, 1, datetime.now(UTC), "/home/x")
        socket.frames.put_nowait(encode({"hello": version}).decode())
        for name, value in self._engine.topics.items():
            socket.frames.put_nowait(encode({"topic": name, "revision": 1, "value": value}).decode())
        self._engine.sockets.append(socket)
        return socket


class FakeClient:
    """As `tui.ports.EngineClient`."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.jobs = FakeJobs(engine)
        self.queue = FakeQueue(engine)
        self.workflows = FakeList(lambda: engine.packs)
        self.presets = FakeList(lambda: engine.presets)
        self.services = FakeServices(engine)
        self.host = FakeHost(engine)
        self.comfyui = FakeComfyUI(engine)
        self.engine = FakeEngineCalls(engine)
        self.checks = FakeChecks(engine)
        self.logs = engine.log_reading
        self.errors = engine.errors
        self.notices: tuple[ProblemDocument, ...] = ()
        self.transport = FakeTransport(engine)

    async def reopen(self) -> None:
        self._engine.calls.append(("reopen", None))
        self._engine.up = True


class FakeEngineCalls:
    """`client.engine`."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def free(self, request: FreeRequest | None = None) -> FreedDocument:
        self._engine.act("free", request)
        return FreedDocument(("default",), busy=("default",))


class FakeList:
    """`client.workflows` and `client.presets`."""

    def __init__(self, values: Callable[[], Any]) -> None:
        self._values = values

    async def list(self) -> Any:
        return self._values()


class FakeQueue:
    """`client.queue`."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def pause(self) -> QueueDocument:
        return self._set(True)

    async def resume(self) -> QueueDocument:
        return self._set(False)

    def _set(self, paused: bool) -> QueueDocument:
        self._engine.act("pause" if paused else "resume", None)
        self._engine.say("queue", replace(self._engine.topics["queue"], paused=paused))
        found: QueueDocument = self._engine.topics["queue"]
        return found


class FakeJobs:
    """`client.jobs`: answers with the jobs that were named; changes what the action would."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def rows(self, query: JobQuery | None = None) -> JobRowPage:
        self._engine.calls.append(("rows", query))
        return self._engine.page(query or JobQuery())

    async def show(self, ref: str | int, *, brief: bool = False) -> JobDetailDocument:
        self._engine.act("show", (ref, brief))
        found = self._engine.details.get(str(ref))
        return found or JobDetailDocument(self._document(str(ref)), {}, None, {}, ())

    @asynccontextmanager
    async def output(self, ref: str | int, index: int) -> AsyncIterator[Any]:
        self._engine.act("output", (ref, index))
        data = self._engine.pictures.get((str(ref), index))
        if data is None:
            raise NotFoundError("output.missing", f"output {index} of {ref} is not there", hint="retry it")
        yield FakeAnswer(data)

    async def submit(self, request: RunRequest) -> JobsDocument:
        self._engine.act("submit", request)
        return JobsDocument((job_document(900 + len(self._engine.calls), "queued"),))

    async def cancel(self, request: JobsRequest) -> JobsDocument:
        return self._change("cancel", request, state="cancelled", finished_at=NOW)

    async def hold(self, request: JobsRequest) -> JobsDocument:
        return self._change("hold", request, held=True)

    async def release(self, request: JobsRequest) -> JobsDocument:
        return self._change("release", request, held=False)

    async def retry(self, request: RetryRequest) -> JobsDocument:
        return self._change("retry", request)

    async def move(self, request: MoveRequest) -> JobsDocument:
        return self._change("move", request)

    async def clear(self, request: ClearRequest) -> CountDocument:
        self._engine.act("clear", request)
        ids = [row.id for row in self._engine.rows.values() if str(row.number) in request.refs]
        self._engine.remove(*ids)
        return CountDocument(len(ids))

    def _change(self, name: str, request: Any, **fields: Any) -> JobsDocument:
        self._engine.act(name, request)
        refs: tuple[str, ...] = request.refs
        rows = [row for row in self._engine.rows.values() if str(row.number) in refs]
        if fields:
            self._engine.put(*(replace(row, **fields) for row in rows))
        return JobsDocument(tuple(self._document(ref) for ref in refs))

    def _document(self, ref: str) -> JobDocument:
        row = next((r for r in self._engine.rows.values() if ref in {r.id, str(r.number)}), None)
        return job_document(row.number, row.state, pack=row.pack) if row else job_document(int(ref))


class FakeAnswer:
    """An open answer with the bytes of a file."""

    def __init__(self, data: bytes) -> None:
        self.status = 200
        self.headers = {"content-length": str(len(data))}
        self._data = data

    async def read(self) -> bytes:
        return self._data

    @property
    def body(self) -> AsyncIterator[bytes]:
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield self._data

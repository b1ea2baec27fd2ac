"""What the engine's parts tell of: jobs, servers, disks, checks; and its own mistakes."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ainf_tui.adapters.logs.memory_tail import MemoryTail
from ainf_tui.adapters.logs.tail import open_tail
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import worker_died
from ainf_tui.domain.logs.recent import Write
from ainf_tui.domain.ports_error_sources import TailOpener
from ainf_tui.domain.service_documents import ServicesRequest
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.engine import fetch, files
from ainf_tui.engine.checks import Checks
from ainf_tui.engine.error_sources.own import own_errors
from ainf_tui.engine.error_sources.sources import ErrorSources, service_at
from ainf_tui.engine.registry import Registry
from ainf_tui.engine.worker import guarded
from ainf_tui.error_spool import SpoolFile, spool
from ainf_tui.errors import AinfError
from ainf_tui.killpoints import KillSwitch
from ainf_tui.store import Store
from tests.domain.test_error_joining import LOGS
from tests.domain.test_error_reports import failed
from tests.fakes.box import Box
from tests.fakes.checks import FakeInspector
from tests.fakes.clock import FakeClock
from tests.fakes.error_sink import ErrorSinkFake
from tests.fakes.graphs import failing, node, picture
from tests.fakes.supervised import Box as Supervised
from tests.fakes.supervised import Machine


@pytest.fixture
def told(box: Box) -> list[ErrorReport]:
    found: list[ErrorReport] = []
    box.ctx.report = found.append
    return found


async def test_a_failed_job_is_told_once_with_its_node(box: Box, told: list[ErrorReport]) -> None:
    job = await box.reach(await box.run(failing("no such thing")), "failed")
    await box.succeed(await box.run(picture()))
    (report,) = told
    assert (report.job, report.source, report.backend) == (job.number, "comfyui", "default")
    assert report.node_class
    assert report.kind
    assert "no such thing" in report.lines[-1]


async def test_a_workflow_that_no_server_can_run_is_told_though_no_job_is_made(
    box: Box, told: list[ErrorReport]
) -> None:
    graph = picture() | {"99": node("NoSuchNode")}
    with pytest.raises(AinfError):
        await box.run(graph)
    (report,) = told
    assert (report.code, report.node, report.node_class) == ("workflow.invalid", "99", "NoSuchNode")
    assert "node NoSuchNode does not exist" in report.lines[-1]
    assert await box.jobs() == ()


async def test_a_full_disk_is_told_once_however_often_it_is_tried(
    box: Box, told: list[ErrorReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0
    write = files._write

    def full(handle, data, update) -> None:
        nonlocal tried
        tried += 1
        if tried < 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(handle.name))
        write(handle, data, update)

    monkeypatch.setattr(fetch, "DISK_AGAIN", 0.01)
    monkeypatch.setattr(files, "_write", full)
    await box.succeed(await box.run(picture()))
    assert [(r.source, r.level) for r in told] == [("queue", "error")]
    assert "the disk is full" in told[0].message


async def test_a_server_that_goes_is_told_once_and_one_that_never_came_is_not(
    empty: Box,
) -> None:
    await empty.add_sim("away", start=False)
    await empty.add_sim("here")
    await empty.start(connected=False)
    told: list[ErrorReport] = []
    empty.ctx.report = told.append
    await empty.until(lambda: empty.backend("here").health.reachable)
    await empty.until(lambda: bool(empty.backend("away").health.code))
    await empty.sims["here"].kill()
    await empty.until(lambda: not empty.backend("here").health.reachable)
    for _ in range(3):
        empty.backend("here").asked.clear()
        empty.backend("here").look_soon()
        await empty.backend("here").asked.wait()
    assert [(r.source, r.backend) for r in told] == [("probe", "here")]
    await empty.sims["here"].start()


async def test_a_service_of_ours_tells_of_itself(empty: Box) -> None:
    sim = await empty.add_sim()
    await empty.start()
    told: list[ErrorReport] = []
    empty.ctx.report = told.append
    empty.backend().supervised = lambda: True
    await sim.kill()
    await empty.until(lambda: not empty.backend().health.reachable)
    assert told == []
    await sim.start()


def check(severity: str, code: str = "disk.low", area: str = "disk") -> CheckDocument:
    return CheckDocument(code, area, "Disk", severity, "1 GB free", "free some")


async def test_a_check_is_told_when_it_turns_bad_not_when_it_is_found_so() -> None:
    inspector = FakeInspector()
    checks = Checks(inspector, Store(), FakeClock())
    worse: list[str] = []
    checks.on_worse = lambda found: worse.append(found.code)
    for found in (
        (check("error"),),
        (check("error"),),
        (check("ok"),),
        (check("error"), check("warning", "b")),
        (check("error"),),
    ):
        checks._tell_worse(found)
    assert worse == ["disk.low"]


async def test_the_engine_tells_of_checks_that_nobody_else_tells_of(
    box: Box, told: list[ErrorReport]
) -> None:
    box.engine._check_failed(check("error"))
    box.engine._check_failed(check("error", "comfyui.away", "comfyui"))
    assert [r.code for r in told] == ["disk.low"]


async def test_a_mistake_of_ours_in_a_loop_is_an_error_of_the_engines() -> None:
    told: list[ErrorReport] = []

    async def broken() -> None:
        raise KeyError("no")

    with own_errors(told.append):
        loop = asyncio.create_task(guarded("backend x: drive", broken))
        while not told:  # noqa: ASYNC110 - nobody tells of it but what is looked at
            await asyncio.sleep(0.001)
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        logging.getLogger("ainf.engine.errors").error("the store of errors cannot store this one")
        await asyncio.to_thread(logging.getLogger("some.library").critical, "all is lost")
        logging.getLogger("ainf.engine").warning("only a warning")
        await asyncio.sleep(0)
    logging.getLogger("ainf.engine").error("nobody listens any more")
    await asyncio.sleep(0)
    assert [(r.source, r.level, r.kind) for r in told] == [
        ("engine", "error", "KeyError"),
        ("engine", "critical", ""),
    ]
    assert told[0].code == "engine.bug"
    assert any("broken" in line for line in told[0].lines)


async def test_what_asyncio_finds_unhandled_is_told() -> None:
    told: list[ErrorReport] = []
    with own_errors(told.append):
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [r.kind for r in told] == ["ZeroDivisionError"]


def sources(sink: ErrorSinkFake, folder: Path, opener: TailOpener = open_tail) -> ErrorSources:
    return ErrorSources(
        sink,
        spool=SpoolFile(folder / "spool.jsonl"),
        opener=opener,
        clock=FakeClock(),
        kill=KillSwitch(""),
    )


async def test_what_was_left_while_no_engine_ran_is_taken_in_once(tmp_path: Path) -> None:
    sink = ErrorSinkFake()
    spool(tmp_path / "spool.jsonl", failed())
    first = sources(sink, tmp_path)
    await first.start()
    await first.aclose()
    assert [r.job for r in sink.reports] == [142]
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib's may not be used here


async def test_an_engine_that_dies_between_the_store_and_the_removal_doubles_nothing(tmp_path: Path) -> None:
    sink = ErrorSinkFake()
    spool(tmp_path / "spool.jsonl", failed())
    sink.breaks = AinfError("database.unreachable", "broke")
    first = sources(sink, tmp_path)
    await first.start()
    await first.aclose()
    spool(tmp_path / "spool.jsonl", replace(failed(), job=143))
    second = sources(sink, tmp_path)
    await second.start()
    await second.aclose()
    assert [r.job for r in sink.reports] == [142, 143]


async def test_a_job_without_a_log_of_this_box_is_told_at_once(tmp_path: Path) -> None:
    sink = ErrorSinkFake()
    sources(sink, tmp_path).report(failed())
    assert [r.job for r in sink.reports] == [142]


async def test_a_job_of_a_service_of_this_box_is_joined_with_its_log(tmp_path: Path) -> None:
    sink, log = ErrorSinkFake(), tmp_path / "comfyui.log"
    log_text = (LOGS / "server.log").read_bytes()
    machine = Machine()
    async with Supervised(machine, ServiceSpec("comfyui", command=("main",), ports=(8188,))) as services:
        await services.services.start(ServicesRequest(("comfyui",)))
        await services.state("comfyui", "running")
        services.supervisor.units["comfyui"].log = str(log)
        one = sources(sink, tmp_path)
        one.watch(registry_of("http://localhost:8188"), services.supervisor)
        await one.start()
        await asyncio.to_thread(log.write_bytes, log_text[: log_text.index(b"RuntimeError: Given")])
        await one._logs.step()
        one.report(failed())
        assert sink.reports == [], "it waits for the rest of its record in the log"
        await asyncio.to_thread(log.write_bytes, log_text)
        await one._logs.step()
        await one.aclose()
    (report,) = [r for r in sink.reports if r.job is not None]
    assert (report.job, report.service, report.file) == (142, "comfyui", str(log))
    assert report.run
    assert report.start == log_text.index(b"!!! Exception")


async def test_a_comfyui_that_was_adopted_is_asked_for_its_log_and_its_jobs_are_joined_with_it(
    tmp_path: Path,
) -> None:
    text = (LOGS / "server.log").read_text()
    told = text[text.index("!!! Exception") :]
    server = Memory([Write("2026-11-26T10:00:00.000001", "got prompt\n")])
    sink = ErrorSinkFake()
    machine = Machine()
    machine.someone(8188)
    async with Supervised(machine, ServiceSpec("comfyui", command=("main",), ports=(8188,))) as services:
        await services.services.adopt(ServicesRequest(("comfyui",)))
        await services.state("comfyui", "running")
        one = sources(sink, tmp_path, lambda place, _, mark: MemoryTail(place, lambda: server, mark))
        one.watch(registry_of("http://localhost:8188"), services.supervisor)
        assert [place.file for place, _ in one._current()] == ["backend:default"]
        await one.start()
        await one._logs.step()
        server.written += [
            Write("2026-11-26T10:00:01.000001", told),
            Write("2026-11-26T10:00:02.0", "well\n"),
        ]
        one.report(failed())
        assert sink.reports == [], "it waits for the log"
        for tail in one._logs._tails.values():
            tail.tail._next = 0.0  # type: ignore[attr-defined]  # the next look is due
        await one._logs.step()
        await one.aclose()
    (report,) = [r for r in sink.reports if r.job is not None]
    assert (report.job, report.service, report.file, report.start) == (
        142,
        "comfyui",
        "backend:default",
        None,
    )
    assert not [r for r in sink.reports if r.job is None and "Given groups" in r.message]


async def test_errors_of_what_was_adopted_come_from_the_file_that_it_prints_to(tmp_path: Path) -> None:
    """But of a ComfyUI from its memory, which has times."""
    web, comfy = tmp_path / "web.log", tmp_path / "comfy.log"
    for path in (web, comfy):
        await asyncio.to_thread(path.write_text, "ERROR: long ago\n")
    machine = Machine(lines={str(path): "ERROR: long ago\n" for path in (web, comfy)})
    machine.someone(3000, log=str(web))
    machine.someone(8188, log=str(comfy))
    specs = (ServiceSpec("web", ports=(3000,)), ServiceSpec("comfyui", command=("main",), ports=(8188,)))
    sink = ErrorSinkFake()
    async with Supervised(machine, *(replace(spec, command=("main",)) for spec in specs)) as services:
        for name in ("web", "comfyui"):
            await services.services.adopt(ServicesRequest((name,)))
            await services.state(name, "running")
        one = sources(sink, tmp_path)
        one.watch(registry_of("http://localhost:8188"), services.supervisor)
        places = {place.service: (place.file, start) for place, start in one._current()}
        assert places == {"comfyui": ("backend:default", 0), "web": (str(web), len("ERROR: long ago\n"))}


async def test_a_log_that_tells_of_the_death_of_comfyuis_worker_makes_the_service_unhealthy(
    tmp_path: Path,
) -> None:
    """It answers as before; an earlier process of the same log does not count."""
    sink, log = ErrorSinkFake(), tmp_path / "comfyui.log"
    died = (LOGS / "server_worker_thread_died.log").read_bytes()
    async with Supervised(Machine(), ServiceSpec("comfyui", command=("main",), ports=(8188,))) as services:
        await services.services.start(ServicesRequest(("comfyui",)))
        await services.state("comfyui", "running", "healthy")
        unit = services.supervisor.units["comfyui"]
        unit.log, unit.log_start = str(log), len(died)
        one = sources(sink, tmp_path, lambda place, _, mark: open_tail(place, 0, mark))
        one.watch(registry_of("http://localhost:8188"), services.supervisor)
        await one.start()
        await asyncio.to_thread(log.write_bytes, died + b"well\n")
        await one._logs.step()
        assert any(worker_died(report) for report in sink.reports)
        assert unit.fault is None
        await asyncio.to_thread(log.write_bytes, died + b"well\n" + died + b"well\n")
        await one._logs.step()
        assert unit.fault is not None
        await services.state("comfyui", "running", "unhealthy")
        await one.aclose()


class Memory:
    """A server's answer."""

    def __init__(self, written: list[Write]) -> None:
        self.written = written

    def writes(self) -> list[Write]:
        return list(self.written)

    def close(self) -> None:
        pass


def registry_of(url: str) -> Registry:
    registry = Registry()
    registry.add(SimpleNamespace(name="default", spec=BackendSpec("default", url)))  # type: ignore[arg-type]  # a part of one
    return registry


async def test_a_server_is_known_by_its_port_on_this_machine(box: Box) -> None:
    supervisor = box.engine.services
    assert service_at("http://192.0.2.1:8188", supervisor) == ""
    assert service_at("http://[", supervisor) == ""
    assert service_at("http://127.0.0.1:1", supervisor) == ""

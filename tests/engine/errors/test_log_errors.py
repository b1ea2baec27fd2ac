"""Logs that are read on by one engine after another, and failures that a job tells as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ainf_tui.adapters.logs.tail import open_tail
from ainf_tui.domain.errors.reports import LogPlace, twin_of_job
from ainf_tui.engine.error_sources import logs as reading
from ainf_tui.engine.error_sources.logs import LogErrors
from ainf_tui.engine.error_sources.pairs import ALONE, ALONE_AS, JOB_WAITS, LOG_WAITS, MOST, Pairs
from ainf_tui.errors import AinfError
from ainf_tui.killpoints import KillSwitch
from tests.domain.test_error_joining import LOGS
from tests.domain.test_error_reports import failed
from tests.fakes.clock import FakeClock
from tests.fakes.error_sink import ErrorSinkFake

GONE = AinfError("database.unreachable", "the database is gone")


class QuickClock(FakeClock):
    """Nobody waits."""

    async def sleep(self, seconds: float) -> None:
        self._passed += seconds


class Box:
    """A folder of logs and the engines that read them, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sink = ErrorSinkFake()
        self.services = {"comfyui": folder / "comfyui.log"}
        self.begin()

    def begin(self) -> None:
        """Another engine."""
        self.clock = QuickClock()
        self.pairs = Pairs()
        self.logs = LogErrors(
            self.sink, self.pairs, self.current, open_tail, clock=self.clock, kill=KillSwitch("")
        )

    def current(self) -> Iterator[tuple[LogPlace, int]]:
        for service, path in self.services.items():
            yield LogPlace(service, "run", str(path)), 0

    def write(self, text: str | bytes, service: str = "comfyui") -> None:
        with self.services[service].open("ab") as stream:
            stream.write(text.encode() if isinstance(text, str) else text)

    def fails(self) -> None:
        """What ComfyUI writes of a prompt that fails, up to the next one."""
        lines = (LOGS / "server.log").read_bytes().split(b"\n")
        begin = next(n for n, line in enumerate(lines) if line.startswith(b"!!! Exception"))
        self.write(b"\n".join(lines[begin : begin + 41]) + b"\n")

    def job_fails(self, **more: object) -> None:
        report = failed()
        twin = twin_of_job(report, "comfyui")
        assert twin is not None
        if (settled := self.pairs.job(report, twin, self.clock.monotonic())) is not None:
            self.logs.settle(settled)

    async def steps(self, number: int = 1) -> None:
        for _ in range(number):
            await self.logs.step()

    async def after(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        await self.steps(2)

    @property
    def jobs(self) -> list[int | None]:
        return [report.job for report in self.sink.reports]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


async def test_an_error_of_a_log_is_stored_with_how_far_it_was_read(box: Box) -> None:
    box.write("ERROR: one\nwell\n")
    await box.steps()
    assert box.sink.messages == ["one"]
    box.begin()
    await box.logs.recall()
    box.write("ERROR: two\nwell\n")
    await box.steps(2)
    assert box.sink.messages == ["one", "two"]


@pytest.mark.parametrize("failure", ["refuse", "breaks"])
async def test_a_store_that_fails_loses_nothing_and_doubles_nothing(box: Box, failure: str) -> None:
    """Whether it has kept what it did not confirm, or not."""
    box.write("ERROR: one\nwell\n")
    setattr(box.sink, failure, GONE)
    await box.steps()
    box.write("ERROR: two\nwell\n")
    await box.steps(3)
    assert box.sink.messages == ["one", "two"]


async def test_logs_without_errors_are_seldom_worth_a_write(box: Box) -> None:
    box.write("well\n")
    await box.steps()
    before = dict(box.sink.kept)
    for number in range(5):
        box.write(f"step {number}\n")
        await box.steps()
    assert box.sink.kept == before
    await box.after(reading.MARKS)
    assert box.sink.kept != before


async def test_a_job_and_its_record_in_the_log_are_one_error_whoever_comes_first(box: Box) -> None:
    await box.steps()
    box.fails()
    await box.steps()
    assert box.jobs == [], "the log's word waits"
    box.job_fails()
    await box.steps()
    box.job_fails()
    await box.steps()
    assert box.jobs == [142], "the second job waits for the log"
    box.fails()
    await box.steps(2)
    assert box.jobs == [142, 142]
    first = box.sink.reports[0]
    log = box.services["comfyui"].read_bytes()
    assert (first.file, first.run) == (str(box.services["comfyui"]), "run")
    assert first.start is not None
    assert log[first.start :].startswith(b"!!! Exception")
    await box.after(LOG_WAITS + 1)
    assert box.jobs == [142, 142]
    assert not any(name.startswith(reading.PENDING) for name in box.sink.kept)


async def test_a_prompt_of_somebody_else_is_told_from_the_log(box: Box) -> None:
    box.fails()
    await box.steps()
    await box.after(LOG_WAITS - 1)
    assert box.jobs == []
    await box.after(2)
    assert box.jobs == [None]
    assert box.sink.reports[0].lines[-1].startswith("RuntimeError: Given groups=1")


async def test_a_job_is_told_without_its_log_after_a_while(box: Box) -> None:
    await box.steps()
    box.job_fails()
    await box.steps()
    assert box.jobs == []
    await box.after(JOB_WAITS + 0.1)
    assert box.jobs == [142]
    assert box.sink.reports[0].start is None


@pytest.mark.parametrize("dies", [False, True])
async def test_a_record_that_comes_late_is_that_of_the_job_that_was_told(box: Box, dies: bool) -> None:
    """As on a machine under load, or where the engine ends between the two."""
    await box.steps()
    box.job_fails()
    if dies:
        await box.logs.aclose()
        box.begin()
        await box.logs.recall()
    else:
        await box.after(JOB_WAITS + 0.1)
    assert box.jobs == [142]
    box.fails()
    await box.steps(2)
    await box.after(LOG_WAITS + 1)
    assert box.jobs == [142]
    box.fails()
    await box.steps(2)
    await box.after(LOG_WAITS + 1)
    assert box.jobs == [142, None], "another one is somebody else's"
    assert not any(name.startswith(ALONE_AS) for name in box.sink.kept)


async def test_a_job_whose_record_never_comes_is_forgotten(box: Box) -> None:
    await box.steps()
    box.job_fails()
    await box.after(JOB_WAITS + 0.1)
    assert any(name.startswith(ALONE_AS) for name in box.sink.kept)
    await box.after(ALONE + 1)
    assert not any(name.startswith(ALONE_AS) for name in box.sink.kept)


async def test_what_waits_for_a_job_outlives_the_engine(box: Box) -> None:
    box.fails()
    await box.steps()
    box.begin()
    await box.logs.recall()
    box.job_fails()
    await box.steps()
    assert box.jobs == [142]
    assert box.sink.reports[0].start is not None
    box.begin()
    await box.logs.recall()
    await box.after(LOG_WAITS + 1)
    assert box.jobs == [142], "it waits no more"


async def test_a_job_that_waits_is_told_when_the_engine_ends(box: Box) -> None:
    await box.steps()
    box.job_fails()
    await box.logs.aclose()
    assert box.jobs == [142]


async def test_a_log_of_an_earlier_run_is_read_to_its_end_and_forgotten(box: Box) -> None:
    old = box.services["comfyui"]
    box.write("ERROR: one\nwell\n")
    await box.steps()
    box.write("ERROR: two\nwell\n")
    box.begin()
    box.services["comfyui"] = box.folder / "another.log"
    await box.logs.recall()
    await box.steps()
    assert box.sink.messages == ["one", "two"]
    await box.after(reading.LEFT + 1)
    assert f"{reading.LOG}{old}" not in box.sink.kept
    old.unlink()
    box.write("ERROR: three\nwell\n")
    await box.steps(2)
    assert box.sink.messages == ["one", "two", "three"]


async def test_a_log_that_cannot_be_read_keeps_nobody_else_from_being_read(box: Box, caplog) -> None:
    box.services = {"broken": box.folder / "broken", "comfyui": box.folder / "comfyui.log"}
    (box.folder / "broken").mkdir()
    box.write("ERROR: one\nwell\n")
    await box.steps(2)
    assert box.sink.messages == ["one"]
    assert caplog.text.count("errors in it are not seen") == 1


async def test_marks_and_records_that_cannot_be_read_are_told_and_left(box: Box, caplog) -> None:
    box.sink.kept = {"log:/a.log": "{", "twin:/a.log:0": "[]", "log:/b.log": '{"service": "x", "run": "y"}'}
    await box.logs.recall()
    await box.steps()
    assert "was read cannot be told" in caplog.text
    assert "cannot be read any more" in caplog.text
    assert box.sink.reports == []


def test_of_many_that_wait_the_oldest_wait_no_longer() -> None:
    pairs = Pairs()
    report = failed()
    twin = twin_of_job(report, "comfyui")
    assert twin is not None
    for number in range(MOST + 3):
        pairs.log(report, twin, f"twin:{number}", 0.0)
    assert [settled.name for settled in pairs.due(0.0)] == ["twin:0", "twin:1", "twin:2"]


def test_no_job_is_told_alone_while_its_log_is_behind() -> None:
    pairs, report = Pairs(), failed()
    twin = twin_of_job(report, "comfyui")
    assert twin is not None
    pairs.job(report, twin, 0.0)
    assert list(pairs.due(JOB_WAITS + 1, behind=True)) == []
    assert len(list(pairs.due(JOB_WAITS + 1))) == 1

"""The way in for errors: at once, bounded, and nothing is counted twice or lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.fold import folded
from ainf_tui.domain.errors.playbook import Playbook
from ainf_tui.domain.ports_errors import NewErrors
from ainf_tui.engine.errors.prepare import Prepare
from ainf_tui.engine.errors.sink import EVERY, LONGEST, SHARE, Sink
from ainf_tui.errors import AinfError, UnreachableError
from ainf_tui.playbook import playbook

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeErrors:
    """Counts what is stored; `away` refuses, `unsure` stores and says that it did not."""

    def __init__(self) -> None:
        self.errors = self
        self.counts: dict[str, int] = {}
        self.batches: list[str] = []
        self.marks: dict[str, str] = {}
        self.away = self.unsure = False
        self.stored = asyncio.Event()

    async def store(self, errors: Sequence[NewErrors], now, checkpoint=None, *, batch: str = "", keys=()):
        if self.away:
            raise UnreachableError("database.unreachable", "gone")
        if not (batch and self.batches and self.batches[-1] == batch):
            for one in errors:
                self.counts[one.fingerprint] = self.counts.get(one.fingerprint, 0) + sum(one.seconds.values())
            self.batches.append(batch)
            self.marks |= checkpoint or {}
        if self.unsure:
            raise UnreachableError("database.unreachable", "broke")
        self.stored.set()
        return {one.fingerprint: 1 for one in errors}


class FastClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def sink_of(db: FakeErrors) -> Sink:
    return Sink(db, FastClock(), Prepare(str, lambda: Playbook([])))  # type: ignore[arg-type]  # a part of it


async def test_reports_are_stored_soon_and_together() -> None:
    db = FakeErrors()
    sink = sink_of(db)
    loop = asyncio.create_task(sink.run())
    for n in range(10_000):
        sink.report(ErrorReport("web", f"took {n % 50} ms"))
    assert db.counts == {}
    await asyncio.wait_for(db.stored.wait(), 5)
    loop.cancel()
    await sink.aclose()
    assert list(db.counts.values()) == [10_000]
    assert sink.waiting == 0


async def test_while_the_database_is_away_everything_waits() -> None:
    db = FakeErrors()
    sink = sink_of(db)
    db.away = True
    for _ in range(3):
        sink.report(ErrorReport("web", "no"))
        with pytest.raises(AinfError):
            await sink.flush()
    assert sink.waiting == 3
    with pytest.raises(AinfError):
        await sink.store([ErrorReport("api", "no")], {"a": "1"})
    db.away = False
    await sink.flush()
    assert list(db.counts.values()) == [3]
    assert db.marks == {}


async def test_a_batch_of_which_nobody_knows_is_not_counted_twice() -> None:
    db = FakeErrors()
    sink = sink_of(db)
    sink.report(ErrorReport("web", "no"))
    db.unsure = True
    with pytest.raises(AinfError):
        await sink.flush()
    db.unsure = False
    sink.report(ErrorReport("web", "no"))
    await sink.flush()
    assert list(db.counts.values()) == [2]


async def test_an_end_in_the_middle_of_a_store_loses_nothing() -> None:
    db = FakeErrors()
    sink = sink_of(db)
    loop = asyncio.create_task(sink.run())
    sink.report(ErrorReport("web", "no"))
    for _ in range(4):  # in whatever step it is
        await asyncio.sleep(0)
    loop.cancel()
    sink.report(ErrorReport("web", "no"))
    await asyncio.gather(loop, return_exceptions=True)
    await sink.aclose()
    assert list(db.counts.values()) == [2]


async def test_an_end_without_a_database_tells_what_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    db = FakeErrors()
    sink = sink_of(db)
    db.away = True
    for _ in range(7):
        sink.report(ErrorReport("web", "no"))
    await sink.aclose()
    assert "7 reports of errors were not stored" in caplog.text


async def test_checkpoints_go_with_their_reports() -> None:
    db = FakeErrors()
    stored = []
    sink = sink_of(db)
    sink.on_stored = lambda: stored.append(1)
    await sink.store([ErrorReport("web", "no")] * 3, {"log": "9"})
    assert (list(db.counts.values()), db.marks, stored) == ([3], {"log": "9"}, [1])
    await sink.store([], {"log": "10"})
    assert db.marks == {"log": "10"}


def test_secrets_stay_out_and_the_playbook_gives_the_title() -> None:
    report = ErrorReport(
        "comfyui",
        "CUDA out of memory. Tried to allocate 2.20 GiB",
        kind="OutOfMemoryError",
        node_class="VAEDecode",
        lines=(
            "Authorization: Bearer sesame",
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate",
        ),
        details={"api_key": "x", "deep": [{"url": "http://h/?token=abc"}], "n": 3},
        context=("hunter2 is known",),
    )
    prepare = Prepare(lambda text: text.replace("hunter2", "***"), playbook)
    [errors] = prepare(folded([report], NOW))
    assert errors.title.endswith("in VAEDecode")
    assert errors.code
    [example] = errors.examples
    assert example.lines[0] == "Authorization: Bearer ***"
    assert example.details == {"api_key": "***", "deep": [{"url": "http://h/?token=***"}], "n": 3}
    assert example.context == ("*** is known",)


def test_a_title_says_what_was_raised_and_a_service_how_it_ended() -> None:
    book = Prepare(str, playbook)

    def title(report: ErrorReport) -> tuple[str, str]:
        (errors,) = book(folded([report], NOW))
        return errors.title, errors.code

    frames = (
        "Traceback (most recent call last):",
        '  File "/opt/ComfyUI/server.py", line 831, in get_history',
    )
    request = "Error handling request from 127.0.0.1"
    raised = ErrorReport("comfyui", request, lines=(request, *frames, "ValueError: bad 'abc'"))
    assert title(raised) == ("ValueError: bad 'abc'", "")
    said = ErrorReport(
        "comfyui", "!!! Exception !!! bad 'abc'", lines=("x", *frames, "ValueError: bad 'abc'")
    )
    assert title(said) == ("ValueError: bad 'abc'", "")
    ours = replace(said, message="Load (X) failed: bad 'abc'", code="comfyui.node_failed", kind="ValueError")
    assert title(ours) == ("ValueError: Load (X) failed: bad 'abc'", "")
    bare = ErrorReport("web", "it failed", lines=("it failed", *frames, "asyncio.CancelledError"))
    assert title(bare) == ("CancelledError", "")
    ended = ErrorReport("web", "web ended: CUDA error: out of memory", code="service.exited")
    assert title(ended) == (ended.message, "gpu.out_of_memory")
    crashed = ErrorReport("web", "web ended: killed by SIGSEGV", code="service.exited")
    assert title(replace(crashed, details={"known": "python.crash"})) == (crashed.message, "python.crash")
    assert title(replace(ended, code="")) == ("The GPU's memory is full", "gpu.out_of_memory")


class Waits(FastClock):
    """Each look at it is a second later; remembers for how long it was asked to sleep."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.at = 0.0
        self.step = 0.0

    def monotonic(self) -> float:
        self.at += self.step
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(0)


@pytest.mark.parametrize(("took", "wait"), [(0.01, EVERY), (0.2, 0.2 * SHARE), (20.0, LONGEST)])
async def test_storing_that_takes_long_is_done_less_often(took: float, wait: float) -> None:
    db, clock = FakeErrors(), Waits()
    clock.step = took
    sink = Sink(db, clock, Prepare(str, lambda: Playbook([])))  # type: ignore[arg-type]  # a part of it
    loop = asyncio.create_task(sink.run())
    for n in range(2):
        db.stored.clear()
        sink.report(ErrorReport("web", f"no {n}"))
        await asyncio.wait_for(db.stored.wait(), 5)
        for _ in range(20):  # the loop notes how long it took
            await asyncio.sleep(0)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert clock.asked == [EVERY, pytest.approx(wait)]

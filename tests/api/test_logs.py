"""Logs through the API: the same answers as in the process that reads the files, and views that end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ainf_tui.adapters.logs.views import Desk, Places
from ainf_tui.client import Client
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.domain.log_documents import (
    LogFilter,
    LogFindRequest,
    LogOpenRequest,
    LogPageRequest,
    LogSearchRequest,
)
from ainf_tui.domain.logs import patience
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.engine.logs.views import MOST, UNASKED, LogViews
from ainf_tui.errors import NotFoundError, UsageError
from ainf_tui.playbook import playbook
from tests.api.fakes import FakeService, app_of
from tests.fakes.clock import FakeClock
from tests.fakes.logs import logs_of

RUN = "20261126-140112"
TEXT = """2026-11-26 14:01:12,000 INFO comfyui: got prompt
2026-11-26 14:01:13,000 ERROR comfyui: !!! Exception during processing !!! CUDA out of memory
Traceback (most recent call last):
  File "/app/x.py", line 7, in run
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.20 GiB
2026-11-26 14:01:14,000 INFO comfyui: Prompt executed in 1.2 seconds
"""
EVENT = '{"ts": "2026-11-26T14:01:11Z", "level": "info", "service": "web", "message": "started", "pid": 7}\n'


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / RUN
    folder.mkdir(parents=True)
    (folder / "comfyui.log").write_text(TEXT)
    (folder / "events.jsonl").write_text(EVENT)
    (folder / "summary.txt").write_text("")
    (folder.parent / "latest.txt").write_text(RUN)
    return folder.parent


@pytest.fixture(params=["here", "through the API"])
async def reading(request: pytest.FixtureRequest, runs: Path) -> AsyncIterator[LogReading]:
    async with logs_of(runs, runs.parent / "engine.log") as views:
        if request.param == "here":
            yield views
            return
        service = FakeService()
        service.logs = views
        async with Client(AsgiTransport(app_of(service), read_only=True)) as client:
            yield client.logs


async def test_a_look_at_the_newest_run(reading: LogReading) -> None:
    known = await reading.sources()
    assert [(one.id, one.kind, one.run) for one in known.sources] == [
        ("comfyui", "service", RUN),
        ("events", "events", RUN),
    ]
    view = await reading.open(LogOpenRequest())
    page = await reading.page(view.id, LogPageRequest(before=100))
    assert [(row.source, row.lines, row.level) for row in page.rows] == [
        ("events", 1, "info"),
        ("comfyui", 1, "info"),
        ("comfyui", 4, "error"),
        ("comfyui", 1, "info"),
    ]
    assert page.rows[0].text == "web: started pid=7"
    assert page.top
    assert page.rows[1].text[page.rows[1].time_end :] == "INFO comfyui: got prompt"
    found = await reading.find(view.id, LogFindRequest("error", page.start))
    assert found.row == page.rows[2]
    record = await reading.record(view.id, found.row.file, found.row.start)
    assert record.raw in TEXT
    assert record.fingerprint
    assert record.code == "gpu.out_of_memory"
    await reading.close(view.id)
    with pytest.raises(NotFoundError, match="ended"):
        await reading.page(view.id, LogPageRequest())


async def test_a_search_marks_what_it_finds(reading: LogReading) -> None:
    view = await reading.open(LogOpenRequest(("comfyui",)))
    await reading.search(view.id, LogSearchRequest("out of MEMORY"))
    page = await reading.page(view.id, LogPageRequest(before=100))
    hits = [row for row in page.rows if row.hit]
    assert [row.text[slice(*row.matches[0])] for row in hits] == ["out of memory"]
    found = await reading.find(view.id, LogFindRequest("match", None, back=True))
    assert found.row == hits[0]
    await reading.close(view.id)


async def test_what_cannot_be_done_says_why(reading: LogReading) -> None:
    with pytest.raises(NotFoundError) as missing:
        await reading.open(LogOpenRequest(("nobody",)))
    assert missing.value.code == "logs.no_source"
    view = await reading.open(LogOpenRequest())
    for filters, code in (
        (LogFilter("in", "(", regex=True), "logs.bad_pattern"),
        (LogFilter("level", "loud"), "logs.bad_filter"),
        (LogFilter("since", "yesterday-ish"), "logs.bad_time"),
        (LogFilter("between", ""), "logs.bad_filter"),
    ):
        with pytest.raises(UsageError) as refused:
            await reading.page(view.id, LogPageRequest(filters=(filters,)))
        assert refused.value.code == code
    for request in (LogFindRequest("nothing"), LogFindRequest("fraction", value="much")):
        with pytest.raises(UsageError, match="no"):
            await reading.find(view.id, request)
    with pytest.raises(NotFoundError) as gone:
        await reading.record(view.id, "0", 3)
    assert gone.value.code == "logs.no_record"
    await reading.close(view.id)


async def test_the_api_refuses_what_it_does_not_know(runs: Path) -> None:
    service = FakeService()
    async with Client(AsgiTransport(app_of(service))) as client:
        for ask in ('{"sourcez": []}', "[]", "{", '{"sources": 7}'):
            with pytest.raises(UsageError) as refused:
                await client.call("GET", "/v1/logs/open", params={"ask": ask})
            assert refused.value.code == "api.bad_request"
        with pytest.raises(UsageError):
            await client.call("GET", "/v1/logs/open", params={"question": "{}"})


async def test_views_end_when_nobody_asks(runs: Path) -> None:
    clock = FakeClock()
    async with LogViews(Desk(Places(runs, runs / "engine.log", playbook)), clock.monotonic) as views:
        kept, left = [(await views.open(LogOpenRequest())).id for _ in range(2)]
        await clock.pass_(UNASKED - 1)
        await views.state(kept)
        await clock.pass_(2)
        await views.expire()
        assert views.count == 1
        with pytest.raises(NotFoundError):
            await views.state(left)
        for _ in range(MOST):
            await clock.pass_(0.1)
            await views.open(LogOpenRequest())
        assert views.count == MOST
        with pytest.raises(NotFoundError):
            await views.state(kept)


async def test_a_pattern_without_an_end_holds_nobody(
    reading: LogReading, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.1)
    (runs / RUN / "comfyui.log").write_text("x" * 60 + "!\n" + TEXT)
    endless = "(x|xx)+$"
    view = (await reading.open(LogOpenRequest(("comfyui",)))).id
    for filters in ((LogFilter("in", endless, regex=True),), (LogFilter("out", endless, regex=True),)):
        with pytest.raises(UsageError) as caught:
            await reading.page(view, LogPageRequest(before=10, filters=filters))
        assert caught.value.code == "logs.slow_pattern"
    await reading.search(view, LogSearchRequest(endless, regex=True))
    page = await reading.page(view, LogPageRequest(before=10))
    assert len(page.rows) == 4
    assert not any(row.hit for row in page.rows)
    assert "too many ways" in (await reading.state(view)).problem
    await reading.search(view, LogSearchRequest("x+", regex=True))
    page = await reading.page(view, LogPageRequest(before=10))
    assert page.rows[0].matches == ((0, 60),)
    assert (await reading.state(view)).problem == ""

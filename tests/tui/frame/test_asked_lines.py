"""Each line of the command log does in a shell what the app did by its call: a real engine judges."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from ainf_tui.api.app import create_app
from ainf_tui.cli.app import App
from ainf_tui.cli.console import Console
from ainf_tui.client import Client
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import (
    ClearRequest,
    JobQuery,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
    SweepAxis,
)
from ainf_tui.tui.orders import Orders
from tests.fakes.box import Box, shorten

HOSTILE = (
    "a red bicycle",
    'it\'s "quoted", `so` $HOME; #x \\ back',
    "line one\nline two\ttab",
    "a=b,c=d",
    "--prompt",
    "-",
    "-5",
    "@file",
    "猫 é \N{ZERO WIDTH JOINER}",
    "[/x] %s {0}",
    " blank at both ends ",
)


@pytest.fixture
async def box(tmp_path, monkeypatch):
    shorten(monkeypatch)
    async with Box(tmp_path / "box") as box:
        await box.add_sim()
        await box.start()
        await box.service.pause()
        yield box


class Asker:
    """The app's way and the command line's way to one engine."""

    def __init__(self, box: Box) -> None:
        self._api = create_app(
            box.service, box.ctx.store, box.ctx.previews, version="0.1.0", home=str(box.folder)
        )
        self._home = str(box.folder / "home")

    @asynccontextmanager
    async def client(self, _start: bool = True):
        async with Client(AsgiTransport(self._api)) as client:
            yield client

    async def by_call(self, method: str, *arguments: Any) -> tuple[Any, str]:
        """The answer, and the line that the log has of it."""
        async with self.client() as client:
            orders = Orders(lambda: client)
            found = await getattr(orders, method)(*arguments)
        return found, orders.log[-1].line

    async def by_line(self, line: str) -> None:
        """Runs it as a shell would, with this test's loop for the engine behind it."""
        words = shlex.split(line)
        assert words[0] == "ainf"
        loop = asyncio.get_running_loop()

        @asynccontextmanager
        async def opener(_start: bool):
            yield _Ferry(self, loop)

        app = App(environ={"AINF_HOME": self._home, "LANG": "C.UTF-8"})
        ended = await asyncio.to_thread(Console(app, opener).run, words[1:])
        assert ended.code == 0, (line, ended)

    async def jobs(self) -> Sequence[JobDocument]:
        async with self.client() as client:
            page = await client.jobs.list(JobQuery(kind="all", limit=500))
            found: Sequence[JobDocument] = page.jobs
        return found


class _Ferry:
    """A client for another thread: its calls are made on the engine's own loop."""

    def __init__(self, asker: Asker, loop: asyncio.AbstractEventLoop, path: tuple[str, ...] = ()) -> None:
        self._asker, self._loop, self._path = asker, loop, path
        self.notices = ()

    def __getattr__(self, name: str) -> _Ferry:
        return _Ferry(self._asker, self._loop, (*self._path, name))

    async def __call__(self, *arguments: Any, **named: Any) -> Any:
        async def call() -> Any:
            async with self._asker.client() as client:
                found: Any = client
                for name in self._path:
                    found = getattr(found, name)
                return await found(*arguments, **named)

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(), self._loop))


@pytest.fixture
def asker(box):
    return Asker(box)


def facts(job: JobDocument) -> dict[str, Any]:
    """What two jobs made in the same way have in common."""
    names = ("state", "held", "pack", "prompt", "params", "seed_text", "priority", "preset", "backend_pin")
    return {name: getattr(job, name) for name in names} | {
        "sweep": {name: str(value) for name, value in (job.sweep or {}).items()}
    }


def run_request(**fields: Any) -> RunRequest:
    values = {"prompt": "x", **fields.pop("values", {})}
    base = {"request_id": "r-1", "pack": "portrait-basic", "seed": "7"}
    return RunRequest(values=values, **{**base, **fields})


RUNS: dict[str, dict[str, Any]] = {
    **{f"prompt {text!r}": {"values": {"prompt": text}} for text in HOSTILE if text != "-"},
    **{f"negative {text!r}": {"values": {"negative": text}} for text in HOSTILE},
    "values": {"values": {"steps": 12, "cfg": 6.5, "width": 512}},
    "priority": {"priority": -5},
    "count": {"count": 3},
    "held on a backend": {"held": True, "backend": "default", "priority": 100},
    "preset": {"preset": "portrait", "values": {"prompt": "a, b=c"}},
    "sweep": {"sweep": (SweepAxis("cfg", (5.5, 7)), SweepAxis("negative", ("a,b", "--x", "c=d")))},
}


async def test_run(asker):
    before: set[str] = set()
    for name, fields in RUNS.items():
        made, line = await asker.by_call("run", run_request(request_id=new_id(), **fields))
        before |= {job.id for job in made.jobs}
        await asker.by_line(line)
        new = sorted((job for job in await asker.jobs() if job.id not in before), key=lambda job: job.number)
        old = sorted(made.jobs, key=lambda job: job.number)
        assert [facts(job) for job in new] == [facts(job) for job in old], name
        assert len(new) > 0
        before |= {job.id for job in new}


async def pair(asker: Asker, count: int) -> tuple[list[str], list[str]]:
    """Two equal sets of waiting jobs: for the call, and for the line."""
    made, _ = await asker.by_call("run", run_request(count=count, request_id=new_id()))
    more, _ = await asker.by_call("run", run_request(count=count, request_id=new_id()))
    return [str(job.number) for job in made.jobs], [str(job.number) for job in more.jobs]


async def seen(asker: Asker, refs: list[str]) -> list[tuple[Any, ...]]:
    """The jobs in the order of the queue, by their place in `refs`."""
    return [
        (refs.index(str(job.number)), job.state, job.held, job.priority, job.cancel_requested)
        for job in await asker.jobs()
        if str(job.number) in refs
    ]


def other(line: str, mine: list[str], theirs: list[str]) -> str:
    """The line with the numbers of the other set."""
    swap = dict(zip(mine, theirs, strict=True))
    return shlex.join(swap.get(word, word) for word in shlex.split(line))


ACTIONS = {
    "cancel": ("cancel", lambda refs: JobsRequest((refs[0], refs[2]))),
    "hold": ("hold", lambda refs: JobsRequest((refs[1],))),
    "move before": ("move", lambda refs: MoveRequest((refs[2],), before=refs[0])),
    "move after": ("move", lambda refs: MoveRequest((refs[0],), after=refs[2])),
    "priority": ("move", lambda refs: MoveRequest((refs[1], refs[2]), priority=-5)),
    "priority zero": ("move", lambda refs: MoveRequest((refs[1],), priority=0)),
}


async def test_actions(asker):
    for name, (method, request_of) in ACTIONS.items():
        mine, theirs = await pair(asker, 3)
        untouched = await seen(asker, mine)
        _, line = await asker.by_call(method, request_of(mine))
        await asker.by_line(other(line, mine, theirs))
        assert await seen(asker, theirs) == await seen(asker, mine), name
        assert (await seen(asker, mine) != untouched) is not line.endswith("--priority=0"), name


@pytest.mark.parametrize("end", ["top", "bottom"])
async def test_move_to_an_end(asker, end):
    refs, _ = await pair(asker, 3)
    _, line = await asker.by_call("move", MoveRequest((refs[1],), to=end))
    by_call = [job.number for job in await asker.jobs()]
    await asker.by_line(f"ainf queue move {refs[1]} --{'bottom' if end == 'top' else 'top'}")
    await asker.by_line(line)
    assert [job.number for job in await asker.jobs()] == by_call
    assert by_call[0 if end == "top" else -1] == int(refs[1])


async def test_release(asker):
    mine, theirs = await pair(asker, 2)
    for refs in (mine, theirs):
        await asker.by_call("hold", JobsRequest(tuple(refs)))
    _, line = await asker.by_call("release", JobsRequest((mine[0],)))
    await asker.by_line(other(line, mine, theirs))
    assert await seen(asker, theirs) == await seen(asker, mine)
    assert [held for _, _, held, _, _ in await seen(asker, mine)].count(False) == 1


RETRIES: dict[str, dict[str, Any]] = {
    "same": {},
    "new seed": {"seed": "new"},
    "a seed": {"seed": "18446744073709551615"},
    "values": {"values": {"prompt": '--it\'s\n"x", y=z', "steps": 9}, "priority": -5},
}


async def test_retry(asker):
    for name, fields in RETRIES.items():
        (ref,), _ = await pair(asker, 1)
        await asker.by_call("cancel", JobsRequest((ref,)))
        made, line = await asker.by_call("retry", RetryRequest(new_id(), (ref,), **fields))
        before = {job.id for job in await asker.jobs()}
        await asker.by_line(line)
        (new,) = (job for job in await asker.jobs() if job.id not in before)
        (old,) = made.jobs
        if fields.get("seed") == "new":
            new, old = (replace(job, seed_text=None, params={**job.params, "seed": 0}) for job in (new, old))
        assert facts(new) == facts(old), name
        assert new.retry_of == old.retry_of == int(ref)


async def test_retry_of_all_failed_and_pause_and_resume(asker, box):
    _, line = await asker.by_call("resume")
    await box.service.pause()
    await asker.by_line(line)
    assert not box.ctx.store.state.queue.paused
    _, line = await asker.by_call("pause")
    await box.service.resume()
    await asker.by_line(line)
    assert box.ctx.store.state.queue.paused


@pytest.mark.parametrize("by_state", [False, True])
async def test_clear(asker, by_state):
    mine, theirs = await pair(asker, 2)
    for refs in (mine, theirs):
        await asker.by_call("cancel", JobsRequest(tuple(refs[:1])))
    request = ClearRequest(states=("cancelled",)) if by_state else ClearRequest((mine[0],))
    _, line = await asker.by_call("clear", request)
    if by_state:
        await asker.by_call("cancel", JobsRequest((theirs[1],)))
    await asker.by_line(other(line, mine, theirs))
    left = {str(job.number) for job in await asker.jobs()}
    assert left & {mine[0], theirs[0]} == set()
    assert (theirs[1] in left) is not by_state
    assert mine[1] in left

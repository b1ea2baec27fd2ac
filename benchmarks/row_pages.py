"""Whether a page of the list costs the same however long the list is."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from statistics import median

from ainf_tui.client.caller import Params
from ainf_tui.domain.requests import JobQuery
from benchmarks.box import Engine, Home, engine
from benchmarks.figures import Figure, Lab
from benchmarks.past import fill

FEW, MANY = 1_000, 100_000
PAGE = 100
ROUNDS = 300
_PLACES = 10
"""Pages asked for in turn, from the newest to the oldest jobs."""


async def page_ratio(lab: Lab) -> Figure:
    """Median time of a page of ended jobs in a long list against a short one, as the engine answers
    over its socket; both engines run, and are asked in turn.
    """
    many = lab.amount(MANY, 10_000)
    async with AsyncExitStack() as stack:
        boxes = []
        for name, jobs in (("few", FEW), ("many", many)):
            home = Home(lab.folder / f"pages-{name}")
            lab.say(f"a list of {jobs} ended jobs")
            await fill(home, jobs)
            running = await stack.enter_async_context(engine(home))
            boxes.append((running, await _cursors(running, jobs)))
        lab.say("pages of both")
        few, long = await _measure(boxes, lab.amount(ROUNDS, 50))
    note = f"{long * 1e3:.1f} ms of {many}, {few * 1e3:.1f} ms of {FEW}, {PAGE} jobs a page"
    return Figure(long / few, note, {"many_ms": long * 1e3, "few_ms": few * 1e3, "jobs": many})


async def _cursors(running: Engine, jobs: int) -> list[str | None]:
    """Where pages begin, spread over the whole list; None is its beginning."""
    cursors: list[str | None] = [None]
    step = jobs // _PLACES
    for _ in range(_PLACES - 1):
        cursors.append(await _skip(running, cursors[-1], step))
    return cursors


async def _skip(running: Engine, after: str | None, jobs: int) -> str | None:
    while jobs > 0:
        limit = min(jobs, 1000)
        page = await running.client.jobs.list(JobQuery(kind="ended", limit=limit, after=after))
        if len(page.jobs) != limit:
            raise RuntimeError(f"a page of {limit} jobs held {len(page.jobs)}")
        after, jobs = page.next, jobs - limit
    return after


async def _measure(boxes: list[tuple[Engine, list[str | None]]], rounds: int) -> tuple[float, ...]:
    """Median seconds for each box. The bodies are read and left undecoded: that is the front end's work."""
    seconds: list[list[float]] = [[] for _ in boxes]
    for turn in range(rounds):
        for taken, (running, cursors) in zip(seconds, boxes, strict=True):
            params: Params = {"kind": "ended", "limit": PAGE, "after": cursors[turn % len(cursors)]}
            began = time.perf_counter()
            await running.client.call("GET", "/v1/jobs", params=params)
            taken.append(time.perf_counter() - began)
    return tuple(median(taken) for taken in seconds)

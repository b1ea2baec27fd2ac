"""What collecting errors costs: a million reports into a database, and the inbox afterwards."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import psutil

from ainf_tui.adapters.db import engine as db_engine
from ainf_tui.domain.error_documents import ErrorQuery, ErrorReport
from ainf_tui.engine.context import SystemClock
from ainf_tui.engine.errors.prepare import Prepare
from ainf_tui.engine.errors.sink import Sink
from ainf_tui.playbook import playbook
from benchmarks.figures import Figure, Lab
from benchmarks.yardsticks import inserting

REPORTS = 1_000_000
FAILURES = 500
_TURN = 50
"""Reports between two turns of the loop: as a source gives them."""
_SWITCH = 0.001
"""Seconds: as the engine has it."""
_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class _Seen:
    reports: int
    seconds: float
    cpu: float
    stall: float
    grown: int
    inbox: float
    stored: int


async def errors_insert(lab: Lab) -> Figure:
    """Wall time of a million reports until the last is stored, against as many rows put into a table."""
    seen = await _measured(lab)
    if seen.stored != seen.reports:
        raise RuntimeError(f"{seen.stored} of {seen.reports} reports were counted")
    cpu = f"{seen.cpu / seen.reports * 1e6:.0f} us of CPU each"
    least = await lab.once("a row of a table", lambda: asyncio.to_thread(inserting, lab))
    rates = f"{seen.reports / seen.seconds:,.0f} reports/s, {1 / least:,.0f} rows/s"
    note = f"{rates}; {cpu}, {seen.reports} of {FAILURES} failures"
    return Figure(seen.seconds / seen.reports / least, note)


async def errors_stall(lab: Lab) -> Figure:
    """The most CPU time in which the loop gave nobody else a turn."""
    seen = await _measured(lab)
    return Figure(seen.stall * 1e3, "while they come in")


async def errors_memory(lab: Lab) -> Figure:
    """What the process has grown by."""
    seen = await _measured(lab)
    return Figure(seen.grown / 2**20, "after all of them")


async def errors_inbox(lab: Lab) -> Figure:
    """Median time of a page of 100 groups from the database."""
    seen = await _measured(lab)
    return Figure(seen.inbox * 1e3, f"100 of {FAILURES} groups, {seen.reports} reports")


async def _measured(lab: Lab) -> _Seen:
    return await lab.once("errors", lambda: _measure(lab))


async def _measure(lab: Lab) -> _Seen:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        return await _measure_as_engine(lab)
    finally:
        sys.setswitchinterval(before)
        gc.unfreeze()


async def _measure_as_engine(lab: Lab) -> _Seen:
    count = lab.amount(REPORTS)
    lab.say(f"{count} reports of errors")
    db = await db_engine.open(f"sqlite:///{lab.folder / 'errors.db'}")
    gc.collect()
    gc.freeze()  # as the engine does once it has begun
    sink = Sink(db, SystemClock(), Prepare(str, playbook))
    running = asyncio.create_task(sink.run())
    watching = asyncio.create_task(_stalls())
    process = psutil.Process()
    before, began, worked = process.memory_info().rss, time.perf_counter(), time.process_time()
    for number, report in enumerate(_reports(count)):
        sink.report(report)
        if number % _TURN == 0:
            await asyncio.sleep(0)
    running.cancel()
    await sink.aclose()
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    grown = process.memory_info().rss - before
    watching.cancel()
    [stall] = await asyncio.gather(watching)
    taken = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        await db.errors.page(ErrorQuery(), datetime.now(UTC))
        taken.append(time.perf_counter() - start)
    stored = (await db.errors.totals(datetime.now(UTC))).total
    await db.aclose()
    return _Seen(count, seconds, cpu, stall, grown, median(taken), stored)


def _reports(count: int) -> Iterator[ErrorReport]:
    """Messages of `FAILURES` failures, each in forty spellings, with a traceback."""
    for number in range(count):
        name = f"loader{chr(97 + number % 25)}{chr(97 + number // 25 % 20)}"
        lines = (
            f"ERROR {name} failed",
            "Traceback (most recent call last):",
            f'  File "/opt/ComfyUI/custom_nodes/{name}/nodes.py", line {number // FAILURES % 40}, in load',
            "    raise ValueError(width)",
            "ValueError: no such width",
        )
        yield ErrorReport("comfyui", f"ERROR {name} failed", lines=lines)


async def _stalls() -> float:
    """The longest wait for a turn, until it is cancelled.

    In the CPU time of this process: what other programs take of the machine is not waited for by the loop.
    What a thread of ours takes meanwhile counts, whether or not the loop could have gone on beside it.
    """
    longest = 0.0
    try:
        while True:
            began = time.process_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.process_time() - began)
    except asyncio.CancelledError:
        return longest

"""What the screen of logs costs: a large log opened, its first key, a log that it follows."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.box import Home
from benchmarks.children import AINF
from benchmarks.figures import Figure, Lab, Row
from benchmarks.programs import Program, floor_follow
from benchmarks.row_logs import large
from benchmarks.sitting import opened, percentile, still
from benchmarks.yardsticks import counting
from tests.fakes.terminal import Terminal
from tests.tools import biglog

SECONDS = 10
LAST, FIRST = r"LAST-LINE", r"FIRST-LINE|job 0000000003 "
"""On the screen at the end of `biglog`'s file, and at its beginning."""
STILL = 300
PATIENCE = 30.0
_HELP = "all keys of this screen"
"""In the help, and on no screen of logs."""
_BETWEEN = 0.35
"""Seconds between two keys: longer than an escape is waited for."""
_NUMBER = re.compile(r"number=(\d+)")
_WRITER = """
import sys, time
path, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
begin, number = time.monotonic(), 0
with open(path, "ab", buffering=0) as stream:
    while (passed := time.monotonic() - begin) < seconds:
        due, stamp = int(passed * rate), time.strftime("%Y-%m-%d %H:%M:%S,000")
        lines = (f"{stamp} INFO worker: number={n:010} ".ljust(119, "x") + "\\n" for n in range(number, due))
        stream.write("".join(lines).encode())
        number = due
        print(number - 1, time.monotonic(), flush=True)
        time.sleep(max(0.0, begin + passed + 0.01 - time.monotonic()))
"""
"""In a process of its own: what it takes is not the screen's."""


def logs_program(lab: Lab, path: Path, until: str) -> Program:
    home = Home(lab.folder / "logs-home")
    return Program("logs", (*AINF, "logs", str(path)), until, ("up", "down"), env=home.env)


async def screen_open(lab: Lab) -> Figure:
    """From exec until the last line is there: of a gigabyte, against that of 60 kB, in turn."""
    path, short = await large(lab), lab.folder / "short.log"
    short.write_bytes(next(biglog.pieces(1)))
    ends = ((path, LAST), (short, r"\? help"))

    def pairs() -> list[list[float]]:
        return [[complete(logs_program(lab, *end)) for end in ends] for _ in range(lab.amount(8, 3))][1:]

    found = await asyncio.to_thread(pairs)
    ours, base = (median(column) for column in zip(*found, strict=True))
    note = f"{ours:.3f} s of {path.stat().st_size / 1e6:.0f} MB, {base:.3f} s of 60 kB"
    return Figure(median(own / other for own, other in found), note)


def complete(program: Program) -> float:
    with opened(program) as terminal:
        return terminal.wait_text(program.until, PATIENCE) - terminal.began


async def screen_key(lab: Lab) -> Figure:
    """From the key until the beginning of a gigabyte is there, pressed as soon as its end is: it is still
    being counted.
    """
    program = logs_program(lab, await large(lab), LAST)

    def taken() -> float:
        with opened(program) as terminal:
            terminal.wait_text(program.until, PATIENCE)
            there = terminal.expect(FIRST)
            pressed = terminal.press("home")
            return there.wait(PATIENCE) - pressed

    times = await asyncio.to_thread(lambda: [taken() for _ in range(lab.amount(8, 3))])
    return Figure(median(times) * 1e3, f"longest {max(times) * 1e3:.0f} ms")


@dataclass(frozen=True, slots=True)
class _Whole:
    """Seconds: until all lines are counted, behind the first paint; until the only hit is known; what Python
    takes at least to count the lines.
    """

    counted: float
    found: float
    least: float


async def screen_count(lab: Lab) -> Figure:
    """All lines of a gigabyte are counted."""
    seen = await _read_whole(lab)
    return Figure(seen.counted / seen.least, f"{seen.counted:.2f} s, in Python at least {seen.least:.2f} s")


async def screen_search(lab: Lab) -> Figure:
    """Letters of any size, at the end of a gigabyte; it is known that there is one hit."""
    seen = await _read_whole(lab)
    return Figure(seen.found / seen.least, f"{seen.found:.2f} s, lines counted in {seen.least:.2f} s")


async def _read_whole(lab: Lab) -> _Whole:
    path = await large(lab)

    def turn() -> _Whole:
        least = counting(path) * path.stat().st_size / 1e9
        with path.open("rb") as stream:
            lines = sum(piece.count(b"\n") for piece in iter(lambda: stream.read(2**24), b""))
        with opened(logs_program(lab, path, LAST)) as terminal:
            there = terminal.wait_text(LAST, PATIENCE)
            counted = terminal.wait_text(f"{lines:,} lines", PATIENCE) - there
            still(terminal, 1000)
            terminal.press("/")
            terminal.type("rare-end")
            hit = terminal.expect("1 of 1")
            pressed = terminal.press("enter")
            return _Whole(counted, hit.wait(PATIENCE) - pressed, least)

    async def measure() -> _Whole:
        turns = [await asyncio.to_thread(turn) for _ in range(lab.amount(5, 2))]
        columns = (
            [each.counted for each in turns],
            [each.found for each in turns],
            [each.least for each in turns],
        )
        return _Whole(*map(median, columns))

    return await lab.once("a whole log", measure)


@dataclass(frozen=True, slots=True)
class Followed:
    """`cpu` in percent of a core, `bytes` to the terminal a second, lags in seconds."""

    cpu: float
    bytes: float
    lags: list[float]

    @property
    def note(self) -> str:
        return f"lag median {median(self.lags) * 1e3:.0f} ms, {self.bytes / 1e3:.0f} kB/s to the terminal"


Read = Callable[[Followed], float]


def _follows(rate: int, read: Read) -> Callable[[Lab], Awaitable[Figure]]:
    async def measure(lab: Lab) -> Figure:
        seen, _ = await _followed(lab, rate)
        return Figure(read(seen), seen.note)

    return measure


def _against(rate: int, read: Read, unit: str) -> Callable[[Lab], Awaitable[Figure]]:
    """Against the least that an app of Textual's can do."""

    async def measure(lab: Lab) -> Figure:
        seen, base = await _followed(lab, rate)
        note = f"{read(seen):.3g} {unit}, the floor {read(base):.3g}; {seen.note}"
        return Figure(read(seen) / read(base), note)

    return measure


async def _followed(lab: Lab, rate: int) -> tuple[Followed, Followed]:
    """The screen and the floor."""

    def both() -> tuple[Followed, Followed]:
        lab.say(f"a log that grows by {rate:,} lines a second on the screen, and in the floor app")
        path, other = (lab.folder / f"growing-{rate}-{name}.log" for name in ("ainf", "floor"))
        ours = follow(lab, rate, path, logs_program(lab, path, "the first line"))
        return ours, follow(lab, rate, other, floor_follow(other))

    return await lab.once(f"screen that follows {rate}", lambda: asyncio.to_thread(both))


def follow(lab: Lab, rate: int, path: Path, program: Program) -> Followed:
    path.write_text("the first line\n")
    with opened(program) as terminal:
        terminal.wait_text("the first line", PATIENCE)
        still(terminal, STILL)
        shown = _watch(terminal)
        before, began = (terminal.tree.cpu(), terminal.bytes_out), time.monotonic()
        command = [sys.executable, "-c", _WRITER, str(path), str(rate), str(lab.amount(SECONDS, 2))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        took = time.monotonic() - began
        cpu, sent = terminal.tree.cpu() - before[0], terminal.bytes_out - before[1]
        batches = [(int(number), float(at)) for number, at in map(str.split, done.stdout.splitlines())]
        give_up = time.monotonic() + PATIENCE
        while (not shown or shown[-1][0] < batches[-1][0]) and time.monotonic() < give_up:
            time.sleep(0.01)
    if not shown or shown[-1][0] < batches[-1][0]:
        raise RuntimeError("the last line was not shown")
    return Followed(cpu / took * 100, sent / took, _lags(batches, shown))


def _watch(terminal: Terminal) -> list[tuple[int, float]]:
    """The greatest number on the screen, and since when."""
    shown: list[tuple[int, float]] = []

    def look(text: str) -> bool:
        number = max(map(int, _NUMBER.findall(text)), default=-1)
        if number > (shown[-1][0] if shown else -1):
            shown.append((number, time.monotonic()))
        return False

    terminal.expect(look)
    return shown


def _lags(batches: list[tuple[int, float]], shown: list[tuple[int, float]]) -> list[float]:
    """Of each batch: until its last line or a newer one was on the screen."""
    lags, index = [], 0
    for number, written in batches:
        while shown[index][0] < number:
            index += 1
        lags.append(max(0.0, shown[index][1] - written))
    return lags


async def flood_key(lab: Lab) -> Figure:
    """From a key until what it opens is there, while 100,000 lines a second come, over the same at rest."""
    lab.say("keys while a log grows by 100,000 lines a second")
    path, presses = lab.folder / "flood-keys.log", lab.amount(30, 10)
    path.write_text("the first line\n")

    def taken() -> tuple[list[float], list[float]]:
        with opened(logs_program(lab, path, "the first line")) as terminal:
            terminal.wait_text("the first line", PATIENCE)
            still(terminal, STILL)
            _helped(terminal, 2)
            rest = _helped(terminal, presses)
            command = [sys.executable, "-c", _WRITER, str(path), "100000", "600"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as writer:
                terminal.wait_text("number=", PATIENCE)
                try:
                    return rest, _helped(terminal, presses)
                finally:
                    writer.kill()

    rest, flood = (percentile(times, 95) * 1e3 for times in await asyncio.to_thread(taken))
    path.unlink()
    return Figure(flood / rest, f"p95 {flood:.0f} ms, {rest:.0f} ms at rest")


def _helped(terminal: Terminal, count: int) -> list[float]:
    """Seconds from the key that opens the help until it is there."""
    times = []
    for _ in range(count):
        there = terminal.expect(_HELP)
        pressed = terminal.press("?")
        times.append(there.wait(PATIENCE) - pressed)
        gone = terminal.expect(lambda text: _HELP not in text)
        terminal.press("escape")
        gone.wait(PATIENCE)
        time.sleep(_BETWEEN)
    return times


def _lag(seen: Followed) -> float:
    return percentile(seen.lags, 95) * 1e3


def _cpu(seen: Followed) -> float:
    return seen.cpu


def _kilobytes(seen: Followed) -> float:
    return seen.bytes / 1e3


ROWS = (
    Row("logs-open", "screen of a 1 GB log, its end / of a short one", 1.17, "x", screen_open),
    Row("logs-key", "... its beginning, while it is counted", 50, "ms", screen_key),
    Row("logs-count", "... its lines counted / by Python alone", 2.1, "x", screen_count),
    Row("logs-search", "... a rare text found / lines counted", 1.7, "x", screen_search),
    Row(
        "logs-follow-cpu",
        "... following 10,000 lines/s / floor-follow's",
        1.6,
        "x",
        _against(10_000, _cpu, "%"),
    ),
    Row("logs-follow-lag", "... until a line is seen, p95", 1.1, "x", _against(10_000, _lag, "ms")),
    Row(
        "logs-flood-cpu",
        "... following 100,000 lines/s / floor-follow's",
        2.4,
        "x",
        _against(100_000, _cpu, "%"),
    ),
    Row("logs-flood-lag", "... until a line is seen, p95", 1.1, "x", _against(100_000, _lag, "ms")),
    Row("logs-flood-key", "... a key meanwhile, p95, over that at rest", 1.3, "x", flood_key),
    Row("logs-flood-bytes", "... to the terminal, a second", 60, "kB", _follows(100_000, _kilobytes)),
)

"""The screen of logs beside less, lnav and toolong, where they are installed, on the same gigabyte.

less is told beside the others and is no goal: it reads nothing but what it shows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Lab, NotHere, Row
from benchmarks.programs import Program, found
from benchmarks.row_logs import large
from benchmarks.row_logs_screen import (
    FIRST,
    LAST,
    PATIENCE,
    STILL,
    Followed,
    complete,
    follow,
    logs_program,
)
from benchmarks.sitting import opened, percentile, still
from tests.fakes.terminal import Terminal
from tests.tools import biglog

RATE = 10_000
RIVALS = ("lnav", "toolong")
"""Full-screen programs that know the lines of a log."""
_TEXT, _THERE = "RARE-END", "worker: RARE-END-[0-9]"
"""What is looked for, and the line with it: some programs propose texts of the log to complete it."""
_PAUSE = 0.2
"""Seconds until what was typed is taken in."""
_LONG = 120.0
"""Seconds that a search may take."""


@dataclass(frozen=True, slots=True)
class Pager:
    """A program that shows a log, and the keys that find a text in it."""

    name: str
    command: Callable[[Path], Sequence[str]]
    following: Callable[[Path], Sequence[str]]
    home: str
    find: str
    """Key that asks for the text."""
    go: str
    """Key that looks for it."""
    hits: str = ""
    """On the screen once it has some; `n` then leads to the first."""


OTHERS = (
    Pager(
        "less",
        lambda log: ("less", "-S", "+G", str(log)),
        lambda log: ("less", "-S", "+F", str(log)),
        "g",
        "/",
        "enter",
    ),
    Pager(
        "lnav",
        lambda log: ("lnav", str(log)),
        lambda log: ("lnav", str(log)),
        "g",
        "/",
        "enter",
        r"[1-9]\d* (of \d+ )?hits?",
    ),
    Pager("toolong", lambda log: ("tl", str(log)), lambda log: ("tl", str(log)), "home", "ctrl+f", "down"),
)
_OURS = Pager("ainf", lambda _: (), lambda _: (), "home", "/", "enter")


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds until the end of the log is shown, and until the text is; lag (p95), percent of a core."""

    opened: float
    found: float
    lag: float
    cpu: float


async def _beside(lab: Lab) -> Mapping[str, Seen]:
    """By name of the program."""

    async def measure() -> Mapping[str, Seen]:
        log = await large(lab)
        return await asyncio.to_thread(_all, lab, log)

    return await lab.once("logs beside peers", measure)


def _all(lab: Lab, log: Path) -> Mapping[str, Seen]:
    growing = lab.folder / "growing-peers.log"
    ours = logs_program(lab, log, LAST)
    seen = {"ainf": _seen(lab, _OURS, ours, logs_program(lab, growing, "the first line"))}
    for pager in OTHERS:
        program = found(Program(pager.name, pager.command(log), LAST), {"HOME": str(lab.folder)})
        if program is None:
            continue
        command = (program.command[0], *pager.following(growing)[1:])
        grows = replace(program, command=command, until="the first line")
        try:
            seen[pager.name] = _seen(lab, pager, program, grows)
        except (AssertionError, RuntimeError) as error:
            lab.say(f"{pager.name} is left out: {str(error).splitlines()[0]}")
    return seen


def _seen(lab: Lab, pager: Pager, program: Program, grows: Program) -> Seen:
    lab.say(f"a large log in {pager.name}")
    opens = [complete(program) for _ in range(lab.amount(4, 2))][1:]
    search = _searched(pager, program)
    growing = Path(grows.command[-1])
    followed: Followed = follow(lab, RATE, growing, grows)
    return Seen(median(opens), search, percentile(followed.lags, 95), followed.cpu)


def _searched(pager: Pager, program: Program) -> float:
    """From typing the text, at the beginning of the log, until its line is on the screen: some begin to look
    before they are asked to.
    """
    with opened(program) as terminal:
        terminal.wait_text(program.until, PATIENCE)
        still(terminal, 1000)
        terminal.press(pager.home)
        terminal.wait_text(FIRST, PATIENCE)
        still(terminal, STILL)
        there = terminal.expect(_THERE)
        typed = _type(terminal, pager.find, _TEXT)
        terminal.press(pager.go)
        if pager.hits:
            terminal.wait_text(pager.hits, _LONG)
            terminal.press("n")
        return there.wait(_LONG) - typed


def _type(terminal: Terminal, key: str, text: str) -> float:
    terminal.press(key)
    time.sleep(_PAUSE)
    typed = terminal.type(text)
    time.sleep(_PAUSE)
    return typed


Read = Callable[[Seen], float]


async def _against(lab: Lab, read: Read, unit: str, scale: float) -> Figure:
    """Of ours by the best rival's."""
    seen = await _beside(lab)
    rivals = {name: read(seen[name]) for name in RIVALS if name in seen}
    if not rivals:
        raise NotHere(f"no {' or '.join(RIVALS)} (`make bench-peers`, or its package)")
    note = ", ".join(f"{name} {read(each) * scale:.3g}" for name, each in seen.items())
    return Figure(read(seen["ainf"]) / min(rivals.values()), f"{note} {unit}")


async def peers_open(lab: Lab) -> Figure:
    """From exec until the last line is there."""
    return await _against(lab, lambda seen: seen.opened, "s", 1)


async def peers_search(lab: Lab) -> Figure:
    """A text that stands once, near the end, asked for at the beginning."""
    return await _against(lab, lambda seen: seen.found, "s", 1)


async def peers_lag(lab: Lab) -> Figure:
    """From the write of a line until it, or a newer one, is seen."""
    return await _against(lab, lambda seen: seen.lag, "ms", 1e3)


async def peers_cpu(lab: Lab) -> Figure:
    """Against toolong, which is made with the same library; lnav, in C++, takes a fifth of that."""
    seen = await _beside(lab)
    if "toolong" not in seen:
        raise NotHere("no toolong (`make bench-peers`)")
    note = ", ".join(f"{name} {each.cpu:.3g}" for name, each in seen.items())
    return Figure(seen["ainf"].cpu / seen["toolong"].cpu, f"{note} %")


async def memory(lab: Lab) -> Figure:
    """What a gigabyte, counted and searched, adds to the memory of the screen of a short log."""
    log = await large(lab)
    short = lab.folder / "memory-short.log"
    short.write_bytes(next(biglog.pieces(1)))

    def taken(path: Path, until: str) -> int:
        with opened(logs_program(lab, path, until)) as terminal:
            terminal.wait_text(until, PATIENCE)
            still(terminal, 1500)
            _type(terminal, "/", _TEXT)
            terminal.press("enter")
            still(terminal, 2000)
            return terminal.tree.memory().anonymous

    def both() -> tuple[int, int]:
        return taken(log, LAST), taken(short, r"\? help")

    ours, base = await asyncio.to_thread(both)
    return Figure((ours - base) / 1e6, f"{ours / 1e6:.0f} MB, {base / 1e6:.0f} MB of 60 kB")


ROWS = (
    Row("logs-memory", "... memory, read and searched, over a short log's", 16, "MB", memory),
    Row("logs-open-peers", "... its end / the best of lnav and toolong", 0.15, "x", peers_open),
    Row("logs-search-peers", "... a text near its end / the best of them", 0.15, "x", peers_search),
    Row("logs-lag-peers", "... 10,000 lines/s, seen, p95 / the best of them", 0.6, "x", peers_lag),
    Row("logs-cpu-peers", "... and CPU / toolong's", 0.2, "x", peers_cpu),
)

"""How the app behaves under a person's hands: another screen, a long list, a slow line, leaving."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import replace
from statistics import median

from benchmarks.box import Home, comfy, engine
from benchmarks.figures import Figure, Lab
from benchmarks.past import fill
from benchmarks.programs import Program, ainf, ainf_queue, floor
from benchmarks.rounds import Rounds, against, in_turn
from benchmarks.row_live import four_jobs
from benchmarks.sitting import STILL_MS, Sitting, opened, percentile, still
from tests.fakes.terminal import Terminal

PALETTE = "Search for commands"
POINTER = "▸"
HELP = "Help: all keys"
ASKED = r"Do what\?"
SCREENS = 20
ROWS = 10_000
LINE = 5000
"""Bytes a second."""
SLOW_KEYS = 20
BETWEEN = 0.3
"""Seconds between an answer and the next key: as a person presses them, not as fast as it goes."""
LEAVING = 10
LEAVING_PATIENCE = 10.0
SLOW_WARMING = 5.0
"""Seconds on the slow line before anything is asked: time to notice it."""
SLOW_PATIENCE = 30.0


async def help_screen(lab: Lab) -> Figure:
    """From `?` until the help is on the screen, against the command palette of the floor app."""
    return await _against_palette(lab, "?", HELP)


async def palette(lab: Lab) -> Figure:
    """From `ctrl+p` until ainf's own palette is there, against the same."""
    return await _against_palette(lab, "ctrl+p", ASKED)


async def _against_palette(lab: Lab, key: str, text: str) -> Figure:
    def both(program: Program) -> tuple[float, float]:
        return _shown(program, key, text), _shown(floor(), "ctrl+p", PALETTE)

    async with engine(Home(lab.folder / "screens")) as running:
        pairs = []
        for turn in range(lab.rounds):
            lab.say(f"{text}, round {turn + 1}")
            pairs.append(await asyncio.to_thread(both, ainf(running.home)))
    ours, base = (median(column) for column in zip(*pairs, strict=True))
    note = f"{ours:.0f} ms, palette of the floor app {base:.0f} ms"
    return Figure(median(own / other for own, other in pairs), note, {"ms": ours, "base_ms": base})


def _shown(program: Program, key: str, text: str) -> float:
    """Median milliseconds until the text is there; `escape` takes it away again."""
    with opened(program) as terminal:
        terminal.wait_text(program.until)
        still(terminal, STILL_MS)
        taken = []
        for _ in range(SCREENS):
            seen = terminal.expect(text)
            pressed = terminal.press(key)
            taken.append((seen.wait() - pressed) * 1e3)
            still(terminal, STILL_MS)
            terminal.press("escape")
            still(terminal, STILL_MS)
        return median(taken[1:])


async def rows_key(lab: Lab) -> Figure:
    """A key in a list of 10,000 jobs, against the same in the floor's 50 rows."""
    return against(await _long(lab), "floor", _key, "ms")


async def rows_key_p95(lab: Lab) -> Figure:
    return against(await _long(lab), "floor", _key_p95, "ms")


async def rows_memory(lab: Lab) -> Figure:
    """Of the app, against the app with 50 jobs."""
    rounds = await _long(lab)
    return against(rounds, "ainf-50", lambda sat: sat.start.pss, "MB", 1e-6)


async def rows_first(lab: Lab) -> Figure:
    """Until the first screen, against the app with 50 jobs."""
    return against(await _long(lab), "ainf-50", lambda sat: sat.start.complete, "s")


def _key(sat: Sitting) -> float:
    return sat.keys.p50


def _key_p95(sat: Sitting) -> float:
    return sat.keys.p95


async def _long(lab: Lab) -> Rounds:
    async def measure() -> Rounds:
        many, few = Home(lab.folder / "rows-many"), Home(lab.folder / "rows-few")
        jobs = lab.amount(ROWS)
        lab.say(f"a list of {jobs} jobs")
        await fill(many, jobs)
        await fill(few, 50)
        async with engine(many), engine(few):
            programs = [floor(), ainf_queue(many), replace(ainf_queue(few), name="ainf-50")]
            return await asyncio.to_thread(in_turn, lab, programs)

    return await lab.once("rows", measure)


async def slow_key(lab: Lab) -> Figure:
    """On a line of 5 kB/s with four jobs running: milliseconds from a key that moves the cursor until the
    screen shows it there, 95th percentile. The app finds out by itself that the line is slow.
    """
    return await _slow(lab)


async def slow_key_told(lab: Lab) -> Figure:
    """The same when it is told so (`--low-bandwidth`)."""
    return await _slow(lab, "--low-bandwidth")


async def _slow(lab: Lab, *words: str) -> Figure:
    async with four_jobs(lab, f"slow{len(words)}") as running:
        lab.say(f"a line of {LINE} bytes a second")
        taken, used = await asyncio.to_thread(_slow_keys, ainf_queue(running.home, *words))
    note = f"median {median(taken):.0f} ms; {used:.0f} of {LINE} B/s used"
    return Figure(percentile(taken, 95), note, {"p50": median(taken), "bytes_per_second": used})


def _slow_keys(program: Program) -> tuple[list[float], float]:
    with opened(program) as terminal:
        terminal.wait_text(program.until)
        still(terminal, STILL_MS)
        terminal.read_rate(LINE)
        time.sleep(SLOW_WARMING)
        began, before, taken = time.monotonic(), terminal.bytes_out, []
        for key in itertools.islice(itertools.cycle(("down", "up")), SLOW_KEYS):
            place = cursor_line(terminal)
            moved = terminal.expect(lambda _, place=place: cursor_line(terminal) != place)  # type: ignore[misc]  # mypy knows no default in a lambda
            pressed = terminal.press(key)
            taken.append((moved.wait(SLOW_PATIENCE) - pressed) * 1e3)
            time.sleep(BETWEEN)
        return taken, (terminal.bytes_out - before) / (time.monotonic() - began)


def cursor_line(terminal: Terminal) -> int:
    """Where the pointer of the list stands; -1 if nowhere."""
    rows = terminal.xterm.cells.rows
    return next((y for y, row in enumerate(rows) if row.startswith(POINTER)), -1)


async def leaving(lab: Lab) -> Figure:
    """Seconds from `q` until the process has ended: with 0, the terminal as it was, nobody left behind."""
    async with (
        comfy(lab.folder / "leaving-comfy", "--instant") as server,
        engine(Home(lab.folder / "leaving", server.url)) as running,
    ):
        times = [await asyncio.to_thread(_left, ainf(running.home)) for _ in range(lab.amount(LEAVING, 3))]
        base = [await asyncio.to_thread(_left, floor()) for _ in range(lab.amount(LEAVING, 3))]
    note = f"slowest {max(times):.2f} s; the floor app {median(base):.2f} s"
    return Figure(median(times), note, {"slowest": max(times), "base": median(base)})


def _left(program: Program) -> float:
    with opened(program) as terminal:
        terminal.wait_text(program.until)
        still(terminal, STILL_MS)
        pressed = terminal.press("q")
        code = terminal.process.wait(LEAVING_PATIENCE)
        took = time.monotonic() - pressed
        terminal.wait_exit()
        left, alive = terminal.modes_left_on(), terminal.tree.processes()
    if code != 0 or left or alive:
        raise RuntimeError(
            f"{program.name} ended with {code}; modes left on: {left}; processes left: {alive}"
        )
    return took

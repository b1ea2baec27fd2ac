"""One program, started in a terminal and looked at for a while: what its user waits for, what it takes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.programs import Program
from tests.fakes.terminal import Terminal

STILL_MS = 300
"""A first screen is stable when nothing has changed for so long."""
SETTLED_MS = 60
"""And the answer to a key."""
START_SECONDS = 30.0
UNSTABLE_SECONDS = 5.0
"""After that a program is taken as one that always moves."""
KEY_SECONDS = 5.0
WARM_KEYS = 2
"""Not counted: they find caches empty."""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from exec; `cpu` in seconds, of the program and its children; `bytes` to the terminal."""

    complete: float
    stable: float
    cpu: float
    bytes: int
    pss: int


@dataclass(frozen=True, slots=True)
class Idle:
    """A second of doing nothing: percent of a core, bytes to the terminal, wakeups."""

    percent: float
    bytes: float
    wakeups: float


@dataclass(frozen=True, slots=True)
class Keys:
    """Milliseconds from a key to the first change of the screen, and to the last one."""

    first: tuple[float, ...]
    settled: tuple[float, ...]

    @property
    def p50(self) -> float:
        return median(self.first)

    @property
    def p95(self) -> float:
        return percentile(self.first, 95)

    @property
    def settled_p50(self) -> float:
        return median(self.settled)


@dataclass(frozen=True, slots=True)
class Sitting:
    start: Start
    idle: Idle
    keys: Keys


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def opened(program: Program) -> Terminal:
    program.prepare()
    return Terminal(program.command, env=program.env, variables=program.variables)


def sit(program: Program, idle_seconds: float, keys: int) -> Sitting:
    """Blocking, as all here."""
    with opened(program) as terminal:
        start = start_of(terminal, program)
        idle = idle_of(terminal, idle_seconds)
        for key in program.before:
            terminal.press(key)
            still(terminal, SETTLED_MS)
        return Sitting(start, idle, keys_of(terminal, program.keys, keys))


def start_of(terminal: Terminal, program: Program) -> Start:
    """From exec until the first screen is complete and still."""
    complete = terminal.wait_text(program.until, START_SECONDS)
    stable = max(complete, still(terminal, STILL_MS))
    tree = terminal.tree
    return Start(
        complete - terminal.began, stable - terminal.began, tree.cpu(), terminal.bytes_out, tree.memory().pss
    )


def idle_of(terminal: Terminal, seconds: float) -> Idle:
    tree = terminal.tree
    before, began = (tree.cpu(), terminal.bytes_out, tree.wakeups()), time.monotonic()
    time.sleep(seconds)
    after, took = (tree.cpu(), terminal.bytes_out, tree.wakeups()), time.monotonic() - began
    cpu, written, wakeups = ((late - early) / took for early, late in zip(before, after, strict=True))
    return Idle(cpu * 100, written, wakeups)


def keys_of(terminal: Terminal, keys: Sequence[str], count: int) -> Keys:
    """Each is pressed once the last one's answer has settled."""
    first, settled = [], []
    for key in itertools.islice(itertools.cycle(keys), count + WARM_KEYS):
        pressed = terminal.press(key)
        first.append((terminal.wait_change(pressed, KEY_SECONDS) - pressed) * 1e3)
        settled.append((still(terminal, SETTLED_MS) - pressed) * 1e3)
    return Keys(tuple(first[WARM_KEYS:]), tuple(settled[WARM_KEYS:]))


def still(terminal: Terminal, milliseconds: float) -> float:
    """When it came to rest; of a program that never does, when patience ended."""
    try:
        return terminal.wait_still(milliseconds, UNSTABLE_SECONDS)
    except AssertionError:
        return time.monotonic()

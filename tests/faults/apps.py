"""The app in a terminal of its own while work goes on, and what may happen to both of them.

A case is a blow at a moment. Whatever it is: no job is harmed, the engine goes on meanwhile, nothing of the
app is left or spins, and where a process lives to do it, the terminal is as it was.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import psutil

from ainf_tui.client.live import Live, Topic
from tests.fakes.process_tree import ProcessTree
from tests.fakes.terminal import Terminal
from tests.faults.check import check
from tests.faults.processes import AINF, ROOT
from tests.faults.rounds import Kill, Outcome
from tests.faults.world import World

STEPS = 60
"""Of each job: three seconds."""
SIM_WORDS = (
    *("--step-seconds", "0.8", "--preview-method", "auto"),
    *("--node-seconds", "CheckpointLoaderSimple=0.01", "--node-seconds", "VAEDecode=0.01"),
)
AHEAD = 4
"""Jobs that wait at any time, so that one always runs."""
PATIENCE = 20.0
"""Seconds for what must come, with much else to do."""
SPINNING = 0.7
"""Of a core: who uses more while nothing can be done is spinning."""
SILENCE = 2.5
"""Seconds for which the engine may tell nothing new while a job runs: less than a terminal is not read."""
REST = 2.0
"""Seconds that a process is looked at to see whether it spins."""


# -- moments ---------------------------------------------------------------------------------------
def _listed(terminal: Terminal) -> None:
    terminal.wait_text(r"1 Dashboard +2 Queue", PATIENCE)
    terminal.press("2")
    terminal.wait_text(r"QUEUE +\d+ open", PATIENCE)
    terminal.wait_text(r"^▸ +\d+ ", PATIENCE)


def _then(*keys: str, text: str = "", shows: str) -> Callable[[Terminal], None]:
    """Once the list is there: these keys, that text, and what they bring."""

    def reach(terminal: Terminal) -> None:
        _listed(terminal)
        terminal.press(*keys)
        terminal.type(text)
        terminal.wait_text(shows, PATIENCE)

    return reach


def _form(terminal: Terminal) -> None:
    _then("a", shows=r"New run of what\?")(terminal)
    terminal.type("portrait")
    terminal.wait_text(r"▸ portrait ", PATIENCE)
    terminal.press("enter")
    terminal.wait_text(r"NEW RUN +portrait", PATIENCE)
    terminal.type("a boat")
    terminal.wait_text(r"a boat", PATIENCE)


def _starting(_: Terminal) -> None:
    time.sleep(0.1)


def _connecting(terminal: Terminal) -> None:
    terminal.wait_text(r"^ ainf ", PATIENCE)


def _leaving(terminal: Terminal) -> None:
    _listed(terminal)
    terminal.press("q")


MOMENTS: Mapping[str, Callable[[Terminal], None]] = {
    "before the first paint": _starting,
    "connecting": _connecting,
    "list shown": _listed,
    "form open": _form,
    "dialog open": _then("c", shows=r"Cancel #\d+"),
    "typing a filter": _then("/", text="bicy", shows=r"/bicy +"),
    "preview coming": _then("g", shows="▀▀▀▀"),
    "help open": _then("?", shows="Help: all keys"),
    "command line open": _then(":", text="run portrait", shows=r"^ :run portrait"),
    "leaving": _leaving,
}


# -- blows -----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Case:
    """`seconds`: how long the terminal does not read, or nobody is attached."""

    blow: str
    moment: str
    seconds: float = 5.0

    @property
    def kill(self) -> Kill:
        return Kill(f"app {self.blow}: {self.moment}", victims="app")


SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}
CLOSED, UNREAD, DETACHED = "closed terminal", "unread terminal", "tmux detach"
BLOWS = (*SIGNALS, CLOSED, UNREAD, DETACHED)


def matrix(seconds: float = 60.0) -> list[Case]:
    """Every blow at every moment."""
    return [Case(blow, moment, seconds) for blow in BLOWS for moment in MOMENTS]


def sample() -> list[Case]:
    """Every moment once, every blow at least once."""
    return [Case(blow, moment) for blow, moment in zip(itertools.cycle(BLOWS), MOMENTS, strict=False)]


class App:
    """The app of one case: how it is struck, and what is wrong with it afterwards."""

    def __init__(self, case: Case, env: Mapping[str, str]) -> None:
        self.case = case
        self.env = env

    def play(self) -> Iterator[str]:
        """Problems; blocking."""
        if self.case.blow == DETACHED:
            yield from _detached(self.case, self.env)
            return
        with self._opened() as terminal:
            MOMENTS[self.case.moment](terminal)
            if self.case.blow in SIGNALS:
                terminal.process.send_signal(SIGNALS[self.case.blow])
                yield from self._gone(terminal, SIGNALS[self.case.blow])
            elif self.case.blow == CLOSED:
                terminal.close_pty()
                yield from self._gone(terminal, signal.SIGHUP)
            else:
                yield from self._unread(terminal)

    def _opened(self) -> Terminal:
        return Terminal([sys.executable, *AINF], env=self.env, cwd=ROOT)

    def _gone(self, terminal: Terminal, number: int) -> Iterator[str]:
        code = terminal.process.wait(PATIENCE)
        # Before the app has set its handlers, the signal's own deed says the same to a shell: 128 + n.
        expected = {-number} if number == signal.SIGKILL else {-number, 128 + number}
        if self.case.moment == "leaving":
            expected.add(0)
        if code not in expected:
            yield f"it ended with {code}, not {expected}"
        if self.case.blow in {"SIGTERM", "SIGHUP"}:
            terminal.reader.drain(PATIENCE)
            if left := terminal.modes_left_on():
                yield f"the terminal is left with {left}"
        yield from _left_alive(terminal.tree)

    def _unread(self, terminal: Terminal) -> Iterator[str]:
        terminal.pause_reading()
        yield from _spinning(terminal.tree, self.case.seconds)
        terminal.resume_reading()
        yield from _left_by_key(terminal)


def _spinning(tree: ProcessTree, seconds: float) -> Iterator[str]:
    before = tree.cpu()
    time.sleep(seconds)
    used = tree.cpu() - before
    if used > SPINNING * seconds:
        yield f"it used {used:.1f} s of CPU in {seconds:g} s with nothing to do"


def _left_alive(tree: ProcessTree) -> Iterator[str]:
    if alive := tree.processes():
        yield f"left behind: {alive}"


def _left_by_key(terminal: Terminal) -> Iterator[str]:
    """The app is as it was, and can be left."""
    give_up = time.monotonic() + PATIENCE
    while terminal.process.poll() is None and time.monotonic() < give_up:
        terminal.press("escape")
        terminal.wait_still(150)
        terminal.press("ctrl+q")
        try:
            terminal.process.wait(1.0)
        except subprocess.TimeoutExpired:
            continue
    if (code := terminal.process.poll()) != 0:
        yield f"it could not be left by ctrl+q: {code}\n{terminal.text}"
        return
    terminal.wait_exit()
    if left := terminal.modes_left_on():
        yield f"the terminal is left with {left}"
    yield from _left_alive(terminal.tree)


# -- tmux ------------------------------------------------------------------------------------------
def has_tmux() -> bool:
    return shutil.which("tmux") is not None


_names = itertools.count(1)
QUICK_ESCAPE = ("start-server", ";", "set-option", "-s", "escape-time", "10", ";")
"""By itself tmux takes escape and a key within half a second for one key with alt."""


class Tmux:
    """A tmux server of its own, on a socket of its own; dead at the end of the `with` block."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = {name: text for name, text in env.items() if name not in {"TMUX", "TMUX_PANE"}}
        self._words = ("tmux", "-L", f"ainf-faults-{os.getpid()}-{next(_names)}", "-f", os.devnull)

    def attach(self, *words: str) -> Terminal:
        """A terminal with a client in it."""
        return Terminal([*self._words, *words], env=self.env, cwd=ROOT)

    def ask(self, *words: str) -> str:
        done = subprocess.run([*self._words, *words], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ask("kill-server")


def _detached(case: Case, env: Mapping[str, str]) -> Iterator[str]:
    """The client goes, the app stays without anybody who looks, another client comes."""
    with Tmux(env) as tmux:
        with tmux.attach(*QUICK_ESCAPE, "new-session", sys.executable, *AINF) as terminal:
            MOMENTS[case.moment](terminal)
            pid = tmux.ask("list-panes", "-F", "#{pane_pid}")
            tmux.ask("detach-client")
            terminal.wait_exit(PATIENCE)
        if case.moment == "leaving":
            yield from _ends(pid)
            return
        tree = ProcessTree(int(pid))
        yield from _spinning(tree, min(case.seconds, REST))
        with tmux.attach("attach-session") as terminal:
            terminal.wait_text(r"QUEUE|NEW RUN|Help", PATIENCE)
            yield from _left_by_key(terminal)
        yield from _left_alive(tree)


def _ends(pid: str) -> Iterator[str]:
    """Without anybody who looks, too. Empty: it has ended, and tmux with it."""
    if pid:
        with suppress(psutil.NoSuchProcess):
            try:
                psutil.Process(int(pid)).wait(PATIENCE)
            except psutil.TimeoutExpired:
                yield "it was left, and has not ended"


# -- the world around ------------------------------------------------------------------------------
class Witness:
    """Sees the engine's progress as another front end does: when it told of anything new."""

    def __init__(self) -> None:
        self.moments: list[float] = [time.monotonic()]

    async def watch(self, world: World) -> None:
        last: object = None
        async with Live(world.client.transport, ("active",)) as live:
            async for update in live:
                if isinstance(update, Topic):
                    told = [(job.id, job.state, job.step) for job in update.value]
                    if told != last:
                        self.moments.append(time.monotonic())
                    last = told

    def longest_silence(self) -> float:
        """Seconds; until now."""
        return max(late - early for early, late in itertools.pairwise([*self.moments, time.monotonic()]))


async def _feed(world: World) -> None:
    """A job always runs and some wait."""
    while True:
        jobs = await world.jobs()
        for _ in range(AHEAD - sum(job.finished_at is None for job in jobs.values())):
            await world.submit(steps=STEPS)
        await asyncio.sleep(0.3)


@asynccontextmanager
async def _working(world: World) -> AsyncIterator[Witness]:
    """Work goes on meanwhile."""
    witness = Witness()
    tasks = [
        asyncio.create_task(_feed(world), name="feeder"),
        asyncio.create_task(witness.watch(world), name="witness"),
    ]
    try:
        await world.until(lambda jobs: any(job.state == "running" for job in jobs.values()), PATIENCE)
        witness.moments = [time.monotonic()]
        yield witness
        assert not any(task.done() for task in tasks), tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _frames(world: World) -> list[str]:
    """Every frame that the server sent has come to the engine: one engine and one server all along, so the
    counts of both are equal once nothing is under way.
    """
    give_up = time.monotonic() + PATIENCE
    while True:
        sent, status = await world.sim.frames(), await world.client.status()
        came = sum(backend.frames for backend in status.backends)
        if len(sent) == 1 and sum(sent.values()) == came:
            return []
        if time.monotonic() > give_up:
            return [f"the server sent {sent} frames, and {came} came to the engine"]
        await asyncio.sleep(0.2)


async def _play(
    world: World, turn: asyncio.Semaphore, told: Callable[[Outcome], None], case: Case
) -> Outcome:
    outcome = Outcome(case.kill, jobs=1, deaths=1)
    async with turn:
        began = time.monotonic()
        try:
            outcome.problems += await asyncio.to_thread(lambda: [*App(case, world.env()).play()])
        except (AssertionError, subprocess.TimeoutExpired) as error:
            outcome.problems.append(f"{type(error).__name__}: {error}")
        outcome.recovery = time.monotonic() - began
    told(outcome)
    return outcome


async def play_apps(
    folder: Path, cases: Sequence[Case], workers: int = 3, told: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """The cases side by side in one world. The last outcome is the world's own; its `recovery` is the
    longest time for which the engine told nothing new.
    """
    whole = Outcome(Kill("app: jobs, engine and server", victims="none"))
    play = partial(_play, turn=asyncio.Semaphore(workers), told=told)
    async with World(folder, sim_words=SIM_WORDS) as world:
        world.keeping = False
        engine = (await world.start_engine()).pid
        async with _working(world) as witness:
            outcomes = await asyncio.gather(*(play(world, case=case) for case in cases))
            whole.recovery = witness.longest_silence()
        if whole.recovery > SILENCE:
            whole.problems.append(f"the engine told nothing new for {whole.recovery:.1f} s")
        if (world.engine_pid, world.engine_starts) != (engine, 1):
            whole.problems.append(f"the engine was {engine} and is {world.engine_pid}")
        await world.settle()
        whole.problems += await _frames(world)
        report = await check(world)
        whole.jobs = report.jobs
        whole.problems += report.problems
    return [*outcomes, whole]

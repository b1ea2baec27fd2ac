"""The processes of a scratch box: a simulator, an engine, front ends, each of which can be killed.

While `keeping`, a dead engine and a dead simulator are started again at once, as a front end and a
service manager would.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from ainf_tui.client.client import Client
from ainf_tui.client.process import lock_holder
from ainf_tui.client.unix import UnixTransport
from ainf_tui.errors import UnreachableError
from ainf_tui.locations import Locations
from tests.fakes.proxy import Line
from tests.fakes.sim import SimProcess
from tests.faults.processes import AINF, Child, living_in, signal_group

STEP = 0.025
"""Seconds of one sampler step of the suite's graph."""
SIM_WORDS = (
    "--step-seconds",
    str(STEP * 16),
    *itertools.chain.from_iterable(
        ("--node-seconds", f"{name}=0.01")
        for name in ("CheckpointLoaderSimple", "CLIPTextEncode", "VAEDecode", "SaveImage")
    ),
)
SETTINGS = {
    "AINF_QUEUE_MAX_ATTEMPTS": "10",
    "AINF_QUEUE_POLL_BUSY": "0.2",
    "AINF_QUEUE_POLL_IDLE": "1",
    "AINF_ENGINE_IDLE_TIMEOUT": "60",
    "AINF_ENGINE_LOG_LEVEL": "debug",
}
START_SECONDS = 30.0


class Box:
    """Use as an async context manager; everything it started is dead afterwards."""

    def __init__(
        self,
        folder: Path,
        *,
        sim_words: Sequence[str] = SIM_WORDS,
        settings: Mapping[str, str] | None = None,
        engine_words: Sequence[str] = AINF,
        behind_a_line: bool = False,
    ) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.locations = Locations(
            self.home / "config", self.home / "state", self.home / "cache", self.home / "outputs", self.home
        )
        self.sim = SimProcess(folder / "sim", *sim_words)
        self.sim_deaths = 0
        self._sim_lock = asyncio.Lock()
        self.url = ""
        """Of the ComfyUI that the engine is told: the simulator's own, or the line's."""
        self.line: Line | None = None
        self._behind_a_line = behind_a_line
        self.client = Client(UnixTransport(self.locations.engine_socket), deadline=10.0)
        self.keeping = True
        self.last_blow = 0.0
        """Monotonic time of the newest death."""
        self.engine_starts = 0
        self._settings = {**SETTINGS, **(settings or {})}
        self._engine_words = tuple(engine_words)
        self._labels = itertools.count(1)
        self._engines: list[Child] = []
        self._fronts: list[Child] = []
        self._keeper: asyncio.Task[None] | None = None

    # -- life --------------------------------------------------------------------------------------
    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        self.locations.prepare()
        await self.sim.start()
        self.url = self.sim.url
        if self._behind_a_line:
            self.line = Line(self.sim.port)
            await self.line.restore()
            self.url = self.line.url
        self._keeper = asyncio.create_task(self._keep(), name="keeper")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._keeper is not None:
                self._keeper.cancel()
                with suppress(asyncio.CancelledError):
                    await self._keeper
        finally:
            await self._end_all()

    async def _end_all(self) -> None:
        await self.client.aclose()
        for child in (*self._fronts, *self._engines):
            child.kill()
        if self.line is not None:
            await self.line.__aexit__(None, None, None)
        await self.sim.kill()
        for pid in await asyncio.to_thread(living_in, self.home):
            signal_group(pid)
        if self.locations.engine_socket.parent != self.locations.state_dir:
            shutil.rmtree(self.locations.engine_socket.parent, ignore_errors=True)

    def env(self, **more: str) -> dict[str, str]:
        """What every process of ours sees: this scratch home, this ComfyUI, fast polls."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AINF_")}
        return {
            **clean,
            **self._settings,
            "AINF_HOME": str(self.home),
            "AINF_COMFYUI_URL": self.url,
            "NO_COLOR": "1",
            **more,
        }

    # -- engine ------------------------------------------------------------------------------------
    @property
    def engine_pid(self) -> int | None:
        """Of the engine that holds the state folder, whoever started it."""
        return lock_holder(self.locations.engine_lock) or None

    async def start_engine(self, kill_at: str = "") -> Child:
        """Starts one and waits for its first answer. `kill_at`: see `ainf_tui.killpoints`."""
        child = self._spawn_engine(kill_at)
        async with asyncio.timeout(START_SECONDS):
            while True:
                with suppress(UnreachableError):
                    if (await self.client.engine.version(deadline=2.0)).pid == child.pid:
                        return child
                assert child.code is None, child.words()
                await asyncio.sleep(0.02)

    def _spawn_engine(self, kill_at: str = "") -> Child:
        self.engine_starts += 1
        armed = {"AINF_KILL_AT": kill_at} if kill_at else {}
        label = f"engine-{next(self._labels)}"
        child = Child(self.folder, label, (*self._engine_words, "engine", "run"), self.env(**armed))
        self._engines.append(child)
        return child

    def kill_engine(self) -> bool:
        """SIGKILL; whether there was one."""
        pid = self.engine_pid
        if pid is None:
            return False
        signal_group(pid, signal.SIGKILL)
        self.last_blow = time.monotonic()
        return True

    async def replace_engine(self, kill_at: str = "") -> Child:
        """Kills the one that runs and starts one that will die where it is told."""
        keeping, self.keeping = self.keeping, False
        try:
            while True:
                self.kill_engine()
                while self.engine_pid is not None:  # noqa: ASYNC110 - another process's lock tells nobody
                    await asyncio.sleep(0.01)
                try:
                    return await self.start_engine(kill_at)
                except AssertionError:
                    # A front end that waits may have brought back an engine of its own in between.
                    if self.engine_pid is None:
                        raise
        finally:
            self.keeping = keeping

    async def kill_sim(self) -> None:
        """SIGKILL; the keeper starts it again on the same port with the same journal."""
        async with self._sim_lock:
            self._note_sim_death()
            await self.sim.kill()

    async def start_sim(self) -> None:
        """Starts a dead one again, on the same port."""
        async with self._sim_lock:
            if self.sim._process is None:
                await self.sim.start()

    def _note_sim_death(self) -> None:
        self.sim_deaths += 1
        self.last_blow = time.monotonic()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(0.03)
            if not self.keeping:
                continue
            await self._keep_sim()
            await self._keep_engine()

    async def _keep_sim(self) -> None:
        async with self._sim_lock:
            process = self.sim._process
            if process is not None and process.poll() is not None:
                self._note_sim_death()
                await self.sim.died()
        await self.start_sim()

    async def _keep_engine(self) -> None:
        if self.engine_pid is not None:
            return
        if self._engines and self._engines[-1].code is None:
            return  # it is starting, and has not taken the lock yet
        if self._engines and self._engines[-1].was_killed:
            self.last_blow = max(self.last_blow, time.monotonic())
        self._spawn_engine()

    def ainf(self, *words: str, **env: str) -> Child:
        """`ainf WORDS` as a process."""
        child = Child(self.folder, f"ainf-{next(self._labels)}", (*AINF, *words), self.env(**env))
        self._fronts.append(child)
        return child

    def engine_words(self, most: int = 6000) -> str:
        """The end of the engine's log and of what the newest engine printed."""
        log = self.locations.engine_log
        told = log.read_text(errors="replace")[-most:] if log.exists() else ""
        return told + (self._engines[-1].words() if self._engines else "")

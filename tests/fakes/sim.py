"""Simulators for tests: one in a process that can be killed, one in the test's own loop for speed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

from ainf_tui.simulator.journal import read
from ainf_tui.simulator.options import SimulatorOptions
from ainf_tui.simulator.server import serve

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
NO_CERTIFICATES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""aiohttp reads those of the system when it is loaded: a fifth of a start, for connections it never makes."""


class Sim:
    """What both kinds share. `folder` holds output, input, temp and the journal, and outlives restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal.jsonl"
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def start(self) -> None:
        raise NotImplementedError

    async def kill(self) -> None:
        raise NotImplementedError

    async def restart(self) -> None:
        """Die and come back on the same port, with the same folder and journal, and nothing in memory."""
        await self.kill()
        await self.start()

    async def faults(self, **wanted: Any) -> dict[str, Any]:
        """Set faults; gives all that are set. The keys are those of `ainf_tui.simulator.faults`."""
        return await self._ask("POST", "/sim/faults", wanted)

    async def frames(self) -> dict[str, int]:
        """How many frames were sent, by client id."""
        counts: dict[str, int] = await self._ask("GET", "/sim/frames")
        return counts

    async def executions(self) -> dict[str, int]:
        """How often each prompt id was started, by all processes on this journal."""
        counts: dict[str, int] = await self._ask("GET", "/sim/executions")
        return counts

    def events(self, event: str | None = None) -> list[dict[str, Any]]:
        """The journal, readable when the process is dead."""
        return [entry for entry in read(self.journal) if event in (None, entry["event"])]

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, verify=False) as client:
            answer = await client.request(method, path, json=body)
            answer.raise_for_status()
            document: dict[str, Any] = answer.json()
            return document

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()


class SimProcess(Sim):
    """`python -m ainf_tui.simulator` with these words; what it writes to stderr is in `folder/stderr.log`."""

    def __init__(self, folder: Path, *words: str) -> None:
        super().__init__(folder)
        self._words = words
        self._process: subprocess.Popen[str] | None = None

    @staticmethod
    def command(port: int) -> list[str]:
        """The command line up to the port."""
        return [sys.executable, "-m", "ainf_tui.simulator", "--port", str(port)]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        places = ("--folder", str(self.folder), "--journal", str(self.journal))
        command = [*self.command(self.port), *places, *self._words]
        with (self.folder / "stderr.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 -- not tied to a loop that a test may close
                command,
                cwd=ROOT,
                env={**os.environ, **NO_CERTIFICATES},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = await asyncio.wait_for(asyncio.to_thread(self._first_line), START_SECONDS)
        assert line.startswith("ainf simulator (DEMO) listening on "), (line, self.stderr())
        self.port = int(line.rsplit(":", 1)[1])

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            await self.died()

    async def died(self) -> int:
        """Wait for its end; gives the exit code (negative: the signal)."""
        process, self._process = self._process, None
        assert process is not None
        code = await asyncio.to_thread(process.wait, START_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
        return code

    def stderr(self) -> str:
        return (self.folder / "stderr.log").read_text(encoding="utf-8")

    def _first_line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class SimTask(Sim):
    """`serve()` in the running loop. Faults that end the process are refused; `kill` aborts its sockets."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder)
        instant = {"step_seconds": 0.0, "node_seconds": {}}
        self._options = {**instant, **options}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = SimulatorOptions(
            port=self.port, folder=self.folder, journal=self.journal, killable=False, **self._options
        )
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(serve(options, port.set_result), name="simulator")
        waited: set[asyncio.Future[Any]] = {port, self._task}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        self.port = port.result()

    async def kill(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[SimProcess]:
    """A simulator in a process of its own; nothing takes time."""
    async with SimProcess(tmp_path / "sim", "--instant") as running:
        yield running


@pytest.fixture
async def fast_sim(tmp_path: Path) -> AsyncIterator[SimTask]:
    """A simulator in the test's own loop; nothing takes time."""
    async with SimTask(tmp_path / "sim") as running:
        yield running

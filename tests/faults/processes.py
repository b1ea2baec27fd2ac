"""The processes of a world: engines and front ends, each in a group of its own that can be killed whole."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
AINF = ("-m", "ainf_tui")


class Child:
    """A Python program with its output in two files. `label` names them."""

    def __init__(self, folder: Path, label: str, words: Sequence[str], env: Mapping[str, str]) -> None:
        self.label = label
        self.out = folder / f"{label}.out"
        self.err = folder / f"{label}.err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    def kill(self) -> None:
        """SIGKILL to it and all it has started in its group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    async def ended(self, seconds: float) -> int:
        """Its exit code. TimeoutError if it runs on."""
        async with asyncio.timeout(seconds):
            while (code := self.code) is None:  # noqa: ASYNC110 - a process that ends calls nobody
                await asyncio.sleep(0.02)
        return code

    def words(self) -> str:
        """Everything it has said, for a failure's message."""
        return f"{self.label}: {self.code}\n{self.out.read_text()}\n{self.err.read_text()}"

    def lines(self) -> list[dict[str, Any]]:
        """Its JSON lines so far; a last line without its end is still being written."""
        whole, _, _ = self.out.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]


def signal_group(pid: int, number: int = signal.SIGKILL) -> None:
    """To a process that leads a group and may be gone."""
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def living_in(home: Path) -> list[int]:
    """Processes with this AINF_HOME: engines that front ends started, in sessions of their own. Blocking."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("AINF_HOME") == str(home):
                found.append(process.pid)
    return found

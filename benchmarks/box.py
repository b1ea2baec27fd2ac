"""A box to measure on: an engine with its own home, and a simulated ComfyUI, each its own process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ainf_tui.client import Client
from ainf_tui.client.launch import connect
from ainf_tui.locations import Locations, locate
from ainf_tui.settings import Settings, resolve
from ainf_tui.tui.session import SCHEMA

NOBODY = "http://127.0.0.1:9"
"""An address where no ComfyUI answers (the discard port, closed everywhere)."""
_STOP_SECONDS = 20.0
_LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True, slots=True)
class Home:
    """One installation of ainf, under one folder, with one ComfyUI."""

    folder: Path
    url: str = NOBODY
    """Empty: what `configure` wrote."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Settings of its own, as AINF_* variables."""

    @property
    def env(self) -> dict[str, str]:
        """What makes a command line use it."""
        own = {"AINF_HOME": str(self.folder)} | ({"AINF_COMFYUI_URL": self.url} if self.url else {})
        return {**os.environ, **own, **self.variables}

    def configure(self, backends: Mapping[str, str]) -> None:
        """Writes its settings: ComfyUI addresses by name."""
        file = self.locations.config_file
        file.parent.mkdir(parents=True, exist_ok=True)
        tables = [f'[backends.{name}]\nurl = "{url}"\n' for name, url in backends.items()]
        file.write_text("\n".join(tables), encoding="utf-8")

    def left_at(self, screen: str) -> None:
        """The app was left at this screen the last time, and opens with it."""
        file = self.locations.app_session_file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"schema": SCHEMA, "screen": screen}), encoding="utf-8")

    @property
    def locations(self) -> Locations:
        return locate(self.env)

    @property
    def settings(self) -> Settings:
        return resolve({}, self.env, self.locations.config_file)


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine as a front end has it, and its process."""

    home: Home
    client: Client
    process: psutil.Process

    def cpu(self) -> float:
        """CPU seconds since it began, to a hundredth."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> float:
        """Bytes that would be freed if it ended: what it shares with others is not its own."""
        return float(self.process.memory_full_info().uss)


@contextlib.asynccontextmanager
async def engine(home: Home) -> AsyncIterator[Engine]:
    """Started as the first front end does it; stopped, and its process gone, at the end."""
    async with await connect(home.settings, home.locations) as client:
        process = psutil.Process((await client.engine.version()).pid)
        try:
            yield Engine(home, client, process)
        finally:
            await client.engine.stop()
            await asyncio.to_thread(_wait_gone, process)


def _wait_gone(process: psutil.Process) -> None:
    """Its starter's thread collects it; until then it is a zombie, which is gone enough."""
    give_up = time.monotonic() + _STOP_SECONDS
    with contextlib.suppress(psutil.NoSuchProcess):  # collected between the two questions
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > give_up:
                process.kill()
                raise RuntimeError(f"the engine (pid {process.pid}) did not end within {_STOP_SECONDS:g} s")
            time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Comfy:
    """A running simulator."""

    url: str
    process: psutil.Process

    def cpu(self) -> float:
        """CPU seconds since it began, to a hundredth."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextlib.asynccontextmanager
async def comfy(folder: Path, *words: str, module: str = "ainf_tui.simulator") -> AsyncIterator[Comfy]:
    """`python -m MODULE --port 0 --folder FOLDER WORDS...`, which prints the address it listens on."""
    command = [sys.executable, "-m", module, "--port", "0", "--folder", str(folder), *words]
    process = await asyncio.to_thread(_started, command, folder)
    try:
        line = await asyncio.to_thread(_first_line, process)
        found = _LISTENING.search(line)
        if found is None:
            raise RuntimeError(f"{module} did not start: it said {line!r}")
        yield Comfy(found[1], psutil.Process(process.pid))
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


def _started(command: list[str], folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def _first_line(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline() if process.stdout is not None else ""

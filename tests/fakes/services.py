"""Real services for tests: small Python programs under real launchers, ended when the test is over."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ainf_tui.adapters.services.processes import SystemProcesses
from ainf_tui.domain.ports_services import Launched, LaunchSpec

PATIENCE = 10.0


def until(true: Callable[[], object], within: float = PATIENCE) -> None:
    """Waits until it is so; fails after so many seconds."""
    give_up = time.monotonic() + within
    while not true():
        assert time.monotonic() < give_up, "it did not come to pass"
        time.sleep(0.01)


def program(text: str) -> tuple[str, ...]:
    return sys.executable, "-I", "-S", "-u", "-c", text


class Services:
    """Starts services in a folder and remembers them."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state" / "services"
        self.folder = folder
        self.processes = SystemProcesses(self.state)
        self._begun: list[Launched] = []

    def log(self, service: str = "web") -> Path:
        return self.folder / f"{service}.log"

    def spec(
        self,
        *command: str,
        service: str = "web",
        cwd: str = "",
        env: Mapping[str, str] | None = None,
    ) -> LaunchSpec:
        log = str(self.log(service))
        return LaunchSpec(service, command, cwd or str(self.folder), env or {}, log)

    async def start(
        self, text: str, *, service: str = "web", env: Mapping[str, str] | None = None
    ) -> Launched:
        launched = await self.processes.launch(self.spec(*program(text), service=service, env=env))
        self._begun.append(launched)
        return launched

    def end(self) -> None:
        """Kills the sessions of all that were started, and their launchers."""
        for launched in self._begun:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(launched.process.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(launched.launcher.pid, signal.SIGKILL)

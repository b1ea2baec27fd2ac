"""A real engine, a real service, real kills: what a user sees, and what the next engine finds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.client import Client, UnixTransport
from ainf_tui.errors import UnreachableError
from ainf_tui.killpoints import SERVICE_POINTS
from ainf_tui.locations import locate

PATIENCE = 30.0
PYTHON = sys.executable


class Home:
    """A box of the test's own, with the simulator as its `comfyui`."""

    def __init__(self, folder: Path, *, restart: str = "always") -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port: int = server.getsockname()[1]
        config = folder / "config"
        config.mkdir(parents=True)
        (config / "services.toml").write_text(
            f"""
            [services.comfyui]
            command = ["{PYTHON}", "-m", "ainf_tui", "simulator", "--port", "{{port}}"]
            ports = [{self.port}]
            [services.comfyui.restart]
            policy = "{restart}"
            delay = 0.2
            [services.comfyui.stop]
            timeout = 10
            """
        )

    def run(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PYTHON, "-m", "ainf_tui", *args],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            env=self.env(**env),
            check=False,
        )

    def env(self, **env: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "AINF_HOME": str(self.folder),
            "AINF_COMFYUI_URL": f"http://127.0.0.1:{self.port}",
            "AINF_PROBES_UNWATCHED": "0.5",
            "LANG": "C.UTF-8",
            **env,
        }

    def json(self, *args: str) -> dict[str, Any]:
        done = self.run(*args, "--json")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def look(self, path: str) -> dict[str, Any]:
        """A document of the engine's, asked for in this process: `ainf` takes a quarter second of CPU for
        each look. As `ainf` does, starts an engine where none runs.
        """
        with contextlib.suppress(UnreachableError):
            return self._asked(path)
        self.run("engine", "start")
        return self._asked(path)

    def _asked(self, path: str) -> dict[str, Any]:
        async def ask() -> bytes:
            async with Client(UnixTransport(locate(self.env()).engine_socket)) as client:
                return await client.call("GET", path)

        found: dict[str, Any] = json.loads(asyncio.run(ask()))
        return found

    def seen(self) -> dict[str, Any]:
        """What `comfyui` says, for waiting."""
        found: dict[str, Any] = self.look("/v1/services/comfyui")["service"]
        return found

    def comfyui(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json("services", "show", "comfyui")["service"]
        return found

    def engine(self) -> int:
        """Its pid."""
        return int(self.json("engine", "status")["engine"]["pid"])

    def listening(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
            return True
        return False

    def left(self) -> list[str]:
        """What tells of a service in the state folder."""
        return sorted(path.name for path in (self.folder / "state" / "services").glob("*"))

    def processes(self) -> list[int]:
        """Whoever was started as this box's service and lives."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                environ = path.read_bytes()
                if b"AINF_SERVICE=comfyui:" in environ and f"AINF_HOME={self.folder}\0".encode() in environ:
                    found.append(int(path.parent.name))
        return found

    def end(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.run("engine", "stop")
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    box = Home(tmp_path / "box")
    yield box
    box.end()


def until(true: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, "it did not come to pass"
        time.sleep(0.1)


def test_up_killed_up_again_down(home: Home) -> None:
    """And all of it again after the engine was killed in between."""
    up = home.run("up", "--json")
    assert up.returncode == 0, up.stderr
    first = json.loads(up.stdout)["services"][0]
    assert (first["state"], first["health"], first["ports"]) == ("running", "healthy", [home.port])

    # The backend answers, and its websocket opens a moment later.
    until(lambda: home.look("/v1/status")["reasons"] == [])
    status = home.json("status")
    shown = next(s for s in status["services"] if s["name"] == "comfyui")
    assert (shown["health"], shown["pid"], status["reasons"]) == ("healthy", first["pid"], [])

    os.kill(first["pid"], signal.SIGKILL)
    until(lambda: (home.seen()["restarts"], home.seen()["health"]) == (1, "healthy"))
    second = home.comfyui()
    assert second["pid"] != first["pid"]

    os.kill(home.engine(), signal.SIGKILL)
    assert home.listening(), "the service does not depend on the engine"
    assert home.comfyui()["pid"] == second["pid"], "the next engine knows it again"
    again = home.run("up")
    assert (again.returncode, home.comfyui()["pid"]) == (0, second["pid"]), "what runs is left alone"

    os.kill(home.engine(), signal.SIGKILL)
    os.kill(second["pid"], signal.SIGKILL)
    until(lambda: not home.listening())
    until(lambda: home.seen()["health"] == "healthy")
    assert home.comfyui()["restarts"] == 2, "it ended while nobody looked, and came back"

    down = home.run("down")
    assert down.returncode == 0, down.stderr
    assert (home.listening(), home.left(), home.processes()) == (False, [], [])
    assert home.run("down").returncode == 0
    latest = home.folder / "state" / "runs" / "latest"
    events = [json.loads(line) for line in (latest / "events.jsonl").read_text().splitlines()]
    assert "ainf down" in {event["fields"].get("asked") for event in events}
    assert "comfyui  stopped" in (latest / "summary.txt").read_text()


def test_somebody_elses_port(home: Home) -> None:
    other = [PYTHON, "-m", "http.server", str(home.port), "--bind", "127.0.0.1"]
    with subprocess.Popen(other, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(home.listening)
            refused = home.run("services", "start", "comfyui")
            assert refused.returncode == 1
            assert f"pid {server.pid} " in refused.stderr
            assert "-m http.server" in refused.stderr
            assert "--stop-owner" in refused.stderr
            assert home.run("up").returncode == 1
            assert server.poll() is None
            freed = home.run("services", "start", "comfyui", "--stop-owner", str(server.pid))
            assert freed.returncode == 0, freed.stderr
            assert server.wait(PATIENCE) is not None
        finally:
            server.kill()


def test_a_simulator_started_by_hand_is_adopted(home: Home) -> None:
    command = [PYTHON, "-m", "ainf_tui", "simulator", "--port", str(home.port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=home.env()) as simulator:
        try:
            until(home.listening)
            up = home.json("up")
            found = up["services"][0]
            assert (found["kind"], found["state"], found["pid"]) == ("adopted", "running", simulator.pid)
            assert home.run("down").returncode == 0
            assert simulator.poll() is None, "what somebody else started is not stopped by the way"
            assert home.run("services", "stop", "comfyui").returncode == 1
            assert home.run("services", "stop", "comfyui", "--yes").returncode == 0
            assert simulator.wait(PATIENCE) is not None
        finally:
            simulator.kill()


@pytest.mark.parametrize("point", SERVICE_POINTS)
def test_an_engine_that_dies_at_any_point_leaves_one_service_or_none(home: Home, point: str) -> None:
    stopping = point in {"service.before_stop", "service.after_signal"}
    if stopping:
        assert home.run("up", AINF_KILL_AT=point).returncode == 0
        pid = home.engine()
        home.run("down", "--no-wait")
    else:
        home.run("engine", "start", AINF_KILL_AT=point)
        pid = home.engine()
        home.run("up", "--no-wait")
    until(lambda: not _lives(pid))

    if stopping:
        until(lambda: home.seen()["state"] == "stopped")
        assert (home.listening(), home.processes()) == (False, []), "a stop goes on to its end"
        until(lambda: home.left() == [])
        return
    until(lambda: home.seen()["health"] == "healthy")
    found = home.comfyui()
    assert found["kind"] == "managed"
    servers = [pid for pid in home.processes() if _leads(pid)]
    assert servers == [found["pid"]], "one, and no second one"
    assert home.run("down").returncode == 0
    assert (home.listening(), home.left(), home.processes()) == (False, [], [])


def _lives(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _leads(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return os.getsid(pid) == pid
    return False

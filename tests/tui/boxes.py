"""Boxes with a screen that is worth a picture: real engines and services, each in a home of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.terminal import Terminal

AINF = (sys.executable, "-m", "ainf_tui")
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Box:
    """`services`: its services.toml, `{port}` is ComfyUI's; `until`: what the Dashboard must show. After
    `keys` the screen must show `then`.
    """

    name: str
    services: str
    until: str
    variables: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    then: str = ""


COMFYUI = f"""
[services.comfyui]
command = ["{sys.executable}", "-m", "ainf_tui", "simulator", "--port", "{{port}}"]
ports = [PORT]
"""
FLAKY = """
[services.captions]
command = ["sh", "-c", "echo loading the model; echo 'RuntimeError: CUDA error: out of memory'; exit 1"]
restart = { policy = "always", delay = 0.1, max_restarts = 3 }
"""
LOGS = Path(__file__).parents[1] / "data" / "comfyui" / "logs"
REPLAYS = "".join(
    f"""
[services.{name}]
command = ["sh", "-c", "cat {LOGS}/{log}.log; sleep 600"]
"""
    for name, log in (("studio", "server_bad_requests"), ("night", "server_worker_thread_died"))
)
ERRORS = Box(
    "errors",
    COMFYUI + FLAKY + REPLAYS,
    r"(?s)(?=.*captions +crash-loop).*simulated GPU",
    keys=("7",),
    then=r"(?s)(?=.*captions ended).*ERRORS(?=.*new)",
)
"""What a real ComfyUI wrote of its failures, and a service that runs out of memory at its start."""
BOXES = (
    Box("dashboard-crash-loop", COMFYUI + FLAKY, r"(?s)(?=.*captions +crash-loop).*simulated GPU"),
    Box(
        "dashboard-no-gpu",
        COMFYUI,
        r"(?s)(?=.*comfyui +running +healthy).*no NVIDIA",
        {"AINF_HOST_GPUS": "nvml"},
    ),
    Box("dashboard-no-comfyui", "", r"(?s)(?=.*no backend answers)(?=.*comfyui +stopped).*CHECKS\s+\S"),
)


@contextmanager
def shown(box: Box, folder: Path, size: tuple[int, int]) -> Iterator[Terminal]:
    """Its screen once everything on it has come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "services.toml").write_text(box.services.replace("PORT", str(port)))
    env = {
        **os.environ,
        "AINF_HOME": str(folder),
        "AINF_COMFYUI_URL": f"http://127.0.0.1:{port}",
        **box.variables,
    }

    def ainf(*words: str) -> None:
        subprocess.run([*AINF, *words], env=env, timeout=PATIENCE, capture_output=True, check=False)

    ainf("up")
    try:
        with Terminal(AINF, size=size, env=env) as terminal:
            terminal.wait_text(box.until, PATIENCE)
            if box.keys:
                terminal.press(*box.keys)
                terminal.wait_text(box.then, PATIENCE)
            yield terminal
            terminal.press("q")
            terminal.wait_exit()
    finally:
        ainf("down")
        ainf("engine", "stop")

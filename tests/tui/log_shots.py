"""The screen of logs on a log that tells something, for pictures and to be looked at."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.terminal import Terminal

AINF = (sys.executable, "-m", "ainf_tui")
PATIENCE = 60.0
USUAL = (120, 40)
LINES = 400
OOM = """\
!!! Exception during processing !!! Allocation on device 0 would exceed allowed memory. (out of memory)
Traceback (most recent call last):
  File "/opt/ComfyUI/execution.py", line 515, in execute
    output_data = get_output_data(obj, input_data_all)
  File "/opt/ComfyUI/comfy/sd.py", line 700, in decode
    pixel_samples = self.first_stage_model.decode(samples)
torch.OutOfMemoryError: Allocation on device 0 would exceed allowed memory. (out of memory)
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """`steps`: a key, or a text to type that begins with a colon; then `until` is on the screen."""

    name: str
    until: str
    steps: tuple[str, ...] = ()
    size: tuple[int, int] = USUAL


SHOTS = (
    Shot("logs", r"424 lines"),
    Shot("logs-search", r"\d of 4 ", ("/", ":out of memory", "enter")),
    Shot("logs-record", r"WHAT IT MEANS", ("e", "enter")),
    Shot("logs-80x24", r"424 lines", size=(80, 24)),
    Shot("logs-200x60", r"424 lines", size=(200, 60)),
)


def text() -> tuple[str, str]:
    """What ComfyUI and an api wrote."""
    comfy, api = [], []
    for number in range(LINES):
        at = f"2026-11-26 14:{number // 60:02}:{number % 60:02},{number * 37 % 1000:03}"
        if number % 100 == 70:
            comfy.append(f"{at} - comfyui - ERROR - {OOM}")
        elif number % 3:
            comfy.append(f"{at} - comfyui - INFO - sampling step {number % 20 + 1} of 20, 0.31 s\n")
        elif number % 45 == 6:
            api.append(f"{at} WARNING api: the queue is {number} deep\n")
        else:
            api.append(f"{at} INFO api: GET /v1/jobs/{number} 200\n")
    return "".join(comfy), "".join(api)


@contextmanager
def taken(shot: Shot, folder: Path) -> Iterator[Terminal]:
    """The screen once it shows that."""
    folder.mkdir(parents=True)
    for name, content in zip(("comfyui.log", "api.log"), text(), strict=True):
        (folder / name).write_text(content)
    env = {**os.environ, "AINF_HOME": str(folder / "home"), "TZ": "UTC"}
    with Terminal((*AINF, "logs", "comfyui.log", "api.log"), size=shot.size, env=env, cwd=folder) as terminal:
        terminal.wait_text(r"\? help", PATIENCE)
        terminal.wait_still(300)
        for step in shot.steps:
            if step.startswith(":"):
                terminal.type(step[1:])
            else:
                terminal.press(step)
            terminal.wait_still(200)
        terminal.wait_text(shot.until, PATIENCE)
        yield terminal
        terminal.press("escape", "escape", "q")

"""Processes: a ComfyUI that runs from a folder, and what a task left behind. Blocking."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

from ainf_tui.adapters.comfyui_install.tools import GRACE, TASK_VARIABLE


def running_from(folder: Path) -> int | None:
    """The pid of a Python that runs `main.py` of this folder, as far as this user may look."""
    main = folder.resolve() / "main.py"
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            words = process.cmdline()
            if "python" not in Path(words[0]).name.lower() if words else True:
                continue
            scripts = [word for word in words[1:3] if Path(word).name == "main.py"]
            if scripts and (Path(process.cwd()) / scripts[0]).resolve() == main:
                return process.pid
    return None


def end_leftovers(task_id: str) -> int:
    """Ends every process that carries this task in its environment; how many there were."""
    found = [process for process in psutil.process_iter() if _of_task(process, task_id)]
    for process in found:
        with suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=GRACE)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE)
    return len(found)


def _of_task(process: psutil.Process, task_id: str) -> bool:
    with suppress(psutil.Error, OSError):
        return process.environ().get(TASK_VARIABLE) == task_id
    return False

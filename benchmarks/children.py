"""Commands as processes of their own, and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PYTHON = (sys.executable, "-c")
AINF = (sys.executable, "-m", "ainf_tui")
_SPOILING = ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME", "PYTHONDEVMODE", "COVERAGE_PROCESS_START")


def clean_environment() -> None:
    """For this process and all it starts: compiled modules are kept, this checkout is what runs, and
    nobody's own settings of ainf have a say.
    """
    for name in [name for name in os.environ if name in _SPOILING or name.startswith("AINF_")]:
        del os.environ[name]
    os.environ["PYTHONPATH"] = str(ROOT)


@dataclass(frozen=True, slots=True)
class Spent:
    """One finished process: CPU seconds (user and system), wall seconds, exit status, its stdout."""

    cpu: float
    wall: float
    code: int
    out: str


def spend(command: Sequence[str], env: Mapping[str, str] | None = None) -> Spent:
    """Runs a command to its end. Blocking. The CPU time is the kernel's own count for that process."""
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, env=env
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it is collected: Popen need not wait
        out.seek(0)
        text = out.read().decode(errors="replace")
    return Spent(usage.ru_utime + usage.ru_stime, wall, process.returncode, text)


def compare_cpu(
    ours: Sequence[str], base: Sequence[str], rounds: int, env: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Median CPU seconds of both commands, run in turn. Blocking; the first run of each is not counted:
    it fills the caches.
    """
    spend(ours, env)
    spend(base, env)
    pairs = [(spend(ours, env).cpu, spend(base, env).cpu) for _ in range(rounds)]
    return median(own for own, _ in pairs), median(other for _, other in pairs)

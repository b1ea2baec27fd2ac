"""Every row of the table, in its order."""

from __future__ import annotations

from benchmarks.figures import Row
from benchmarks.row_commands import help_cpu, status_cpu
from benchmarks.row_frames import frames_share
from benchmarks.row_jobs import overhead
from benchmarks.row_memory import queue_memory
from benchmarks.row_pages import page_ratio
from benchmarks.row_start import start_seconds

ROWS = (
    Row("help", "CPU of `ainf --help` / of `python -c pass`", 6, "x", help_cpu),
    Row("status", "CPU of `ainf status --json` / of `python -c pass`", 12, "x", status_cpu),
    Row("start", "engine start to first answer, idle machine", 1.5, "s", start_seconds),
    Row("jobs", "a job's time beyond the server's own", 20, "ms", overhead),
    Row("frames", "engine at 1,000 frames a second, of a core", 4, "%", frames_share),
    Row("pages", "page of 100,000 ended jobs / of 1,000", 1.2, "x", page_ratio),
    Row("memory", "engine with 10,000 queued jobs, over empty", 20, "MB", queue_memory),
)

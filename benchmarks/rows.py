"""Every row of the table, in its order."""

from __future__ import annotations

from benchmarks.figures import Row
from benchmarks.row_app import ROWS as APP_ROWS
from benchmarks.row_commands import help_cpu, status_cpu
from benchmarks.row_errors import errors_inbox, errors_insert, errors_memory, errors_stall
from benchmarks.row_frames import frames_share
from benchmarks.row_host import host_sample
from benchmarks.row_jobs import overhead
from benchmarks.row_live import flood_bytes, flood_share, four_bytes, four_cpu
from benchmarks.row_logs import log_follow_cpu, log_follow_lag, log_open, log_search
from benchmarks.row_logs_peers import ROWS as LOGS_PEERS_ROWS
from benchmarks.row_logs_screen import ROWS as LOGS_SCREEN_ROWS
from benchmarks.row_manners import (
    help_screen,
    leaving,
    palette,
    rows_first,
    rows_key,
    rows_key_p95,
    rows_memory,
    slow_key,
    slow_key_told,
)
from benchmarks.row_memory import queue_memory
from benchmarks.row_pages import page_ratio
from benchmarks.row_services import services_key, services_key_p95, services_share
from benchmarks.row_start import start_seconds
from benchmarks.row_three import three_apps

ROWS = (
    Row("help", "CPU of `ainf --help` / of `python -c pass`", 6, "x", help_cpu),
    Row("status", "CPU of `ainf status --json` / of `python -c pass`", 12, "x", status_cpu),
    Row("start", "engine start to first answer, idle machine", 1.5, "s", start_seconds),
    Row("jobs", "a job's time beyond the server's own", 20, "ms", overhead),
    Row("frames", "engine at 1,000 frames a second, of a core", 4, "%", frames_share),
    Row("pages", "page of 100,000 ended jobs / of 1,000", 1.2, "x", page_ratio),
    Row("memory", "engine with 10,000 queued jobs, over empty", 20, "MB", queue_memory),
    Row("host-sample", "CPU of a sample of the machine", 3, "ms", host_sample),
    Row("log-open", "end of a 1 GB log / of a short one", 1.5, "x", log_open),
    Row("log-search", "a rare text in a log, a GB", 4, "s", log_search),
    Row("log-follow-cpu", "a log of 10,000 lines a second, of a core", 20, "%", log_follow_cpu),
    Row("log-follow-lag", "... a line's way to the pipe, p95", 150, "ms", log_follow_lag),
    Row("errors-insert", "an error stored / a row put into a table", 1.35, "x", errors_insert),
    Row("errors-stall", "... longest stall of the loop", 15, "ms", errors_stall),
    Row("errors-memory", "... memory after a million", 60, "MB", errors_memory),
    Row("errors-inbox", "page of 100 groups of a million reports", 1, "ms", errors_inbox),
    *LOGS_SCREEN_ROWS,
    *LOGS_PEERS_ROWS,
    *APP_ROWS,
    Row("app-help", "help on the screen / the floor's palette", 0.6, "x", help_screen),
    Row("app-palette", "palette on the screen / the floor's", 0.6, "x", palette),
    Row("app-four", "CPU with 4 live jobs / 4 hand-drawn bars", 1.3, "x", four_cpu),
    Row("app-four-bytes", "... bytes a second", 1.3, "x", four_bytes),
    Row("app-flood", "engine and app at 1,000 frames/s / 4 bars", 2.7, "x", flood_share),
    Row("app-flood-bytes", "... bytes to the terminal / at 10 frames/s", 1.2, "x", flood_bytes),
    Row("app-rows-key", "10,000 rows: key, median / floor's", 1.5, "x", rows_key),
    Row("app-rows-key-p95", "... 95th percentile / floor's", 2, "x", rows_key_p95),
    Row("app-rows-memory", "... memory (PSS) / with 50 rows", 1.2, "x", rows_memory),
    Row("app-rows-first", "... first screen / with 50 rows", 1.2, "x", rows_first),
    Row("app-slow", "key at 5 kB/s with 4 live jobs, p95", 500, "ms", slow_key),
    Row("app-slow-told", "... with --low-bandwidth", 500, "ms", slow_key_told),
    Row("services-share", "engine with 50 services, 5 hung, of a core", 4, "%", services_share),
    Row("services-key", "... key in their list / with 2 services", 1.2, "x", services_key),
    Row("services-key-p95", "... 95th percentile", 1.2, "x", services_key_p95),
    Row("app-three", "a change on the screens of 3 apps, p95", 500, "ms", three_apps),
    Row("app-leave", "leaving, clean", 0.3, "s", leaving),
)

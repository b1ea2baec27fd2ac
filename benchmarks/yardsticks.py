"""What this machine takes for the least that a task needs.

Goals in seconds hold for the machine that they were set on; multiples of these hold anywhere.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from benchmarks.figures import Lab

_PIECE = 1_048_576
_ROWS = 100_000
_BATCH = 1000
_FAILURES = 500
_ROW_BYTES = 400


def counting(path: Path) -> float:
    """CPU seconds a gigabyte for Python to count a file's lines: 0.48 to 0.50 where the goals were set."""
    began, size, lines = time.process_time(), 0, 0
    buffer = bytearray(_PIECE)
    with path.open("rb", buffering=0) as stream:
        while read := stream.readinto(buffer):
            lines += buffer.count(b"\n", 0, read)
            size += read
    return (time.process_time() - began) * 1e9 / size


def inserting(lab: Lab) -> float:
    """Seconds for sqlite3 to store one row and count it in its group: 12.3 us where the goals were set."""
    db = sqlite3.connect(lab.folder / "yardstick.db")
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=normal")
    db.execute("create table reports (id integer primary key, fingerprint text, at real, text text)")
    db.execute("create index by_group on reports (fingerprint, at)")
    db.execute("create index by_time on reports (at, id)")
    db.execute("create table groups (fingerprint text primary key, count integer, seen real)")
    text = "x" * _ROW_BYTES
    began = time.perf_counter()
    for first in range(0, _ROWS, _BATCH):
        numbers = range(first, first + _BATCH)
        rows = [(f"failure-{number % _FAILURES}", float(number), text) for number in numbers]
        db.executemany("insert into reports (fingerprint, at, text) values (?, ?, ?)", rows)
        db.executemany(
            "insert into groups values (?, 1, ?)"
            " on conflict (fingerprint) do update set count = count + 1, seen = excluded.seen",
            [(name, at) for name, at, _ in rows],
        )
        db.commit()
    taken = (time.perf_counter() - began) / _ROWS
    db.close()
    return taken

"""What `ainf logs` costs: the end of a large file, a rare text in it, a file that grows fast."""

from __future__ import annotations

import asyncio
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Thread

import psutil

from benchmarks.box import Home
from benchmarks.children import AINF, spend
from benchmarks.figures import Figure, Lab
from benchmarks.sitting import percentile
from tests.tools import biglog

SIZE = 1_000_000_000
RATE = 10_000
SECONDS = 10
_BATCH = 0.01
_PATIENCE = 30.0


async def log_open(lab: Lab) -> Figure:
    """Wall time of the last 40 records, of a large log against a short one, in turn."""
    path = await large(lab)
    short = lab.folder / "short.log"
    short.write_bytes(next(biglog.pieces(1)))
    pairs = await asyncio.to_thread(_in_turn, lab, path, short)
    ours, base = (median(column) for column in zip(*pairs, strict=True))
    note = f"{ours * 1e3:.0f} ms of {path.stat().st_size / 1e6:.0f} MB, {base * 1e3:.0f} ms of 60 kB"
    return Figure(median(own / other for own, other in pairs), note, {"seconds": ours, "base_seconds": base})


def _in_turn(lab: Lab, path: Path, short: Path) -> list[tuple[float, float]]:
    """The first round fills the caches and does not count."""
    home = Home(lab.folder / "logs-home")
    words = ("-n", "40")
    rounds = lab.amount(20, 5)
    return [(_shown(home, str(path), *words), _shown(home, str(short), *words)) for _ in range(rounds)][1:]


def _shown(home: Home, *words: str) -> float:
    done = spend([*AINF, "logs", *words], home.env)
    if done.code != 0 or not done.out:
        raise RuntimeError(f"`ainf logs {' '.join(words)}` ended with {done.code}")
    return done.wall


async def log_search(lab: Lab) -> Figure:
    """Seconds for all records with a text that stands in the middle of a large log, a gigabyte."""
    path = await large(lab)
    home = Home(lab.folder / "logs-home")
    short = lab.folder / "searched.log"
    short.write_text("RARE-MID\n")
    files = (path, short)
    pairs = await asyncio.to_thread(
        lambda: [[_shown(home, str(file), "--grep", "RARE-MID") for file in files] for _ in range(5)]
    )
    taken = median(own - base for own, base in pairs)
    size = path.stat().st_size
    return Figure(taken * 1e9 / size, f"{taken:.2f} s of {size / 1e6:.0f} MB, without the start")


async def large(lab: Lab) -> Path:
    async def made() -> Path:
        path = lab.folder / "large.log"
        lab.say("a large log")
        with path.open("wb") as stream:
            await asyncio.to_thread(biglog.write, stream, lab.amount(SIZE))
        return path

    return await lab.once("large log", made)


@dataclass(frozen=True, slots=True)
class _Followed:
    cpu: float
    lags: list[float]


async def log_follow_cpu(lab: Lab) -> Figure:
    """CPU of `ainf logs -f` while its file grows."""
    seen = await lab.once("followed log", lambda: asyncio.to_thread(_follow, lab))
    return Figure(seen.cpu, f"{len(seen.lags)} lines, each once")


async def log_follow_lag(lab: Lab) -> Figure:
    """From the write of a line until it is read from the pipe."""
    seen = await lab.once("followed log", lambda: asyncio.to_thread(_follow, lab))
    note = f"median {median(seen.lags) * 1e3:.0f} ms, longest {max(seen.lags) * 1e3:.0f} ms"
    return Figure(percentile(seen.lags, 95) * 1e3, note)


def _follow(lab: Lab) -> _Followed:
    lab.say("a log that grows")
    path = lab.folder / "growing.log"
    path.write_text("the first line\n")
    command = [*AINF, "logs", "-f", str(path)]
    home = Home(lab.folder / "logs-home")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=home.env, text=True) as child:
        lags: list[float] = []
        try:
            assert child.stdout is not None
            if child.stdout.readline() != "the first line\n":
                raise RuntimeError("the log was not shown")
            lines = child.stdout
            reader = Thread(
                target=lambda: lags.extend(time.time() - float(line.split()[2]) for line in lines)
            )
            reader.start()
            process = psutil.Process(child.pid)
            before, began = sum(process.cpu_times()[:2]), time.monotonic()
            amount = _write(path, lab.amount(SECONDS, 2))
            took = time.monotonic() - began
            cpu = (sum(process.cpu_times()[:2]) - before) / took * 100
            give_up = time.monotonic() + _PATIENCE
            while len(lags) < amount and time.monotonic() < give_up:
                time.sleep(0.05)
        finally:
            child.terminate()
        reader.join(_PATIENCE)
    if len(lags) != amount:
        raise RuntimeError(f"{len(lags)} of {amount} lines were shown")
    return _Followed(cpu, lags)


def _write(path: Path, seconds: int) -> int:
    """Lines of 120 bytes that hold the time, a batch each hundredth of a second; how many."""
    each = int(RATE * _BATCH)
    begin = time.monotonic()
    with path.open("ab", buffering=0) as stream:
        for batch in range(int(seconds / _BATCH)):
            time.sleep(max(0.0, begin + batch * _BATCH - time.monotonic()))
            line = f"INFO:     worker: {time.time():.6f} step of a job took 0.31 s on gpu 0".ljust(119) + "\n"
            stream.write((line * each).encode())
    return each * int(seconds / _BATCH)

"""`make faults`: every kill point, every moment of the server, 100 random moments, every line, every blow to
the app at every moment; a table.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.apps import DETACHED, has_tmux, matrix, play_apps
from tests.faults.report import failures, table
from tests.faults.rounds import Kill, Outcome, at_random, moments, named, play_all
from tests.faults.troubles import play_troubles


def arguments() -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    made.add_argument("--repeats", type=int, default=5, help="kills at each named point")
    made.add_argument("--random", type=int, default=100, help="kills at random moments")
    made.add_argument("--seed", type=int, help="repeats the random part of an earlier run")
    made.add_argument("--only", help="only points whose name begins so")
    made.add_argument("--workers", type=int, default=3, help="worlds side by side")
    made.add_argument("--unread", type=float, default=60, help="seconds for which a terminal does not read")
    made.add_argument("--keep", type=Path, help="a folder for the worlds, kept afterwards")
    return made.parse_args()


async def run(given: argparse.Namespace, kills: list[Kill], folder: Path) -> list[Outcome]:
    """Dealt out to worlds side by side, the troubles of the line beside them; then the app's."""
    workers = given.workers
    shares = [kills[i::workers] for i in range(workers)]
    runs = [
        play_all(folder / f"worker-{i}", share, first_seed=(i + 1) * 1_000_000, told=_tell)
        for i, share in enumerate(shares)
    ]
    if _wanted(given, "line"):
        runs.append(play_troubles(folder / "line"))
    found = [outcome for outcomes in await asyncio.gather(*runs) for outcome in outcomes]
    cases = [case for case in matrix(given.unread) if _wanted(given, case.kill.name)]
    if not has_tmux():
        cases = [case for case in cases if case.blow != DETACHED]
        sys.stdout.write("no tmux on PATH: its cases are left out\n")
    if cases:
        found += await play_apps(folder / "app", cases, workers, told=_tell)
    return found


def _wanted(given: argparse.Namespace, name: str) -> bool:
    """`--only app` or `--only "app SIGTERM"`: whatever begins so."""
    return given.only is None or name.startswith(given.only) or given.only.startswith(f"{name} ")


def _tell(outcome: Outcome) -> None:
    """A sign of life for each round."""
    sys.stderr.write("." if outcome.ok else "F")
    sys.stderr.flush()


def _in_order(outcomes: list[Outcome], kills: list[Kill]) -> list[Outcome]:
    """As planned; the line comes last."""
    place = {kill: i for i, kill in reversed(tuple(enumerate(kills)))}
    return sorted(outcomes, key=lambda outcome: place.get(outcome.kill, len(kills)))


def main() -> int:
    """0 if every invariant held."""
    given = arguments()
    seed = given.seed if given.seed is not None else random.randrange(10_000)
    kills = [*named(given.repeats), *moments(given.repeats), *at_random(seed, given.random)]
    if given.only:
        kills = [kill for kill in kills if kill.name.startswith(given.only)]
    sys.stdout.write(f"{len(kills)} kills of processes; the random ones come from --seed {seed}\n")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ainf-faults-") as scratch:
        folder = given.keep or Path(scratch)
        outcomes = asyncio.run(run(given, kills, folder))
    wrong = failures(outcomes)
    sys.stdout.write(f"{wrong}\n" if wrong else "")
    sys.stdout.write(f"{table(_in_order(outcomes, kills))}\n")
    verdict = "FAILED" if wrong else "every invariant held"
    sys.stdout.write(f"{verdict}; {time.monotonic() - began:.0f} s; seed {seed}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make faults`: every kill point, every moment of the server, 100 random moments, every line; a table."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

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
    made.add_argument("--keep", type=Path, help="a folder for the worlds, kept afterwards")
    return made.parse_args()


async def run(kills: list[Kill], folder: Path, workers: int, *, line: bool) -> list[Outcome]:
    """Dealt out to worlds side by side; `line`: the troubles of the line beside them."""
    shares = [kills[i::workers] for i in range(workers)]
    runs = [
        play_all(folder / f"worker-{i}", share, first_seed=(i + 1) * 1_000_000, told=_tell)
        for i, share in enumerate(shares)
    ]
    if line:
        runs.append(play_troubles(folder / "line"))
    return [outcome for outcomes in await asyncio.gather(*runs) for outcome in outcomes]


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
    sys.stdout.write(f"{len(kills)} kills; the random ones come from --seed {seed}\n")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ainf-faults-") as scratch:
        folder = given.keep or Path(scratch)
        line = given.only is None or given.only.startswith("line")
        outcomes = asyncio.run(run(kills, folder, given.workers, line=line))
    wrong = failures(outcomes)
    sys.stdout.write(f"{wrong}\n" if wrong else "")
    sys.stdout.write(f"{table(_in_order(outcomes, kills))}\n")
    verdict = "FAILED" if wrong else "every invariant held"
    sys.stdout.write(f"{verdict}; {time.monotonic() - began:.0f} s; seed {seed}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

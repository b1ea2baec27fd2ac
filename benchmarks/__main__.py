"""`python -m benchmarks [NAME...]`: measures, prints the table; exit code 1 if a goal is missed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import traceback
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks.children import clean_environment
from benchmarks.figures import Figure, Lab, NotHere, Outcome, Row
from benchmarks.report import document, heading, line, table
from benchmarks.rows import ROWS

_SWITCH = 0.0005
"""Seconds until a thread that waits gets its turn: what reads a terminal notes the time of each piece."""


def main(words: Sequence[str] | None = None) -> int:
    """0 if every figure is within its goal or at most a fifth above it; 2 for a name that is no row's."""
    given = _parser().parse_args(words)
    wanted = given.names or ["*"]
    unknown = [name for name in wanted if not any(fnmatchcase(row.name, name) for row in ROWS)]
    if unknown:
        names = ", ".join(row.name for row in ROWS)
        sys.stderr.write(f"no such row: {', '.join(unknown)}; there are {names}\n")
        return 2
    clean_environment()
    sys.setswitchinterval(_SWITCH)
    rows = [row for row in ROWS if any(fnmatchcase(row.name, name) for name in wanted)]
    title = heading()
    with tempfile.TemporaryDirectory(prefix="ainf-bench-") as folder:
        lab = Lab(Path(folder), given.quick, _say, rounds=2 if given.quick else given.rounds)
        outcomes = [_told(_measured(row, lab), lab) for row in rows]
    print(f"{title}{'; quick, not to judge by' if given.quick else ''}\n\n{table(outcomes)}")
    if given.json is not None:
        given.json.write_text(json.dumps(document(outcomes), indent=1) + "\n", encoding="utf-8")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures the speed of ainf against its goals.",
        epilog="rows: " + "; ".join(f"{row.name}: {row.title}" for row in ROWS),
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows to measure, also as a pattern (app-*)")
    parser.add_argument("--rounds", type=int, default=5, help="of what is compared with other programs")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, rough figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE, too")
    return parser


def _measured(row: Row, lab: Lab) -> Outcome:
    lab.say(f"{row.name}: {row.title}")
    try:
        figure: Figure = asyncio.run(_awaited(row, lab))
    except NotHere as error:
        return Outcome(row, None, str(error), here=False)
    except Exception as error:  # noqa: BLE001 - one row that cannot be measured does not cost the others
        traceback.print_exc()
        return Outcome(row, None, f"{type(error).__name__}: {error}".splitlines()[0][:200])
    return Outcome(row, figure)


def _told(outcome: Outcome, lab: Lab) -> Outcome:
    """A run is long and may be ended: what is known is told at once."""
    lab.say(f"  {line(outcome)}")
    return outcome


async def _awaited(row: Row, lab: Lab) -> Figure:
    return await row.measure(lab)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())

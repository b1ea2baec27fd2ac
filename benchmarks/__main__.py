"""`python -m benchmarks [NAME...]`: measures, prints the table; exit code 1 if a goal is missed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.children import clean_environment
from benchmarks.figures import Figure, Lab, Outcome, Row
from benchmarks.report import document, heading, table
from benchmarks.rows import ROWS


def main(words: Sequence[str] | None = None) -> int:
    """0 if every figure is within its goal or at most a fifth above it; 2 for a name that is no row's."""
    given = _parser().parse_args(words)
    known = {row.name: row for row in ROWS}
    unknown = [name for name in given.names if name not in known]
    if unknown:
        sys.stderr.write(f"no such row: {', '.join(unknown)}; there are {', '.join(known)}\n")
        return 2
    clean_environment()
    rows = [known[name] for name in given.names] or list(ROWS)
    title = heading()
    with tempfile.TemporaryDirectory(prefix="ainf-bench-") as folder:
        outcomes = [_measured(row, Lab(Path(folder), given.quick, _say)) for row in rows]
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
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows to measure; default: all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, rough figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE, too")
    return parser


def _measured(row: Row, lab: Lab) -> Outcome:
    lab.say(f"{row.name}: {row.title}")
    try:
        figure: Figure = asyncio.run(_awaited(row, lab))
    except Exception as error:  # noqa: BLE001 - one row that cannot be measured does not cost the others
        traceback.print_exc()
        return Outcome(row, None, f"{type(error).__name__}: {error}"[:200])
    return Outcome(row, figure)


async def _awaited(row: Row, lab: Lab) -> Figure:
    return await row.measure(lab)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())

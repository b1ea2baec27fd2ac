"""Hostile logs against the reader: `python -m tests.tools.fuzzlogs 100000 --seed 0`, or `make fuzz`.

Each input is a log of a few lines made of what real logs and attackers write, whole and broken. It must be
read without an exception, every byte must belong to one record, and nothing that a terminal obeys may be
left.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from ainf_tui.cli.logtext import document, json_line
from ainf_tui.cli.output import encode
from ainf_tui.domain.logs.fold import fold
from ainf_tui.domain.logs.records import Record
from tests.domain.logsamples import CLOCK, SAMPLES, raw

KEPT = frozenset(
    "\n\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\u00a0\u1680\u202f\u205f\u3000"
) | frozenset(chr(code) for code in range(0x2000, 0x200B))
"""Shown as they are: joiners, and spaces of other scripts."""
_PARTS = (
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b"\0",
    b"\x1b[31m",
    b"\x1b[0m",
    b"\x1b[38;5;999m",
    b"\x1b]52;c;QQ==\x07",
    b"\x1b[2J",
    b"\x9b1A",
    b"\xc2\x9b",
    b"\xe2\x80\xae",
    b"\xe2\x80",
    b"\xff",
    b"\xf0\x9f\x98\x80",
    b"\xc3\xa9",
    b"Traceback (most recent call last):\n",
    b'  File "a.py", line 1, in f\n',
    b"ValueError: x\n",
    b"    ^^^\n",
    b"During handling of the above exception, another exception occurred:\n",
    b" 35%|##| 7/20 [00:01]",
    b'{"ts": ',
    b'{"ts": 1e999, "level": "',
    b'{"message": "\\ud800\\u001b"}',
    b"[" * 60,
    b"<14>",
    b"<999>1 - - ",
    b"2026-13-45 99:99:99",
    b"0000-01-01 00:00:00 +2400 ",
    b"9999-12-31T23:59:59-23:59 INFO x: ",
    b"!!! Exception",
    b"Failed to validate prompt for output 9:\n* Node 3:\n",
    b"[bold red]",
    b"%s{}",
    b"-" * 300,
    b"9" * 400,
)


def one(rng: random.Random) -> bytes:
    """An input."""
    parts = []
    for _ in range(rng.randrange(1, 14)):
        kind = rng.random()
        if kind < 0.6:
            parts.append(rng.choice(_PARTS))
        elif kind < 0.9:
            line = rng.choice(SAMPLES)[0].encode()
            cut = rng.randrange(len(line) + 1) if kind < 0.75 else len(line)
            parts.append(line[:cut] + rng.choice((b"", b"\n")))
        else:
            parts.append(rng.randbytes(rng.randrange(40)))
    return b"".join(parts)


def check(data: bytes) -> None:
    """AssertionError, or whatever the reader raises."""
    records = list(fold(raw(data), "a", CLOCK))
    place = 0
    for record in records:
        assert record.start == place, f"bytes {place} to {record.start} belong to no record"
        place = record.end
        _check_record(record)
    assert place == len(data), f"bytes from {place} on belong to no record"


def _check_record(record: Record) -> None:
    shown = record.text + json_line(record) + encode(document(record))
    left = {char for char in shown if not char.isprintable()} - KEPT
    assert not left, f"a terminal would be given {left}"
    for line in record.lines:
        assert all(0 <= span.start < span.end <= len(line.text) for span in line.spans)
    assert record.at is None or record.at.utcoffset() is not None


def run(count: int, seed: int) -> bytes | None:
    """The first input that fails, told on stderr; None if all are well."""
    rng = random.Random(seed)
    for number in range(count):
        data = one(rng)
        try:
            check(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            sys.stderr.write(f"input {number} of seed {seed}: {type(error).__name__}: {error}\n{data!r}\n")
            return data
    return None


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    begin = time.monotonic()
    if run(given.count, given.seed) is not None:
        return 1
    took = time.monotonic() - begin
    sys.stdout.write(f"{given.count:,} inputs of seed {given.seed}: all well, {took:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

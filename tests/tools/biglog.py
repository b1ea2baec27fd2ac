"""A large log as a busy box writes it: `python -m tests.tools.biglog 1GB > big.log`.

Lines of ComfyUI, uvicorn, a worker and Python's logging, progress bars, tracebacks, JSON lines; one in ten
million bytes is in an odd encoding. The same size and seed make the same bytes. `RARE-MID-1` stands in the
middle once, `RARE-END-1` near the end, and the last line is `LAST-LINE`.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_TRACEBACK = (
    "!!! Exception during processing !!! Allocation on device 0 would exceed allowed memory. (oom)\n"
    "Traceback (most recent call last):\n"
    '  File "/opt/ComfyUI/execution.py", line 327, in execute\n'
    "    output_data, output_ui = get_output_data(obj, input_data_all)\n"
    '  File "/opt/ComfyUI/nodes.py", line 1442, in sample\n'
    "    return common_ksampler(model, seed, steps)\n"
    "torch.OutOfMemoryError: Allocation on device 0 would exceed allowed memory. (out of memory)\n"
)


def size_of(text: str) -> int:
    """Bytes of `1GB`, `300M`, `5000`. ValueError."""
    found = re.fullmatch(r"(\d+)\s*([KMG]?)B?", text.strip().upper())
    if found is None:
        raise ValueError(f"{text!r} is no size such as 1GB")
    return int(found[1]) * _UNITS[found[2]]


def pieces(size: int, seed: int = 0) -> Iterator[bytes]:
    """The log, some 64 kB at a time; in all at least `size` bytes, and few more."""
    rng = random.Random(seed)
    made, number, marked = 0, 0, False
    while made < size:
        lines = []
        for _ in range(700):
            number += 1
            lines.append(_line(rng, number))
        if not marked and made >= size // 2:
            marked = True
            lines.append(f"{_stamp(number)} INFO worker: RARE-MID-1\n")
        piece = "".join(lines).encode()
        if rng.random() < 0.007:
            piece += b"caf\xe9 in latin-1, and half a character: \xe2\x82\n"
        made += len(piece)
        yield piece
    end = f"{_stamp(number)} INFO worker: RARE-END-1\n" * (1 if marked else 0)
    yield f"{end}{_stamp(number)} INFO worker: LAST-LINE\n".encode()


def _line(rng: random.Random, number: int) -> str:
    kind = rng.random()
    return next(make(number, kind) for share, make in _KINDS if kind < share)


def _worker(number: int, kind: float) -> str:
    return f"{_stamp(number)} INFO worker: job {number:010x} step {number % 30} took {kind:.3f} s on gpu 0\n"


def _access(number: int, _: float) -> str:
    return f'INFO:     127.0.0.1:{number % 60000} - "GET /v1/jobs/{number} HTTP/1.1" 200 OK\n'


def _loaded(number: int, _: float) -> str:
    return f"{_comma(number)} - comfy.model_management - INFO - loaded completely {number % 24000} MB True\n"


def _prompt(_: int, kind: float) -> str:
    return f"got prompt\nPrompt executed in {kind * 9:.2f} seconds\n"


def _bar(_: int, kind: float) -> str:
    states = (f"\r {p}%|{'#' * (p // 10):<10}| {p // 5}/20 [{kind:.2f}s]" for p in range(0, 101, 25))
    return "".join(states) + "\n"


def _event(number: int, _: float) -> str:
    millis = int(_at(number).timestamp() * 1000)
    return f'{{"ts":{millis},"seq":{number},"level":"info","service":"comfyui","message":"It is up"}}\n'


def _warning(number: int, _: float) -> str:
    return f"{_stamp(number)} WARNING worker: queue is {number % 90} deep\n"


_KINDS: tuple[tuple[float, Callable[[int, float], str]], ...] = (
    (0.45, _worker),
    (0.7, _access),
    (0.9, _loaded),
    (0.95, _prompt),
    (0.97, _bar),
    (0.98, _event),
    (0.998, _warning),
    (1.0, lambda _number, _kind: _TRACEBACK),
)


def _at(number: int) -> datetime:
    return BEGIN + timedelta(milliseconds=number * 7)


def _stamp(number: int) -> str:
    return _at(number).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _comma(number: int) -> str:
    return _at(number).strftime("%Y-%m-%d %H:%M:%S,") + f"{number * 7 % 1000:03d}"


def write(stream: BinaryIO, size: int, seed: int = 0) -> None:
    stream.writelines(pieces(size, seed))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("size", type=size_of, help="1GB, 300MB, 5000")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    write(sys.stdout.buffer, given.size, given.seed)


if __name__ == "__main__":
    main()

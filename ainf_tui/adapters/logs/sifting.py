"""Lines of a large file that may be warnings, found by GNU grep: one pass at a gigabyte a second.

Python would go through the bytes once for each word. Where there is no such grep, or it gives up (a line
that is longer than the memory it may have), nothing is lost but time: `candidates` of `grave` finds the same.
"""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from functools import cache

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.grave import words_of
from ainf_tui.domain.logs.levels import Level

_GREP = "grep"
_MEMORY = 512 * 1_048_576
"""Bytes of address space; it holds a line whole."""
_READ = 65_536
_OTHERS = (
    "\x1b",
    "^<[0-9]",
    "^[0-9].* #",
    r"^(\[rank ?[0-9]+\]:)?\[?[wef][01][0-9][0-3][0-9] +[0-9][0-9]:",
    r'^\{.*(\\u|"(level|severity|levelname|lvl)"[[:space:]]*:[[:space:]]*[-.0-9])',
)
"""Colours may part a word; numbers say levels in JSON and syslog, a mark in Redis's lines, a letter
in PyTorch's."""


class Sifted:
    """Places in the lines of one file, from `start` on, in their order. Close it."""

    def __init__(self, log: LogFile, start: int, level: Level) -> None:
        """OSError: the file cannot be opened once more."""
        self._start = start
        # A descriptor of its own: where the other reads must not move.
        descriptor = os.open(f"/dev/fd/{log.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
            os.lseek(descriptor, start, os.SEEK_SET)
            words = "|".join((*(word.decode() for word in words_of(level)), *_OTHERS))
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command and words
                [_GREP, "-abioE", words],
                stdin=stream,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            )
        if hasattr(resource, "prlimit"):
            resource.prlimit(self._process.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        self._places = self._read()
        self._next: tuple[int, bool] | None = None
        self.failed = False
        """It gave up; what it said last may not be all."""

    def close(self) -> None:
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    def until(self, stop: int) -> Iterator[tuple[int, bool]]:
        """The next places before `stop`, and whether there is nothing but a colour there."""
        place = self._next or next(self._places, None)
        while place is not None and place[0] < stop:
            yield place
            place = next(self._places, None)
        self._next = place

    def _read(self) -> Iterator[tuple[int, bool]]:
        if self._process.stdout is None:
            raise RuntimeError("grep has no pipe")
        rest = b""
        while data := self._process.stdout.read1(_READ):  # type: ignore[attr-defined]  # a BufferedReader
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                offset, _, text = line.partition(b":")
                yield self._start + int(offset), text == b"\x1b"
        self.failed = self._process.wait() not in {0, 1}


@cache
def can_sift() -> bool:
    """Whether there is a GNU grep here."""
    try:
        command = [_GREP, "--version"]
        said = subprocess.run(command, capture_output=True, check=True, timeout=5).stdout  # noqa: S603 - fixed
    except (OSError, subprocess.SubprocessError):
        return False
    return said.startswith(b"grep (GNU grep)")

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

from ainf_tui.adapters.logs.colours import WOVEN, weave, woven
from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.grave import words_of
from ainf_tui.domain.logs.levels import Level

_GREP = "grep"
_MEMORY = 512 * 1_048_576
"""Bytes of address space; it holds a line whole."""
_READ = 262_144
_OFFSET = 64
"""Bytes at the beginning of what it says of a line, which hold its offset."""
_BEGIN = f"(^|\r){WOVEN}"
"""What stands before a carriage return may not be shown."""


@cache
def expression(level: Level) -> str:
    """What a line of such a level holds. Numbers say levels in JSON and syslog, a mark in Redis's lines, a
    letter in PyTorch's; colours may stand anywhere.
    """
    rank = weave([r"[[]", "r", "a", "n", "k", " ?", f"([0-9]{WOVEN})+", "]", ":"])
    day, spaces = ["[01]", "[0-9]", "[0-3]", "[0-9]"], f"( {WOVEN})+"
    letter = weave(["[[]?", "[wef]", *day, spaces, "[0-9]", "[0-9]", ":"])
    others = (
        f"{_BEGIN}<{WOVEN}[0-9]",
        f"{_BEGIN}[0-9].* {WOVEN}#",
        f"{_BEGIN}({rank}{WOVEN})?{letter}",
        rf'{_BEGIN}\{{.*(\\u|"(level|severity|levelname|lvl)"[[:space:]]*:[[:space:]]*[-.0-9])',
        f"{_BEGIN}\\{{.*\x1b[[][0-9;:]*m[^\x1b\r]",
    )
    return "|".join((*(woven(word.decode()) for word in words_of(level)), *others))


class Sifted:
    """Where lines of one file begin that an expression is found in, from `start` on. Close it."""

    def __init__(self, log: LogFile, start: int, expression: str) -> None:
        """OSError: the file cannot be opened once more."""
        self._start = start
        # A descriptor of its own: where the other reads must not move.
        descriptor = os.open(f"/dev/fd/{log.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
            os.lseek(descriptor, start, os.SEEK_SET)
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command and words
                [_GREP, "-abiE", expression],
                stdin=stream,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            )
        if hasattr(resource, "prlimit"):
            resource.prlimit(self._process.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        self._lines = self._read()
        self._next: int | None = None
        self.failed = False
        """It gave up; what it said last may not be all."""

    def close(self) -> None:
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    def until(self, stop: int) -> Iterator[int]:
        """The next lines that begin before `stop`."""
        line = self._next if self._next is not None else next(self._lines, None)
        while line is not None and line < stop:
            yield line
            line = next(self._lines, None)
        self._next = line

    def _read(self) -> Iterator[int]:
        if self._process.stdout is None:
            raise RuntimeError("grep has no pipe")
        rest = b""
        while data := self._process.stdout.read1(_READ):  # type: ignore[attr-defined]  # a BufferedReader
            lines = (rest + data).split(b"\n")
            rest = lines.pop()[:_OFFSET]  # Of a line that is not whole no more is needed.
            for line in lines:
                yield self._start + int(line[: line.find(b":")])
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

"""A short command of the system, and what it printed. Blocking."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ainf_tui.domain.text import visible

_MOST = 65_536
"""Bytes of output that are read."""


class CouldNotLookError(Exception):
    """A probe found nothing out; its text is the reason."""


@dataclass(frozen=True, slots=True)
class Said:
    """How it ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def trouble(self) -> str:
        """Its last line, for a message."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return visible(lines[-1], 200) if lines else f"it ended with {self.code}"


def ask(command: Sequence[str], *, within: float, env: Mapping[str, str] | None = None) -> Said:
    """Raises CouldNotLookError: not found, may not be run, or no end within `within` seconds.

    Output goes to files: a grandchild that keeps a pipe open must not keep us. The whole group is killed.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(  # noqa: S603 - fixed programs, no shell
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**os.environ, "LC_ALL": "C", **(env or {})},
                start_new_session=True,
            )
        except OSError as error:
            raise CouldNotLookError(f"{command[0]} does not start: {error.strerror}") from error
        try:
            code = process.wait(within)
        except subprocess.TimeoutExpired:
            raise CouldNotLookError(f"{command[0]} gave no answer within {within:g} s") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(1.0)
        return Said(code, _text(out.fileno()), _text(err.fileno()))


def _text(handle: int) -> str:
    return os.pread(handle, _MOST, 0).decode("utf-8", "replace")

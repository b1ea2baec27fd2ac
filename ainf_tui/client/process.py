"""The engine's process as its starter sees it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ainf_tui.errors import AinfError

_TAIL_BYTES = 4000
_TAIL_LINES = 12
_OUTPUT_BYTES = 262_144


class Started:
    """A child that is to become an engine: watched until it answers, then left alone."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, log: Path, begin: int) -> None:
        self._process = process
        self._output = output
        self._log = log
        self._begin = begin

    @property
    def ended(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def leave(self) -> None:
        """It outlives us; if it does not, somebody has to collect its exit status."""
        if self._process.poll() is None:
            threading.Thread(target=self._process.wait, name="engine-exit", daemon=True).start()

    def failure(self) -> AinfError:
        """Why it is no engine, in its own last words."""
        with suppress(OSError):
            printed = _tail(self._output, self._begin)
            words = printed or _tail(self._log, 0)
            return _did_not_start(f"it ended with status {self.ended}", words, self._log)
        return _did_not_start(f"it ended with status {self.ended}", "", self._log)


def start(command: Sequence[str], *, output: Path, log: Path, extra_env: Mapping[str, str]) -> Started:
    """Starts `command` in a session of its own: no terminal, no descriptors of ours, cwd `/`.

    What it prints goes to `output`. Raises AinfError(`engine.did_not_start`).
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        handle = os.open(output, flags, 0o600)
        try:
            # Another starter's child may be printing: only what has grown large is cut off.
            if os.fstat(handle).st_size > _OUTPUT_BYTES:
                os.ftruncate(handle, 0)
            begin = os.fstat(handle).st_size
            process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                cwd="/",
                env={**os.environ, **extra_env},
                start_new_session=True,
                close_fds=True,
            )
        finally:
            os.close(handle)
    except OSError as error:
        raise _did_not_start(f"{error.filename or command[0]}: {error.strerror or error}", "", log) from error
    return Started(process, output, log, begin)


def lock_holder(path: Path) -> int | None:
    """The pid of the engine that holds the lock (0 if it has not said so), or None if nobody does.

    The look is a shared lock for a moment; an engine that starts just then tries again.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        content = os.pread(handle, 32, 0).strip()
        return int(content) if content.isdigit() else 0
    else:
        return None
    finally:
        os.close(handle)


def _tail(path: Path, begin: int) -> str:
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(begin, size - _TAIL_BYTES))
        lines = stream.read().decode(errors="replace").splitlines()
    return "\n".join(line.removeprefix("ainf: ") for line in lines[-_TAIL_LINES:]).strip()


def _did_not_start(reason: str, words: str, log: Path) -> AinfError:
    return AinfError(
        "engine.did_not_start",
        f"the engine did not start: {reason}" + (f"\n{words}" if words else ""),
        hint=f"`ainf engine run` starts it in this terminal; its log is {log}.",
        details={"output": words, "log": str(log)},
    )

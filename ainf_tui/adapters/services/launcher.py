"""The parent of one service: starts it, waits, and writes how it ended. Outlives whoever asked for it.

Run as a program of its own, `python -I -S launcher.py`, with a JSON request on standard input; imports the
standard library only. It detaches at once, answers with one line of JSON on standard output (the pids, or
why nothing was started) and then depends on nobody.

The service writes straight into its log, not through us: a pipe would end the service with us (EPIPE), or
stop it where nobody reads. A log that has grown large is rotated under its open descriptor: the old part is
copied to LOG.1 and then cut off the front in place (`fallocate`, ext4 and xfs), which no writer notices.
Elsewhere the service's process group is stopped for the moment it takes to copy and truncate. Either way no
byte of the group's is lost; a line may begin in LOG.1 and end in LOG. A log that cannot be opened costs the
output, not the service.

Most services print no times. While the log grows we note beside it, in `.LOG.times`, how long it was when: a
line `SIZE SECONDS` each second.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import stat
import subprocess
import sys
import time
from typing import Any

_LOOK = 1.0
"""Seconds between two looks at the size of the log."""
_AGAIN = 2.0
"""Seconds until what a full disk refused is tried again."""
_NOTES = 2_048
"""Notes of a log that are kept; where there are more, every other one of the older goes."""
_EXACT = 512
"""The newest of them, which stay."""
_COLLAPSE_RANGE = 0x08
_BLOCK = 1 << 20
_STOPPED = 0.2
"""Seconds that the service may take to stand still for a rotation."""
_KEPT = 9
"""Rotated logs that are kept: LOG.1, the newest, to LOG.9."""
_TRIES = 300
"""Attempts to write how it ended, `_AGAIN` seconds apart: a full disk is often made room on."""


def main() -> None:
    """Reads the request, detaches, starts the service, waits for its end."""
    request = json.loads(sys.stdin.buffer.read())
    if os.fork():
        os._exit(0)  # Who started us waits for this one only.
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        # We end when the service has, to tell how. Caught, not ignored: the service would inherit that.
        signal.signal(number, lambda *_: None)
    os.chdir("/")
    kills = _oom_kills()
    log, log_error = _open_log(request["log"])
    notes = _Notes(request["log"], log)
    try:
        if time.monotonic() > request["give_up"]:
            raise TimeoutError(errno.ETIMEDOUT, "the machine was too slow to start it in time")
        service = _start(request, log)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a text
        code = error.errno if isinstance(error, OSError) else errno.EINVAL
        _answer({"error": _reason(error), "errno": code, "file": getattr(error, "filename", None)})
        return
    told = request["marks"] | {
        "pid": service.pid,
        "started": _started(service.pid),
        "launcher": os.getpid(),
        "launcher_started": _started(os.getpid()),
        "log_error": log_error,
    }
    _write(request["started_file"], json.dumps(told).encode())
    _answer(told)
    _wait(service, notes, int(request["log_max_bytes"]))
    ending = json.dumps(_ending(service.returncode, _oom_kills() > kills)).encode()
    for _ in range(_TRIES):
        if _write(request["exit_file"], ending):
            return
        time.sleep(_AGAIN)


def _open_log(path: str) -> tuple[int, str]:
    """The log, or nowhere and why."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except (OSError, ValueError) as error:
        return os.open(os.devnull, os.O_WRONLY), _reason(error)
    with contextlib.suppress(OSError):  # Some network disks know no locks.
        # The service has the same open file, so this lasts as long as anybody can write to it: old logs that
        # nobody holds may be removed.
        fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return log, ""


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _start(request: dict[str, Any], log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the user's own command, no shell
        request["command"],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=request["cwd"],
        env=request["env"],
        start_new_session=True,
        close_fds=True,
    )


def _answer(document: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(document).encode() + b"\n")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def _wait(service: subprocess.Popen[bytes], notes: _Notes, most: int) -> None:
    end, ended = _end_of(service.pid), False
    while not ended:
        ended = _ended(service, end)
        with contextlib.suppress(OSError):  # A disk that refuses: the log grows, the service lives.
            notes.look()
            if not ended and os.fstat(notes.log).st_size > most:
                _rotate(service.pid, notes)


def _end_of(pid: int) -> int | None:
    """A descriptor that is readable once the process has ended; None where there is no such thing."""
    with contextlib.suppress(AttributeError, OSError):  # Not Linux, or an old kernel.
        return os.pidfd_open(pid)
    return None


def _ended(service: subprocess.Popen[bytes], end: int | None) -> bool:
    """Waits for `_LOOK` seconds at most."""
    if end is None:
        # 20 looks a second, as `subprocess` does it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            service.wait(_LOOK)
    else:
        select.select([end], [], [], _LOOK)
    return service.poll() is not None


def _ending(status: int, oom: bool) -> dict[str, Any]:
    killed = _signal_name(-status) if status < 0 else None
    return {
        "code": status if status >= 0 else None,
        "signal": killed,
        "at": time.time(),
        "oom": oom and killed == "SIGKILL",
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # Real-time signals between the first and the last have no name.
        return f"SIG{number}"


def _write(path: str, data: bytes) -> bool:
    """Whole or not at all, and on the disk then. True as well where the folder is gone: nobody asks."""
    temporary = f"{path}.tmp"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if os.write(handle, data) < len(data):
                raise OSError(errno.ENOSPC, "only a part was written")
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(temporary, path)
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        return True
    except OSError:
        _remove(temporary)
        return False
    return True


def _started(pid: int) -> int | None:
    """Clock ticks since boot, from /proc; None elsewhere: who asked looks for itself."""
    with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{pid}/stat", "rb") as stream:
        return int(stream.read().rpartition(b")")[2].split()[19])
    return None


def _oom_kills() -> int:
    """How often the kernel has killed for memory in our control group."""
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/cgroup", encoding="ascii") as stream:
            group = next((line.strip()[3:] for line in stream if line.startswith("0::")), "")
        with open(f"/sys/fs/cgroup{group}/memory.events", encoding="ascii") as stream:
            return sum(int(line.split()[1]) for line in stream if line.startswith("oom_kill "))
    return 0


# -- when what was written -------------------------------------------------------------------------
class _Notes:
    """How long the log was when: all of them here and on the disk, which may refuse some for a while."""

    def __init__(self, path: str, log: int) -> None:
        self.path, self.log = path, log
        self._size, self._at = os.fstat(log).st_size, time.time()
        self._notes = [note for note in _notes_of(path) if note[0] <= self._size]
        self._behind = True
        """The file is to be written anew."""
        self._off = not stat.S_ISREG(os.fstat(log).st_mode)
        if not self._off:
            self._add(self._size, self._at)

    def look(self) -> None:
        """Notes that the log has grown, and until when it had not."""
        size, at = self._size, self._at
        self._size, self._at = os.fstat(self.log).st_size, time.time()
        if self._off or self._size == size:
            return
        if not os.path.samestat(os.stat(self.path), os.fstat(self.log)):
            self._off = True  # Somebody has renamed the log: what has its name now is theirs.
            _remove(_beside(self.path))
            return
        if self._size < size:  # Somebody has cut it.
            self._notes, self._behind, size = [], True, 0
        if self._notes[-1:] != [(size, at)]:
            self._add(size, at)
        self._add(self._size, self._at)

    def _add(self, size: int, at: float) -> None:
        self._notes.append((size, at))
        if len(self._notes) > _NOTES:
            self._notes[:-_EXACT] = self._notes[:-_EXACT:2]
            self._behind = True
        if self._behind:
            self._behind = not _write(_beside(self.path), _lines(self._notes))
            return
        try:
            with open(_beside(self.path), "ab") as stream:
                stream.write(_lines(self._notes[-1:]))
        except OSError:
            self._behind = True

    def leave(self, cut: int) -> None:
        """The bytes before `cut` become LOG.1, and so do their notes. LOG has none on the disk until `begin`:
        should we die in between, there are no wrong ones.
        """
        older = [note for note in self._notes if note[0] <= cut]
        _write(_beside(f"{self.path}.1"), _lines([*older, (cut, self._at)]))
        _remove(_beside(self.path))

    def begin(self, cut: int) -> None:
        """They are not in the log any more."""
        last = max((at for size, at in self._notes if size <= cut), default=self._at)
        newer = [(size - cut, at) for size, at in self._notes if size > cut]
        self._size, self._at = os.fstat(self.log).st_size, time.time()
        self._notes, self._behind = [(0, last), *newer], True
        self._add(self._size, self._at)


def _beside(path: str) -> str:
    """Hidden, so that no pattern for logs takes it for one."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.times")


def _lines(notes: list[tuple[int, float]]) -> bytes:
    return b"".join(b"%d %.3f\n" % note for note in notes)


def _notes_of(path: str) -> list[tuple[int, float]]:
    """What an earlier one has noted of a log that is written on; not what a crash has cut off."""
    notes = []
    with contextlib.suppress(OSError), open(_beside(path), "rb") as stream:
        for line in stream.read().split(b"\n")[:-1]:
            with contextlib.suppress(ValueError):
                size, at = line.split()
                notes.append((int(size), float(at)))
    return notes


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


# -- the log ---------------------------------------------------------------------------------------
def _rotate(pid: int, notes: _Notes) -> None:
    """The older part of LOG becomes LOG.1, which becomes LOG.2, and so on."""
    path, log = notes.path, notes.log
    source = os.open(path, os.O_RDWR)
    try:
        if os.fstat(source).st_ino != os.fstat(log).st_ino:
            return  # Somebody has renamed it: it is theirs.
        block = max(4096, os.fstatvfs(source).f_bsize)
        cut = os.fstat(source).st_size // block * block
        temporary = f"{path}.1.tmp"
        target = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _copy(source, target, 0, cut)
            os.fsync(target)
            # Not before the copy is there: on a full disk each attempt would push an older log off the end.
            for number in range(_KEPT - 1, 0, -1):
                _move(f"{path}.{number}", f"{path}.{number + 1}")
            notes.leave(cut)
            os.rename(temporary, f"{path}.1")  # Killed here: the same lines twice, rather than not at all.
            if not _collapse(source, cut):
                _truncate(pid, source, target, cut)
                notes.leave(cut := os.fstat(target).st_size)
            notes.begin(cut)
        finally:
            os.close(target)
            _remove(temporary)  # Left only where the disk refused: it is full.
    finally:
        os.close(source)


def _move(old: str, new: str) -> None:
    """A log and its notes."""
    with contextlib.suppress(FileNotFoundError):
        os.rename(old, new)
        _remove(_beside(new))
        os.rename(_beside(old), _beside(new))


def _copy(source: int, target: int, start: int, end: int) -> None:
    while start < end and (data := os.pread(source, min(_BLOCK, end - start), start)):
        while data:
            written = os.write(target, data)
            start, data = start + written, data[written:]


def _collapse(source: int, length: int) -> bool:
    """Cuts the first bytes off in place; False where the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # noqa: PLC0415 - most services end before their log is full

    libc = ctypes.CDLL(None, use_errno=True)
    libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return bool(libc.fallocate(source, _COLLAPSE_RANGE, 0, length) == 0)


def _truncate(pid: int, source: int, target: int, copied: int) -> None:
    """Stops the service's group, copies what was written meanwhile, empties the log, lets it go on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGSTOP)
    try:
        give_up = time.monotonic() + _STOPPED
        while not _still(pid) and time.monotonic() < give_up:
            time.sleep(0.001)
        _copy(source, target, copied, os.fstat(source).st_size)
        os.ftruncate(source, 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGCONT)


def _still(group: int) -> bool:
    """Whether no thread of the group runs. A write that has begun is finished before a thread stops."""
    try:
        for name in os.listdir("/proc"):
            if name.isdigit() and not _stopped(name, group):
                return False
    except OSError:
        time.sleep(0.02)  # No /proc here: nothing better than to wait a little.
    return True


def _stopped(name: str, group: int) -> bool:
    """True as well for a process that is not of the group."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        with open(f"/proc/{name}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
        if int(fields[2]) != group:
            return True
        for thread in os.listdir(f"/proc/{name}/task"):
            with open(f"/proc/{name}/task/{thread}/stat", "rb") as stream:
                if stream.read().rpartition(b")")[2].split()[0] not in (b"T", b"t", b"Z", b"X"):
                    return False
    return True


if __name__ == "__main__":
    main()

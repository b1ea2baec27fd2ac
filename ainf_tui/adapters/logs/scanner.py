"""Reading whole files behind a view: little of it at once, much in a child process that can be stopped.

A thread would do neither: it would hold the interpreter against the keys of the screen, and a match that
never ends cannot be interrupted in one.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.scan_reports import Report, report_of
from ainf_tui.adapters.logs.scan_tasks import Task, run

AT_ONCE = 262_144
"""Bytes that are read in the asker's own time; more is left to a child."""
AT_ONCE_COUNTED = 16 * 1_048_576
"""The same where line feeds are all that is looked for: a child takes longer to start."""
SHARE = 30
"""While a file grows, its new part is read again after a pause of so many times what the last reading took:
what goes on behind is to cost a few percent of a core."""
SHORTEST, LONGEST = 5.0, 10.0
"""Seconds of such a pause: at least, where a child is to read it, and at most."""


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    reader: threading.Thread


class Scan:
    """One task over the files of a view, as far as it has come. `take` is given each report, by one thread
    at a time and never after `stop`.
    """

    def __init__(
        self, task: Task, take: Callable[[Report], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.task = task
        self.upto: dict[str, int] = {}
        self.problem = ""
        """Why it goes no further."""
        self._take = take
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._stopped = False
        self._clock = clock
        self._due = self._read_at = clock()

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.reader.is_alive()

    def share(self, files: Mapping[str, Pieces]) -> float:
        """How much of all bytes has been read, 0..1."""
        size = sum(pieces.size for pieces in files.values())
        if not size:
            return 1.0
        read = sum(min(self.upto.get(file, 0), pieces.size) for file, pieces in files.items())
        return min(1.0, read / size)

    def go_on(self, files: Mapping[str, Pieces]) -> None:
        """Reads what has not been read yet, unless it has just done so. Does not wait for a child."""
        if self.running or self.problem or self._stopped or self._clock() < self._due:
            return
        left = {
            file: pieces
            for file, pieces in files.items()
            if self.upto.get(file, 0) < (pieces.size if self.task.kind == "lines" else pieces.open_record())
        }
        if not left:
            return
        most = AT_ONCE_COUNTED if self.task.kind == "lines" else AT_ONCE
        if sum(pieces.size - self.upto.get(file, 0) for file, pieces in left.items()) <= most:
            began = self._clock()
            for file, pieces in left.items():
                for report in run(self.task, file, pieces, self.upto.get(file, 0)):
                    self._accept(report)
            self._pause_since(began)
        elif not self.upto or self._clock() - self._read_at >= SHORTEST:
            self._begin(left)

    def stop(self) -> None:
        """Ends the child; nothing is taken afterwards."""
        with self._lock:
            self._stopped = True
        if self._child is not None:
            self._child.process.kill()
            self._child.reader.join()
            self._child = None

    def _pause_since(self, began: float) -> None:
        now = self._read_at = self._clock()
        self._due = now + min(LONGEST, SHARE * (now - began))

    def _begin(self, files: Mapping[str, Pieces]) -> None:
        spec = {
            "task": asdict(self.task),
            "files": [
                {
                    "file": file,
                    "descriptor": pieces.log.descriptor,
                    "path": str(pieces.log.path),
                    "source": pieces.source,
                    "start": self.upto.get(file, 0),
                }
                for file, pieces in files.items()
            ],
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "ainf_tui.adapters.logs.scan_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[pieces.log.descriptor for pieces in files.values()],
            start_new_session=True,
        )
        reader = threading.Thread(
            target=self._read, args=(process, json.dumps(spec).encode()), name="log-scan", daemon=True
        )
        self._child = _Child(process, reader)
        reader.start()

    def _read(self, process: subprocess.Popen[bytes], spec: bytes) -> None:
        began = self._clock()
        with process:
            if process.stdin is None or process.stdout is None or process.stderr is None:
                raise RuntimeError("the child has no pipes")
            try:
                process.stdin.write(spec + b"\n")
                process.stdin.close()
            except BrokenPipeError:
                self.problem = "the process that reads logs ended at once"
            for line in process.stdout:
                self._accept(report_of(line))
            said = process.stderr.read().decode("utf-8", "replace").strip()
        self._pause_since(began)
        if process.returncode and not self._stopped:
            self.problem = _ended_by(process.returncode, said)

    def _accept(self, report: Report) -> None:
        with self._lock:
            if not self._stopped:
                self.upto[report.file] = report.upto
                self._take(report)


def _ended_by(code: int, said: str) -> str:
    if code == -signal.SIGALRM:
        return "it took too long: the pattern can match in too many ways"
    last = said.rpartition("\n")[2]
    return f"the process that reads logs ended with {code}" + (f": {last}" if last else "")

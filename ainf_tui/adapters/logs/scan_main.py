"""The child that reads logs whole: `python -m ainf_tui.adapters.logs.scan_main`, started by `scanner`.

Its first line of input says what to do: a task, and files by descriptors that it inherits. It writes a
`Report` a line. It ends when nobody reads those any more, and by an alarm when one report takes too long: an
expression can be such that matching it never ends, and nothing in this process could interrupt it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.scan_tasks import dumped, run, task_of
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.errors import UsageError

PATIENCE = 20
"""Seconds for the next report."""
TOLD = 3
"""Exit code: the last line of stderr says why in words for people."""
_NICE = 5


def main() -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    spec = json.loads(sys.stdin.buffer.readline())
    task, clock = task_of(spec["task"]), Clock(datetime.now(UTC))
    if task.kind != "search":  # Somebody waits for that.
        os.nice(_NICE)
    for one in spec["files"]:
        log = LogFile(one["descriptor"], Path(one["path"]))
        with log:
            signal.alarm(PATIENCE)
            try:
                for report in run(task, one["file"], Pieces(log, one["source"], clock), one["start"]):
                    signal.alarm(PATIENCE)
                    sys.stdout.write(dumped(report) + "\n")
                    sys.stdout.flush()
            except UsageError as error:
                sys.stderr.write(error.message)
                sys.exit(TOLD)


if __name__ == "__main__":
    main()

"""Named moments at which a crash must do no harm; the fault suite dies at each of them.

`reach("submit.posted")` costs a dictionary look-up unless `AINF_KILL_AT` names the point:
`AINF_KILL_AT=submit.posted:3` ends the process with SIGKILL the third time it is reached.
Nothing is flushed and no handler runs, exactly as when the kernel or a user does it.
"""

from __future__ import annotations

import os
import signal

# One name for each side of each commit, POST and rename; `tests/faults` proves that every name is
# reached and that no name is reached that is not listed.
POINTS: tuple[str, ...] = (
    "jobs.before_add",
    "jobs.after_add",
    "submit.before_claim",
    "submit.after_claim",
    "submit.after_post",
    "submit.after_accept",
    "withdraw.after_intent",
    "withdraw.after_delete",
    "withdraw.after_commit",
    "cancel.after_intent",
    "cancel.after_delete",
    "cancel.after_interrupt",
    "start.after_commit",
    "settle.before_commit",
    "settle.after_commit",
    "fetch.before_write",
    "fetch.before_rename",
    "fetch.after_rename",
    "fetch.after_row",
    "fetch.after_sidecar",
    "finish.before_commit",
    "finish.after_commit",
    "lost.before_commit",
    "lost.after_commit",
)
SERVICE_POINTS: tuple[str, ...] = (
    "service.before_launch",
    "service.after_launch",
    "service.after_record",
    "service.before_stop",
    "service.after_signal",
)
"""The same of services: `tests/faults/test_services.py` dies at each."""
ERROR_POINTS: tuple[str, ...] = ("errors.before_store", "errors.after_store")
"""The same of errors that are read in logs: `tests/faults/test_errors.py`."""


class KillSwitch:
    """Counts arrivals at the one armed point. Built once by the process that is to die."""

    def __init__(self, spec: str | None = None) -> None:
        name, _, count = (spec if spec is not None else os.environ.get("AINF_KILL_AT", "")).partition(":")
        self._name = name
        self._left = int(count or "1") if name else 0

    def reach(self, point: str) -> None:
        """Die here if this is the armed point and its turn has come."""
        if point != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

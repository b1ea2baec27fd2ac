"""What the last lines of a failed service's log say about why, for the causes that are known. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ainf_tui.domain.errors.playbook import Playbook
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.services import Exit
from ainf_tui.frozen import frozen


@frozen
class Cause:
    """`message` completes "it failed: ..."; `hint` is the next step; `code` names the playbook's entry."""

    message: str
    hint: str
    code: str = ""


WORKER_DIED = Problem(
    "comfyui.worker_died",
    "the part of ComfyUI that runs prompts has died: it answers and takes prompts, and runs none",
    "`ainf comfyui restart` starts it anew; what waits is sent again. `ainf errors` has the exception.",
)

_LAST_WORD = re.compile(
    r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Fault)(?::|$)|(?:error|fatal|panic)\b",
    re.IGNORECASE,
)


def last_word(log: Sequence[str]) -> str:
    """The line with which a program says what ended it (Python's exception, `error: ...`); empty if none."""
    return next((line[:300] for line in reversed(log) if _LAST_WORD.match(line)), "")


def known_cause(how: Exit | None, log: Sequence[str], playbook: Playbook) -> Cause | None:
    """Why it ended, from how it ended and its last lines (oldest first); None if nothing known fits."""
    if how is not None and how.oom:
        return Cause("the kernel ended it: the machine's memory was full", "end other programs, or add swap")
    known = playbook.look(log) or (playbook.look((how.text,)) if how is not None else None)
    if known is not None:
        return Cause(known.clause, known.entry.steps[0], known.entry.code)
    if how is not None and how.signal == "SIGKILL":
        return Cause(
            "somebody did that, or the kernel for lack of memory",
            "`dmesg` tells whether it was for lack of memory",
        )
    return None

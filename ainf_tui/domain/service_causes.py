"""What the last lines of a failed service's log say about why, for the causes that are known. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ainf_tui.domain.services import Exit


@dataclass(frozen=True, slots=True)
class Cause:
    """`message` completes "it failed: ..."; `hint` is the next step."""

    message: str
    hint: str


# The first that fits wins; what is more particular stands first.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"address already in use|errno 98\b|errno 48\b|EADDRINUSE|only one usage of each socket address",
        "its port is taken",
        "`ainf services ports` shows by whom; start it on another one with --port",
    ),
    (
        r"CUDA out of memory|OutOfMemoryError|HIP out of memory",
        "the GPU's memory is full",
        "end what else uses the GPU, or start with less: --lowvram",
    ),
    (
        r"no kernel image is available|not compiled with CUDA enabled|CUDA driver version is insufficient",
        "PyTorch and the GPU's driver do not fit together",
        "install the PyTorch that belongs to this GPU and its driver",
    ),
    (
        r"ModuleNotFoundError: No module named '(?P<what>[\w.]+)'|ImportError: .*'(?P<other>[\w.]+)'",
        "the Python module {what} is missing",
        "install its requirements into the environment that it runs in",
    ),
    (
        r"MemoryError|Cannot allocate memory|std::bad_alloc",
        "the machine's memory is full",
        "end other programs, or give the machine swap",
    ),
    (
        r"No space left on device|Errno 28\b",
        "a disk is full",
        "free some space; `ainf status` tells how much there is",
    ),
    (
        r"Permission denied|Errno 13\b|Operation not permitted",
        "it may not use a file, folder or port",
        "look at whose it is; ports below 1024 are root's",
    ),
    (
        r"can't open file|No such file or directory",
        "a file is not where it looks for it",
        "look at `command` and `cwd` in its definition",
    ),
)


_LAST_WORD = re.compile(
    r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Fault)(?::|$)|(?:error|fatal|panic)\b",
    re.IGNORECASE,
)


def last_word(log: Sequence[str]) -> str:
    """The line with which a program says what ended it (Python's exception, `error: ...`); empty if none."""
    return next((line[:300] for line in reversed(log) if _LAST_WORD.match(line)), "")


def known_cause(how: Exit | None, log: Sequence[str]) -> Cause | None:
    """Why it ended, from how it ended and its last lines (oldest first); None if nothing known fits."""
    if how is not None and how.oom:
        return Cause("the kernel ended it: the machine's memory was full", "end other programs, or add swap")
    for line in reversed(log):
        for pattern, message, hint in _KNOWN:
            if found := re.search(pattern, line[:2000], re.IGNORECASE):
                what = next((value for value in found.groupdict().values() if value), "")
                return Cause(message.replace("{what}", what), hint)
    if how is not None and how.signal == "SIGKILL":
        return Cause(
            "somebody did that, or the kernel for lack of memory",
            "`dmesg` tells whether it was for lack of memory",
        )
    return None

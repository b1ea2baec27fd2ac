"""The exit codes of the command line, in one place (`docs/cli.md` lists them from here)."""

from __future__ import annotations

from collections.abc import Iterable

OK = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 3
NOT_FOUND = 4
CANCELLED = 5
INTERRUPTED = 130
PIPE_CLOSED = 141

MEANING: dict[int, str] = {
    OK: "well",
    FAILED: "not well, or a job failed",
    USAGE: "wrong usage, or a wrong setting",
    UNREACHABLE: "something outside could not be reached, or `--timeout` passed",
    NOT_FOUND: "no such job, pack, preset or file",
    CANCELLED: "what was waited for was cancelled",
    INTERRUPTED: "interrupted (Ctrl-C)",
    PIPE_CLOSED: "the reader of the output went away (as after SIGPIPE)",
}


def of_states(states: Iterable[str]) -> int:
    """The exit code for jobs that ended like this: failed counts more than cancelled."""
    seen = set(states)
    if "failed" in seen:
        return FAILED
    return CANCELLED if "cancelled" in seen else OK

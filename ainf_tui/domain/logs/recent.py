"""The log in a ComfyUI's own memory: its last writes, asked for again and again, become one log. Pure.

`/internal/logs/raw` gives `{"t": local time, "m": text}` a write, and a write is not a line: bars are written
in pieces that begin with a carriage return, a traceback in one. ComfyUI's log has no times of its own; here
each write that begins a record is given the one it was made at, with a space between day and hour: with a `T`
`root warning: low` behind it would be a line of syslog, of the program `warning` on the host `root`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ainf_tui.frozen import frozen

BACKEND = "backend:"
"""What the id of such a log begins with; the name of the server follows."""
BUFFER = 300
"""Writes that ComfyUI keeps (app/logger.py: `setup_logger(capacity=300)`)."""
_ENDED = "Prompt executed in "
_TRACEBACK = "Traceback (most recent call last)"
_STEP = 900
"""Seconds: offsets from UTC are whole quarters of an hour."""
_NEAR = 120.0
"""Seconds within which a prompt's end and the line that tells of it lie."""


@frozen
class Write:
    """`at` is ISO 8601 in the server's local time, with its offset from UTC where that was found out; empty
    where the server does not tell.
    """

    at: str
    text: str


class Recent:
    """Takes each look at the buffer; gives what is new in it, as text."""

    def __init__(self) -> None:
        self._seen: tuple[Write, ...] = ()
        self._line_begun = False
        self._raised = False
        """The last line is of a traceback whose exception is still to come."""
        self.gaps = 0
        """Times at which more was written between two looks than the buffer holds."""

    def take(self, writes: Sequence[Write]) -> str:
        """The text of what was written since the last look."""
        return "".join(text for _, text in self.new(writes))

    def new(self, writes: Sequence[Write]) -> list[tuple[Write, str]]:
        """What was written since the last look, each with its text as it is shown."""
        new = self._new(tuple(writes))
        self._seen = tuple(writes)
        return [(write, self._stamped(write)) for write in new]

    def skip(self, writes: Sequence[Write]) -> None:
        """These were seen by somebody else."""
        self._seen = tuple(writes)
        for write in writes:
            self._go_on(write.text)

    def _new(self, writes: tuple[Write, ...]) -> tuple[Write, ...]:
        if not self._seen or not writes:
            return writes
        for end in range(len(writes), 0, -1):
            known = writes[:end]
            if known[-len(self._seen) :] == self._seen[-end:]:
                return writes[end:]
        # Nothing of it is known: another server process, or too much at once. A full buffer has lost some.
        if len(writes) >= BUFFER:
            self.gaps += 1
        return writes

    def _stamped(self, write: Write) -> str:
        text, at = write.text, write.at.replace("T", " ", 1)
        begins, raised = not self._line_begun, self._raised
        self._go_on(text)
        if not at or not text:
            return text
        if text.startswith("\r"):
            # A bar overwrites its line, and what stands before it: the time must come after.
            return f"\r{at} {text[1:]}" if text.strip() else text
        if not begins or raised or text.startswith((" ", "\t", "\n", _TRACEBACK)):
            return text  # It goes on with what stands above it.
        return f"{at} {text}"

    def _go_on(self, text: str) -> None:
        """Python prints a traceback that is not logged (`print_exc`, the end of a thread) in writes of a line
        or less: the line with the exception belongs to those before it.
        """
        first = 0 if not self._line_begun else text.find("\n") + 1 or len(text)
        for line in text[first:].split("\n"):
            if line.startswith(_TRACEBACK):
                self._raised = True
            elif line and not line[0].isspace():
                self._raised = False
        if text:
            self._line_begun = not text.endswith("\n")


def offset_of(writes: Sequence[Write], ended: datetime) -> str:
    """The server's offset from UTC as `+02:00`, from when its newest prompt `ended`; empty if it cannot be
    told: then its times are taken as this machine's.
    """
    at = next((write.at for write in reversed(writes) if write.text.startswith(_ENDED)), "")
    try:
        local = datetime.fromisoformat(at).replace(tzinfo=UTC)
    except ValueError:
        return ""
    seconds = (local - ended).total_seconds()
    steps = round(seconds / _STEP)
    if abs(seconds - steps * _STEP) > _NEAR or abs(steps * _STEP) > timedelta(hours=14).total_seconds():
        return ""
    hours, minutes = divmod(abs(steps) * _STEP // 60, 60)
    return f"{'-' if steps < 0 else '+'}{hours:02}:{minutes:02}"

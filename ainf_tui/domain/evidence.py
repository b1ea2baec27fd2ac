"""A prompt of ours is neither in the server's queue nor in its history: what became of it?

ComfyUI keeps both in memory and has no instance id, so a restart must be inferred; a wrong "lost"
runs a job again that somebody removed, a wrong "removed" loses a job. The order of the rules is the
order of their certainty.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from ainf_tui.domain.comfy import HistoryEntry, QueueSnapshot
from ainf_tui.frozen import frozen


class Fate(StrEnum):
    RESTARTED = "restarted"
    """The server process that held it is gone."""
    REMOVED = "removed"
    """The server never stopped: somebody deleted it."""


@frozen
class Sighting:
    """What was known when the prompt was last seen on the server, and what is known now."""

    epoch_then: str
    epoch_now: str
    same_connection: bool
    """One unbroken websocket since it was accepted or last seen: the process cannot have changed."""
    number: float | None
    """The server's number of this prompt."""
    known_ids: frozenset[str]
    """Other prompt ids that this server is known to have had in queue or history."""
    present_ids: frozenset[str]
    """Ids in its queue and newest history now."""
    greatest_number: float | None
    """Greatest number in queue and history now; None if both are empty."""
    refused_since: bool
    """The port had no listener at some moment since."""
    later_ids: frozenset[str] = frozenset()
    """Other prompt ids that it had after this one was last seen and before it was missed."""
    was_running: bool = False
    """It was executing when last heard of: nobody can delete that, it ends in the history."""


@frozen
class Verdict:
    fate: Fate
    evidence: str


def judge(seen: Sighting) -> Verdict:
    """Restarted or removed, with the evidence in words: the first rule that applies."""
    both_epochs = bool(seen.epoch_then and seen.epoch_now)
    remembered = seen.known_ids & seen.present_ids
    numbers_fell = (
        seen.greatest_number is not None and seen.number is not None and seen.greatest_number < seen.number
    )
    rules: tuple[tuple[bool, Fate, str], ...] = (
        (
            both_epochs and seen.epoch_then != seen.epoch_now,
            Fate.RESTARTED,
            "another process listens on its port",
        ),
        (both_epochs, Fate.REMOVED, "the same process still runs"),
        (bool(remembered), Fate.REMOVED, "it still knows earlier prompts"),
        (seen.same_connection, Fate.REMOVED, "the connection to it never broke"),
        (not seen.present_ids, Fate.RESTARTED, "its queue and history are empty after the connection broke"),
        (numbers_fell, Fate.RESTARTED, "its numbers start again"),
        (seen.refused_since, Fate.RESTARTED, "its port was closed in between"),
        (seen.was_running, Fate.RESTARTED, "it was running and left no trace in the history"),
        (
            bool(seen.known_ids or seen.later_ids - seen.present_ids),
            Fate.RESTARTED,
            "every earlier prompt is gone from it",
        ),
        (True, Fate.REMOVED, "nothing says that it was restarted"),
    )
    return next(Verdict(fate, evidence) for applies, fate, evidence in rules if applies)


def greatest_number(snapshot: QueueSnapshot, history: Iterable[HistoryEntry]) -> float | None:
    """The highest number that the server shows; numbers put in front are negative and tell nothing."""
    numbers = [i.number for i in (*snapshot.running, *snapshot.pending)]
    numbers += [entry.number for entry in history]
    return max((n for n in numbers if n >= 0), default=None)

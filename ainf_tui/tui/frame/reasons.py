"""Why an action does nothing now. Pure."""

from __future__ import annotations

from ainf_tui.actions import Action
from ainf_tui.domain.documents import JobRow

READ_ONLY = "this app is read-only; start it without --read-only"
_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_OPEN_JOB = frozenset({"queue.cancel", "queue.raise", "queue.lower"})
_ENDED_JOB = frozenset({"queue.retry", "queue.retry_new_seed", "queue.retry_edited", "queue.clear"})
_WAITING_JOB = frozenset(
    {"queue.hold", "queue.move_up", "queue.move_down", "queue.move_top", "queue.move_bottom"}
)
_ANY_JOB = frozenset({"queue.open", "queue.copy", "queue.mark"})


def why_not_for(action: Action, row: JobRow | None, *, marked: bool) -> str:
    """Of the Queue screen, by the job under the cursor; empty if nothing is against it."""
    if action.id not in _OPEN_JOB | _ENDED_JOB | _WAITING_JOB | _ANY_JOB or marked:
        return ""
    if row is None:
        return "there is no job under the cursor"
    if action.id in _OPEN_JOB and row.state in _ENDED:
        return f"#{row.number} has ended"
    if action.id in _ENDED_JOB and row.state not in _ENDED:
        return f"#{row.number} has not ended yet"
    if action.id in _WAITING_JOB and row.state not in {"queued", "submitted"}:
        return f"#{row.number} is not waiting"
    return ""

"""What a job's state is called where people read it."""

from __future__ import annotations

from typing import Protocol


class Stated(Protocol):
    """A job's document or its row in a list."""

    @property
    def state(self) -> str: ...
    @property
    def held(self) -> bool: ...
    @property
    def cancel_requested(self) -> bool: ...


def label(job: Stated) -> str:
    """The state's word; `held` and `cancelling` where they say more."""
    if job.held and job.state == "queued":
        return "held"
    if job.cancel_requested and job.state in {"queued", "submitting", "submitted", "running"}:
        return "cancelling"
    return job.state

"""A prompt that runs and of which nothing is heard: a node that hangs, or a ComfyUI whose worker has ended.

The real server does not tell: where a node ends the thread that runs prompts (`SystemExit`), its queue shows
the prompt as running for ever, and takes others behind it.
"""

from __future__ import annotations

from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight


def stalled(backend: Backend, flight: Flight, now: float) -> str:
    """Why to doubt that it goes on; empty if there is no reason to. `now`: monotonic seconds.

    A graph that has run before may be silent for as long as it took then.
    """
    after = backend.ctx.tuning.stalled_after
    tracker = flight.tracker
    if not after or flight.over or tracker.started_at is None or tracker.heard_at is None:
        return ""
    if not backend.socket.connected or not backend.health.reachable:
        return ""  # told elsewhere, and nothing can be heard
    limit = max(after, flight.expected.total or 0.0)
    if now - tracker.heard_at < limit:
        return ""
    return f"ComfyUI has told nothing of it for more than {_length(limit)}"


def _length(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.3g} s"

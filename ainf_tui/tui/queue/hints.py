"""What the keys in the Queue screen's footer are called now, and which of them would do something."""

from __future__ import annotations

from collections.abc import Mapping

from ainf_tui.domain.documents import JobRow


def labels_now(row: JobRow | None, *, paused: bool) -> Mapping[str, str]:
    """By action, where it is another than the declared one."""
    return {
        "queue.pause": "resume" if paused else "pause",
        "queue.hold": "release" if row is not None and row.held else "hold",
    }


def able_now(row: JobRow | None, *, marked: bool) -> Mapping[str, bool]:
    """By action, where it depends on the job under the cursor or on marks."""
    ended = row is not None and row.finished_at is not None
    waits = row is not None and row.state in {"queued", "submitted"}
    return {
        "queue.cancel": marked or (row is not None and not ended),
        "queue.retry": marked or ended,
        "queue.hold": marked or waits,
        "queue.move_up": waits,
        "queue.open": row is not None,
    }

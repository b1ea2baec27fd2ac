"""The line above the list of jobs, and what stands in its place when it is empty. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from ainf_tui.display.format import remaining
from ainf_tui.domain.documents import QueueDocument
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, fit, safe
from ainf_tui.tui.link import LIVE, Link
from ainf_tui.tui.lists.feed import MOST
from ainf_tui.tui.lists.title import Key, filter_line, why_empty
from ainf_tui.tui.queue.filter import Filter
from ainf_tui.tui.queue.rows import Sort


@frozen
class Told:
    """What is known of the list: how much is shown, read, marked, and why there is no more."""

    link: Link = field(default_factory=Link)
    queue: QueueDocument = field(default_factory=QueueDocument)
    shown: int = 0
    marked: int = 0
    filter: Filter = field(default_factory=Filter)
    sort: Sort = field(default_factory=Sort)
    loading: bool = False
    complete: bool = False
    truncated: bool = False
    error: AinfError | None = None


def title_line(told: Told, cells: int) -> Line:
    """`QUEUE   14 open   2 held   eta 9:12`."""
    queue = told.queue
    waiting = queue.queued + queue.submitted + queue.running
    parts: list[tuple[int, Line]] = [(0, (("QUEUE", "title"),))]
    if told.link.state == LIVE or told.shown:
        parts.append((1, ((f"{waiting} open", ""),)))
    if queue.paused:
        parts.append((0, (("paused", "warning"),)))
    if queue.held:
        parts.append((3, ((f"{queue.held} held", "muted"),)))
    if waiting and queue.eta is not None and queue.eta >= 1:
        parts.append((2, ((f"eta {remaining(queue.eta)}", "muted"),)))
    if told.marked:
        parts.append((0, ((f"{told.marked} marked", "mark"),)))
    parts.append((0, filter_line(told, f"state {told.filter.wrong}" if told.filter.wrong else "")))
    if not told.sort.default:
        direction = ", last first" if told.sort.reverse else ""
        parts.append((1, ((f"by {told.sort.by}{direction}", "accent"),)))
    if told.loading and told.shown:
        parts.append((4, ((f"{told.shown:,} read", "muted"),)))
    if told.truncated:
        parts.append((1, ((f"the first {MOST:,}", "warning"),)))
    if told.error is not None and told.shown:
        parts.append((1, ((safe(told.error.message, 60), "error"),)))
    return fit(parts, cells)


def empty_lines(told: Told, key: Key) -> tuple[Line, ...]:
    """What stands in the place of the rows."""
    stopped = "Jobs are stored and go on when it runs again."
    return tuple(why_empty(told, key, stopped=stopped, reading="list", well=_none(key)))


def _none(key: Key) -> Iterator[Line]:
    yield (("No jobs yet. Each picture that you ask for is a job, and stands here.", ""),)
    yield ((key("queue.new_run"), "key"), (" makes a new run from a pack or a preset", ""))

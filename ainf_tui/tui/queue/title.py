"""The line above the list of jobs, and what stands in its place when it is empty. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field

from ainf_tui.display.format import remaining
from ainf_tui.domain.documents import QueueDocument
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, fit, safe
from ainf_tui.tui.link import LIVE, STOPPED, Link
from ainf_tui.tui.queue.feed import MOST
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
    parts.append((0, _filter(told)))
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


def _filter(told: Told) -> Line:
    wanted = told.filter
    if not wanted.text:
        return ()
    if wanted.wrong:
        return ((f"no state {safe(wanted.wrong, 20)}", "warning"),)
    found = "1 match" if told.shown == 1 else f"{told.shown:,} matches"
    more = "" if told.complete else " or more"
    return ((f"/{safe(wanted.text, 40)}", "accent"), (f"  {found}{more}", "muted"))


def empty_lines(told: Told, key: Callable[[str], str]) -> tuple[Line, ...]:
    """Why there is nothing, and the key that changes it. `key(action id)` is how people write it."""
    return tuple(_empty(told, key))


def _empty(told: Told, key: Callable[[str], str]) -> Iterator[Line]:
    link = told.link
    if link.state == STOPPED:
        yield (("The engine was stopped. Jobs are stored and go on when it runs again.", ""),)
        yield ((key("app.start_engine"), "key"), (" starts it", ""))
    elif link.state != LIVE:
        yield (("Looking for the engine ...", "muted"),)
        if link.message:
            yield ((safe(link.message), "error"),)
            yield ((safe(link.hint), "muted"),)
    elif told.error is not None:
        yield ((safe(told.error.message), "error"),)
        yield ((safe(told.error.hint), "muted"),)
    elif told.filter.text and told.complete:
        yield (("Nothing matches the filter.", ""),)
        yield ((key("app.back"), "key"), (" ends it", ""))
    elif told.complete:
        yield (("No jobs yet. Each picture that you ask for is a job, and stands here.", ""),)
        yield ((key("queue.new_run"), "key"), (" makes a new run from a pack or a preset", ""))
    else:
        yield (("Reading the list ...", "muted"),)

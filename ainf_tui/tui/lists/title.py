"""What stands above every list, and in its place when it is empty. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from ainf_tui.errors import AinfError
from ainf_tui.tui.lines import Line, safe
from ainf_tui.tui.link import LIVE, STOPPED, Link

Key = Callable[[str], str]
"""`key(action id)` is how people write it."""


class Wanted(Protocol):
    """What is filtered by."""

    @property
    def text(self) -> str: ...


class Told(Protocol):
    """What is known of a list: how much is shown and read, and why there is no more."""

    @property
    def link(self) -> Link: ...
    @property
    def shown(self) -> int: ...
    @property
    def filter(self) -> Wanted: ...
    @property
    def complete(self) -> bool: ...
    @property
    def error(self) -> AinfError | None: ...


def filter_line(told: Told, wrong: str) -> Line:
    """`/words  12 matches`; nothing where nothing is filtered. `wrong`: what of it means nothing."""
    if not told.filter.text:
        return ()
    if wrong:
        return ((f"no {safe(wrong, 30)}", "warning"),)
    found = "1 match" if told.shown == 1 else f"{told.shown:,} matches"
    more = "" if told.complete else " or more"
    return ((f"/{safe(told.filter.text, 40)}", "accent"), (f"  {found}{more}", "muted"))


def why_empty(told: Told, key: Key, *, stopped: str, reading: str, well: Iterator[Line]) -> Iterator[Line]:
    """Why there is nothing, and the key that changes it.

    `stopped`: what becomes of the rows while the engine is stopped; `well`: what is told when there are none.
    """
    link = told.link
    if link.state == STOPPED:
        yield ((f"The engine was stopped. {stopped}", ""),)
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
        yield from well
    else:
        yield ((f"Reading the {reading} ...", "muted"),)

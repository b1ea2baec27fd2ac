"""Painting in step with the terminal: nothing is composed that would only wait in a line.

What changes meanwhile gathers as dirty regions and is painted once, in its last state. On a slow line a
repaint goes out in strips, as many as the line takes in a moment, and what lies under the focus goes first
after a key.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from textual.app import App
from textual.geometry import Region
from textual.screen import Screen, ScreenResultType

from ainf_tui.tui.terminal.cells import CellsCompositor
from ainf_tui.tui.terminal.messages import LineChanged
from ainf_tui.tui.terminal.pace import LEAST, WINDOW, Pace
from ainf_tui.tui.terminal.rush import Rush

_BATCH = 0.05
_TURNS = 3
"""Of the event loop, in which each widget that was changed tells its screen so."""


class Pacer:
    """One a driver: the pace, the screen that waits, and what of a repaint is still to go out."""

    def __init__(self, tell: Callable[[LineChanged], object]) -> None:
        self.pace = Pace()
        self.rush = Rush()
        self.strips: list[Region] = []
        """The rest of the repaint that is going out, in its order. One row each."""
        self._tell = tell
        self._was_slow = False
        self._waiting: Screen[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cell_bytes = 2.5
        self.on_wait: Callable[[], object] = bool
        """Told when a screen begins to wait."""

    @property
    def slow(self) -> bool:
        """Whether the low-bandwidth manners hold: asked for, or measured."""
        return self.pace.slow

    @property
    def low(self) -> bool:
        return self.pace.low

    @low.setter
    def low(self, low: bool) -> None:
        self.pace.low = low
        self._compare()

    def wait(self, screen: Screen[Any], seconds: float) -> None:
        """`screen` paints when the terminal is found to be further, or after `seconds`."""
        self._waiting = screen
        self.on_wait()
        seconds = min(seconds, self.pace.expires_in(time.monotonic()))
        self._cancel()
        if math.isfinite(seconds):
            self._timer = asyncio.get_running_loop().call_later(seconds, self.progress)

    def progress(self) -> None:
        """The terminal is further, or time has passed: whoever waits looks again."""
        self.pace.look(time.monotonic())
        self._compare()
        self._cancel()
        screen, self._waiting = self._waiting, None
        if screen is not None and screen.is_running:
            screen.call_next(screen._compositor_refresh)  # noqa: SLF001 - see PacedScreen

    def stop(self) -> None:
        self._cancel()
        self._waiting = None
        self.strips.clear()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _compare(self) -> None:
        if self.pace.slow != self._was_slow:
            self._was_slow = self.pace.slow
            self._tell(LineChanged(self.pace.slow, self.pace.rate))

    def choose(self, dirty: set[Region], near: Region, now: float) -> tuple[list[Region], float]:
        """What to paint now, and else for how many seconds to wait (infinite: until it is further).

        `dirty` is what has changed; what is taken over for painting leaves it. On a line that has shown that
        it is fast that is all of it or nothing.
        """
        room = self.pace.room(now)
        if room <= 0:
            return [], self.pace.room_in(now)
        if not self.pace.slow and (self.pace.window(now) == WINDOW or self._cost(dirty) <= room):
            chosen = [*dirty, *self.strips]
            dirty.clear()
            self.strips.clear()
            return chosen, 0.0
        first = self._near(dirty, near) if self.pace.asked(now) else []
        due_in = self.pace.due_in(now)
        if not self.strips and dirty and not due_in:
            self.strips = list(rows(dirty))
            dirty.clear()
            self.pace.painted(now)
        self.strips = [*first, *self.strips]
        chosen = self._affordable(max(room, LEAST // 2))
        return chosen, due_in if dirty and not self.strips else self.pace.room_in(now)

    def painted(self, regions: Iterable[Region], count: int) -> None:
        """`regions` cost `count` bytes."""
        cells = sum(region.area for region in regions)
        if cells and count:
            self._cell_bytes = max(0.5, (3 * self._cell_bytes + count / cells) / 4)

    def _cost(self, dirty: Iterable[Region]) -> float:
        """Bytes that it takes to paint all that is due, as far as they can be known."""
        return sum(strip.width for strip in rows([*dirty, *self.strips])) * self._cell_bytes

    @staticmethod
    def _near(dirty: set[Region], near: Region) -> list[Region]:
        """Takes what lies under `near` out of `dirty`."""
        found = [region for region in dirty if region.overlaps(near)]
        dirty.difference_update(found)
        dirty.update(piece for region in found for piece in around(region, near))
        return list(rows(region.intersection(near) for region in found))

    def _affordable(self, budget: float) -> list[Region]:
        chosen: list[Region] = []
        while self.strips and budget > 0:
            strip = self.strips.pop(0)
            budget -= strip.width * self._cell_bytes
            chosen.append(strip)
        return chosen


def around(region: Region, hole: Region) -> Iterable[Region]:
    """The region without the part that lies in `hole`, which it overlaps."""
    inner = region.intersection(hole)
    pieces = (
        Region(region.x, region.y, region.width, inner.y - region.y),
        Region(region.x, inner.bottom, region.width, region.bottom - inner.bottom),
        Region(region.x, inner.y, inner.x - region.x, inner.height),
        Region(inner.right, inner.y, region.right - inner.right, inner.height),
    )
    return (piece for piece in pieces if piece)


def rows(regions: Iterable[Region]) -> Iterable[Region]:
    """The regions as strips of one row from top to bottom; what overlaps or touches is one strip."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for region in regions:
        for y in range(region.y, region.bottom):
            spans.setdefault(y, []).append((region.x, region.right))
    for y, parts in sorted(spans.items()):
        parts.sort()
        start, end = parts[0]
        for left, right in parts[1:]:
            if left > end:
                yield Region(start, y, end - start, 1)
                start, end = left, right
            end = max(end, right)
        yield Region(start, y, end - start, 1)


def pacer_of(app: App[Any]) -> Pacer | None:
    """The pacer of the running app; None when headless, or on somebody else's driver."""
    return getattr(app._driver, "pacer", None)  # noqa: SLF001 - Textual has no public way to the driver


class PacedScreen(Screen[ScreenResultType]):
    """A screen that paints when the terminal has taken what was painted before.

    This is the one place where a method of Textual's own is replaced: `_compositor_refresh` is where every
    repaint of a screen passes, after the changes are known and before anything is rendered. A test holds
    that it exists and that every repaint comes through. `follow` calls another, what Textual's timer calls.
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor = CellsCompositor()
        self._followers: tuple[Callable[[], object], ...] = ()
        self._hurried = False

    def follow(self, call: Callable[[], object]) -> None:
        """Calls it, once, when what has changed so far is painted. What it changes is painted right then: the
        screen's own timer would let that wait for its next turn, a sixtieth of a second later.
        """
        if call not in self._followers:
            self._followers = (*self._followers, call)
            if len(self._followers) == 1:
                self.call_after_refresh(self._change)

    async def _change(self) -> None:
        pacer = pacer_of(self.app)
        if pacer is not None and (left := pacer.rush.left(time.monotonic())):
            self.set_timer(left, lambda: self.call_after_refresh(self._change))
            return
        calls, self._followers = self._followers, ()
        for call in calls:
            call()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        self._hurried = True

    def on_idle(self) -> None:
        """Every change that is known by now is on its way here; what comes later has its timer."""
        if self._hurried:
            self._hurried = False
            self._on_timer_update()

    def _compositor_refresh(self) -> None:
        app = self.app
        pacer = pacer_of(app)
        if pacer is None or app.is_inline or self is not app.screen:
            super()._compositor_refresh()
            return
        # Screen's own timer has noted these; called from elsewhere, nobody has, and painting forgets them.
        self._compositor.update_widgets(self._dirty_widgets)
        dirty = self._compositor._dirty_regions  # noqa: SLF001 - as Screen does
        if app._batch_count:  # noqa: SLF001 - App shows nothing while it batches
            self._hold(pacer, _BATCH)
            return
        now = time.monotonic()
        if left := pacer.rush.left(now):
            self._hold(pacer, left)
            return
        chosen, wait = pacer.choose(dirty, self._near_focus(), now)
        if chosen:
            self._paint(pacer, chosen)
            pacer.rush.painted(now)
        if pacer.strips or dirty:
            self._hold(pacer, wait)

    def _paint(self, pacer: Pacer, regions: list[Region]) -> None:
        dirty = self._compositor._dirty_regions  # noqa: SLF001 - same
        kept = set(dirty)
        dirty.clear()
        # The screen may have become smaller since they were noted.
        whole = self._compositor.size.region
        dirty.update(cropped for region in regions if (cropped := region.intersection(whole)))
        before = pacer.pace.sent
        super()._compositor_refresh()
        dirty.update(kept)
        pacer.painted(regions, pacer.pace.sent - before)

    def _hold(self, pacer: Pacer, wait: float) -> None:
        # Their regions are among the dirty ones already; left here, they would make the screen try again
        # 60 times a second.
        self._dirty_widgets.clear()
        pacer.wait(self, wait)

    def _near_focus(self) -> Region:
        return self.focused.region if self.focused is not None else self.region

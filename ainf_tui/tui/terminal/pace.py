"""How far the terminal is behind, how fast its line is, and when to paint: numbers and clock only.

The kernel's buffer for a pseudo-terminal holds 22 kB unseen (TIOCOUTQ says 0 on Linux), sshd's window a
megabyte more: at 5 kB/s a key would be answered minutes later. So the terminal itself is asked: a status
request goes out behind a frame, and its answer says that everything before it has been drawn. A terminal
that answers none is judged by how fast the kernel takes our bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WINDOW = 32_768
"""Bytes under way at which a line that is not slow gets no further frame."""
FIRST, LITTLE = 8_192, 1_024
"""The same before anything is known of the line (each quick answer doubles it), and once it is doubted."""
SLOW = 20_000.0
FAST = 40_000.0
"""Bytes a second: below the one a line is slow, above the other it is no longer."""
ASSUMED = 4_000.0
"""Bytes a second of a line that was called slow and cannot be measured."""
AHEAD = 0.15
"""Seconds of a slow line that may be under way: what a key waits for before its own answer goes out."""
LEAST = 600
"""Bytes under way that even the slowest line gets: a row or two."""
EVERY = 0.5
"""Seconds between repaints that nobody asked for, on a slow line."""
ASKED = 0.5
"""Seconds after a key in which a repaint is its answer."""
MARK_AFTER = 512
"""Bytes after which the terminal is asked how far it is."""
_VOTES_SLOW, _VOTES_FAST = 3, 8
_ENOUGH, _ENOUGH_WHEN_SLOW, _MUCH = 2_048, 200, 8_000
SETTLING = 2.0
"""Seconds from the first answer in which nothing is doubted: the app begins, and reads its answers late."""
_HESITATION = 0.15
"""Seconds, beyond the way there and back, after which a line that has not answered is doubted."""
_SHOWN = 0.05
"""Seconds that bytes must take by what is thought of a slow line to show that it is faster."""
_STALL = 15.0
"""Seconds after which it was no slow line but one that stood still."""
_LOST = 3
_APART = 1.0
"""Seconds between two times of a full kernel buffer that are one time."""


@dataclass(slots=True)
class _Mark:
    position: int
    ahead: int
    sent_at: float


class Pace:
    """Fed with what happens, by the clock that the caller passes (seconds, monotonic)."""

    def __init__(self) -> None:
        self.low = False
        """Low bandwidth was asked for, whatever is measured."""
        self.answers = False
        """Whether the terminal answers status requests."""
        self.indirect = False
        """Whether a multiplexer answers in the terminal's place. It takes all we send, at once, and knows
        nothing that it would tell of the line behind it: there, low bandwidth must be asked for.
        """
        self.rate: float | None = None
        """Bytes a second, of the last measurements while the line was busy."""
        self.backlog = 0
        """Bytes that the kernel has not taken."""
        self._measured_slow = False
        self._settled_at = math.inf
        self._trusted = FIRST
        """Bytes that may be under way to a terminal that answers, as far as it has shown."""
        self._votes = 0
        self.sent = 0
        """Bytes for the terminal so far."""
        self._acked = 0.0
        self._mark: _Mark | None = None
        self._nearest = math.inf, 0
        self._lost = 0
        self._drained_at = 0.0
        self._stuck_since = 0.0, 0
        self._unstuck_at = -math.inf
        self._painted_at = self._key_at = -math.inf

    @property
    def slow(self) -> bool:
        return self.low or self._measured_slow

    @property
    def _measurable(self) -> bool:
        return self.answers and not (self.low and self.indirect)

    @property
    def marked(self) -> bool:
        """Whether an answer is awaited."""
        return self._mark is not None

    def wrote(self, count: int, now: float) -> None:
        """`count` more bytes are on their way to the terminal."""
        self._decay(now)
        self.sent += count

    def kept(self, backlog: int, now: float) -> bool:
        """After a hand-over: `backlog` bytes the kernel did not take. Whether it is no longer stuck."""
        was, self.backlog = self.backlog, backlog
        if backlog and not was and now - self._unstuck_at > _APART:
            self._stuck_since = now, self.sent - backlog
        if backlog or not was:
            return False
        self._unstuck_at = now
        since, position = self._stuck_since
        if not self.answers and now - since >= 1.0:
            self._measure(self.sent - position, now - since)
            self._stuck_since = now, self.sent
        return True

    def mark_wanted(self, *, waiting: bool) -> bool:
        """Whether to ask the terminal now. `waiting`: a repaint is held back."""
        under_way = self.sent - self._acked
        return self._measurable and self._mark is None and under_way >= (1 if waiting else MARK_AFTER)

    def marking(self, now: float) -> None:
        """A status request was written; its own bytes are among those that its answer tells of."""
        self._mark = _Mark(self.sent, math.ceil(self.sent - self._acked), now)

    def answered(self, now: float) -> None:
        """A status request was answered: at first the probe's, then each mark."""
        self.answers, self._lost = True, 0
        self._settled_at = min(self._settled_at, now + SETTLING)
        mark, self._mark = self._mark, None
        if mark is None:
            self._acked = max(self._acked, self.sent - self.backlog)
            return
        self._acked = max(self._acked, mark.position)
        took = now - mark.sent_at
        best, its_ahead = self._nearest
        settled = now >= self._settled_at
        if took < best:
            self._nearest = took, mark.ahead
        if math.isinf(best):
            # How far away the terminal is nobody knows yet: few bytes that took long say nothing.
            self._trust(mark.ahead, took if mark.ahead >= _ENOUGH else 0.0, settled=settled)
            self._measure(mark.ahead, took)
            return
        # The way there and back costs the same for both; what differs is bytes and their time.
        more, extra = mark.ahead - its_ahead, took - best
        self._trust(mark.ahead, extra, settled=settled)
        quick = mark.ahead >= max(MARK_AFTER, FAST * took) or more >= max(MARK_AFTER, FAST * extra)
        if quick and not self._measured_slow:
            # Between two that took long, one that was quick: the line hesitates, and is not slow.
            self._votes = 0
        if more >= (_ENOUGH_WHEN_SLOW if self.slow else MARK_AFTER):
            self._measure(more, extra)
        elif extra >= best:
            # Fewer bytes took much longer: next to that the way there and back is nothing.
            self._measure(mark.ahead, extra)
        elif self.slow and (thought := mark.ahead / self._usual_rate()) >= _SHOWN and extra < thought / 2:
            self._faster(1.25)

    def _trust(self, count: int, seconds: float, *, settled: bool) -> None:
        """`count` bytes took `seconds`: how many may be under way next time."""
        if seconds > _HESITATION and count < SLOW * seconds:
            self._trusted = LITTLE if settled else self._trusted
        elif count >= MARK_AFTER and count >= FAST * (seconds - _HESITATION / 3):
            self._trusted = min(WINDOW, 2 * self._trusted)
        elif count >= self._trusted // 2:
            # Neither quick nor slow, as few bytes are: more of them will show it.
            self._trusted = min(WINDOW, self._trusted * 3 // 2)

    def key(self, now: float) -> None:
        self._key_at = now

    def asked(self, now: float) -> bool:
        """Whether a repaint now is the answer to a key."""
        return now - self._key_at < ASKED

    def painted(self, now: float) -> None:
        """What was due has begun to go out."""
        self._painted_at = now
        if not self.answers:
            self._faster(1.1)

    def in_flight(self, now: float) -> int:
        """Bytes that the terminal has not drawn yet, as far as it is known."""
        self._decay(now)
        if self._measurable or self.slow:
            return math.ceil(self.sent - self._acked)
        return self.backlog

    def window(self, now: float) -> int:
        """Bytes that may be under way."""
        if self.slow:
            return max(LEAST, min(WINDOW, int(self._usual_rate() * AHEAD)))
        if not self._measurable or now < self._settled_at:
            return WINDOW
        mark = self._mark
        nearest = self._nearest[0]
        if mark is not None and not math.isinf(nearest) and now - mark.sent_at - nearest > _HESITATION:
            return LITTLE
        return self._trusted

    def _usual_rate(self) -> float:
        if self.rate is None or (self.low and self.indirect):
            return ASSUMED
        return self.rate

    def room(self, now: float) -> int:
        """Bytes that may go out now; zero or less: none."""
        return 0 if self.backlog else self.window(now) - self.in_flight(now)

    def room_in(self, now: float) -> float:
        """Seconds until there is room by the model; infinite where an answer or the kernel will tell."""
        if self.backlog or (self._measurable and self.in_flight(now) > 0):
            return math.inf
        return max(0.02, (self.in_flight(now) - self.window(now) // 2) / self._usual_rate())

    def due_in(self, now: float) -> float:
        """Seconds until a repaint that nobody asked for may begin."""
        return max(0.0, self._painted_at + EVERY - now) if self.slow else 0.0

    def expires_in(self, now: float) -> float:
        """Seconds until an answer counts as lost; infinite when none is awaited, or the kernel is full."""
        if self._mark is None or self.backlog:
            return math.inf
        patience = 2.0 + (self.sent - self._acked) / 4_000
        return max(0.0, self._mark.sent_at + patience - now)

    def look(self, now: float) -> None:
        """Draws conclusions from what has not come."""
        mark = self._mark
        if mark is None:
            return
        took = now - mark.sent_at
        if took > 1.0 and mark.ahead >= _MUCH and mark.ahead / took < SLOW:
            self._vote(mark.ahead / took, _VOTES_SLOW)
        if self.expires_in(now) == 0.0:
            self._mark, self._acked = None, self.sent
            self._lost += 1
            self.answers = self._lost < _LOST

    def _decay(self, now: float) -> None:
        """Without answers: what is under way gets less at the rate of the line."""
        passed, self._drained_at = now - self._drained_at, now
        if not self._measurable and not self.backlog:
            self._acked = min(self.sent, self._acked + passed * self._usual_rate())

    def _measure(self, count: int, seconds: float) -> None:
        """`count` bytes took `seconds`. Few bytes say nothing about a line that is not known to be slow."""
        enough = _ENOUGH_WHEN_SLOW if self.slow else MARK_AFTER if seconds > _HESITATION else _ENOUGH
        if seconds > _STALL or count < enough:
            return
        rate = count / max(seconds, 0.001)
        if self._measured_slow and self.rate is not None:
            # Up by steps: what is sent too much before the next answer stands before every key.
            rate = min(rate, 2 * self.rate)
        # Down at once, for the same reason.
        self.rate = rate if self.rate is None or rate < self.rate / 2 else (self.rate + rate) / 2
        self._vote(rate, _VOTES_SLOW if count >= _MUCH and seconds >= 1.0 else 1)

    def _faster(self, factor: float) -> None:
        """Nothing speaks against a faster line: tries it. What then waits in the line is measured."""
        if self._measured_slow and self.rate is not None:
            self.rate *= factor
            self._vote(self.rate, 1)

    def _vote(self, rate: float, weight: int) -> None:
        against = rate > FAST if self._measured_slow else rate < SLOW
        self._votes = self._votes + weight if against else 0
        if self._votes >= (_VOTES_FAST if self._measured_slow else _VOTES_SLOW):
            self._measured_slow = not self._measured_slow
            self._votes = 0
            if self._measured_slow and self.rate is None:
                self.rate = rate

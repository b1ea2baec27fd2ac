"""What may become of a group of errors: the only place where its state changes. Pure.

```
new        nobody has looked yet
ongoing    looked at, and neither resolved nor muted
muted      kept out of sight, until a moment or until it is taken back
resolved   somebody said that it is over
regressed  it came back after that
```

A report that is older than the resolving (an import of the past) brings nothing back. The end of a mute makes
a group ongoing. What regressed stays so, looked at or not, until somebody does something about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ainf_tui.domain.logs.levels import Level


class GroupState(StrEnum):
    """In the order in which an inbox shows them."""

    NEW = "new"
    REGRESSED = "regressed"
    ONGOING = "ongoing"
    MUTED = "muted"
    RESOLVED = "resolved"

    @property
    def rank(self) -> int:
        """Place in the inbox, from 0."""
        return list(GroupState).index(self)


OPEN = frozenset({GroupState.NEW, GroupState.REGRESSED, GroupState.ONGOING})
"""What an inbox shows where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a group with what belongs to it."""

    state: GroupState = GroupState.NEW
    unseen: bool = True
    muted_until: datetime | None = None
    resolved_at: datetime | None = None

    def at(self, now: datetime) -> Standing:
        """As it stands now: a mute whose time is over has ended."""
        over = self.state is GroupState.MUTED and self.muted_until is not None and self.muted_until <= now
        return Standing(GroupState.ONGOING, unseen=False) if over else self

    def reported(self, newest: datetime, now: datetime) -> Standing:
        """Reports have come, the newest of that time."""
        own = self.at(now)
        back = own.state is GroupState.RESOLVED and (own.resolved_at is None or newest > own.resolved_at)
        return Standing(GroupState.REGRESSED, unseen=True) if back else own

    def seen(self, now: datetime) -> Standing:
        """Somebody has looked at the errors."""
        own = self.at(now)
        state = GroupState.ONGOING if own.state is GroupState.NEW else own.state
        return replace(own, state=state, unseen=False)

    def resolved(self, now: datetime) -> Standing:
        """It is over."""
        return Standing(GroupState.RESOLVED, unseen=False, resolved_at=now)

    def muted(self, until: datetime | None) -> Standing:
        """Out of sight; `until` None: until it is taken back."""
        return Standing(GroupState.MUTED, unseen=False, muted_until=until)

    def reopened(self) -> Standing:
        """Resolve and mute taken back; also a regression that was taken note of."""
        return Standing(GroupState.ONGOING, unseen=False) if self.state is not GroupState.NEW else self

    def joined(self, other: Standing) -> Standing:
        """Another group became a part of this one: this one's state, and unseen if either was."""
        return replace(self, unseen=self.state in OPEN and (self.unseen or other.unseen))


# -- what gets worse -----------------------------------------------------------------------------------
HALF_LIFE = 6 * 3600
"""Seconds after which a report counts half as much in the order of the inbox."""


def heat(reports: int, at: float) -> float:
    """Of so many reports at one time (seconds since 1970), as the logarithm of their weight.

    All weights fade at one rate, so their order stays right without being written again: more reports
    lately is more heat, at whatever time one looks.
    """
    return at / HALF_LIFE + math.log2(reports)


def hotter(one: float, other: float) -> float:
    """The heat of both together."""
    high, low = max(one, other), min(one, other)
    return high + math.log2(1.0 + 2.0 ** (low - high))


LEVEL_WEIGHS = 7 * 24 * 3600
"""Seconds: how much older a group of the next graver level may be and still come first in its state. No flood
of warnings makes up for that: it would take 2^28 times as many reports.
"""
_GRAVITY = {Level.CRITICAL: 3, Level.ERROR: 2, Level.WARNING: 1}


def urgency(hot: float, level: Level) -> float:
    """The place of a group among those of its state, the highest first: how grave it is, then how hot."""
    return hot + _GRAVITY.get(level, 0) * LEVEL_WEIGHS / HALF_LIFE


# -- the last 24 hours ---------------------------------------------------------------------------------
DAY = 86_400
HOUR = 3_600
KEPT = 25 * HOUR
"""Seconds that counts by the second are kept: the hour that the window cuts is never older."""


@dataclass(frozen=True, slots=True)
class Window:
    """The 24 hours up to a second, that one included: whole hours, and the seconds of the one that is cut."""

    now: int
    """Seconds since 1970."""

    @property
    def first_second(self) -> int:
        return self.now - DAY + 1

    @property
    def cut_hour(self) -> int:
        """The hour that the window begins in, as hours since 1970."""
        return self.first_second // HOUR

    @property
    def first_hour(self) -> int:
        """The first hour that is counted whole."""
        return self.cut_hour + 1

    @property
    def cut_end(self) -> int:
        """The first second behind the cut hour."""
        return self.first_hour * HOUR

    @property
    def hours(self) -> range:
        """Of a trend: the hour of now last."""
        return range(self.now // HOUR - 23, self.now // HOUR + 1)

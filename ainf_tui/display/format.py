"""Numbers, times and sizes as people read them. Unknown is a dash, never zero."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

UNKNOWN = "-"
_BINARY = 1024.0


def duration(seconds: float | None) -> str:
    """`0:21`, `1:02:03`, `3d 4h`; parts of a second are dropped."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"


def remaining(seconds: float | None) -> str:
    """What is still to wait, as well as anybody can know it: `0:21`, from an hour on `5h 33m`."""
    if seconds is None or not math.isfinite(seconds) or not 3600 <= seconds < 86400:
        return duration(seconds)
    return f"{int(seconds // 3600)}h {int(seconds % 3600 // 60):02d}m"


def span(seconds: float | None) -> str:
    """A rough length of time in one unit: `12s`, `4m`, `3h`, `12d`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    value = max(0.0, seconds)
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "m"), (86400, 3600, "h")):
        if value < limit:
            return f"{int(value / size)}{unit}"
    return f"{int(value / 86400)}d"


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago, as `span`."""
    return UNKNOWN if moment is None else span((now - moment).total_seconds())


def size(count: int | None) -> str:
    """Bytes in powers of 1024: `913B`, `1.3M`, `24.0G`."""
    if count is None:
        return UNKNOWN
    value = float(count)
    for unit in ("B", "K", "M", "G"):
        if value < _BINARY:
            return f"{int(value)}B" if unit == "B" else f"{value:.1f}{unit}"
        value /= _BINARY
    return f"{value:.1f}T"


def percent(fraction: float | None) -> str:
    """`58%`; a job that is not done never shows 100%."""
    if fraction is None or not math.isfinite(fraction):
        return UNKNOWN
    return f"{100 if fraction >= 1 else min(99, int(fraction * 100 + 1e-9))}%"


def rate(per_second: float | None) -> str:
    """`2.1 it/s`, `480 it/s`, or `3.4 s/it` where a step takes longer than a second."""
    if per_second is None or not math.isfinite(per_second) or per_second <= 0:
        return ""
    if per_second >= 100:
        return f"{round(per_second, -1):.0f} it/s"  # where all digits dance, none is read
    return f"{per_second:.1f} it/s" if per_second >= 1 else f"{1 / per_second:.1f} s/it"


def here(moment: datetime) -> datetime:
    """On the reader's clock; the ends of the calendar, which not every zone has, stay UTC."""
    try:
        return moment.astimezone()
    except OverflowError:
        return moment


def local(moment: datetime | None) -> str:
    """Date and time on the reader's clock."""
    return UNKNOWN if moment is None else here(moment).strftime("%Y-%m-%d %H:%M:%S")


def counted(count: int, thing: str) -> str:
    """`1 job`, `2,000 jobs`."""
    return f"{count} {thing}" if count == 1 else f"{count:,} {thing}s"


def utc_now() -> datetime:
    """Aware UTC."""
    return datetime.now(UTC)


def pairs(values: Mapping[str, Any]) -> str:
    """`steps=30 cfg=7.0`, without what is empty; the caller makes it visible."""
    return " ".join(f"{name}={value}" for name, value in values.items() if value not in ("", None))

"""Times as logs write them: aware UTC, whatever the line says or leaves out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache

from ainf_tui.frozen import frozen

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_MILLISECONDS = 1e11
"""A number of seconds since 1970 above this is one of milliseconds (as seconds it would be the year 5138)."""
_AHEAD = timedelta(days=2)


@frozen
class Clock:
    """What a line does not say: `now` for the year, `zone` (None: this machine's own) for the offset."""

    now: datetime
    zone: tzinfo | None = None

    def utc(self, moment: datetime) -> datetime | None:
        """The moment in UTC; one without a zone is in `zone`. None where the calendar ends."""
        try:
            if moment.tzinfo is None and self.zone is not None:
                moment = moment.replace(tzinfo=self.zone)
            return moment.astimezone(UTC)
        except (OverflowError, ValueError, OSError):
            return None

    def of(self, numbers: tuple[int, ...], fraction: str = "", zone: str = "") -> datetime | None:
        """Of year, month, day, hour, minute, second; `fraction` digits; `zone` as `Z`, `UTC` or `+0100`."""
        try:
            year, month, day, hour, minute, second = numbers
            micro = int((fraction + "000000")[:6]) if fraction else 0
            moment = datetime(year, month, day, hour, minute, second, micro, tzinfo=offset(zone))
        except (ValueError, OverflowError):
            return None
        return self.utc(moment)

    def yearless(self, month: int, day: int, time: tuple[int, int, int]) -> datetime | None:
        """Of a date without a year (syslog): this year's, or last year's where that lies ahead."""
        found = self.of((self.now.year, month, day, *time))
        if found is not None and found > self.now + _AHEAD:
            return self.of((self.now.year - 1, month, day, *time))
        return found

    def of_number(self, value: float) -> datetime | None:
        """Of seconds or milliseconds since 1970."""
        try:
            return datetime.fromtimestamp(value / 1000 if abs(value) > _MILLISECONDS else value, UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def of_text(self, text: str) -> datetime | None:
        """Of an ISO date and time, or another form of DATED; None if it is none."""
        found = dated().match(text)
        return None if found is None else self.of_match(found)

    def of_match(self, found: re.Match[str]) -> datetime | None:
        """Of a match of `dated()`."""
        numbers = tuple(int(part) for part in found.group("y", "mo", "d", "h", "mi", "s"))
        return self.of(numbers, found["f"] or "", found["z"] or "")


def offset(zone: str) -> tzinfo | None:
    """`Z`, `UTC`, `GMT`, `+0100`, `+01:00`; None for an empty text. ValueError beyond a day."""
    if not zone:
        return None
    if zone in {"Z", "UTC", "GMT"}:
        return UTC
    digits = zone[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-ahead if zone[0] == "-" else ahead)


@cache
def dated() -> re.Pattern[str]:
    """A full date and time at the beginning of a text, in brackets or not."""
    return re.compile(
        r"\[?(?P<y>\d{4})[-/](?P<mo>\d\d)[-/](?P<d>\d\d)(?P<t>[T ])(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)"
        r"(?:[.,](?P<f>\d{1,9}))?(?: ?(?P<z>Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:]))?\]?",
        re.ASCII,
    )

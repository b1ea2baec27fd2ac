"""What reading errors out of logs needs: logs that are read on, and a spool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import LogPlace, Twin
from ainf_tui.frozen import frozen


@frozen
class Told:
    """A failure that a log tells. `twin`: it may be that of a job of ours, which is told as well."""

    report: ErrorReport
    twin: Twin | None = None


@frozen
class Turn:
    """What one look at a log gave."""

    told: tuple[Told, ...] = ()
    mark: str = ""
    """JSON; a tail that begins with it gives what follows, each failure once. Empty: as it was."""
    behind: bool = False
    """There is more to read at once."""
    gone: bool = False
    """There is no such file, and all that was read of it has been told."""


class LogTail(Protocol):
    """One log that is read on. Blocking, for no longer than a megabyte takes; for threads, one at a time."""

    def poll(self) -> Turn:
        """AinfError `logs.unreadable`."""
        ...

    def close(self) -> None: ...


TailOpener = Callable[[LogPlace, int, str], LogTail]
"""Gives the tail of a log. From its offset on, or from where a mark says. Nothing is read yet."""


@frozen
class Spooled:
    """Reports that were written while no engine could take them. `name` differs from that of any other."""

    name: str
    reports: tuple[ErrorReport, ...]


class SpoolReader(Protocol):
    """What front ends and engines that could not go on have left."""

    async def take(self) -> Spooled | None:
        """What is there now, set apart from what comes later; the same again until it is removed. None:
        nothing is.
        """
        ...

    async def remove(self) -> None:
        """What was taken is stored."""
        ...

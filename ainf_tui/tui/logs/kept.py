"""What the session keeps of the Logs screen: sources, filters, columns, wrapping, bookmarks."""

from __future__ import annotations

from ainf_tui.tui.logs import bookmarks, filters
from ainf_tui.tui.logs.rows import TIMES
from ainf_tui.tui.session import Session


class Kept:
    """Each is read once, and noted in the session when it changes."""

    def __init__(self, session: Session, *, quiet: bool = False) -> None:
        self._session = session
        self._quiet = quiet
        """Sources and filters were given for this one time, and are not noted."""
        self.bookmarks = bookmarks.restored(session.value("logs_bookmarks"))
        self._sources = () if quiet else tuple(session.texts("logs_sources"))
        self._stack = filters.Stack() if quiet else filters.restored(session.value("logs_filters"))
        times = session.text("logs_times")
        self._times = times if times in TIMES else TIMES[0]
        self._wrap = session.flag("logs_wrap")

    @property
    def sources(self) -> tuple[str, ...]:
        return self._sources

    @sources.setter
    def sources(self, sources: tuple[str, ...]) -> None:
        self._sources = sources
        self._put(logs_sources=list(sources))

    @property
    def stack(self) -> filters.Stack:
        return self._stack

    @stack.setter
    def stack(self, stack: filters.Stack) -> None:
        self._stack = stack
        self._put(logs_filters=stack.kept())

    @property
    def times(self) -> str:
        return self._times

    @times.setter
    def times(self, times: str) -> None:
        self._times = times
        self._session.put(logs_times=times)

    @property
    def wrap(self) -> bool:
        return self._wrap

    @wrap.setter
    def wrap(self, wrap: bool) -> None:
        self._wrap = wrap
        self._session.put(logs_wrap=wrap)

    def note_bookmarks(self) -> None:
        """They have changed."""
        self._session.put(logs_bookmarks=self.bookmarks.kept())

    def _put(self, **values: object) -> None:
        if not self._quiet:
            self._session.put(**values)

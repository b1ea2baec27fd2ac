"""Finds lines by text or pattern, in the shown text: across colours, and not in overwritten progress. Blocking,
with a thread for those who may not block.
"""

from __future__ import annotations

import re
import threading
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ainf_tui.adapters.logs.file import CHUNK, LogFile
from ainf_tui.domain.logs.query import compiled
from ainf_tui.domain.logs.shown import plain

MAX_HITS = 1_000_000
"""Places that are kept; of what is found beyond, the number is."""
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")


@dataclass(frozen=True, slots=True)
class Needle:
    """What is looked for. `literal` is set where the pattern is nothing but a text, which is found faster."""

    pattern: re.Pattern[str]
    literal: bytes = b""


def needle(text: str, *, regex: bool = True, ignore_case: bool = False) -> Needle:
    """UsageError `logs.bad_pattern`."""
    pattern = compiled(text if regex else re.escape(text), ignore_case=ignore_case)
    simple = text and not ignore_case and not (regex and _SPECIAL.search(text)) and text.isprintable()
    return Needle(pattern, text.encode() if simple else b"")


def find(
    log: LogFile,
    wanted: Needle,
    start: int = 0,
    end: int | None = None,
    done: Callable[[int], bool] = lambda _: True,
) -> Iterator[int]:
    """Where the lines with a hit begin, in their order, each once.

    `start` begins a line. `done` is called with the offset that has been reached, some hundred times a second,
    and stops the search by returning False.
    """
    stop = log.size if end is None else end
    while start < stop and done(start):
        data = log.read(start, min(stop, start + CHUNK))
        if start + len(data) < stop:
            # Up to the end of a line. One that is longer than a chunk is read whole.
            cut = data.rfind(b"\n") + 1
            data = data[:cut] if cut else log.read(start, min(stop, log.line_end(start)))
        if not data:
            return
        for place in _in_block(data, wanted):
            yield start + place
        start += len(data)
    done(start)


def _in_block(data: bytes, wanted: Needle) -> Iterator[int]:
    if b"\x1b" in data or b"\r" in data:
        return _by_lines(data, wanted)
    if wanted.literal:
        return _literally(data, wanted.literal)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _by_lines(data, wanted)
    return _by_pattern(text, wanted.pattern)


def _literally(data: bytes, literal: bytes) -> Iterator[int]:
    place = data.find(literal)
    while place >= 0:
        yield data.rfind(b"\n", 0, place) + 1
        end = data.find(b"\n", place)
        place = data.find(literal, end + 1) if end >= 0 else -1


def _by_pattern(text: str, pattern: re.Pattern[str]) -> Iterator[int]:
    """Bytes are counted from hit to hit, where characters are not all of one byte."""
    single = text.isascii()
    place = counted = bytes_before = 0
    while place < len(text) and (found := pattern.search(text, place)):
        begin = text.rfind("\n", 0, found.start()) + 1
        end = text.find("\n", found.start())
        if begin < place or begin >= len(text):
            # An empty hit at the very end of what was looked at before.
            place = (end if end >= 0 else len(text)) + 1
            continue
        if not single:
            bytes_before += len(text[counted:begin].encode())
            counted = begin
        yield begin if single else bytes_before
        place = (end if end >= 0 else len(text)) + 1


def _by_lines(data: bytes, wanted: Needle) -> Iterator[int]:
    place = 0
    while place < len(data):
        feed = data.find(b"\n", place)
        end = feed + 1 if feed >= 0 else len(data)
        if wanted.pattern.search(plain(data[place:end])):
            yield place
        place = end


class Search:
    """One search in a thread of its own. Its fields may be read at any time."""

    def __init__(self, log: LogFile, wanted: Needle) -> None:
        self._log = log
        self._needle = wanted
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-search", daemon=True)
        self.places = array("Q")
        """Where the lines with a hit begin, at most `MAX_HITS`."""
        self.count = 0
        """Lines with a hit."""
        self.done = 0
        self.total = log.size
        self.finished = False
        """It came to the end of the file."""
        self.problem: Exception | None = None

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Ends it within one chunk; what was found stays."""
        self._cancelled.set()
        self.wait(10)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within this time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for place in find(self._log, self._needle, 0, self.total, self._went_on):
                self.count += 1
                if self.count <= MAX_HITS:
                    self.places.append(place)
            self.finished = not self._cancelled.is_set()
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell; the owner asks
            self.problem = error

    def _went_on(self, place: int) -> bool:
        self.done = place
        return not self._cancelled.is_set()

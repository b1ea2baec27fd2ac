"""Which line stands where: a count a block, made in the background. Its memory is a ten-thousandth of the file."""

from __future__ import annotations

import bisect
import threading
from array import array

from ainf_tui.adapters.logs.file import BLOCK, CHUNK, LogFile


class LineIndex:
    """Line feeds up to the end of each block of 64 KiB. `extend` is called again when the file has grown."""

    def __init__(self, log: LogFile) -> None:
        self._log = log
        self._feeds = array("Q", [0])
        self._tail = 0
        self._known = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.problem: Exception | None = None

    @property
    def lines(self) -> int:
        """Lines that are known so far; a last one without an end is not counted."""
        with self._lock:
            return self._feeds[-1] + self._tail

    @property
    def known(self) -> int:
        """Bytes that have been looked at."""
        return self._known

    @property
    def complete(self) -> bool:
        return self._known >= self._log.size

    def start(self) -> None:
        """Begins in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="log-index", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ends it soon; what is known stays."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def wait(self, seconds: float) -> bool:
        """Whether it came to its end within this time."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def extend(self) -> None:
        """Looks at what is not known yet. Blocking: a gigabyte takes half a second."""
        size = self._log.size
        if size < self._known:
            self._forget()
        place = (len(self._feeds) - 1) * BLOCK
        while place < size and not self._stop.is_set():
            data = self._log.read(place, min(size, place + CHUNK))
            if not data:
                break
            self._count(memoryview(data), data)
            place += len(data)

    def _count(self, view: memoryview, data: bytes) -> None:
        for start in range(0, len(data), BLOCK):
            feeds = data.count(b"\n", start, start + BLOCK)
            with self._lock:
                if start + BLOCK <= len(view):
                    self._feeds.append(self._feeds[-1] + feeds)
                    self._tail = 0
                    self._known = (len(self._feeds) - 1) * BLOCK
                else:
                    self._tail = feeds
                    self._known = (len(self._feeds) - 1) * BLOCK + len(view) - start

    def _forget(self) -> None:
        """The file was cut: what was known of it is of no use."""
        with self._lock:
            self._feeds = array("Q", [0])
            self._tail = self._known = 0

    def _run(self) -> None:
        try:
            self.extend()
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell; the owner asks
            self.problem = error

    def offset(self, number: int) -> int | None:
        """Where line `number` (from 0) begins; None while it is not known, or beyond the end."""
        if number == 0:
            return 0
        with self._lock:
            if not 0 < number <= self._feeds[-1] + self._tail:
                return None
            # The first block with at least `number` feeds up to its end holds the one before the line.
            block = bisect.bisect_left(self._feeds, number) - 1
            wanted = number - self._feeds[block]
        place = block * BLOCK
        data = self._log.read(place, place + BLOCK)
        found = -1
        for _ in range(wanted):
            found = data.find(b"\n", found + 1)
            if found < 0:
                return None
        return place + found + 1

    def number(self, offset: int) -> int | None:
        """The number (from 0) of the line that holds this byte; None while it is not known."""
        if not 0 <= offset <= self._known:
            return None
        block = offset // BLOCK
        with self._lock:
            before = self._feeds[min(block, len(self._feeds) - 1)]
        return before + self._log.read(block * BLOCK, offset).count(b"\n")

"""The newest pictures in memory, bounded in bytes. Pure."""

from __future__ import annotations

from collections import OrderedDict

KEPT = 48 * 1024 * 1024
"""Bytes of files that are kept."""
LARGEST = 8 * 1024 * 1024
"""Bytes of a file that is fetched without being asked for."""
Key = tuple[str, int]
"""Job id and index of the output."""


class PictureStore:
    """Least recently used goes first. One that is larger than all room is not kept."""

    def __init__(self, limit: int = KEPT) -> None:
        self._limit = limit
        self._held: OrderedDict[Key, bytes] = OrderedDict()
        self.bytes = 0
        self.preview: tuple[str, bytes] = ("", b"")
        """Job id and the newest picture of it in the making. The next may take a sampler's step to come, so a
        screen that opens meanwhile begins with this one."""

    def get(self, key: Key) -> bytes | None:
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def put(self, key: Key, data: bytes) -> None:
        self.drop(key)
        if len(data) > self._limit:
            return
        self._held[key] = data
        self.bytes += len(data)
        while self.bytes > self._limit:
            _, gone = self._held.popitem(last=False)
            self.bytes -= len(gone)

    def drop(self, key: Key) -> None:
        self.bytes -= len(self._held.pop(key, b""))

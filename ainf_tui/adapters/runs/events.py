"""events.jsonl: a JSON object a line, whatever it is given and however it was cut off."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ainf_tui.adapters.services.names import sync_folder
from ainf_tui.domain.text import clip, storable, storable_json

MAX_TEXT = 4_000
MAX_NAME = 200
MAX_FIELDS = 16_384
"""Bytes of all fields of an event; those that do not fit are named in its field `clipped`."""
_RAW = 65_536
"""Characters of a text that are looked at for secrets."""
_LONGEST_SECRET = 1_024
_BLOCK = 65_536
_READ = 8 << 20
"""Bytes that a question for the newest events reads at most."""
_KEPT = 9
"""Rotated pieces: events.jsonl.1, the newest, to events.jsonl.9."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event and its line, ready to be written: secrets hidden, long texts cut."""

    seq: int
    level: str
    service: str
    message: str
    line: bytes


def make_event(
    stamp: tuple[int, int, str],
    level: str,
    service: str,
    message: str,
    *,
    fields: Mapping[str, Any],
    redact: Callable[[str], str],
) -> Event:
    """`stamp`: milliseconds since 1970, seq, run."""
    ts, seq, run = stamp
    said = _cut(storable(message), redact)
    document = {
        "ts": ts,
        "seq": seq,
        "run": run,
        "level": level,
        "service": clip(storable(service), MAX_NAME),
        "message": said,
        "fields": _fitted(_hidden(storable_json(dict(fields)), redact)),
    }
    return Event(seq, level, service, said, _line(document))


def _line(document: Mapping[str, Any]) -> bytes:
    # ASCII: what is no ASCII could steer the terminal of who looks at the file, or end a line for some tools.
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def _cut(text: str, redact: Callable[[str], str]) -> str:
    """First hidden, then cut: half a secret would not be found."""
    shown = redact(text[:_RAW])
    return clip(shown[:-_LONGEST_SECRET] + " " if len(text) > _RAW else shown, MAX_TEXT)


def _hidden(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return _cut(value, redact)
    if isinstance(value, dict):
        return {clip(name, MAX_NAME): _hidden(item, redact) for name, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, redact) for item in value]
    return value


def _fitted(fields: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    left: list[str] = []
    room = MAX_FIELDS
    for name, value in fields.items():
        size = len(json.dumps({name: value}))
        if size <= room:
            kept[name] = value
            room -= size
        else:
            left.append(name)
    return kept | {"clipped": left[:20]} if left else kept


class EventFile:
    """One run's events on the disk, for one writer in one thread. Methods raise OSError.

    It is opened for each batch: a folder that was removed meanwhile is noticed, and nothing holds it.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._size: int | None = None
        """As the last batch left it."""
        self._failed = False

    def open(self) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
        """The first and the last event of what an earlier engine wrote; a line that it began is mended."""
        with contextlib.suppress(FileNotFoundError), self._opened(os.O_RDWR | os.O_APPEND) as handle:
            self._size = self._mend(handle)
        return next(read_first(self._path), None), next(read_back(self._path), None)

    def append(self, events: Sequence[Event]) -> bool:
        """All or none of them. True where the file that was there has gone and begins anew."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._size and not self._failed and self._size >= self._max_bytes:
            self._rotate()
        with self._opened(os.O_RDWR | os.O_APPEND | os.O_CREAT) as handle:
            size = self._sound_size(handle)
            gone = bool(self._size) and size == 0
            self._size, self._failed = size, True
            data = b"".join(event.line for event in events)
            try:
                _write_all(handle, data)
            except OSError:
                with contextlib.suppress(OSError):  # Then it is cut off at the next attempt.
                    os.ftruncate(handle, size)
                raise
        # Only now: a network disk may refuse as late as at the close.
        self._size, self._failed = size + len(data), False
        return gone

    def sync(self) -> None:
        with self._opened(os.O_RDWR) as handle:
            os.fsync(handle)
        sync_folder(self._path.parent)

    @contextlib.contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        handle = os.open(self._path, flags, 0o600)
        try:
            yield handle
        except BaseException:  # Whatever it was, it goes on up once the file is closed.
            with contextlib.suppress(OSError):  # The first failure is the one to tell.
                os.close(handle)
            raise
        os.close(handle)

    def _sound_size(self, handle: int) -> int:
        size = os.fstat(handle).st_size
        if self._failed and self._size is not None and size > self._size:
            os.ftruncate(handle, self._size)  # What is left of a batch that will be written again.
            return self._size
        return size if size == self._size else self._mend(handle)

    def _mend(self, handle: int) -> int:
        """A last line without an end becomes an event that holds what is left of it. The size after that."""
        facts = os.fstat(handle)
        if not facts.st_size or os.pread(handle, 1, facts.st_size - 1) == b"\n":
            return facts.st_size
        torn = next(_back(self._path), b"")
        if parse(torn):
            _write_all(handle, b"\n")
            return facts.st_size + 1
        start = facts.st_size - len(torn)
        last = next(read_back(self._path), {})
        # In its place, with the seq that it had: one event is lost, and every line is JSON.
        stamp = (int(facts.st_mtime * 1000), last.get("seq", 0) + 1, self._path.parent.name)
        left = {"torn": torn.decode(errors="replace")}
        mended = make_event(stamp, "warning", "", "An event was cut off here", fields=left, redact=str).line
        os.ftruncate(handle, start)
        _write_all(handle, mended)
        return start + len(mended)

    def _rotate(self) -> None:
        pieces = [self._path, *(_piece(self._path, number) for number in range(1, _KEPT + 1))]
        for older, newer in zip(pieces[:0:-1], pieces[-2::-1], strict=True):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)
        self._size = None


def parse(line: bytes) -> Mapping[str, Any] | None:
    """The event of a line; None for what is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    sound = isinstance(found, dict) and isinstance(found.get("seq"), int) and "message" in found
    return found if sound else None


def read_back(path: Path) -> Iterator[Mapping[str, Any]]:
    """The events of a run, newest first, back through its rotated pieces; what is no event is left out."""
    left = _READ
    for piece in (path, *(_piece(path, number) for number in range(1, _KEPT + 1))):
        try:
            for line in _back(piece):
                left -= len(line) + 1
                if left < 0:
                    return
                if event := parse(line):
                    yield event
        except FileNotFoundError:
            if piece != path:  # Just rotated, events.jsonl itself is not there yet.
                return


def read_first(path: Path) -> Iterator[Mapping[str, Any]]:
    """The oldest event that is left, if there is one."""
    for piece in (*(_piece(path, number) for number in range(_KEPT, 0, -1)), path):
        with contextlib.suppress(FileNotFoundError), piece.open("rb") as stream:
            if event := parse(stream.readline(_BLOCK)):
                yield event
                return


def _piece(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _back(path: Path) -> Iterator[bytes]:
    """The lines of a file from its end, without line ends. First comes what follows the last line end."""
    with path.open("rb") as stream:
        position = stream.seek(0, os.SEEK_END)
        rest = b""
        while position and len(rest) < _READ:
            step = min(_BLOCK, position)
            position -= step
            stream.seek(position)
            lines = (stream.read(step) + rest).split(b"\n")
            rest = lines[0]
            yield from reversed(lines[1:])
    yield rest


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]

"""`ports_services.Records`: a JSON file a service in the state folder, for the next engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ainf_tui.adapters.services.names import record_file, replace_file, sync_folder
from ainf_tui.domain.ports_services import Record
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError

SCHEMA = "ainf.service-record/1"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _File:
    """What stands in one file."""

    record: Record
    schema: str = SCHEMA


class FileRecords:
    """`folder` is the state folder's `services`; it is made when there is something to write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # In the order in which they were asked for: two threads could finish the other way round.
        self._turn = asyncio.Lock()

    async def load(self) -> tuple[Mapping[str, Record], tuple[str, ...]]:
        """See `Records.load`. A corrupt file is kept beside as NAME.json.corrupt-TIME."""
        async with self._turn:
            return await asyncio.to_thread(self._load)

    async def save(self, record: Record) -> None:
        """AinfError `service.bad_record`: what was there before is still there."""
        data = msgspec.json.encode(_File(record))
        async with self._turn:
            try:
                await asyncio.to_thread(self._save, record_file(self._folder, record.service), data)
            except OSError as error:
                raise _not_written(record.service, self._folder, error) from error

    async def remove(self, service: str) -> None:
        async with self._turn:
            try:
                await asyncio.to_thread(self._remove, record_file(self._folder, service))
            except OSError as error:
                raise _not_written(service, self._folder, error) from error

    def _save(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, data)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
        except FileNotFoundError:
            return
        sync_folder(path.parent)

    def _load(self) -> tuple[dict[str, Record], tuple[str, ...]]:
        records: dict[str, Record] = {}
        problems: list[str] = []
        for path in sorted(self._folder.glob("*.json")):
            if path.name.count(".") != 1:
                continue  # a launcher's
            try:
                record = _read(path)
            except OSError as error:
                problems.append(f"{path} cannot be read: {error.strerror}")
            except ValueError as error:
                problems.append(_set_aside(path, error))
            else:
                records[record.service] = record
        return records, tuple(problems)


def _read(path: Path) -> Record:
    """ValueError for what was not written here."""
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError("it is too large")
    found = msgspec.json.decode(data, type=_File)
    if not found.schema.startswith("ainf.service-record/"):
        raise ValueError("it is of another kind")
    if record_file(path.parent, found.record.service) != path:
        raise ValueError(f"it speaks of {visible(found.record.service, 60)}")
    return found.record


def _set_aside(path: Path, error: ValueError) -> str:
    kept = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    reason = visible(str(error), 200)
    try:
        path.rename(kept)
    except OSError as refused:
        return f"{path} is corrupt ({reason}) and cannot be set aside: {refused.strerror}"
    return f"{path} is corrupt ({reason}); it is kept as {kept.name}"


def _not_written(service: str, folder: Path, error: OSError) -> AinfError:
    return AinfError(
        "service.bad_record",
        f"What is known of {visible(service, 60)} could not be written to {folder}: {error.strerror}",
        hint="Free space there, or make it writable; it is tried again at the next change.",
        details={"service": service, "path": str(folder)},
    )

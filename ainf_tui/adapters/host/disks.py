"""How full the disks are that ainf uses. One that hangs (a network share that is gone) harms no other."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ainf_tui.adapters.host.own_thread import OwnThread
from ainf_tui.domain.host_documents import DiskDocument

EVERY = 10.0
"""Seconds: a disk fills slowly, and each question is a thread."""
HANGS = "does not answer; the values are from before"
SILENT = "does not answer"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of a folder's file system: its device number, and bytes."""

    device: int
    total: int
    free: int


def look(folder: Path) -> Seen:
    """The file system that holds the folder, or would if it were made. Blocking. OSError."""
    there = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    usage = shutil.disk_usage(there)
    return Seen(there.stat().st_dev, usage.total, usage.free)


class Disks:
    """`folders`: what each is for -> where. `optional` ones are left out while they do not exist."""

    def __init__(
        self,
        folders: Mapping[str, Path],
        optional: Mapping[str, Path],
        *,
        within: float = 1.0,
        look: Callable[[Path], Seen] = look,
    ) -> None:
        self._within = within
        self._threads = {
            label: OwnThread(f"disk {label}", _question(look, path, needed=label in folders))
            for label, path in {**folders, **optional}.items()
        }
        self._paths = {**folders, **optional}
        self._last: dict[str, Seen | None] = {}
        self._found: tuple[DiskDocument, ...] = ()
        self._asked_at = float("-inf")

    async def read(self) -> tuple[DiskDocument, ...]:
        """One entry a file system, in the order of the folders; at most every `EVERY` seconds anew."""
        if time.monotonic() - self._asked_at >= EVERY:
            self._asked_at = time.monotonic()
            messages = await asyncio.gather(*(self._ask(label) for label in self._threads))
            self._found = self._grouped(dict(zip(self._threads, messages, strict=True)))
        return self._found

    async def _ask(self, label: str) -> str:
        """Why its values are not of now; empty if they are."""
        try:
            self._last[label] = await self._threads[label].ask(self._within)
        except TimeoutError:
            return HANGS if self._last.get(label) else SILENT
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def _grouped(self, messages: Mapping[str, str]) -> tuple[DiskDocument, ...]:
        groups: dict[object, list[str]] = {}
        for label, message in messages.items():
            seen = self._last.get(label)
            if seen is not None:
                # One that hangs stands alone: what it shares its device with may well answer.
                groups.setdefault((seen.device, message), []).append(label)
            elif message:
                groups[label] = [label]
        return tuple(self._document(labels, messages[labels[0]]) for labels in groups.values())

    def _document(self, labels: list[str], message: str) -> DiskDocument:
        seen = self._last.get(labels[0])
        total, free = (seen.total, seen.free) if seen else (None, None)
        return DiskDocument(", ".join(labels), str(self._paths[labels[0]]), total, free, message)


def _question(look: Callable[[Path], Seen], path: Path, *, needed: bool) -> Callable[[], Seen | None]:
    return lambda: look(path) if needed or path.exists() else None

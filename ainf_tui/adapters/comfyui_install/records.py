"""The last task, kept in the state folder across engines, and the log of each."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

from ainf_tui.adapters.comfyui_install.running import end_leftovers
from ainf_tui.domain.comfyui_task import Task, from_record, to_record
from ainf_tui.paths import write_private

KEPT_LOGS = 20
_log = logging.getLogger("ainf.comfyui")


class FileTaskRecords:
    """Implements `domain.ports_comfyui.TaskRecords`. A disk that refuses is told in the engine's log."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "comfyui-task.json"
        self._logs = folder / "comfyui-tasks"

    async def load(self) -> Task | None:
        return await asyncio.to_thread(self._load)

    def _load(self) -> Task | None:
        try:
            return from_record(json.loads(self._file.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            aside = self._file.with_suffix(".bad")
            _log.warning("%s cannot be read (%s); it is kept as %s", self._file, error, aside.name)
            if self._file.exists():
                self._file.replace(aside)
            return None

    async def save(self, task: Task) -> None:
        await asyncio.to_thread(self._save, task)

    def _save(self, task: Task) -> None:
        try:
            write_private(self._file, json.dumps(to_record(task), indent=1).encode())
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._file, error)

    def log_path(self, task_id: str) -> str:
        return str(self._logs / f"{task_id}.log")

    async def write(self, task_id: str, lines: tuple[str, ...]) -> None:
        await asyncio.to_thread(self._write, task_id, lines)

    def _write(self, task_id: str, lines: tuple[str, ...]) -> None:
        try:
            if not self._logs.exists():
                self._logs.mkdir(mode=0o700)
            path = self._logs / f"{task_id}.log"
            if not path.exists():
                self._tidy()
            with path.open("a", encoding="utf-8", errors="replace") as stream:
                stream.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            _log.warning("the log of task %s cannot be written: %s", task_id, error)

    def _tidy(self) -> None:
        """Names begin with the time, so the oldest come first."""
        for old in sorted(self._logs.glob("*.log"))[: -KEPT_LOGS + 1 or None]:
            old.unlink(missing_ok=True)

    async def end_leftovers(self, task_id: str) -> int:
        return await asyncio.to_thread(end_leftovers, task_id)

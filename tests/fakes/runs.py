"""Run logs on a real disk for tests: a clock that stands still, retries that take no time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ainf_tui.adapters.runs.logs import RunLogs

SECRET = "hunter2-hunter2"
NOON = datetime(2026, 11, 26, 12, 0, 0, 5000, tzinfo=UTC)
FIRST = "20261126-120000"


def hide(text: str) -> str:
    return text.replace(SECRET, "***")


class Box:
    """The engines of one box."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at = NOON
        self._engines: list[RunLogs] = []

    def engine(
        self, *, keep: int = 100, keep_bytes: int = 10**9, max_bytes: int = 1 << 20, patience: float = 5.0
    ) -> RunLogs:
        logs = RunLogs(
            self.folder,
            redact=hide,
            keep_count=keep,
            keep_bytes=keep_bytes,
            max_bytes=max_bytes,
            now=lambda: self.at,
            patience=patience,
            retry=0.005,
        )
        self._engines.append(logs)
        return logs

    def later(self, seconds: float = 60) -> None:
        self.at += timedelta(seconds=seconds)

    async def past_run(self, logs: RunLogs, *, size: int = 0) -> Path:
        """A run that began and ended, with a log of that size; the clock goes on by a minute."""
        run = await logs.begin("test")
        (await log_of(logs)).write_bytes(b"x" * size)
        await logs.end("well", [])
        self.later()
        return self.folder / run

    def lines(self, run: str = FIRST) -> list[dict[str, Any]]:
        """The events on the disk; fails where a line is no JSON."""
        text = (self.folder / run / "events.jsonl").read_text(encoding="ascii")
        assert text.endswith("\n")
        return [json.loads(line, parse_constant=_refuse) for line in text.splitlines()]

    async def close(self) -> None:
        for logs in self._engines:
            await logs.aclose()


async def log_of(logs: RunLogs, service: str = "web") -> Path:
    return Path(await logs.log_path(service))


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


async def comes_true(true: Callable[[], object]) -> None:
    """Waits until it is so; fails after ten seconds."""
    give_up = time.monotonic() + 10
    while not true():
        assert time.monotonic() < give_up, "it did not come to pass"
        await asyncio.sleep(0.002)

"""`ports_services.RunLog`: the run that goes on, its folder, its summary, and the runs that are kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ainf_tui.adapters.runs import folder as places
from ainf_tui.adapters.runs import retention
from ainf_tui.adapters.runs.disk import Disk
from ainf_tui.adapters.runs.events import EventFile, parse, read_back
from ainf_tui.adapters.runs.writer import OpenRun, Writer
from ainf_tui.domain.service_documents import RunsDocument
from ainf_tui.domain.text import visible

_TIDY_EVERY = 3600.0


class RunLogs:
    """`folder` is made when the first run begins. Use it from one event loop, and `aclose` it there.

    `redact` is applied to every text before it is cut and written. events.jsonl is rotated at `max_bytes`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        redact: Callable[[str], str],
        keep_count: int,
        keep_bytes: int,
        max_bytes: int = 67_108_864,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience: float = 5.0,
        retry: float = 5.0,
    ) -> None:
        self._folder = folder
        self._redact = redact
        self._now = now
        self._max_bytes = max_bytes
        self._tidy_up = partial(retention.tidy, folder, keep_count=keep_count, keep_bytes=keep_bytes)
        self._disk = Disk("run log")
        self._writer = Writer(self._disk, redact=redact, now=now, patience=patience, retry=retry)
        self._turn = asyncio.Lock()  # of begin, resume, end
        self._tidied = 0.0

    @property
    def run(self) -> str:
        return self._writer.run.id if self._writer.run else ""

    @property
    def trouble(self) -> str:
        return self._writer.trouble

    # -- the run -------------------------------------------------------------------------------------
    async def begin(self, why: str) -> str:
        """See `RunLog.begin`. Where the disk refuses, the run has its id all the same, and a folder later."""
        async with self._turn:
            if self.run:
                return self.run
            at = self._now()
            make = partial(places.new_run, self._folder, at)
            run = await self._writer.ask(make, "", "a folder for the run") or places.name_of(at)
            self._writer.run = self._opened(run, why)
            self.event("info", "", "The run begins", what="run.begin", why=why)
            await self._writer.settle()
            await self._point()
            await self._tidy()
            return run

    async def resume(self, run: str) -> bool:
        """See `RunLog.resume`. False as well where it cannot be read: another run begins then."""
        async with self._turn:
            if places.started_at(run) is None:
                return False
            if self.run:
                return self.run == run
            opened = self._opened(run)
            look = partial(_reopen, opened.folder, opened.file)
            found = await self._writer.ask(look, None, f"going on with the run {run}")
            if found is None:
                return False
            opened.why, opened.seq = self._shown(found[0]), found[1]
            self._writer.run = opened
            self.event("info", "", "Another engine goes on with this run", what="run.resume")
            await self._writer.settle()
            await self._point()
            return True

    async def end(self, status: str, lines: Sequence[str]) -> None:
        async with self._turn:
            if not (run := self._writer.run):
                return
            await self._tidy()
            self.event("info", "", "The run ends", what="run.end", status=status)
            self._summarize(run, lines, status, self._now())
            await self._writer.settle()
            if not run.behind:
                await self._writer.ask(run.file.sync, None, "the last flush of the events")
            self._writer.shut()

    async def summarize(self, lines: Sequence[str], status: str) -> None:
        """See `RunLog.summarize`. Looks after the old runs as well, once an hour."""
        if run := self._writer.run:
            self._summarize(run, lines, status, None)
            await self._writer.settle()
            if time.monotonic() - self._tidied > _TIDY_EVERY:
                await self._tidy()

    async def aclose(self) -> None:
        """The run goes on: the next engine may resume it."""
        await self._writer.close()
        self._disk.close()

    # -- logs of services ----------------------------------------------------------------------------
    async def log_path(self, service: str) -> str:
        folder = self._folder / await self.begin(f"{service} starts")
        free = partial(places.free_log, folder, service)
        await self._writer.ask(free, None, f"a log of this run for {service}")
        return str(places.log_file(folder, service))

    async def link(self, service: str, log: str) -> None:
        if not self.run:
            return
        make = partial(places.link_log, self._folder / self.run, service, Path(log))
        if await self._writer.ask(make, None, f"a link to the log of {service}"):
            self.event("info", service, "It goes on from an earlier run and keeps its log", log=log)

    # -- events --------------------------------------------------------------------------------------
    def event(self, level: str, service: str, message: str, **fields: Any) -> None:
        self._writer.event(level, service, message, fields)

    async def events(self, *, service: str = "", limit: int = 50) -> tuple[Mapping[str, Any], ...]:
        """See `RunLog.events`. Looks back through a few megabytes at most."""
        if not (run := self._writer.run) or limit < 1:
            return ()
        await self._writer.settle()
        look = partial(_newest, run.folder / places.EVENTS, service, limit)
        nothing: list[Mapping[str, Any]] = []
        found = await self._writer.ask(look, nothing, "a look at the events")
        there = {event["seq"] for event in found}
        late = [event for event in run.waiting if event.seq not in there]
        texts = [parse(event.line) or {} for event in late if not service or event.service == service]
        return tuple([*reversed(found), *texts][-limit:])

    async def runs(self) -> RunsDocument:
        """See `RunLog.runs`."""
        look = partial(retention.list_runs, self._folder, self.run)
        return RunsDocument(await self._writer.ask(look, (), "a look at the runs"))

    # -- behind it -----------------------------------------------------------------------------------
    def _opened(self, run: str, why: str = "") -> OpenRun:
        folder = self._folder / run
        return OpenRun(run, folder, EventFile(folder / places.EVENTS, self._max_bytes), self._shown(why))

    def _shown(self, text: str) -> str:
        return visible(self._redact(text), 1_000)

    def _summarize(self, run: OpenRun, lines: Sequence[str], status: str, ended: datetime | None) -> None:
        shown = [self._shown(line) for line in lines]
        self._writer.summary(places.summary_text(run.id, run.why, self._shown(status), shown, ended))

    async def _point(self) -> None:
        point = partial(places.point_latest, self._folder, self.run)
        await self._writer.ask(point, None, "naming it as the latest run")

    async def _tidy(self) -> None:
        self._tidied = time.monotonic()
        nothing = retention.Tidied((), ())
        done = await self._writer.ask(partial(self._tidy_up, self.run), nothing, "removing old runs")
        if done.removed:
            self.event("info", "", "Old runs were removed", runs=list(done.removed))
        for problem in done.problems:
            self.event("warning", "", problem)


def _reopen(folder: Path, file: EventFile) -> tuple[str, int] | None:
    """Why it began and the last seq; None where there is no such run."""
    if not folder.is_dir():
        return None
    first, last = file.open()
    fields = (first or {}).get("fields")
    why = fields.get("why", "") if isinstance(fields, dict) else ""
    return str(why), int((last or {}).get("seq", 0))


def _newest(path: Path, service: str, limit: int) -> list[Mapping[str, Any]]:
    """Newest first."""
    wanted = (event for event in read_back(path) if not service or event.get("service") == service)
    return list(islice(wanted, limit))

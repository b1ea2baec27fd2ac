"""The run that goes on: begun, kept up to date, ended where nothing runs any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ainf_tui.domain.ports import Clock
from ainf_tui.domain.ports_services import RunLog
from ainf_tui.domain.service_documents import ServiceDocument
from ainf_tui.engine.services.unit import Unit
from ainf_tui.engine.services.views import summary


class Runs:
    """`units` are those of now."""

    def __init__(self, log: RunLog, clock: Clock, units: Mapping[str, Unit]) -> None:
        self._log = log
        self._clock = clock
        self._units = units
        self._told = ""

    async def begin(self, why: str) -> None:
        """Begins a run. Services that outlive the one before keep their files, and are linked to."""
        await self._log.begin(why)
        for unit in self._units.values():
            if unit.standing.lives and unit.log:
                await self._log.link(unit.name, unit.log)

    async def anew(self, why: str, documents: Sequence[ServiceDocument]) -> None:
        """Ends the run that goes on, if one does, and begins another."""
        if self._log.run:
            await self._log.end("ended", summary(documents, self._clock.now()))
        await self.begin(why)

    async def keep(self, documents: Sequence[ServiceDocument], *, going_on: bool) -> None:
        """Its summary as things stand; its end where nothing is `going_on`."""
        if not self._log.run:
            return
        said = "\n".join(f"{d.name} {d.kind} {d.state} {d.health} {d.restarts}" for d in documents)
        failed = any(d.problem is not None for d in documents)
        lines = summary(documents, self._clock.now())
        if not going_on:
            await self._log.end("failed" if failed else "ended", lines)
        elif said != self._told:
            await self._log.summarize(lines, "trouble" if failed else "running")
        self._told = said

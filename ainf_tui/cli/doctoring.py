"""Who carries out the system check: the engine, or this process where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.cli.session import call
from ainf_tui.cli.terminal_facts import terminal_facts
from ainf_tui.client import Client
from ainf_tui.domain.check_documents import CheckDocument, ChecksDocument, FixedDocument, FixRequest
from ainf_tui.domain.checks.system import engine, settings
from ainf_tui.domain.checks.terminal import terminal
from ainf_tui.domain.checks.verdict import overall
from ainf_tui.domain.engine_box import ChecksService
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.settings import Settings

T = TypeVar("T")


@frozen
class Doctor:
    """`running`: how the engine runs, empty without one; `trouble`: why there is none."""

    app: App
    settings: Settings
    running: str = ""
    trouble: str = ""
    flaw: str = ""
    """What is wrong with the settings."""

    def run(self) -> ChecksDocument:
        """The box's checks, and those of this front end."""
        found = self._ask(lambda client: client.checks.run(), lambda own: own.run())
        checks = (*found.checks, *self._own())
        return replace(found, checks=checks, overall=overall(checks))

    def fix(self, request: FixRequest) -> FixedDocument:
        """Raises what `ChecksService.fix` raises."""
        return self._ask(lambda client: client.checks.fix(request), lambda own: own.fix(request))

    def bundle(self) -> bytes:
        """The debug bundle."""
        return self._ask(lambda client: client.checks.bundle(), lambda own: own.bundle())

    def _own(self) -> tuple[CheckDocument, ...]:
        facts = terminal_facts(self.app.out, self.app.environ)
        return (settings(self.flaw), engine(self.running, self.trouble), *terminal(facts))

    def _ask(
        self,
        remote: Callable[[Client], Awaitable[T]],
        here: Callable[[ChecksService], Awaitable[T]],
    ) -> T:
        if self.running:
            return call(self.app, remote, start=False)
        from ainf_tui.runtime_checks import own_checks  # noqa: PLC0415 -- the engine's libraries, only here

        async def alone() -> T:
            return await here(own_checks(self.settings, places.locations(self.app)))

        return asyncio.run(alone())


def find(app: App) -> Doctor:
    """Asks for the engine and starts none: a box that cannot start one is what this is for.

    Raises what `session.connection` raises where another machine is meant.
    """
    try:
        known = places.settings(app)
    except AinfError as error:
        return Doctor(app, Settings(), trouble="none is asked with these settings", flaw=error.message)
    try:
        running = call(app, _describe, start=app.embedded)
    except AinfError as error:
        if places.box(app, known):
            raise
        unknown = {"engine.not_running", "api.not_found"}
        return Doctor(app, known, trouble="" if error.code in unknown else error.message)
    return Doctor(app, known, running=running)


async def _describe(client: Client) -> str:
    """Raises NotFoundError(`api.not_found`) for an engine that has no system check yet."""
    found = await client.engine.version()
    return f"pid {found.pid}, version {found.version}"

"""Finds the engine of a state folder, or starts one that outlives us."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from functools import partial

from ainf_tui import __version__
from ainf_tui.client.client import Client
from ainf_tui.client.process import Started, lock_holder, start
from ainf_tui.client.unix import UnixTransport
from ainf_tui.client.versions import check_api, is_older
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.wire import STOP_REPLACED, VersionDocument
from ainf_tui.errors import AinfError, UnreachableError
from ainf_tui.frozen import frozen
from ainf_tui.locations import Locations
from ainf_tui.settings import Settings

_FIRST_PAUSE = 0.02
_LAST_PAUSE = 0.1
_TRIES = 2
"""A child of ours may lose the race for the lock to an engine that ends before we reach it."""


@frozen
class Tuning:
    """Seconds. `start`: for an engine to give its first answer; `answer`: for one that runs;
    `stop`: for an older one to be gone.
    """

    start: float = 20.0
    answer: float = 5.0
    stop: float = 15.0


def engine_command() -> tuple[str, ...]:
    """What starts an engine; the settings file's path is added."""
    return (sys.executable, "-m", "ainf_tui", "engine", "run", "--settings")


async def connect(
    settings: Settings,
    locations: Locations,
    *,
    start: bool = True,
    read_only: bool = False,
    command: Sequence[str] | None = None,
    tuning: Tuning | None = None,
) -> Client:
    """A client of the engine that holds this state folder; `client.notices` says what was done for it.

    `start`: start an engine where none answers, and replace an older one that has nothing to do.
    `read_only`: no engine is started, stopped or told of a backend; the one that runs refuses every change
    that this client asks for.
    `command` stands for `engine_command()`.

    Raises UnreachableError `engine.not_running` (without `start`, or `read_only`), `engine.no_answer`,
    AinfError `engine.did_not_start`, ConflictError `engine.newer`, UsageError `state.*`.
    """
    start = start and not read_only
    finder = _Finder(settings, locations, tuple(command or engine_command()), tuning or Tuning(), read_only)
    transport = UnixTransport(locations.engine_socket, read_only=read_only)
    reopen = partial(_reopen, finder) if start else None
    client = Client(transport, reopen=reopen)
    try:
        client.notices = await finder.find(client, may_start=start)
    except BaseException:
        await client.aclose()
        raise
    return client


async def _reopen(finder: _Finder) -> None:
    async with Client(UnixTransport(finder.locations.engine_socket)) as probe:
        await finder.find(probe, may_start=True)


@frozen
class _Finder:
    settings: Settings
    locations: Locations
    command: tuple[str, ...]
    tuning: Tuning
    read_only: bool = False

    async def find(self, client: Client, *, may_start: bool) -> tuple[ProblemDocument, ...]:
        """Returns the notices once an engine answers that we can work with."""
        self.locations.check_socket_dir()
        engine = await self._running(client)
        if engine is None and not may_start:
            raise self._not_running()
        if engine is not None:
            check_api(engine)
            if engine.version == __version__:
                return await self._introduce(client, engine)
            if not (may_start and is_older(engine.version, __version__) and not engine.busy):
                return (_other_version(engine), *await self._introduce(client, engine))
            await self._stop(client, engine)
        check_api(engine := await self._start(client))
        return await self._introduce(client, engine)

    async def _running(self, client: Client) -> VersionDocument | None:
        """The engine that answers now. UnreachableError(`engine.no_answer`) if one runs and does not."""
        try:
            return await client.engine.version(deadline=self.tuning.answer)
        except UnreachableError as error:
            if error.code in {"engine.unreachable", "engine.lost"}:
                return None
            if error.code == "engine.timeout":
                raise self._no_answer(self.tuning.answer) from error
            raise

    async def _start(self, client: Client) -> VersionDocument:
        """Starts an engine, or waits for the one that somebody else is starting or ending."""
        await asyncio.to_thread(self.locations.prepare)
        give_up = time.monotonic() + self.tuning.start
        child: Started | None = None
        tries, pause = 0, _FIRST_PAUSE
        while time.monotonic() < give_up:
            if child is None and lock_holder(self.locations.engine_lock) is None:
                child, tries = self._spawn(), tries + 1
            engine = await self._running(client)
            if engine is not None:
                if child is not None:
                    child.leave()
                return engine
            if child is not None and child.ended is not None:
                if tries >= _TRIES and lock_holder(self.locations.engine_lock) is None:
                    raise child.failure()
                child = None
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LAST_PAUSE)
        if child is not None:
            child.leave()
        raise self._no_answer(self.tuning.start)

    def _spawn(self) -> Started:
        self.settings.to_private_file(self.locations.engine_settings_file)
        return start(
            (*self.command, os.fspath(self.locations.engine_settings_file)),
            output=self.locations.engine_output,
            log=self.locations.engine_log,
            # `--home` reaches the child too; it runs in another folder, so it gets the absolute path.
            extra_env={"AINF_HOME": os.fspath(home)} if (home := self.locations.home) else {},
        )

    async def _stop(self, client: Client, engine: VersionDocument) -> None:
        """Asks an engine to make way and waits until it has."""
        await client.engine.stop(STOP_REPLACED)
        give_up = time.monotonic() + self.tuning.stop
        while lock_holder(self.locations.engine_lock) is not None:
            if time.monotonic() > give_up:
                raise UnreachableError(
                    "engine.no_answer",
                    f"the engine of version {engine.version} (pid {engine.pid}) was asked to end and has not",
                    hint=f"`ainf engine logs` shows what it is at; kill {engine.pid} ends it.",
                )
            await asyncio.sleep(_LAST_PAUSE / 2)

    async def _introduce(self, client: Client, engine: VersionDocument) -> tuple[ProblemDocument, ...]:
        """Tells the engine of backends that our settings name and it does not know."""
        notices = []
        for spec in () if self.read_only else self.settings.backends:
            # The built-in default is nobody's wish; an engine with other backends needs none of it.
            implied = self.settings.sources.get(f"backends.{spec.name}", "default") == "default"
            if implied or spec.url in engine.backends:
                continue
            known = await client.engine.ensure_backend(spec)
            if known.added:
                notices.append(
                    ProblemDocument(
                        code="engine.backend_added",
                        message=f"the running engine did not know {spec.url}; it was added as {known.name}",
                        hint="`ainf engine stop` lets the next command start it with these settings.",
                    )
                )
        return tuple(notices)

    def _not_running(self) -> AinfError:
        return UnreachableError(
            "engine.not_running",
            f"no engine runs for {self.locations.state_dir}",
            hint="`ainf engine start` starts one"
            + (", but not with --read-only: start it without." if self.read_only else "."),
        )

    def _no_answer(self, seconds: float) -> AinfError:
        holder = lock_holder(self.locations.engine_lock)
        pid = holder or None
        who = f"the engine{f' (pid {pid})' if pid else ''}"
        return UnreachableError(
            "engine.no_answer",
            f"{who} did not answer within {seconds:g} s on {self.locations.engine_socket}",
            hint="`ainf engine logs` shows what it is at." + (f" kill {pid} ends it." if pid else ""),
            details={"pid": pid},
        )


def _other_version(engine: VersionDocument) -> ProblemDocument:
    work = " and has work" if engine.busy else ""
    return ProblemDocument(
        code="engine.other_version",
        message=f"the running engine is version {engine.version}{work}; this is {__version__}",
        hint="It goes on. `ainf engine stop` lets the next command start this version.",
    )

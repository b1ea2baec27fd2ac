"""Transactions: one function each, run from BEGIN to COMMIT without leaving the database.

Work is a plain function of a SQLAlchemy Connection. It cannot await, so no transaction can span
anything but the database. A caller that is cancelled gets its CancelledError after its transaction was
rolled back (or, if COMMIT was already under way, committed): the driver is never interrupted in the
middle of a statement, so the connection stays good.

SQLite runs a whole transaction in a thread of its own. An async driver would change threads three
times for each statement: measured, a transition of a job took 5.9 ms that way and takes 2.1 ms so, at
less than half the CPU.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from ainf_tui.adapters.db.failures import DRIVER_ERRORS, translate
from ainf_tui.errors import AinfError

P = ParamSpec("P")
T = TypeVar("T")


class Lane(Protocol):
    """Where transactions of one kind run."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction around `work`; rolled back if it raises."""
        ...

    async def aclose(self) -> None: ...


class ThreadLane:
    """Blocking transactions in threads. One thread: they queue for it, which makes it the single writer.

    Each thread keeps a connection of its own: taking one from the pool costs more than a statement does.
    """

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._threads = threads
        self._own = threading.local()
        self._open: set[Connection] = set()

    async def run(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._transact, work)

    def _transact(self, work: Callable[[Connection], T]) -> T:
        conn = self._connection()
        try:
            with conn.begin():
                return work(conn)
        except DRIVER_ERRORS:  # nobody knows what this one is good for now
            del self._own.connection
            self._open.discard(conn)
            conn.invalidate()
            conn.close()
            raise

    def _connection(self) -> Connection:
        conn: Connection | None = getattr(self._own, "connection", None)
        if conn is None:
            conn = self._own.connection = self._engine.connect()
            self._open.add(conn)
        return conn

    async def aclose(self) -> None:
        await asyncio.to_thread(self._close)
        self._threads.shutdown(wait=False)

    def _close(self) -> None:
        while self._open:
            self._open.pop().close()
        self._engine.dispose()


@dataclass(slots=True)
class _Caller:
    gone: bool = False


class _CallerGoneError(Exception):
    """Nobody waits for this transaction any more: roll it back."""


class Connections:
    """Runs transactions: durable writes, soft writes (a power cut may undo the last), reads."""

    def __init__(self, *, writer: Lane, soft: Lane, reader: Lane, shown_as: str) -> None:
        self.shown_as = shown_as
        """The redacted address, for messages."""
        self._writer = writer
        self._soft = soft
        self._reader = reader
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Commits what `work` did, durably, or nothing. Raises AinfError(`database.*`)."""
        return await self._run(self._writer, lambda conn: work(conn, *args, **kwargs))

    async def write_soft(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write`, but a power cut may undo the last of them (never half of one)."""
        return await self._run(self._soft, lambda conn: work(conn, *args, **kwargs))

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """All statements of `work` see one and the same moment."""
        return await self._run(self._reader, lambda conn: work(conn, *args, **kwargs))

    async def aclose(self) -> None:
        """Waits for what is under way, then closes every connection. Again: does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._running:
            await asyncio.wait(set(self._running))
        for lane in (self._writer, self._soft, self._reader):
            await lane.aclose()

    async def _run(self, lane: Lane, work: Callable[[Connection], T]) -> T:
        if self._closed:
            raise AinfError(
                "database.closed",
                f"database {self.shown_as}: it has been closed",
                hint="the engine is ending; start it again",
            )
        caller = _Caller()
        task = asyncio.create_task(self._transact(lane, caller, work))
        self._running.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller.gone = True
            if not task.done():
                await asyncio.wait({task})
            raise

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # raised in the caller; a caller that is gone needs no warning about it

    async def _transact(self, lane: Lane, caller: _Caller, work: Callable[[Connection], T]) -> T:
        def heeded(conn: Connection) -> T:
            if caller.gone:
                raise _CallerGoneError
            result = work(conn)
            if caller.gone:
                raise _CallerGoneError
            return result

        try:
            return await lane.run(heeded)
        except DRIVER_ERRORS as error:
            raise translate(error, self.shown_as) from error

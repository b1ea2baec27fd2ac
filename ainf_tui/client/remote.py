"""A client of an engine on another machine: reconnects by itself, says why while it cannot."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from ainf_tui import __version__
from ainf_tui.client.client import Client
from ainf_tui.client.line import Line
from ainf_tui.client.transport import Answer, LiveClosedError, LiveSocket
from ainf_tui.client.tunnel import Tunnel, no_longer
from ainf_tui.client.unix import UnixTransport
from ainf_tui.client.versions import check_api
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.wire import VersionDocument
from ainf_tui.errors import AinfError, UnreachableError

_FIRST_PAUSE = 0.5
_LAST_PAUSE = 15.0
_REFUSED_PAUSE = 60.0
"""A box that does not let us in is not pressed: some lock out whoever knocks too often."""
_STEADY = 10.0
"""Seconds after which a connection was a good one; one that falls at once is not followed at once."""
_MENDED_BY_WAITING = frozenset({"connect.failed", "connect.forward_refused"})
_VERSION_SECONDS = 15.0
_LAST_WORDS = 0.3

Tell = Callable[[str], None]


@asynccontextmanager
async def connected(
    tunnel: Tunnel,
    *,
    start: bool,
    tell: Tell | None = None,
    patient: bool = True,
    read_only: bool = False,
) -> AsyncIterator[Client]:
    """A client of the engine that the tunnel leads to; `tunnel` is open.

    While it lives a cut line is made anew by itself; `tell` hears of it. `client.reopen` waits for that,
    and starts the engine there if it no longer runs; it raises what waiting does not mend, and unless
    `patient` the failure of the next attempt too: for who shows it and asks again. `read_only`: the engine
    refuses every change that is asked for over it.

    Raises as `Tunnel.find_engine` does, and ConflictError(`engine.newer`).
    """
    keeper = _Keeper(tunnel, tell, patient=patient)
    client = Client(_BoxTransport(tunnel, keeper, read_only=read_only))
    if start:
        client.reopen = lambda: _reopen(tunnel, keeper, client)
    async with client:
        engine = await _known(tunnel, client)
        if engine is None:
            await tunnel.find_engine(start=start)
            engine = await _first_answer(tunnel, client)
        check_api(engine)
        client.notices = _notices(tunnel, engine)
        keeping = asyncio.create_task(keeper.run(), name="connect.keep")
        try:
            yield client
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)


class _Keeper:
    """Makes the connection anew whenever it has ended, at growing intervals."""

    def __init__(self, tunnel: Tunnel, tell: Tell | None = None, *, patient: bool = True) -> None:
        self._tunnel = tunnel
        self._patient = patient
        self._tell = tell or (lambda _: None)
        self._hurry = asyncio.Event()
        self._tried = asyncio.Condition()

    async def run(self) -> None:
        pause = 0.0
        while True:
            since = time.monotonic()
            await self._tunnel.cut()
            if time.monotonic() - since > _STEADY:
                pause = 0.0
            self._tell(f"The line to {self._tunnel.box.url} is cut; connecting again.")
            while not self._tunnel.stands:
                await self._rest(pause)
                pause = max(_FIRST_PAUSE, min(pause * 2, _LAST_PAUSE))
                failure = await self._attempt()
                if failure is not None and failure.code not in _MENDED_BY_WAITING:
                    pause = _REFUSED_PAUSE
            self._tell("Connected again.")

    async def up(self) -> None:
        """Waits until the connection stands. Raises what no waiting mends: nobody is let in any more."""
        while not self._tunnel.stands:
            failure = self._tunnel.failure
            if failure is not None and failure.code not in _MENDED_BY_WAITING:
                raise failure
            if failure is None:
                self._hurry.set()
            await self.attempt()
            failure = self._tunnel.failure
            if failure is not None and not (self._patient or self._tunnel.stands):
                raise failure

    async def attempt(self) -> None:
        """Returns after the next attempt, or when there has been none for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_PAUSE), self._tried:
                await self._tried.wait()

    async def _attempt(self) -> AinfError | None:
        try:
            await self._tunnel.restore()
        except AinfError as error:
            return error
        else:
            return None
        finally:
            async with self._tried:
                self._tried.notify_all()

    async def _rest(self, seconds: float) -> None:
        """Up to a quarter less, so that many do not come at once; cut short when somebody waits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * (0.75 + random.random() / 4)):
                await self._hurry.wait()
        self._hurry.clear()


async def _reopen(tunnel: Tunnel, keeper: _Keeper, client: Client) -> None:
    while True:
        await keeper.up()
        try:
            await client.engine.version(deadline=_VERSION_SECONDS)
        except UnreachableError:
            if not tunnel.stands:
                continue
            try:
                await tunnel.find_engine(start=True)
            except UnreachableError:
                if tunnel.stands:
                    raise
                continue
        return


async def _known(tunnel: Tunnel, client: Client) -> VersionDocument | None:
    """The engine that another client has found over this tunnel, if it answers: a verb within the app asks
    it at once, where a question to the box itself takes a process there.
    """
    if not (tunnel.leads and tunnel.stands):
        return None
    try:
        return await client.engine.version(deadline=_VERSION_SECONDS)
    except UnreachableError:
        return None


async def _first_answer(tunnel: Tunnel, client: Client) -> VersionDocument:
    try:
        return await client.engine.version(deadline=_VERSION_SECONDS)
    except UnreachableError as error:
        # The server is asked for it only now; ssh's word on that may come a little later than the end.
        for _ in range(20):
            if "open failed" in tunnel.said:
                raise tunnel.forward_refused(tunnel.said) from error
            await asyncio.sleep(0.05)
        raise


def _notices(tunnel: Tunnel, engine: VersionDocument) -> tuple[ProblemDocument, ...]:
    if engine.version == __version__:
        return ()
    notice = ProblemDocument(
        code="connect.other_version",
        message=f"the engine on {tunnel.box.url} is version {engine.version}; this is {__version__}",
        hint="They understand each other; update the older one when it suits.",
    )
    return (notice,)


class _BoxTransport(UnixTransport):
    """The tunnel's local socket. What it cannot reach is the box, and ssh knows why."""

    def __init__(self, tunnel: Tunnel, keeper: _Keeper, *, read_only: bool = False) -> None:
        super().__init__(tunnel.socket, read_only=read_only)
        self._tunnel = tunnel
        self._keeper = keeper

    @asynccontextmanager
    async def open(self, method: str, target: str, body: bytes | None = None) -> AsyncIterator[Answer]:
        try:
            async with super().open(method, target, body) as answer:
                yield answer
        except UnreachableError as error:
            raise self._why(error) from error

    async def websocket(self, target: str) -> LiveSocket:
        if not self._tunnel.stands:  # Who wants to hear what comes is there as soon as the line is.
            await self._keeper.attempt()
        try:
            return _BoxSocket(await super().websocket(target), self._tunnel)
        except UnreachableError as error:
            raise self._why(error) from error

    def _why(self, error: UnreachableError) -> UnreachableError:
        if error.code != "engine.unreachable":
            return error
        tunnel = self._tunnel
        failure = tunnel.failure
        if failure is not None:
            message, hint = failure.message, failure.hint
        elif not tunnel.stands:
            message = f"the line to {tunnel.box.url} is cut: {tunnel.said or 'ssh has ended'}"
            hint = "It is made anew by itself."
        else:
            message = f"no engine answers on {tunnel.box.url}"
            hint = f"`ainf --connect {tunnel.box.url} engine start` starts one."
        return UnreachableError("engine.unreachable", message, hint=hint, details=error.details)


class _BoxSocket:
    """A live socket whose end, when it is the line's, is told in ssh's words."""

    def __init__(self, inner: LiveSocket, tunnel: Tunnel) -> None:
        self._inner = inner
        self._tunnel = tunnel
        self._line = tunnel.line  # By the time that it has ended, another may be on its way.

    async def send(self, text: str) -> None:
        await self._inner.send(text)

    async def receive(self) -> str | bytes:
        try:
            return await self._inner.receive()
        except LiveClosedError as error:
            # The forwarded socket goes first, and ssh itself a moment later.
            if self._line is None or not await _ends(self._line):
                raise
            said = self._line.said or "ssh has ended"
            raise LiveClosedError(f"the line to {self._tunnel.box.url} is cut: {said}") from error

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _ends(line: Line) -> bool:
    """Whether it has ended, or does in a moment."""
    try:
        async with asyncio.timeout(_LAST_WORDS):
            await no_longer(line, "stands")
    except TimeoutError:
        return False
    return True

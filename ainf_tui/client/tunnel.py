"""The way to a box: one ssh connection, kept or made anew, and a local socket that leads to its engine."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

from ainf_tui.client.box import Box
from ainf_tui.client.line import Line, State
from ainf_tui.client.ssh import Program, can_be_forwarded, refused
from ainf_tui.errors import AinfError, NotFoundError, UnreachableError, UsageError
from ainf_tui.frozen import frozen

_SOCKET_BYTES = 70
"""ssh makes its control socket under a name that is 17 longer first; a socket's path may have 104 bytes."""
_REMOVER = 'trap "" INT QUIT HUP TERM; read -r _; rm -rf -- "$1"'
"""Waits for the end of our pipe, which comes when we end or are killed, then clears up after us."""
_ANSWER_BYTES = 1_048_576


@frozen
class Patience:
    """Seconds. `connect`: for a connection without questions to a person; `answer`: for `ainf` there."""

    connect: float = 40.0
    answer: float = 60.0


class Tunnel:
    """`async with Tunnel(...)` in one event loop, `connected` in others is fine: it belongs to none.

    `tell` gets what ssh says to the person at the terminal while the first connection is made.
    """

    def __init__(
        self,
        box: Box,
        program: Program | None = None,
        *,
        tell: Callable[[str], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.box = box
        self.program = program or Program()
        self.patience = patience or Patience()
        self.failure: AinfError | None = None
        """Why the last attempt to connect failed; None once one has succeeded."""
        self._tell = tell
        self._line: Line | None = None
        self._folder: Path | None = None
        self._remover: subprocess.Popen[bytes] | None = None
        self._remote = ""
        """The engine's socket there, once it is known."""
        self._leads_to = ""
        self._lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    @property
    def stands(self) -> bool:
        """Connected, and leading to the engine if one was found before."""
        connected = self._line is not None and self._line.state == "stands"
        return connected and self._leads_to == self._remote

    @property
    def leads(self) -> bool:
        """Whether an engine was found there."""
        return bool(self._remote)

    @property
    def line(self) -> Line | None:
        """The ssh that runs or ran."""
        return self._line

    @property
    def said(self) -> str:
        """The last words of the ssh that runs or ran."""
        return self._line.said if self._line is not None else ""

    @property
    def socket(self) -> Path:
        """Where the engine is reached here. The path stays the same through all connections."""
        return self._private() / "engine.sock"

    async def open(self, *, ask: bool) -> Self:
        """The first connection; with `ask` ssh may ask on the terminal, and takes its time.

        Raises UnreachableError `connect.no_ssh`, `connect.failed`, `connect.auth`, `connect.host_key`.
        """
        try:
            async with self._alone():
                await self._connect(ask=ask)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Ends ssh and leaves nothing behind."""
        line, self._line = self._line, None
        if line is not None:
            line.end()
        remover, self._remover = self._remover, None
        if remover is not None:
            if remover.stdin is not None:
                remover.stdin.close()
            remover.wait()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    async def restore(self) -> None:
        """Makes the connection anew where it has ended. Asks nobody. Raises as `open` does."""
        async with self._alone():
            if self.stands:
                return
            try:
                await self._connect(ask=False)
                if self._remote:
                    await self._forward(self._remote)
            except AinfError as error:
                # A connection that leads nowhere is none: the next attempt begins from the beginning.
                if self._line is not None:
                    self._line.end()
                self.failure = error
                raise

    async def find_engine(self, *, start: bool) -> None:
        """Finds the engine there (with `start`: starts it where none runs) and leads the socket to it.

        Raises as `open` does; `connect.no_ainf`, `connect.no_answer`, `connect.bad_answer`,
        `engine.not_running`, `connect.forward_refused`, and what `ainf` there says.
        """
        await self.restore()
        async with self._alone():
            verb = "start" if start else "status"
            remote = (await self._ask(verb)).socket
            if not remote:
                raise _not_running(self.box)
            if remote != self._remote:
                await self._forward(remote)
                self._remote = remote

    async def stop_engine(self) -> None:
        """Ends the engine there and waits until it has ended. Raises what `ainf engine stop` there says."""
        async with self._alone():
            await self._ask("stop")

    async def cut(self) -> None:
        """Returns when the connection does not stand, or no longer."""
        if self._line is not None:
            await no_longer(self._line, "stands")

    # -- the steps ---------------------------------------------------------------------------------
    async def _connect(self, *, ask: bool) -> None:
        if shutil.which(self.program.ssh) is None:
            raise _no_ssh(self.program.ssh)
        if self._line is not None:
            self._line.end()
        # One that was killed leaves it behind, and the next would go without.
        self._control().unlink(missing_ok=True)
        self._leads_to = ""
        command = self.program.master(self.box, self._control(), ask=ask)
        try:
            self._line = line = Line(command, own_session=not ask, tell=self._tell if ask else None)
        except OSError as error:
            raise _no_ssh(self.program.ssh) from error
        try:
            async with asyncio.timeout(None if ask else self.patience.connect):
                await no_longer(line, "connecting")
        except TimeoutError:
            line.end()
            raise refused(self.box, f"no connection within {self.patience.connect:g} s") from None
        except BaseException:
            line.end()
            raise
        if line.state == "ended":
            raise refused(self.box, line.said)
        self.failure = None

    async def _ask(self, verb: str) -> _Answer:
        """`ainf engine VERB` on the box. The socket of an engine that runs can be forwarded."""
        command = self.program.question(self.box, self._control(), ("engine", verb, "--json"))
        status, out, err = await self._run(command)
        answer = _document(out)
        if answer is None or (answer.engine.running and not can_be_forwarded(answer.socket)):
            raise _no_answer_of(self, status, out, err)
        return answer

    async def _forward(self, remote: str) -> None:
        command = self.program.forward(self.box, self._control(), self.socket, remote)
        status, _, err = await self._run(command)
        if status:
            raise self.forward_refused(err)
        self._leads_to = remote

    def forward_refused(self, words: str) -> UnreachableError:
        return UnreachableError(
            "connect.forward_refused",
            f"the socket of the engine on {self.box.url} could not be forwarded: {words or self.said}",
            hint="The server's sshd_config must allow it: AllowStreamLocalForwarding yes.",
            details={"ssh": words},
        )

    async def _run(self, command: Sequence[str]) -> tuple[int, str, str]:
        """Runs a short ssh without a terminal: its status, stdout and stderr."""
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, stdin=null, stdout=pipe, stderr=pipe, cwd="/", start_new_session=True
        )
        try:
            async with asyncio.timeout(self.patience.answer):
                out, err = await process.communicate()
        except TimeoutError:
            raise UnreachableError(
                "connect.no_answer",
                f"ainf on {self.box.url} did not answer within {self.patience.answer:g} s",
                hint="Look what it is at there: `ainf engine status`, `ainf engine logs`.",
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        words = err.decode(errors="replace").strip()
        return process.returncode or 0, out[-_ANSWER_BYTES:].decode(errors="replace"), words

    # -- places ------------------------------------------------------------------------------------
    def _alone(self) -> asyncio.Lock:
        """One at a time in the loop that runs now; loops come one after the other."""
        loop = asyncio.get_running_loop()
        if self._lock is None or self._lock[0] is not loop:
            self._lock = (loop, asyncio.Lock())
        return self._lock[1]

    def _control(self) -> Path:
        return self._private() / "ssh"

    def _private(self) -> Path:
        """A folder that this user alone can enter, and that goes when we go."""
        if self._folder is None:
            usual = tempfile.gettempdir()
            short = len(os.fsencode(usual)) <= _SOCKET_BYTES and can_be_forwarded(usual)
            self._folder = Path(tempfile.mkdtemp(prefix="ainf-", dir=usual if short else "/tmp"))  # noqa: S108 - mkdtemp makes it ours
            self._remover = subprocess.Popen(  # noqa: S603 - our own words
                ["/bin/sh", "-c", _REMOVER, "sh", os.fspath(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        return self._folder


async def no_longer(line: Line, state: State) -> None:
    """Returns when the ssh is in another state."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def heard() -> None:
        with suppress(RuntimeError):  # The loop that waited is gone.
            loop.call_soon_threadsafe(event.set)

    line.when_not(state, heard)
    await event.wait()


class _Engine(msgspec.Struct):
    running: bool


class _Answer(msgspec.Struct):
    """What of `ainf.engine/1` is needed here."""

    engine: _Engine
    schema: str
    socket: str = ""


class _Told(msgspec.Struct):
    """`ainf.error/1`."""

    error: dict[str, object]
    schema: str


def _document(out: str) -> _Answer | None:
    """The document among what the box's shell may print beside it."""
    for line in reversed(out.splitlines()):
        with suppress(msgspec.MsgspecError):
            found = msgspec.json.decode(line, type=_Answer)
            if found.schema == "ainf.engine/1":
                return found
    return None


def _not_running(box: Box) -> UnreachableError:
    return UnreachableError(
        "engine.not_running",
        f"no engine runs on {box.url}",
        hint=f"`ainf --connect {box.url} engine start` starts one.",
    )


def _no_answer_of(tunnel: Tunnel, status: int, out: str, err: str) -> AinfError:
    """What became of a question that was not answered."""
    box, command = tunnel.box, tunnel.program.command
    for line in reversed(err.splitlines()):
        with suppress(msgspec.MsgspecError):
            return _said_there(box, msgspec.json.decode(line, type=_Told).error)
    words = "\n".join((err or out).strip().splitlines()[-6:])
    if status in {126, 127}:
        return UnreachableError(
            "connect.no_ainf",
            f"{box.url} has no command {command!r}: {words}",
            hint="Install ainf there; where it is not on the PATH of a shell without login, "
            "name it: AINF_CONNECT_COMMAND=/path/to/ainf",
            details={"ssh": words},
        )
    if status == 255 and not tunnel.stands:
        return refused(box, tunnel.said or words)
    return UnreachableError(
        "connect.bad_answer",
        f"ainf on {box.url} did not say where its engine listens (status {status}): {words}",
        hint="It may be too old, or its state folder has a path that ssh cannot forward; "
        f"try it by hand there: {command} engine start --json",
        details={"ssh": words},
    )


def _said_there(box: Box, error: dict[str, object]) -> AinfError:
    """A failure of `ainf` on the box: its code and words, and where they come from."""
    code, message, hint = (str(error.get(name) or "") for name in ("code", "message", "hint"))
    kinds = {"config": UsageError, "state": UsageError, "cli": UsageError, "jobs": NotFoundError}
    kind = kinds.get(code.partition(".")[0], UnreachableError)
    return kind(code or "connect.bad_answer", f"on {box.url}: {message}", hint=hint and f"There: {hint}")


def _no_ssh(program: str) -> UnreachableError:
    return UnreachableError(
        "connect.no_ssh",
        f"there is no program {program!r} to connect with",
        hint="Install OpenSSH's client, or name it: AINF_CONNECT_SSH=/path/to/ssh",
    )

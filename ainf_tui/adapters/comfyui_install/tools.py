"""Runs git, pip and Python: each in a session of its own, line by line, with a deadline for silence.

A call that is cancelled ends the whole process group. Each child carries `AINF_TASK` in its environment, so
that the next engine finds what outlived this one.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import shlex
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ainf_tui.domain.ports_comfyui import Report
from ainf_tui.domain.text import redact_arguments, redact_url, visible
from ainf_tui.errors import AinfError, UnreachableError

TASK_VARIABLE = "AINF_TASK"
GRACE = 3.0
"""Seconds between TERM and KILL."""
_CHUNK = 65_536
_LONGEST = 8_000
"""Characters of a line that is never ended."""
_DRAIN = 1.0
"""Seconds that output may still come after the end, when a grandchild holds the pipe."""
_LOOK_EVERY = 0.05
_TOLD = 5
_UNWANTED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
"""Variables of our own surroundings that would lead a child astray."""
_FIXED = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONUNBUFFERED": "1",
    "LC_ALL": "C.UTF-8",
}


class Tools:
    """`environment`: what children inherit; `silence`: seconds without a word before a call is given up."""

    def __init__(self, environment: Mapping[str, str], *, silence: float = 300.0) -> None:
        self.environment = {k: v for k, v in environment.items() if k not in _UNWANTED} | _FIXED
        self.silence = silence
        self._task = ""

    def for_task(self, task_id: str) -> None:
        """Names the task that all of the following is done for."""
        self._task = task_id

    async def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        report: Report,
        silence: float | None = None,
    ) -> None:
        """Raises AinfError `comfyui.step_failed`, UnreachableError `comfyui.silent`, `comfyui.no_tool`."""
        process = await self._start(command, cwd, asyncio.subprocess.STDOUT)
        told: deque[str] = deque(maxlen=_TOLD)
        try:
            await self._follow(process, command, report, told, silence or self.silence)
            code = await process.wait()
        finally:
            await _end(process)
        if code:
            raise _failed(command, code, told)

    async def ask(self, command: Sequence[str], *, cwd: Path, within: float = 30.0) -> tuple[int, str]:
        """Exit code and standard output of a short question."""
        process = await self._start(command, cwd, asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(within):
                out, _ = await process.communicate()
        except TimeoutError:
            raise _silent(command, within) from None
        finally:
            await _end(process)
        return process.returncode or 0, out.decode("utf-8", "replace")

    async def _start(self, command: Sequence[str], cwd: Path, stderr: int) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                env={**self.environment, TASK_VARIABLE: self._task},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            if not await asyncio.to_thread(cwd.is_dir):
                raise AinfError(
                    "comfyui.step_failed",
                    f"{command[0]} was not started: there is no folder {cwd}",
                    hint="`ainf comfyui info` shows what is there.",
                ) from error
            raise AinfError(
                "comfyui.no_tool",
                f"{command[0]} cannot be started: {error.strerror or error}",
                hint="Install git with the system's packages; [comfyui] python names another Python.",
            ) from error

    async def _follow(
        self,
        process: asyncio.subprocess.Process,
        command: Sequence[str],
        report: Report,
        told: deque[str],
        silence: float,
    ) -> None:
        """Every line to `report`, until the output ends. A grandchild may hold the pipe for ever."""
        if process.stdout is None:
            raise TypeError("started without a pipe")
        reading = asyncio.ensure_future(_read(process.stdout, report, told, silence))
        ended = asyncio.ensure_future(_exited(process))
        try:
            await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({reading}, timeout=_DRAIN)
            if not reading.done() and ended.done():
                _signal(process.pid, signal.SIGKILL)
                await asyncio.wait({reading}, timeout=_DRAIN)
            if reading.done() or not ended.done():
                await reading
            else:  # Somebody in a session of his own holds the pipe: it is given up.
                process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - no other way
        except TimeoutError:
            raise _silent(command, silence) from None
        finally:
            for task in (reading, ended):
                task.cancel()
            await asyncio.gather(reading, ended, return_exceptions=True)


async def _read(stream: asyncio.StreamReader, report: Report, told: deque[str], silence: float) -> None:
    """TimeoutError after so many seconds without a byte."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while True:
        async with asyncio.timeout(silence):
            data = await stream.read(_CHUNK)
        *lines, rest = re.split(r"[\r\n]", rest + decoder.decode(data, final=not data))
        if len(rest) > _LONGEST or not data:
            lines, rest = [*lines, rest], ""
        _tell(lines, report, told)
        if not data:
            return


def _tell(lines: Sequence[str], report: Report, told: deque[str]) -> None:
    for line in lines:
        plain = re.sub(r"(?<=://)[^\s/@]*@", "***@", line)
        if plain.strip():
            told.append(plain.strip())
            report(plain)


def _failed(command: Sequence[str], code: int, told: deque[str]) -> AinfError:
    ending = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    why = _reason(told)
    return AinfError(
        "comfyui.step_failed",
        f"`{shown(command)}` {ending}" + (f": {why}" if why else ""),
        hint="The whole output is in the task's log; the same command again goes on from here.",
        details={"exit_code": code, "output": [visible(line, 300) for line in told]},
    )


def _reason(told: deque[str]) -> str:
    """Git's first `fatal:` says it best; of others the last line that names an error, else the last one."""
    fatal = [line for line in told if line.startswith("fatal:")]
    for line in fatal[:1] or reversed(told):
        if re.search(r"(?i)\b(?:error|fatal|no space|denied|not found)\b", line):
            return visible(line, 300)
    return visible(told[-1], 300) if told else ""


def _silent(command: Sequence[str], seconds: float) -> UnreachableError:
    return UnreachableError(
        "comfyui.silent",
        f"`{shown(command)}` said nothing for {seconds:g} s and was ended",
        hint="Look at the network (a proxy? a mirror?); the same command again goes on from here.",
    )


def shown(command: Sequence[str]) -> str:
    """A command line as it may be shown, without the options that are always there."""
    name, rest = Path(command[0]).name, tuple(command[1:])
    while name == "git" and rest[:1] == ("-c",):
        rest = rest[2:]
    plain = [redact_url(part) if "://" in part else part for part in redact_arguments(rest)]
    return visible(shlex.join([name, *plain]), 200)


async def _exited(process: asyncio.subprocess.Process) -> None:
    """`process.wait()` would wait for whoever holds its pipe, too."""
    while process.returncode is None:  # noqa: ASYNC110 - nothing tells it alone
        await asyncio.sleep(_LOOK_EVERY)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the group, if it still lives."""
    if process.returncode is not None:
        return
    _signal(process.pid, signal.SIGTERM)
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            await process.wait()
    _signal(process.pid, signal.SIGKILL)  # Those who have let go of the pipe and live on.
    await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)

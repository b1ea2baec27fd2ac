"""`ports_services.Processes`: services are started under a launcher, known by pid and start, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ainf_tui.adapters.processes import boot_id, find, has_variable, identify, members, started_ticks, table
from ainf_tui.adapters.services import launcher
from ainf_tui.adapters.services.commands import run_command
from ainf_tui.adapters.services.names import VARIABLE, exit_file, service_of, started_file
from ainf_tui.adapters.services.owners import listening_ports, port_owners
from ainf_tui.domain.ports_services import Launched, LaunchSpec, PortOwner, Usage
from ainf_tui.domain.services import Exit, ProcessId
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError, ConflictError, ForbiddenError, UsageError

log = logging.getLogger("ainf.services")

T = TypeVar("T")

TIMED_OUT = 124
"""What `timeout` of the shell answers."""
_AT_ONCE = 32
"""Most launches and commands at one time; each thread waits for a process, and waits alone."""


class SystemProcesses:
    """The processes of this machine. `folder` is the state folder's `services`.

    `within`: seconds until a launcher must have answered.
    """

    def __init__(self, folder: Path, *, within: float = 10.0) -> None:
        self._folder = folder
        self._within = within
        # Not the loop's own threads: a few commands that hang would hold up all that goes through those.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ainf-services")

    async def aclose(self) -> None:
        """What runs in a thread goes on to its own deadline."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    # -- starting ----------------------------------------------------------------------------------
    async def launch(self, spec: LaunchSpec) -> Launched:
        """See `Processes.launch`; `service.no_launcher` where the launcher itself does not answer."""
        if not spec.command:
            raise _not_started(spec, {"error": "no command is given", "errno": errno.EINVAL})
        token = os.urandom(6).hex()
        answer = await self._threaded(lambda: self._ask_launcher(spec, token))
        if "error" in answer:
            raise _not_started(spec, answer)
        return _launched(answer, token)

    def _ask_launcher(self, spec: LaunchSpec, token: str) -> dict[str, Any]:
        request = {
            "command": list(spec.command),
            "cwd": spec.cwd or str(Path.home()),
            # Python holds back what it writes to a file; a log is read while it grows.
            "env": {"PYTHONUNBUFFERED": "1", **os.environ, **spec.env, VARIABLE: f"{spec.service}:{token}"},
            "log": spec.log or os.devnull,
            "log_max_bytes": spec.log_max_bytes,
            "started_file": str(started_file(self._folder, spec.service, token)),
            "exit_file": str(exit_file(self._folder, spec.service, token)),
            "marks": {"boot": boot_id(), "host": socket.gethostname()},
            "give_up": time.monotonic() + self._within,
        }
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            ran = subprocess.run(  # noqa: S603 - this very Python and a file of ours
                [sys.executable, "-I", "-S", launcher.__file__],
                input=json.dumps(request).encode(),
                capture_output=True,
                timeout=self._within,
                check=False,
            )
            answer: dict[str, Any] = json.loads(ran.stdout)
        except subprocess.TimeoutExpired:
            raise _no_launcher(spec, f"it did not answer within {self._within:g} s") from None
        except ValueError:
            said = ran.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise _no_launcher(spec, visible(said, 200) or f"it ended with {ran.returncode}") from None
        except OSError as error:
            raise _no_launcher(spec, error.strerror or str(error)) from error
        return answer

    async def launched(self) -> Mapping[str, Launched]:
        """See `Processes.launched`."""
        return await self._threaded(self._started_files)

    def _started_files(self) -> dict[str, Launched]:
        found: dict[str, tuple[float, Launched]] = {}
        for path in self._folder.glob("*.started.json"):
            with contextlib.suppress(FileNotFoundError):  # forgotten in this moment
                told = _read(path)
                when = path.stat().st_mtime
                service = service_of(path.name)
                if told is not None and (service not in found or found[service][0] < when):
                    found[service] = (when, _launched(told, path.name.split(".")[1]))
        return {service: launched for service, (_, launched) in found.items()}

    # -- knowing -----------------------------------------------------------------------------------
    async def alive(self, process: ProcessId) -> bool:
        facts = find(process)
        return facts is not None and not facts.zombie

    async def identify(self, pid: int) -> ProcessId | None:
        """The process of that pid that lives now."""
        return identify(pid)

    async def ended(self, service: str, token: str) -> Exit | None:
        return await asyncio.to_thread(_ending, exit_file(self._folder, service, token))

    async def forget(self, service: str, token: str) -> None:
        for path in (exit_file(self._folder, service, token), started_file(self._folder, service, token)):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def usage(self, processes: Collection[ProcessId]) -> Mapping[ProcessId, Usage]:
        return await asyncio.to_thread(_usage, tuple(processes))

    async def owners(self, ports: Collection[int], host: str = "127.0.0.1") -> Mapping[int, PortOwner]:
        return await asyncio.to_thread(port_owners, tuple(ports), host)

    async def group_members(self, process: ProcessId) -> tuple[int, ...]:
        return await asyncio.to_thread(_session, process)

    # -- ending ------------------------------------------------------------------------------------
    async def signal(self, process: ProcessId, name: str) -> bool:
        """See `Processes.signal`. KILL goes to its whole session, and what a process that is gone left
        behind in its session can still be signalled. `service.bad_signal`: there is none of that name.
        """
        number = signal.Signals.__members__.get(f"SIG{name.upper().removeprefix('SIG')}")
        if number is None:
            raise UsageError(
                "service.bad_signal",
                f"This system knows no signal {visible(name, 40)!r}",
                hint="Name it as kill does: TERM, INT, HUP, QUIT, USR1, KILL.",
            )
        return await asyncio.to_thread(_signal, process, number)

    async def run(self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], within: float) -> int:
        """See `Processes.run`; as a shell does, 127 for what is not found and 126 for what is no program."""
        code = await self.attempt(command, cwd=cwd, env=env, within=within)
        return TIMED_OUT if code is None else code

    async def attempt(
        self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], within: float
    ) -> int | None:
        """As `run`, but None for what had to be killed, which no exit code can be mistaken for."""
        return await self._threaded(lambda: run_command(command, cwd=cwd, env=env, within=within))

    async def _threaded(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _launched(told: Mapping[str, Any], token: str) -> Launched:
    """From the launcher's answer, or from the file in which it wrote the same."""

    def known(pid: int, started: int | None) -> ProcessId:
        ours = started_ticks(pid) if started is None else started
        return ProcessId(pid, ours or 0, told["boot"], told["host"])

    return Launched(
        known(told["pid"], told["started"]),
        known(told["launcher"], told["launcher_started"]),
        token,
        told.get("log_error", ""),
    )


def _read(path: Path) -> dict[str, Any] | None:
    """None for what is no JSON object: somebody else has been there. FileNotFoundError."""
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        log.warning("%s is not what a launcher writes", path)
        return None
    return document if isinstance(document, dict) else None


def _ending(path: Path) -> Exit | None:
    try:
        told = _read(path)
    except FileNotFoundError:
        return None
    if told is None:
        return Exit()
    return Exit(told.get("code"), told.get("signal"), _time(told.get("at")), told.get("oom") is True)


def _time(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None


def _usage(processes: tuple[ProcessId, ...]) -> dict[ProcessId, Usage]:
    everyone = table()
    boot = boot_id()
    groups = {p: members(p, everyone) for p in processes if p.boot == boot}
    alive = {process: pids for process, pids in groups.items() if process.pid in pids}
    ports = listening_ports({process.pid: pids for process, pids in alive.items()})
    return {
        process: Usage(
            cpu_seconds=sum(everyone[pid].cpu for pid in pids),
            memory=sum(everyone[pid].memory for pid in pids),
            pids=tuple(sorted(pids)),
            ports=ports[process.pid],
        )
        for process, pids in alive.items()
    }


def _session(process: ProcessId) -> tuple[int, ...]:
    """Who lives in the session that it leads or led.

    While it is there, if only as a zombie, its number can be nobody else's. Once it is gone the number may
    have been given again, and another session have grown on it: then only those count that began later
    and say by their environment that a service started them.
    """
    if process.boot != boot_id():
        return ()
    present = find(process)
    if present is not None and present.session != process.pid:
        return () if present.zombie else (process.pid,)
    return tuple(
        sorted(
            facts.pid
            for facts in table().values()
            if facts.session == process.pid
            and not facts.zombie
            and (
                present is not None
                or (facts.started >= process.started and has_variable(facts.pid, f"{VARIABLE}="))
            )
        )
    )


def _signal(process: ProcessId, number: signal.Signals) -> bool:
    if process.pid <= 1 or process.pid == os.getpid():
        raise _not_permitted(process, "that is ainf itself or the system")
    facts = find(process)
    alive = facts is not None and not facts.zombie
    sent = False
    if alive and facts is not None:
        kill = os.killpg if facts.group == facts.pid else os.kill
        sent = _send(process, partial(kill, facts.pid, number))
    if not alive or number == signal.SIGKILL:
        for pid in _session(process):
            sent |= _send(process, partial(os.kill, pid, number))
    return sent


def _send(process: ProcessId, call: Callable[[], None]) -> bool:
    try:
        call()
    except ProcessLookupError:
        return False
    except PermissionError:
        raise _not_permitted(process, "it belongs to another user") from None
    return True


def _not_permitted(process: ProcessId, reason: str) -> ForbiddenError:
    return ForbiddenError(
        "service.not_permitted",
        f"Process {process.pid} may not be signalled: {reason}",
        hint="Ask its user, or an administrator, to end it.",
        details={"pid": process.pid},
    )


def _no_launcher(spec: LaunchSpec, reason: str) -> AinfError:
    return AinfError(
        "service.no_launcher",
        f"The launcher of {visible(spec.service, 60)} failed: {reason}",
        hint="See that the state folder can be written, and that memory and processes are to be had.",
        details={"service": spec.service},
    )


def _not_started(spec: LaunchSpec, answer: Mapping[str, Any]) -> ConflictError:
    number, file = answer.get("errno"), str(answer.get("file") or "")
    program = visible(spec.command[0], 200) if spec.command else ""
    if spec.cwd and file == spec.cwd:
        reason = f"its folder {visible(spec.cwd, 200)}: {answer['error']}"
        hint = "Make the folder, or name another as cwd."
    elif number == errno.ENOENT and "/" in program and Path(spec.cwd, spec.command[0]).exists():
        reason = f"the interpreter that the first line of {program} names is not there"
        hint = "Install it, or correct that line."
    elif number == errno.ENOENT:
        reason = f"the command {program} is not found"
        hint = "Install it, or write its whole path in command; PATH can be set in env."
    elif number in {errno.EACCES, errno.ENOEXEC}:
        reason = f"{program} cannot be executed: {answer['error']}"
        hint = "Is it the right file, made executable (chmod +x), and for this machine?"
    else:
        reason = f"{program}: {answer['error']}"
        hint = "The system's own reason stands in the message."
    return ConflictError(
        "service.no_command",
        f"{visible(spec.service, 60)} was not started: {reason}",
        hint=hint,
        details={"service": spec.service, "errno": number},
    )

"""`ports_services.Prober`: one check of a service. A hung server costs its own timeout and nothing else."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from ainf_tui.adapters.comfy.answers import NotComfyError, system_stats
from ainf_tui.adapters.comfy.values import loads
from ainf_tui.adapters.services.commands import NOT_EXECUTABLE, NOT_FOUND
from ainf_tui.adapters.services.loglines import LogLines
from ainf_tui.domain.ports_services import Verdict
from ainf_tui.domain.services import Health, HealthSpec
from ainf_tui.domain.text import redact_url, visible

MAX_BODY = 1 << 20
"""Bytes that are read of an answer that must be ComfyUI's; of others none are."""
_STATS = "/system_stats"


class Commands(Protocol):
    """What runs an exec check: `SystemProcesses`."""

    async def attempt(
        self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], within: float
    ) -> int | None: ...


class SystemProber:
    """Checks by HTTP, TCP, a command or a line of the log. Nothing is kept between two checks but how far
    each log was read: a new connection is what a user would make.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._lines = LogLines()

    async def aclose(self) -> None:
        for client in ("_trusting", "_strict"):
            if client in vars(self):
                await vars(self)[client].aclose()

    @cached_property
    def _trusting(self) -> httpx.AsyncClient:
        """For this machine: whoever could forge an answer here needs no certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return _client(context)

    @cached_property
    def _strict(self) -> httpx.AsyncClient:
        return _client(ssl.create_default_context())

    async def check(
        self, spec: HealthSpec, *, port: int | None, cwd: str, env: Mapping[str, str], log: str, since: int
    ) -> Verdict:
        """See `Prober.check`. `process` is healthy: who asks has seen it live."""
        checks: dict[str, Callable[[], Awaitable[Verdict]]] = {
            "http": lambda: self._http(spec.target, spec.identity),
            "tcp": lambda: _tcp(spec.target, port),
            "exec": lambda: self._exec(spec, cwd, env),
            "log_line": lambda: self._log_line(spec.target, log, since),
            "process": _lives,
        }
        check = checks.get(spec.kind)
        if check is None:
            return Verdict(Health.UNKNOWN, f"there is no check of the kind {visible(spec.kind, 40)!r}")
        # A command has its deadline in its thread, which ends it; this one is only the net below.
        return await _timed(check, spec.timeout + (1.5 if spec.kind == "exec" else 0.0), spec.timeout)

    async def identify(self, host: str, port: int, within: float = 2.0) -> Verdict:
        """See `Prober.identify`: healthy for a ComfyUI and any other HTTP server (`message` says which),
        unhealthy for what speaks no HTTP.
        """
        name = "127.0.0.1" if host in {"", "0.0.0.0"} else "::1" if host == "::" else host  # noqa: S104 - compared
        place = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        return await _timed(lambda: self._identify(f"http://{place}"), within, within)

    async def _identify(self, url: str) -> Verdict:
        try:
            answer = await self._ask(url + _STATS, body=True)
        except httpx.ConnectError as error:
            return _refused(error)
        except (httpx.HTTPError, httpx.InvalidURL):
            return Verdict(Health.UNHEALTHY, "something that speaks no HTTP")
        found = _comfyui(answer)
        if found.comfyui:
            return found
        name = visible(answer.server, 60)
        return Verdict(Health.HEALTHY, f"another HTTP server ({name})" if name else "another HTTP server")

    # -- http --------------------------------------------------------------------------------------
    async def _http(self, url: str, identity: str) -> Verdict:
        try:
            answer = await self._ask(url, body=bool(identity))
            if identity and answer.status < 400 and urlsplit(url).path != _STATS:
                url = str(httpx.URL(url).copy_with(raw_path=_STATS.encode()))
                answer = await self._ask(url, body=True)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return _no_answer(url, error)
        if answer.status >= 400:
            return Verdict(Health.UNHEALTHY, f"{redact_url(url)} answers HTTP {answer.status}")
        return _comfyui(answer) if identity else Verdict(Health.HEALTHY)

    async def _ask(self, url: str, *, body: bool) -> _Answer:
        """A redirection is an answer; it is not followed, it may lead anywhere."""
        place = httpx.URL(url)
        if (place.port or 0) > 65_535:  # anyio lets an OverflowError out, in a group
            raise httpx.InvalidURL(f"{place.port} is no port")
        client = self._trusting if _is_loopback(place.host) else self._strict
        async with client.stream("GET", url) as response:
            data = b""
            if body and response.status_code < 300:
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > MAX_BODY:
                        return _Answer(response.status_code, b"", response.headers.get("server", ""))
            return _Answer(response.status_code, data, response.headers.get("server", ""))

    # -- others ------------------------------------------------------------------------------------
    async def _exec(self, spec: HealthSpec, cwd: str, env: Mapping[str, str]) -> Verdict:
        name = visible(spec.command[0], 60) if spec.command else "no command"
        code = await self._commands.attempt(spec.command, cwd=cwd, env=env, within=spec.timeout)
        if code == 0:
            return Verdict(Health.HEALTHY)
        if code is None:
            return Verdict(Health.UNREACHABLE, f"{name} did not end within {spec.timeout:g} s")
        reasons = {NOT_FOUND: f"{name} is not found", NOT_EXECUTABLE: f"{name} cannot be executed"}
        return Verdict(Health.UNHEALTHY, reasons.get(code, f"{name} ended with exit code {code}"))

    async def _log_line(self, pattern: str, log: str, since: int) -> Verdict:
        found, problem = await asyncio.to_thread(self._lines.look, log, since, pattern)
        if found:
            return Verdict(Health.HEALTHY)
        return Verdict(
            Health.UNHEALTHY, problem or f"no line of the log matches {visible(pattern, 100)!r} so far"
        )


class _Answer:
    def __init__(self, status: int, body: bytes, server: str) -> None:
        self.status = status
        self.body = body
        self.server = server


async def _timed(check: Callable[[], Awaitable[Verdict]], deadline: float, told: float) -> Verdict:
    clock = asyncio.get_running_loop()
    began = clock.time()
    try:
        async with asyncio.timeout(deadline):
            verdict = await check()
    except TimeoutError:
        return Verdict(Health.UNREACHABLE, f"no answer within {told:g} s")
    took = clock.time() - began
    return Verdict(verdict.health, verdict.message, verdict.version, verdict.comfyui, took)


async def _lives() -> Verdict:
    return Verdict(Health.HEALTHY)


async def _tcp(target: str, port: int | None) -> Verdict:
    host, _, number = target.rpartition(":")
    host, number = (host, number) if target else ("127.0.0.1", str(port or ""))
    if not number.isdigit() or not host:
        return Verdict(Health.UNKNOWN, f"{visible(target, 60)!r} is not HOST:PORT")
    try:
        _, writer = await asyncio.open_connection(host.strip("[]"), int(number))
    except (OSError, OverflowError) as error:
        return _refused(error)
    writer.transport.abort()
    return Verdict(Health.HEALTHY)


def _client(context: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=context,
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # noqa: S113 - every check has a deadline for all of it
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        headers={"Accept-Encoding": "identity", "User-Agent": "ainf"},
    )


def _comfyui(answer: _Answer) -> Verdict:
    try:
        stats = system_stats(loads(answer.body))
    except (NotComfyError, ValueError):
        return Verdict(Health.UNHEALTHY, "it answers, but not as a ComfyUI")
    return Verdict(Health.HEALTHY, "", visible(stats.version, 40), comfyui=True)


def _no_answer(url: str, error: Exception) -> Verdict:
    said = visible(str(error), 100)
    if isinstance(error, httpx.ConnectError):
        return _refused(error)
    if isinstance(error, httpx.UnsupportedProtocol) or not isinstance(error, httpx.HTTPError):
        return Verdict(Health.UNKNOWN, f"{redact_url(url)} is no URL to ask: {said}")
    if isinstance(error, httpx.RemoteProtocolError):
        return Verdict(Health.UNHEALTHY, f"no HTTP comes back: {said}")
    return Verdict(Health.UNREACHABLE, f"the connection broke: {said}")


def _refused(error: Exception) -> Verdict:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return Verdict(Health.UNREACHABLE, "nothing listens there")
        cause = cause.__cause__ or cause.__context__
    return Verdict(Health.UNREACHABLE, f"no connection: {visible(str(error), 100)}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

"""What answers: ports, ComfyUI, its Manager, Redis."""

from __future__ import annotations

import asyncio
import configparser
import contextlib
import errno
import re
import socket
import ssl
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.answers import system_stats
from ainf_tui.adapters.listeners import listeners, listening_elsewhere
from ainf_tui.adapters.services.owners import port_owners
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.ports_services import PortOwner
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.domain.text import redact_url, visible
from ainf_tui.errors import AinfError

WITHIN = 5.0
_PROC = Path("/proc")
_MOST = 1_000_000


def ports(services: Iterable[ServiceSpec], ours: Collection[int] = ()) -> tuple[f.Port, ...]:
    """Each declared port. `ours`: pids of services that we started."""
    wanted = [(port, spec) for spec in services if _is_here(spec.host) for port in spec.ports]
    taken = {(spec.host, port): _taken(spec.host, port) for port, spec in wanted}
    found = []
    for port, spec in wanted:
        comfyui = spec.health.identity == "comfyui"
        if not taken[spec.host, port]:
            found.append(f.Port(port, spec.name, free=True, wants_comfyui=comfyui))
            continue
        owner = port_owners([port], spec.host).get(port)
        found.append(
            f.Port(
                port,
                spec.name,
                free=False,
                owner=_owner(owner),
                comfyui=comfyui and _is_comfyui(spec.host, port),
                wants_comfyui=comfyui,
                ours=owner is not None and owner.process is not None and owner.process.pid in ours,
            )
        )
    return tuple(found)


def _is_here(host: str) -> bool:
    """Whether a service of that host would be one of this box."""
    if host in {"", "localhost", "0.0.0.0", "::"}:  # noqa: S104 - compared
        return True
    try:
        with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return True
    except OSError:
        return False


def _taken(host: str, port: int) -> bool:
    """By binding it, which is what its service would do."""
    address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(address[0], socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(address[4])
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def _owner(owner: PortOwner | None) -> str:
    if owner is None or owner.process is None:
        return f"a process of {owner.user}" if owner is not None and owner.user else ""
    command = visible(" ".join(owner.command) or owner.name, 120)
    return f"pid {owner.process.pid} ({command})" + (f" of {owner.user}" if owner.user else "")


def _is_comfyui(host: str, port: int) -> bool:
    spec = BackendSpec("port", f"http://{f'[{host}]' if ':' in host else host}:{port}")
    return backend(spec, within=2.0).reachable


def backend(spec: BackendSpec, *, within: float = WITHIN) -> f.Backend:
    """Asks it who it is. Its command line is looked at here and told to nobody: it may hold secrets."""
    address = BackendAddress(spec.url, spec.headers, spec.token or None, spec.tls_verify, spec.tls_ca or None)
    own = [str(found) for found in bound_to(address.port)] if address.loopback else []
    facts: dict[str, str | bool] = {"name": spec.name, "url": address.shown, "local": address.loopback}
    try:
        response, asked = asyncio.run(_get(address, within))
    except TimeoutError:
        return _down(facts, f"no answer within {within:g} s")
    except (httpx.HTTPError, OSError) as error:
        return _down(facts, visible(str(error) or type(error).__name__, 200))
    except AinfError as error:
        return _down(facts, error.message)
    if response.status_code != 200:
        return _down(facts, f"it answers with HTTP {response.status_code}, not as a ComfyUI")
    try:
        stats = system_stats(response.json())
    except (ValueError, TypeError, RecursionError):
        return _down(facts, "what answers there is no ComfyUI")
    return f.Backend(
        spec.name,
        address.shown,
        reachable=True,
        local=address.loopback,
        version=visible(stats.version, 40),
        addresses=tuple(sorted(set(own))),
        cors=_cors(stats.argv),
        guarded=bool(spec.token or spec.headers or "@" in urlsplit(spec.url).netloc),
        clock=None if address.loopback else _clock(response, asked, address.host),
    )


def _down(facts: Mapping[str, str | bool], trouble: str) -> f.Backend:
    return f.Backend(
        str(facts["name"]), str(facts["url"]), reachable=False, local=bool(facts["local"]), trouble=trouble
    )


async def _get(address: BackendAddress, within: float) -> tuple[httpx.Response, datetime]:
    context = address.ssl_context()
    async with (
        asyncio.timeout(within),
        httpx.AsyncClient(
            verify=True if context is None else context,
            trust_env=False,
            headers=address.request_headers(),
            timeout=within,
        ) as client,
        client.stream("GET", address.endpoint("system_stats")) as response,
    ):
        asked = datetime.now(UTC)
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MOST:
                break
        return httpx.Response(response.status_code, headers=_plain(response), content=body), asked


def _plain(response: httpx.Response) -> dict[str, str]:
    """Without what no longer fits the body as it was read."""
    return {k: v for k, v in response.headers.items() if k in {"date", "content-type"}}


def _clock(response: httpx.Response, asked: datetime, host: str) -> f.Clock | None:
    try:
        theirs = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    # A Date has whole seconds, rounded down.
    skew = (asked - theirs.astimezone(UTC)).total_seconds() - 0.5
    return f.Clock(skew if abs(skew) > 1 else 0.0, f"ComfyUI at {visible(host, 100)}")


def bound_to(port: int, proc: Path = _PROC) -> list[str]:
    """The addresses on which something of this box listens on that port."""
    if (proc / "net/tcp").exists():
        return [str(found.address) for found in listeners(proc) if found.port == port]
    return [str(address) for address, taken, _ in listening_elsewhere() if taken == port]


def _cors(argv: tuple[str, ...]) -> str:
    """`--enable-cors-header [ORIGIN]`; without an origin it is every one."""
    for number, argument in enumerate(argv):
        option, equals, value = argument.partition("=")
        if option == "--enable-cors-header":
            following = argv[number + 1] if number + 1 < len(argv) else ""
            return value if equals else "*" if not following or following.startswith("-") else following
    return ""


def manager(comfyui: Path | None) -> f.Manager:
    """ComfyUI-Manager's config.ini, at the places of its old and new versions."""
    if comfyui is None:
        return f.Manager()
    node = comfyui / "custom_nodes"
    version = next((v for name in _MANAGER if (v := _project_version(node / name / "pyproject.toml"))), "")
    places = [
        comfyui / "user/__manager/config.ini",
        comfyui / "user/default/ComfyUI-Manager/config.ini",
        *(node / name / "config.ini" for name in _MANAGER),
    ]
    for path in places:
        if path.is_file():
            parser = configparser.ConfigParser(strict=False, interpolation=None)
            parser.read_string(path.read_text(errors="replace"), str(path))
            level = parser.get("default", "security_level", fallback="").strip().lower()
            return f.Manager(str(path), visible(level, 40), version)
    return f.Manager()


_MANAGER = ("ComfyUI-Manager", "comfyui-manager")


def _project_version(path: Path) -> str:
    try:
        found = re.search(r'^version\s*=\s*"([^"]+)"', path.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        return ""
    return visible(found[1], 40) if found else ""


def redis(url: str, *, within: float = 3.0) -> f.Redis:
    """PING, after AUTH where the address has a password."""
    if not url:
        return f.Redis()
    parts, shown = urlsplit(url), visible(redact_url(url), 200)
    try:
        with contextlib.ExitStack() as stack:
            address = (parts.hostname or "127.0.0.1", parts.port or 6379)
            line = stack.enter_context(socket.create_connection(address, within))
            line.settimeout(within)
            if parts.scheme == "rediss":
                line = stack.enter_context(
                    ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
                )
            if parts.password:
                login = [unquote(parts.username)] if parts.username else []
                answer = _redis_call(line, "AUTH", *login, unquote(parts.password))
                if not answer.startswith("+"):
                    return f.Redis(shown, trouble=f"it refuses the login: {answer[1:]}")
            answer = _redis_call(line, "PING")
    except OSError as error:
        return f.Redis(shown, trouble=error.strerror or str(error) or "no answer")
    if answer == "+PONG":
        return f.Redis(shown, answered=True)
    return f.Redis(shown, trouble=f"it answers {answer!r}")


def _redis_call(line: socket.socket, *words: str) -> str:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    line.sendall(b"".join(parts))
    answer = b""
    while not answer.endswith(b"\r\n") and len(answer) < 1000:
        chunk = line.recv(1000)
        if not chunk:
            break
        answer += chunk
    return visible(answer.decode("utf-8", "replace").strip(), 200)

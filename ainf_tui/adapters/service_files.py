"""Service definitions from `presets/services.toml` and the user's `services.toml`.

The user's keys replace the built-in ones one by one. A flaw costs its service alone and is told with file
and line. The format is in the built-in file, which is meant to be copied, and in docs/services.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ainf_tui.adapters.manifests import Manifest, Table
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.services import (
    Condition,
    Definitions,
    Dependency,
    HealthSpec,
    Restart,
    RestartSpec,
    ServiceSpec,
    StopSpec,
)
from ainf_tui.domain.services_order import usable
from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError

CODE = "service.bad_definition"
BUILT_IN = "built in"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_KINDS = ("http", "tcp", "exec", "log_line")
_SIGNALS = ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL")
_PROVIDERS = ("comfyui",)


class ServiceFiles:
    """The definitions as the files have them now. A file is parsed again only when it has changed."""

    def __init__(self, builtin: Path, user: Path, more: Sequence[ServiceSpec] = ()) -> None:
        """`more`: what settings say of services; keys of the files replace it one by one."""
        self._files = ((builtin, BUILT_IN), (user, ""))
        self._more = tuple(more)
        self._seen: tuple[tuple[int, int] | None, ...] | None = None
        self._last = Definitions({}, ())

    def read(self) -> Definitions:
        """Blocking; never raises for a file."""
        seen = tuple(_stamp(path) for path, _ in self._files)
        if seen != self._seen:
            self._last = read_services(self._files[0][0], self._files[1][0], self._more)
            self._seen = seen
        return self._last


def read_services(builtin: Path, user: Path, more: Sequence[ServiceSpec] = ()) -> Definitions:
    """Every service that can be used, in the order of declaration, and what is wrong with the others."""
    found = {spec.name: spec for spec in more}
    problems: list[Problem] = []
    for path, source in ((builtin, BUILT_IN), (user, visible(str(user), 300))):
        for name, read in _services(path, source, found):
            if isinstance(read, Problem):
                problems.append(read)
                found.pop(name, None)
            else:
                found[name] = read
    good, flawed = usable(found)
    return Definitions(good, (*problems, *flawed))


def _services(
    path: Path, source: str, known: dict[str, ServiceSpec]
) -> Iterator[tuple[str, ServiceSpec | Problem]]:
    if not path.is_file():
        return
    try:
        root = Manifest(path, CODE).root
        tables = root.table("services")
        root.refuse_rest()
    except UsageError as error:
        yield "", _problem("", error)
        return
    for name in tables.names():
        base = known.get(name, ServiceSpec(name))
        try:
            if not _NAME.fullmatch(name):
                reason = "is no name for a service"
                raise tables.flaw(name, reason, "Small letters, digits, - and _, at most 40, a letter first.")
            yield name, _service(tables.table(name), replace(base, source=source))
        except UsageError as error:
            yield name, _problem(name, error)


def _problem(name: str, error: UsageError) -> Problem:
    told = f"service {visible(name, 60)}: {error.message}" if name else error.message
    return Problem(CODE, told, error.hint, details={**error.details, "service": name})


def _service(table: Table, base: ServiceSpec) -> ServiceSpec:
    own_command = "command" in table
    command = table.texts("command") if own_command else base.command
    spec = replace(
        base,
        title=table.text("title", base.title),
        command=command,
        provider=_choice(table, "provider", "" if own_command else base.provider, _PROVIDERS),
        cwd=_folder(table, base.cwd),
        env={**base.env, **_env(table.table("env"))},
        ports=_ports(table, base.ports),
        host=table.text("host", base.host),
        depends_on=_depends_on(table) if "depends_on" in table else base.depends_on,
        health=base.health,
        stop=_stop(table.table("stop"), base.stop),
        restart=_restart(table, base.restart),
        log_file=table.text("log_file", base.log_file),
        autostart=table.flag("autostart") if "autostart" in table else base.autostart,
    )
    spec = replace(spec, health=_health(table.table("health"), spec))
    table.refuse_rest()
    if spec.watched and not spec.ports and spec.health.kind == "process":
        reason = "is missing: there is nothing to start and no port to watch"
        raise table.flaw("command", reason, 'Write command = ["program", "argument"], or ports = [5432].')
    return spec


def _folder(table: Table, base: str) -> str:
    """An absolute folder: the engine's own means nothing to a user."""
    given = table.text("cwd", base)
    if not given or given.startswith("{"):
        return given
    path = Path(given).expanduser()
    if not path.is_absolute():
        raise table.flaw(
            "cwd", f"{visible(given, 100)} is not absolute", 'Write cwd = "/folder" or "~/folder".'
        )
    return str(path)


def _env(table: Table) -> dict[str, str]:
    return {name: table.text(name, "") for name in table.names()}


def _ports(table: Table, base: tuple[int, ...]) -> tuple[int, ...]:
    if "ports" not in table:
        return base
    ports = table.numbers("ports")
    for port in ports:
        if not isinstance(port, int) or not 0 < port < 65_536:
            raise table.flaw("ports", f"{port} is no port", "Write ports = [8188], from 1 to 65535.")
    if len(set(ports)) < len(ports):
        raise table.flaw("ports", "names a port twice", "Write each port once.")
    return tuple(int(port) for port in ports)


def _depends_on(table: Table) -> tuple[Dependency, ...]:
    """`["db"]`: healthy before this starts. `{ db = "started" }`: another condition."""
    if not table.is_table("depends_on"):
        return tuple(Dependency(name) for name in table.texts("depends_on"))
    needs = table.table("depends_on")
    conditions = tuple(Condition)
    return tuple(
        Dependency(name, Condition(_choice(needs, name, Condition.HEALTHY, conditions)))
        for name in needs.names()
    )


def _health(table: Table, spec: ServiceSpec) -> HealthSpec:
    base = spec.health
    kinds = [kind for kind in _KINDS if kind in table]
    if len(kinds) > 1:
        reason = f"and {kinds[0]} are both given"
        raise table.flaw(kinds[1], reason, "A service has one health check; take one of them out.")
    checked = _check(table, kinds[0], base) if kinds else _default_check(base, spec)
    found = replace(
        checked,
        identity=_choice(table, "identity", checked.identity, ("comfyui",)),
        period=_time(table, "period", base.period or 0.0) or None,
        failures=_count(table, "failures", base.failures),
        successes=_count(table, "successes", base.successes),
        delay=_time(table, "delay", base.delay),
        timeout=_time(table, "timeout", base.timeout),
        start_timeout=_time(table, "start_timeout", base.start_timeout),
    )
    table.refuse_rest()
    return found


def _check(table: Table, kind: str, base: HealthSpec) -> HealthSpec:
    if kind == "exec":
        command = table.texts("exec")
        if not command:
            raise table.flaw("exec", "is empty", 'Write exec = ["program", "argument"].')
        return replace(base, kind=kind, command=command, target="", identity="")
    target = table.text(kind)
    if kind == "log_line":
        try:
            re.compile(target)
        except re.error as error:
            raise table.flaw(kind, f"is no regular expression: {error}", "Plain words are one.") from error
    elif kind == "http" and target.startswith("/"):
        target = "http://{host}:{port}" + target
    elif kind == "http" and not target.startswith(("http://", "https://")):
        raise table.flaw(kind, "is neither a path nor a URL", 'Write http = "/health".')
    elif kind == "tcp" and not re.fullmatch(r"\S+:(\d+|\{port\})", target):
        raise table.flaw(kind, "is not HOST:PORT", 'Write tcp = "{host}:{port}".')
    return replace(base, kind=kind, target=target, command=(), identity="")


def _default_check(base: HealthSpec, spec: ServiceSpec) -> HealthSpec:
    """Without a check of its own a service is well when its first port takes connections, else while it
    lives.
    """
    if base.kind == "process" and spec.ports:
        return replace(base, kind="tcp", target="{host}:{port}")
    return base


def _stop(table: Table, base: StopSpec) -> StopSpec:
    found = StopSpec(
        signal=_choice(table, "signal", base.signal, _SIGNALS).removeprefix("SIG"),
        timeout=_time(table, "timeout", base.timeout),
        command=table.texts("command") if "command" in table else base.command,
    )
    table.refuse_rest()
    return found


def _restart(table: Table, base: RestartSpec) -> RestartSpec:
    if not table.is_table("restart"):
        return replace(base, policy=Restart(_choice(table, "restart", base.policy, tuple(Restart))))
    own = table.table("restart")
    most = own.size("max_restarts")
    found = RestartSpec(
        policy=Restart(_choice(own, "policy", base.policy, tuple(Restart))),
        delay=_time(own, "delay", base.delay),
        max_delay=_time(own, "max_delay", base.max_delay),
        reset_after=_time(own, "reset_after", base.reset_after),
        max_restarts=base.max_restarts if most is None else most,
    )
    own.refuse_rest()
    return found


def _choice(table: Table, name: str, base: str, allowed: Sequence[str]) -> str:
    given = table.text(name, base)
    plain = given.upper().removeprefix("SIG") if allowed is _SIGNALS else given
    if plain != base and plain not in allowed:
        raise table.flaw(name, f"{visible(given, 60)} is none of {', '.join(allowed)}", "Write one of them.")
    return plain


def _time(table: Table, name: str, base: float) -> float:
    value = table.number(name)
    if value is None:
        return base
    if not 0 <= value <= 86_400:
        raise table.flaw(name, f"{value} is no time from 0 to 86400 seconds", "Write seconds.")
    return float(value)


def _count(table: Table, name: str, base: int) -> int:
    value = table.size(name)
    if value == 0:
        raise table.flaw(name, "must be at least 1", f"Write {name} = 1.")
    return base if value is None else value


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size

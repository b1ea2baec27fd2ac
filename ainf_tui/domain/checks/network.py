"""Verdicts on ports, ComfyUI, the database and Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ainf_tui.domain.check_documents import CheckDocument, FixDocument
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.checks.verdict import ERROR, INFO, OK, WARNING, check_of, not_seen, version_of

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what is looked for, not what is bound
_LEVELS = {"weak": ERROR, "normal-": WARNING, "normal": OK, "strong": OK}


def ports(found: tuple[f.Port, ...] | f.Unknown) -> tuple[CheckDocument, ...]:
    if isinstance(found, f.Unknown):
        return (not_seen("ports.use", found),)
    return tuple(_port(port) for port in found)


def _port(port: f.Port) -> CheckDocument:
    check, name = "ports.use", str(port.number)
    details: dict[str, Any] = {"port": port.number, "service": port.service, "free": port.free}
    if port.free:
        return check_of(check, OK, f"free, for {port.service}", name=name, **details)
    evidence = f"in use by {port.owner or 'a process that this user may not see'}"
    if port.ours or (port.wants_comfyui and port.comfyui):
        return check_of(check, OK, f"{evidence}, which is {port.service}", name=name, **details)
    if not port.wants_comfyui:
        hint = f"If that is not {port.service}: stop it, or change the port in services.toml."
        return check_of(check, INFO, evidence, name=name, hint=hint, **details)
    hint = (
        f"{port.service} cannot start there. Stop that program, or give {port.service} another port: "
        "ports in services.toml, and the address in AINF_COMFYUI_URL."
    )
    return check_of(check, WARNING, f"{evidence}; no ComfyUI answers there", name=name, hint=hint, **details)


def reachable(name: str, found: f.Backend | f.Unknown) -> CheckDocument:
    check = "comfyui.reachable"
    if isinstance(found, f.Unknown):
        return not_seen(check, found, name)
    if not found.reachable:
        hint = "Start ComfyUI, or name its address: AINF_COMFYUI_URL=http://HOST:8188."
        return check_of(check, ERROR, f"{found.url}: {found.trouble}", name=name, hint=hint)
    version = found.version or "of an unknown version"
    return check_of(check, OK, f"ComfyUI {version} at {found.url}", name=name, version=found.version)


def advisories(name: str, found: f.Backend | f.Unknown, thresholds: f.Thresholds) -> CheckDocument:
    check = "comfyui.advisories"
    if isinstance(found, f.Unknown):
        return not_seen(check, found, name)
    if not found.reachable:
        return not_seen(check, f.Unknown("ComfyUI does not answer, so its version is not known"), name)
    version = version_of(found.version)
    if version is None:
        return not_seen(check, f.Unknown("ComfyUI does not tell its version"), name)
    known = affecting(thresholds.advisories, "comfyui", version)
    table = f"as of {thresholds.advisories_as_of}"
    if not known:
        return check_of(check, OK, f"ComfyUI {found.version} has no known advisory ({table})", name=name)
    return _weak(check, f"ComfyUI {found.version}", known, table, name)


def affecting(table: Sequence[f.Advisory], product: str, version: tuple[int, ...]) -> tuple[f.Advisory, ...]:
    """Those that hold for that version."""
    return tuple(
        advisory
        for advisory in table
        if advisory.product == product
        and version < (version_of(advisory.fixed) or ())
        and version >= (version_of(advisory.since) or ())
    )


def _weak(check: str, what: str, known: Sequence[f.Advisory], table: str, name: str = "") -> CheckDocument:
    fixed = max((version_of(a.fixed) or (), a.fixed) for a in known)[1]
    count = f"{len(known)} known advisor{'y' if len(known) == 1 else 'ies'}"
    told = "; ".join(f"{a.id} {a.title}" for a in known)
    return check_of(
        check,
        WARNING,
        f"{what} has {count} (fixed in {fixed}; {table}): {told}",
        name=name,
        hint=f"Update to {fixed} or newer; until then let nobody but you reach it.",
        advisories=[{"id": a.id, "title": a.title, "fixed": a.fixed, "source": a.source} for a in known],
    )


def exposure(name: str, found: f.Backend | f.Unknown) -> CheckDocument:
    """ComfyUI has no login: who reaches it can run what its nodes can."""
    check = "comfyui.exposure"
    if isinstance(found, f.Unknown):
        return not_seen(check, found, name)
    if not found.reachable:
        return not_seen(check, f.Unknown("ComfyUI does not answer"), name)
    if found.cors == "*":
        hint = "Any page in a browser that reaches it can use it: start ComfyUI without --enable-cors-header."
        return check_of(check, ERROR, "it answers pages of every other site (CORS *)", name=name, hint=hint)
    return _bound(name, found) if found.local else _remote(name, found)


def _remote(name: str, found: f.Backend) -> CheckDocument:
    check = "comfyui.exposure"
    if found.guarded:
        return check_of(check, OK, f"reached over the network at {found.url}, with a login", name=name)
    hint = "Let it listen on 127.0.0.1 and reach it through ssh -L, or put a login before it."
    evidence = f"reached over the network at {found.url}, without a login"
    return check_of(check, WARNING, evidence, name=name, hint=hint)


def _bound(name: str, found: f.Backend) -> CheckDocument:
    check = "comfyui.exposure"
    if not found.addresses:
        return not_seen(check, f.Unknown("the addresses it listens on cannot be seen"), name)
    shown = ", ".join(found.addresses)
    if _EVERYWHERE & {*found.addresses}:
        hint = "It has no login: start it without --listen and reach it through ssh -L 8188:127.0.0.1:8188."
        return check_of(check, ERROR, f"it listens on every address ({shown})", name=name, hint=hint)
    if any(not (address.startswith("127.") or address == "::1") for address in found.addresses):
        hint = "It has no login: whoever reaches that address can use it. 127.0.0.1 with ssh -L is safe."
        return check_of(check, WARNING, f"it listens on {shown}", name=name, hint=hint)
    return check_of(check, OK, f"it listens on {shown} only", name=name)


def manager(found: f.Manager | f.Unknown, thresholds: f.Thresholds) -> CheckDocument:
    check = "comfyui.manager"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.path:
        return check_of(check, OK, "no ComfyUI-Manager is known on this box")
    version = version_of(found.version)
    known = affecting(thresholds.advisories, "comfyui-manager", version) if version else ()
    if found.level not in _LEVELS:
        told = f"{found.level!r} is none that is known" if found.level else "there is none"
        return not_seen(check, f.Unknown(f"{found.path}: security_level: {told}"))
    evidence = f"security_level = {found.level} ({found.path})"
    severity = _LEVELS[found.level]
    if severity != OK:
        hint = "Set security_level = normal: with less, pages and workflows can install code."
        return check_of(check, severity, evidence, hint=hint, level=found.level)
    if known:
        return _weak(check, f"ComfyUI-Manager {found.version}", known, f"as of {thresholds.advisories_as_of}")
    return check_of(check, OK, evidence, level=found.level)


def database(found: f.Database | f.Unknown) -> CheckDocument:
    check = "database.reachable"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.exists:
        return check_of(check, OK, f"{found.url} is not there yet; the engine makes it when it starts")
    if not found.reachable:
        hint = found.hint or "See `ainf db info`; the address is the setting database.url."
        return check_of(check, ERROR, f"{found.url}: {found.trouble}", hint=hint)
    return check_of(check, OK, f"{found.url}, {found.kind} {found.version}".rstrip(), version=found.version)


def revision(found: f.Database | f.Unknown) -> CheckDocument:
    check = "database.revision"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.exists:
        return check_of(check, OK, "there is no database yet")
    if not found.state:
        return not_seen(check, f.Unknown(found.trouble or "the database does not tell its revision"))
    evidence = f"{found.revision or '?'}; this ainf has {found.head}"
    if found.state == "current":
        return check_of(check, OK, evidence)
    if found.state == "older":
        return check_of(
            check,
            WARNING,
            evidence,
            hint="The engine migrates it when it starts; `ainf db upgrade` does it now and keeps a copy.",
            fix=FixDocument("migrate", "Bring the database up to date", ("ainf db upgrade",)),
        )
    return check_of(check, ERROR, evidence, hint="Update ainf, or give it another database (database.url).")


def redis(found: f.Redis | f.Unknown) -> CheckDocument:
    check = "services.redis"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.url:
        return check_of(check, OK, "none is set")
    if found.answered:
        return check_of(check, OK, f"{found.url} answers PING")
    hint = "Start it, or correct redis.url (`ainf config list`)."
    return check_of(check, ERROR, f"{found.url}: {found.trouble}", hint=hint)

"""Verdicts on the machine and its tools."""

from __future__ import annotations

from typing import Any

from ainf_tui.domain.check_documents import CheckDocument, FixDocument
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.checks.verdict import ERROR, GIB, INFO, OK, WARNING, check_of, not_seen

OLDEST_PYTHON = (3, 11)
"""The oldest Python that is enough."""
MEMORY_TOTAL = 8 * GIB
MEMORY_FREE = 1 * GIB
SWAP_SMALL = 32 * GIB
"""Boxes with less memory than this are better off with some swap: a checkpoint is read whole."""
SKEW = 5.0
SKEW_BAD = 60.0
FILES = 1024
WATCHES, INSTANCES = 8192, 64
_KINDS = {"git": "tools.git", "pip": "tools.pip", "node": "tools.node"}


def python(found: f.PythonFacts | f.Unknown) -> CheckDocument:
    check = "python.version"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    version = ".".join(map(str, found.version))
    details: dict[str, Any] = {"version": version, "path": found.executable, "system": found.system}
    evidence = f"{version}, {found.executable}"
    if found.version[:2] < OLDEST_PYTHON:
        hint = "ainf needs Python 3.11 or newer; install one, then start ainf with it."
        return check_of(check, ERROR, evidence, hint=hint, **details)
    if not found.venv:
        return check_of(
            check,
            INFO,
            f"{evidence}, shared with the system",
            hint="An environment of its own is safer (python3 -m venv, pipx or uv tool): updates of the "
            "system's packages cannot break it.",
            **details,
        )
    return check_of(check, OK, f"{evidence}, in an environment of its own", **details)


def tool(kind: str, found: f.Tool | f.Unknown) -> CheckDocument:
    """`kind`: git, pip or node."""
    check = _KINDS[kind]
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if kind == "node" and not found.needed_by:
        return check_of(check, OK, "no service needs it")
    needed = f", needed by {', '.join(found.needed_by)}" if found.needed_by else ""
    if not found.path:
        serious = ERROR if found.needed_by else WARNING
        return check_of(check, serious, f"not found in PATH{needed}", hint=_INSTALL[kind])
    if found.trouble:
        return check_of(check, WARNING, f"{found.path} does not run: {found.trouble}", hint=_INSTALL[kind])
    evidence = f"{found.version}, {found.path}{needed}"
    return check_of(check, OK, evidence, version=found.version, path=found.path)


_INSTALL = {
    "git": "ComfyUI and its nodes are fetched with git. Install it: apt install git, brew install git.",
    "pip": "Packages of ComfyUI and its nodes are installed with it. Install uv (https://docs.astral.sh/uv) "
    "or pip: apt install python3-pip.",
    "node": "Install Node.js LTS (https://nodejs.org), or take the service out of services.toml.",
}


def memory(found: f.Memory | f.Unknown) -> CheckDocument:
    check = "system.memory"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    evidence = f"{_gib(found.available)} of {_gib(found.total)} free"
    details: dict[str, Any] = {"total": found.total, "available": found.available}
    if found.available < MEMORY_FREE:
        hint = "Stop what is not needed; the kernel may end ComfyUI next (out of memory)."
        return check_of(check, WARNING, evidence, hint=hint, **details)
    if found.total < MEMORY_TOTAL:
        hint = "Large models need more than 8 GiB; small ones with swap, or ComfyUI with --lowvram."
        return check_of(check, WARNING, evidence, hint=hint, **details)
    return check_of(check, OK, evidence, **details)


def swap(found: f.Memory | f.Unknown) -> CheckDocument:
    check = "system.swap"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    details: dict[str, Any] = {"total": found.swap_total, "used": found.swap_used}
    if found.swap_total == 0:
        if found.total >= SWAP_SMALL:
            return check_of(check, OK, f"none, with {_gib(found.total)} of memory", **details)
        hint = "Loading a large checkpoint may be ended by the kernel; some swap gives room."
        return check_of(check, INFO, f"none, with {_gib(found.total)} of memory", hint=hint, **details)
    evidence = f"{_gib(found.swap_used)} of {_gib(found.swap_total)} used"
    if found.swap_used > 0.8 * found.swap_total and found.available < found.total * 0.1:
        hint = "The box has more in memory than it holds and becomes slow; stop what is not needed."
        return check_of(check, WARNING, evidence, hint=hint, **details)
    return check_of(check, OK, evidence, **details)


def clock(found: f.Clock | f.Unknown) -> CheckDocument:
    check = "system.clock"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    hint = "Let a time service set it: timedatectl set-ntp true."
    synchronized = {True: "time service: synchronized", False: "time service: not synchronized", None: ""}
    service = synchronized[found.synchronized]
    if found.skew is None:
        if found.synchronized is None:
            return not_seen(check, f.Unknown("there is no time service and no other clock to compare with"))
        if found.synchronized:
            return check_of(check, OK, service)
        return check_of(check, INFO, service, hint=hint)
    side = "ahead of" if found.skew > 0 else "behind"
    evidence = (
        f"{abs(found.skew):.0f} s {side} {found.against}"
        if abs(found.skew) >= 1
        else (f"same as {found.against}")
    )
    evidence += f"; {service}" if service else ""
    skew = abs(found.skew)
    severity = ERROR if skew >= SKEW_BAD else WARNING if skew >= SKEW else OK
    return check_of(check, severity, evidence, hint="" if severity == OK else hint, skew=found.skew)


def locale(found: str | f.Unknown) -> CheckDocument:
    """`found`: the encoding of text."""
    check = "system.locale"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if found.lower().replace("-", "").replace("_", "") == "utf8":
        return check_of(check, OK, found)
    hint = "Prompts and file names in other scripts get lost: export LANG=C.UTF-8."
    return check_of(check, WARNING, f"text is {found or 'of no known encoding'}", hint=hint)


def limits(found: f.Limits | f.Unknown) -> CheckDocument:
    check = "system.files"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    evidence = f"{found.files_soft}, can be raised to {found.files_hard}"
    if found.files_soft >= FILES:
        return check_of(check, OK, evidence, soft=found.files_soft, hard=found.files_hard)
    hint = f"Raise it in the shell that starts ainf: ulimit -n {min(4096, found.files_hard)}."
    if found.files_hard < FILES:
        hint = "Raise it in /etc/security/limits.conf (nofile), then log in again."
    return check_of(check, WARNING, evidence, hint=hint, soft=found.files_soft, hard=found.files_hard)


def inotify(found: f.Limits | f.Unknown) -> CheckDocument:
    check = "system.inotify"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if found.watches is None or found.instances is None:
        return check_of(check, INFO, "this system has no inotify")
    evidence = f"{found.watches} watches, {found.instances} instances"
    if found.watches >= WATCHES and found.instances >= INSTANCES:
        return check_of(check, OK, evidence)
    hint = "Programs that watch many files may fail: sysctl fs.inotify.max_user_watches=524288."
    return check_of(check, WARNING, evidence, hint=hint)


def logout(found: f.Logout | f.Unknown) -> CheckDocument:
    check = "system.logout"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.logind:
        return check_of(check, OK, "no systemd-logind here that would end processes at logout")
    if not found.kills:
        return check_of(check, OK, "processes are left alone at logout")
    if found.linger:
        return check_of(check, OK, f"KillUserProcesses is on, and {found.user} lingers")
    if found.linger is None:
        return not_seen(check, f.Unknown("KillUserProcesses is on; whether this user lingers is not told"))
    return check_of(
        check,
        WARNING,
        f"KillUserProcesses is on, and {found.user} does not linger: engine and ComfyUI end with the login",
        hint="Let processes of this user go on after logout: loginctl enable-linger.",
        fix=FixDocument(
            "linger", "Let processes go on after logout", (f"loginctl enable-linger {found.user}",)
        ),
    )


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"


def settings(trouble: str) -> CheckDocument:
    """`trouble`: what is wrong with them; empty: nothing."""
    check = "system.settings"
    if not trouble:
        return check_of(check, OK, "they can be read")
    hint = "`ainf config validate` lists all that is wrong; meanwhile the defaults were looked at."
    return check_of(check, ERROR, trouble, hint=hint)


def engine(running: str, trouble: str) -> CheckDocument:
    """`running`: how it runs; `trouble`: why it does not, where it should."""
    check = "services.engine"
    if running:
        return check_of(check, OK, running)
    if trouble:
        hint = "`ainf engine logs` and the issues here say why; these checks ran without it."
        return check_of(check, ERROR, trouble, hint=hint)
    return check_of(check, INFO, "none runs; the next command that needs one starts it")

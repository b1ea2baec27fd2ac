"""The machine: interpreter, tools, memory, limits, login system."""

from __future__ import annotations

import configparser
import locale
import os
import platform
import re
import resource
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from ainf_tui.adapters.checks.commands import CouldNotLookError, ask
from ainf_tui.adapters.processes import user_name
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.domain.text import visible

WITHIN = 4.0
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*")
_NODE = frozenset({"node", "npm", "npx", "pnpm", "yarn"})
_LOGIND = (Path("/usr/lib/systemd"), Path("/run/systemd"), Path("/etc/systemd"))
"""Folders with logind.conf and logind.conf.d; the later win."""


def python() -> f.PythonFacts:
    version = (sys.version_info.major, sys.version_info.minor, sys.version_info.micro)
    return f.PythonFacts(version, sys.executable, sys.prefix != sys.base_prefix, _system())


def _system() -> str:
    """`Debian GNU/Linux 12 (bookworm), Linux 6.8.0 x86_64`."""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return kernel
    return visible(f"{name}, {kernel}", 200) if name else kernel


def tool(names: Sequence[str], *, needed_by: Sequence[str] = (), path: str | None = None) -> f.Tool:
    """The first of `names` that is in PATH, and its version by running it."""
    found = next(((name, where) for name in names if (where := shutil.which(name, path=path))), None)
    needed = tuple(needed_by)
    if found is None:
        return f.Tool(names[0], needed_by=needed)
    name, where = found
    said = ask([where, "--version"], within=WITHIN)
    if said.code != 0:
        return f.Tool(name, where, trouble=said.trouble, needed_by=needed)
    version = _VERSION.search(said.out)
    return f.Tool(name, where, f"{name} {version.group()}" if version else said.trouble, needed_by=needed)


def needing_node(services: Iterable[ServiceSpec]) -> tuple[str, ...]:
    """Names of the services that node runs."""
    return tuple(s.name for s in services if s.command and Path(s.command[0]).name in _NODE)


def memory() -> f.Memory:
    ram, swap = psutil.virtual_memory(), psutil.swap_memory()
    return f.Memory(ram.total, ram.available, swap.total, swap.used)


def encoding() -> str:
    """Of text by the locale, whatever mode Python itself is in."""
    return locale.getencoding()


def limits(proc: Path = Path("/proc")) -> f.Limits:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    folder = proc / "sys/fs/inotify"
    return f.Limits(
        _unlimited(soft),
        _unlimited(hard),
        _number(folder / "max_user_watches"),
        _number(folder / "max_user_instances"),
    )


def _unlimited(count: int) -> int:
    return 2**31 if count == resource.RLIM_INFINITY else count


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None


def logout(user: str = "", folders: Sequence[Path] = _LOGIND, run: Path = Path("/run/systemd")) -> f.Logout:
    """As logind's files say; whether the user lingers comes from loginctl."""
    user = user or user_name(os.getuid())
    if not (run / "seats").is_dir():  # logind makes it when it starts
        return f.Logout(logind=False, user=user)
    kills = kills_user(user, list(_files(folders)))
    if not kills:
        return f.Logout(logind=True, user=user)
    return f.Logout(logind=True, kills=True, linger=_linger(user), user=user)


def kills_user(user: str, files: Sequence[Path]) -> bool:
    """KillUserProcesses, KillOnlyUsers and KillExcludeUsers of these files; later ones win."""
    values: dict[str, str] = {}
    for path in files:
        parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
        parser.read_string(path.read_text(errors="replace"), str(path))
        if parser.has_section("Login"):
            values |= dict(parser["Login"])
    only, excluded = values.get("killonlyusers", "").split(), values.get("killexcludeusers", "root").split()
    kills = values.get("killuserprocesses", "no").strip().lower() in {"yes", "true", "1", "on"}
    return kills and user not in excluded and (not only or user in only)


def _files(folders: Sequence[Path]) -> Iterable[Path]:
    yield from (path for folder in folders if (path := folder / "logind.conf").is_file())
    dropped = {path.name: path for folder in folders for path in (folder / "logind.conf.d").glob("*.conf")}
    yield from (dropped[name] for name in sorted(dropped))


def _linger(user: str) -> bool | None:
    try:
        said = ask(["loginctl", "show-user", user, "--property=Linger", "--value"], within=WITHIN)
    except CouldNotLookError:
        return None
    word = said.out.strip()
    return {"yes": True, "no": False}.get(word) if said.code == 0 else None


def synchronized() -> bool | None:
    """What the time service says; None where there is none to ask."""
    if shutil.which("timedatectl") is None:
        return None
    said = ask(["timedatectl", "show", "--property=NTPSynchronized", "--value"], within=WITHIN)
    return {"yes": True, "no": False}.get(said.out.strip()) if said.code == 0 else None

"""All probes at once, each in a thread of its own and with its own deadline."""

from __future__ import annotations

import logging
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ainf_tui.adapters.checks import database, disk, gpu, network, system
from ainf_tui.adapters.checks.commands import CouldNotLookError
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError

log = logging.getLogger("ainf.checks")
T = TypeVar("T")
WITHIN = 8.0
_LONGER: Mapping[str, float] = {"torch": gpu.TORCH_WITHIN + 2, "gpus": 2 * gpu.SMI_WITHIN + 2, "cache": 15.0}
_EXPECTED = (CouldNotLookError, AinfError, OSError, ValueError, subprocess.SubprocessError)


@dataclass(frozen=True, slots=True)
class Target:
    """What there is to look at, from settings and locations."""

    folders: Mapping[str, Path]
    backends: Sequence[BackendSpec] = ()
    services: Sequence[ServiceSpec] = ()
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    comfyui: Path | None = None
    """The ComfyUI of this box, if its folder is there."""
    python: str = ""
    """Its interpreter."""
    lock: Path = Path("engine.lock")
    leftovers: Sequence[Path] = ()


def gather(target: Target) -> f.Facts:
    """Blocking. Threads that hang (a dead network disk) are left behind and hold nobody up."""
    probes = _probes(target)
    found = at_once(probes, {name: _LONGER.get(name, WITHIN) for name in probes})
    folders = {name: found[f"folder {name}"] for name in (*target.folders, "tmp")}
    backends = {spec.name: found[f"backend {spec.name}"] for spec in target.backends}
    synchronized = found.pop("synchronized")
    plain = {name: value for name, value in found.items() if " " not in name}
    return f.Facts(
        **plain,
        clock=clock(tuple(backends.values()), found["database"], synchronized),
        folders=folders,
        backends=backends,
    )


def _probes(target: Target) -> dict[str, Callable[[], Any]]:
    node = system.needing_node(target.services)
    probes: dict[str, Callable[[], Any]] = {
        "python": system.python,
        "git": lambda: system.tool(["git"]),
        "pip": lambda: system.tool(["uv", "pip3", "pip"]),
        "node": lambda: system.tool(["node"], needed_by=node),
        "memory": system.memory,
        "encoding": system.encoding,
        "limits": system.limits,
        "logout": system.logout,
        "synchronized": system.synchronized,
        "gpus": gpu.gpus,
        "torch": lambda: gpu.torch(target.python),
        "ports": lambda: network.ports(target.services),
        "manager": lambda: network.manager(target.comfyui),
        "database": lambda: database.database(target.database_url),
        "redis": lambda: network.redis(target.redis_url),
        "leftovers": lambda: disk.leftovers(target.lock, target.leftovers),
        "cache": lambda: disk.cache(target.folders["cache"]),
    }
    for name, path in {**target.folders, "tmp": Path(tempfile.gettempdir())}.items():
        probes[f"folder {name}"] = partial(disk.folder, name, path)
    for spec in target.backends:
        probes[f"backend {spec.name}"] = partial(network.backend, spec)
    return probes


def at_once(probes: Mapping[str, Callable[[], T]], within: Mapping[str, float]) -> dict[str, T | f.Unknown]:
    """What each found; `Unknown` for one that failed or was not done `within` its seconds."""
    found: dict[str, T | f.Unknown] = {}
    begun = time.monotonic()
    threads = {
        name: threading.Thread(target=_run, args=(name, probe, found), name=f"check {name}", daemon=True)
        for name, probe in probes.items()
    }
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(max(0.0, begun + within[name] - time.monotonic()))
    late = {name: f.Unknown(f"no answer within {within[name]:g} s") for name in probes}
    return {name: found.get(name, late[name]) for name in probes}


def _run(name: str, probe: Callable[[], T], found: dict[str, T | f.Unknown]) -> None:
    try:
        found[name] = probe()
    except _EXPECTED as error:
        found[name] = f.Unknown(visible(_reason(error), 300))
    except Exception as error:
        log.exception("the probe %s", name)
        found[name] = f.Unknown(f"a fault in ainf: {type(error).__name__}: {visible(str(error), 200)}")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def clock(backends: Sequence[Any], database_found: Any, synchronized: Any) -> f.Clock | f.Unknown:
    """The first other clock that was seen, and what the time service says."""
    service = None if isinstance(synchronized, f.Unknown) else synchronized
    for backend in backends:
        if isinstance(backend, f.Backend) and backend.clock is not None:
            return f.Clock(backend.clock.skew, backend.clock.against, service)
    if isinstance(database_found, f.Database) and database_found.skew is not None:
        return f.Clock(database_found.skew, "the database's server", service)
    if isinstance(synchronized, f.Unknown):
        return synchronized
    return f.Clock(synchronized=service)

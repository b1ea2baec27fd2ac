"""Wiring of the system check: what to look at, from settings and locations; with an engine or without."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ainf_tui import __version__
from ainf_tui.adapters.checks.advisories import thresholds
from ainf_tui.adapters.checks.bundle import Sources
from ainf_tui.adapters.checks.gather import Target
from ainf_tui.adapters.checks.inspector import BoxInspector
from ainf_tui.adapters.service_files import ServiceFiles
from ainf_tui.engine.checks import Checks
from ainf_tui.engine.context import SystemClock
from ainf_tui.locations import Locations
from ainf_tui.resources import data_dir, services_file
from ainf_tui.settings import Settings
from ainf_tui.settings_text import shown
from ainf_tui.store import Store

_LIBRARIES = ("textual", "fastapi", "uvicorn", "sqlalchemy", "httpx", "websockets", "psutil", "msgspec")
_PYTHONS = (".venv/bin/python", "venv/bin/python")


def inspector(settings: Settings, locations: Locations) -> BoxInspector:
    """Looks at this box."""
    return BoxInspector(
        lambda: target(settings, locations),
        thresholds(data_dir() / "advisories.toml", settings.checks.disk_free),
        lambda: sources(settings, locations),
    )


def own_checks(settings: Settings, locations: Locations) -> Checks:
    """The system check in the caller's own process, where no engine runs."""
    return Checks(inspector(settings, locations), Store(), SystemClock())


def target(settings: Settings, locations: Locations) -> Target:
    """Blocking: reads services.toml."""
    folder = Path(settings.comfyui.folder) if settings.comfyui.folder else locations.comfyui_dir
    comfyui = folder if (folder / "main.py").is_file() else None
    folders = {
        "state": locations.state_dir,
        "config": locations.config_dir,
        "cache": locations.cache_dir,
        "outputs": settings.outputs_folder(locations.outputs_dir),
    }
    if comfyui is not None:
        folders["models"] = comfyui / "models"
    definitions = ServiceFiles(services_file(), locations.user_services_file).read()
    pythons = [str(folder / name) for name in _PYTHONS if (folder / name).exists()]
    return Target(
        folders=folders,
        backends=settings.backends,
        services=tuple(definitions.specs.values()),
        database_url=settings.database_url(locations.database_file),
        redis_url=settings.redis.url,
        comfyui=comfyui,
        python=pythons[0] if comfyui is not None and pythons else "",
        lock=locations.engine_lock,
        leftovers=(locations.engine_socket, locations.engine_settings_file),
    )


def sources(settings: Settings, locations: Locations) -> Sources:
    """What goes into a debug bundle."""
    state = locations.state_dir
    return Sources(
        settings=tuple({"id": row.id, "value": row.value, "source": row.source} for row in shown(settings)),
        known=settings.redact,
        logs={
            "engine.log": locations.engine_log,
            "engine.out": locations.engine_output,
            "app.log": state / "app.log",
        },
        run=(Path(settings.runs.folder) if settings.runs.folder else locations.runs_dir) / "latest",
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """ainf, Python, the system and the libraries that matter."""
    found = {"ainf": __version__, "python": sys.version.split()[0], "system": platform.platform()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found

"""Wiring of views of logs: in the engine, and in a front end's own process for files that need none."""

from __future__ import annotations

from typing import BinaryIO

from ainf_tui.adapters.logs.views import Desk, Places
from ainf_tui.engine.logs.views import LogViews
from ainf_tui.locations import Locations
from ainf_tui.playbook import playbook
from ainf_tui.settings import Settings


def logs_here(settings: Settings, locations: Locations, *, stdin: BinaryIO | None = None) -> LogViews:
    """Reads the logs of this machine in this process. Close it with `aclose`.

    `stdin`: what `-` means. Loads neither database nor web server.
    """
    places = Places(
        runs=settings.runs_folder(locations.runs_dir),
        engine_log=locations.engine_log,
        playbook=playbook,
        stdin=stdin,
    )
    return LogViews(Desk(places))

"""Wiring of views of logs: in the engine, and in a front end's own process for files that need none."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import BinaryIO

from ainf_tui.adapters.logs.asked import Asked, AskedSpool
from ainf_tui.adapters.logs.views import Desk, Places
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.errors.reports import LogPlace
from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.domain.ports_error_sources import LogTail, TailOpener
from ainf_tui.engine.logs.views import LogViews
from ainf_tui.errors import AinfError
from ainf_tui.locations import Locations
from ainf_tui.playbook import playbook
from ainf_tui.settings import Settings


def logs_here(
    settings: Settings,
    locations: Locations,
    *,
    stdin: BinaryIO | None = None,
    backends: Callable[[], Sequence[BackendSpec]] | None = None,
    adopted: Callable[[], Iterable[str]] = tuple,
) -> LogViews:
    """Reads the logs of this machine in this process. Close it with `aclose`.

    `stdin`: what `-` means. `backends`: those that are in use, else those of the settings. `adopted`: logs of
    services that somebody else started. Loads neither database nor web server, and what asks a ComfyUI only
    when one is asked.
    """
    known = backends or (lambda: settings.backends)
    places = Places(
        runs=settings.runs_folder(locations.runs_dir),
        engine_log=locations.engine_log,
        playbook=playbook,
        stdin=stdin,
        files=lambda: (*_words(settings.logs.files), *map(glob.escape, adopted())),
        backends=lambda: _server_logs(known()),
    )
    return LogViews(Desk(places))


def asked_backend(spec: BackendSpec, *, looks: int | None = None) -> AskedSpool:
    """The log in the memory of that ComfyUI, asked for each second, or so many times; it has begun."""
    spool = AskedSpool(spec.name, partial(_server_log, spec), looks=looks)
    spool.start()
    return spool


def _words(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    from shlex import split  # noqa: PLC0415 - few set it

    return tuple(split(text))


def _server_logs(specs: Sequence[BackendSpec]) -> Mapping[str, Callable[[], Asked]]:
    return {spec.name: partial(_server_log, spec) for spec in specs}


def tail_opener(specs: Callable[[], Sequence[BackendSpec]]) -> TailOpener:
    """Opens logs to look for failures: files, and what servers of these keep in their memory."""
    from ainf_tui.adapters.logs.memory_tail import MemoryTail  # noqa: PLC0415 - the engine alone needs it
    from ainf_tui.adapters.logs.tail import open_tail  # noqa: PLC0415 - as above

    def opened(place: LogPlace, offset: int, mark: str) -> LogTail:
        if not place.file.startswith(BACKEND):
            return open_tail(place, offset, mark)
        return MemoryTail(place, partial(_named, place.file.removeprefix(BACKEND)), mark)

    def _named(name: str) -> Asked:
        found = next((spec for spec in specs() if spec.name == name), None)
        if found is None:
            raise AinfError("logs.backend_away", f"there is no backend {name} any more")
        return _server_log(found)

    return opened


def _server_log(spec: BackendSpec) -> Asked:
    from ainf_tui.adapters.comfy.address import BackendAddress  # noqa: PLC0415 - few views ask a ComfyUI
    from ainf_tui.adapters.comfy.serverlog import ServerLog  # noqa: PLC0415 - as above: 40 ms for httpx

    address = BackendAddress(spec.url, spec.headers, spec.token or None, spec.tls_verify, spec.tls_ca or None)
    return ServerLog(spec.name, address)

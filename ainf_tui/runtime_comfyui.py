"""Wiring of the ComfyUI manager: which folder, which server's log, from the settings."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfyui_install.gpu import gpu_facts
from ainf_tui.adapters.comfyui_install.installation import Installation
from ainf_tui.adapters.comfyui_install.nodes import NodeFolder
from ainf_tui.adapters.comfyui_install.records import FileTaskRecords
from ainf_tui.adapters.comfyui_install.startlog import HttpStartLog
from ainf_tui.adapters.comfyui_install.tools import Tools
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.comfyui_install import ComfyUIOptions, open_addresses
from ainf_tui.domain.comfyui_state import Elsewhere, local_url
from ainf_tui.domain.errors.reports import Report, unheard
from ainf_tui.domain.ports import Clock
from ainf_tui.engine.comfyui_manager.manager import Box, ComfyUIManager
from ainf_tui.locations import Locations
from ainf_tui.settings import Settings
from ainf_tui.store import Store


def comfyui_manager(
    settings: Settings,
    locations: Locations,
    store: Store,
    clock: Clock,
    report: Report = unheard,
) -> ComfyUIManager:
    """To be entered as an async context manager."""
    options = comfyui_options(settings, locations)
    away = _elsewhere(settings, Path(options.folder))
    tools = Tools(os.environ)
    folder = Path(options.folder)
    box = Box(
        folder=Installation(folder, tools),
        nodes=NodeFolder(folder, tools),
        records=FileTaskRecords(locations.state_dir),
        start_log=HttpStartLog(_address(settings, options, away)),
        gpu=gpu_facts,
        name_task=tools.for_task,
        report=report,
    )
    return ComfyUIManager(box, options, store, clock, Elsewhere(away.url if away is not None else ""))


def comfyui_options(settings: Settings, locations: Locations) -> ComfyUIOptions:
    """`[comfyui]` with its folder filled in."""
    own = settings.comfyui
    return ComfyUIOptions(
        folder=own.folder or str(locations.comfyui_dir),
        repository=own.repository,
        version=own.version,
        python=own.python,
        torch=own.torch,
        torch_index=own.torch_index,
        listen=own.listen,
        allow_network=own.allow_network,
        port=own.port,
        preview_method=own.preview_method,
        vram=own.vram,
        extra_model_paths=own.extra_model_paths,
        arguments=own.arguments,
    )


def _elsewhere(settings: Settings, folder: Path) -> BackendSpec | None:
    """The server of another machine, where all servers are and nobody has named or made a folder here."""
    here = any(not open_addresses(urlsplit(spec.url).hostname or "") for spec in settings.backends)
    if here or settings.comfyui.folder or folder.exists() or not settings.backends:
        return None
    return settings.backends[0]


def _address(settings: Settings, options: ComfyUIOptions, away: BackendSpec | None) -> BackendAddress:
    """Where the ComfyUI that is meant answers, with the way in where it is one of the backends."""
    url = local_url(options)
    spec = away or next((spec for spec in settings.backends if spec.url == url), None)
    if spec is None:
        return BackendAddress(url)
    return BackendAddress(
        url=spec.url,
        headers=spec.headers,
        token=spec.token or None,
        tls_verify=spec.tls_verify,
        tls_ca=spec.tls_ca or None,
    )

"""Wiring: builds database, adapters and engine from settings, and takes them down again."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.http import HttpComfyServer
from ainf_tui.adapters.comfy.socket import WebComfySocket
from ainf_tui.adapters.comfy.transport import Deadlines
from ainf_tui.adapters.db import engine as db_engine
from ainf_tui.adapters.error_archive import FileArchive
from ainf_tui.adapters.gpu.choose import gpu_source
from ainf_tui.adapters.host.disks import Disks
from ainf_tui.adapters.host.machine import SystemMachine
from ainf_tui.adapters.packs import read_packs, read_presets
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.ports import ComfyServer, ComfySocket
from ainf_tui.engine.comfyui_manager.manager import ComfyUIManager
from ainf_tui.engine.context import Context, Tuning
from ainf_tui.engine.engine import Catalog, Connect, Engine
from ainf_tui.engine.error_sources.sources import ErrorSources
from ainf_tui.engine.logs.views import LogViews
from ainf_tui.engine.service import Service
from ainf_tui.error_spool import SpoolFile
from ainf_tui.killpoints import KillSwitch
from ainf_tui.locations import Locations
from ainf_tui.resources import presets_dir, workflows_dir
from ainf_tui.runtime_checks import inspector
from ainf_tui.runtime_comfyui import comfyui_manager
from ainf_tui.runtime_logs import logs_here, tail_opener
from ainf_tui.runtime_services import supervisor
from ainf_tui.settings import Settings
from ainf_tui.store import Previews, Store


class Runtime:
    """A running engine and its faces, as the API serves them."""

    def __init__(self, engine: Engine, comfyui: ComfyUIManager, logs: LogViews) -> None:
        self.engine = engine
        self.comfyui = comfyui
        self.service = Service(engine, comfyui, logs)

    @property
    def store(self) -> Store:
        return self.engine.ctx.store

    @property
    def previews(self) -> Previews:
        return self.engine.ctx.previews

    @property
    def stop_requested(self) -> asyncio.Event:
        return self.engine.stop_requested

    def idle_since(self) -> float | None:
        """An install that goes on is work too."""
        since = self.engine.idle_since()
        ended = self.comfyui.idle_since
        return None if since is None or ended is None else max(since, ended)


@asynccontextmanager
async def opened(settings: Settings, locations: Locations) -> AsyncIterator[Runtime]:
    """A running engine. Raises `database.*` if its database cannot be opened."""
    async with database(settings, locations) as db:
        ctx = Context(
            db=db,
            store=Store(),
            previews=Previews(),
            tuning=tuning(settings, locations),
            kill=KillSwitch(os.environ.get("AINF_KILL_AT", "")),
            redact=settings.redact,
        )
        sources = error_sources(ctx, locations)
        comfyui = comfyui_manager(settings, locations, ctx.store, ctx.clock, ctx.report)
        services = supervisor(settings, locations, ctx, {"comfyui": comfyui.provide})
        engine = Engine(
            ctx,
            specs=settings.backends,
            connect=_connector(settings),
            catalog=lambda: catalog(locations),
            services=services,
            machine=machine(settings, locations),
            inspector=inspector(settings, locations),
            archive=FileArchive(locations.error_archive_dir),
            home=str(locations.home or locations.state_dir),
            label=settings.engine.label,
            holder=f"{socket.gethostname()}:{locations.state_dir}",
            sources=sources,
        )
        adopted = services.adopted_logs
        logs = logs_here(settings, locations, backends=engine.specs_in_use, adopted=adopted)
        async with comfyui, engine, logs:
            yield Runtime(engine, comfyui, logs)


@asynccontextmanager
async def database(settings: Settings, locations: Locations) -> AsyncIterator[db_engine.SqlDatabase]:
    """The database alone, migrated if need be; for `ainf db` and for the engine."""
    db = await db_engine.open(settings.database_url(locations.database_file))
    try:
        yield db
    finally:
        await db.aclose()


def error_sources(ctx: Context, locations: Locations) -> ErrorSources:
    """Stands before the store from now on: `ctx.report`."""
    sources = ErrorSources(
        ctx.errors,
        spool=SpoolFile(locations.error_spool),
        opener=tail_opener(lambda: sources.specs()),  # noqa: PLW0108 - it is being made
        clock=ctx.clock,
        kill=ctx.kill,
    )
    ctx.report = sources.report
    return sources


def catalog(locations: Locations) -> Catalog:
    """Packs and presets from the files: built-in ones, then the user's. Blocking."""
    problems: list[Problem] = []
    packs = read_packs(workflows_dir(), locations.user_workflows_dir, problems.append)
    presets = read_presets(presets_dir(), locations.user_presets_dir, problems.append)
    return Catalog(packs, presets, tuple(problems))


def tuning(settings: Settings, locations: Locations) -> Tuning:
    """What the engine's loops read of the settings."""
    return Tuning(
        max_attempts=settings.queue.max_attempts,
        waiting_per_backend=settings.queue.waiting_per_backend,
        poll_busy=settings.queue.poll_busy,
        poll_idle=settings.queue.poll_idle,
        look_apart=settings.queue.poll_busy,
        stalled_after=settings.queue.stalled_after,
        outputs=settings.outputs_folder(locations.outputs_dir),
        pictures=locations.state_dir / "pictures",
        pattern=settings.outputs.pattern,
        sidecar=settings.outputs.sidecar,
        preview_method=settings.previews.method,
        sample_every=settings.host.sample_every,
        ask_comfyui=settings.host.gpus in {"auto", "comfyui"},
        disk_free=settings.checks.disk_free,
        error_examples=settings.errors.examples,
        error_days=settings.errors.keep_days,
    )


def machine(settings: Settings, locations: Locations) -> SystemMachine:
    """The machine we are on, the disks that ainf uses, and the GPUs as `host.gpus` says."""
    folders = {
        "/": Path("/"),
        "outputs": settings.outputs_folder(locations.outputs_dir),
        "state": locations.state_dir,
    }
    comfyui = Path(settings.comfyui.folder) if settings.comfyui.folder else locations.comfyui_dir
    return SystemMachine(Disks(folders, {"models": comfyui / "models"}), gpu_source(settings.host.gpus))


def _connector(settings: Settings) -> Connect:
    times = settings.timeouts
    deadlines = Deadlines(
        prompt=times.prompt,
        queue=times.http,
        history=times.http,
        stats=times.http,
        action=times.http,
        view=times.view,
        object_info=times.object_info,
    )

    def connect(spec: BackendSpec, client_id: str) -> tuple[ComfyServer, ComfySocket]:
        address = BackendAddress(
            url=spec.url,
            headers=spec.headers,
            token=spec.token or None,
            tls_verify=spec.tls_verify,
            tls_ca=spec.tls_ca or None,
        )
        return HttpComfyServer(address, deadlines), WebComfySocket(address, client_id)

    return connect

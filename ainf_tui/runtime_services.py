"""Wiring of the services: adapters, definitions and settings become a supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ainf_tui.adapters.runs.logs import RunLogs
from ainf_tui.adapters.service_files import BUILT_IN, ServiceFiles
from ainf_tui.adapters.services.logtext import LogFiles
from ainf_tui.adapters.services.probes import SystemProber
from ainf_tui.adapters.services.processes import SystemProcesses
from ainf_tui.adapters.services.records import FileRecords
from ainf_tui.domain.ports_services import Provider
from ainf_tui.domain.services import HealthSpec, ServiceSpec
from ainf_tui.engine.context import Context
from ainf_tui.engine.services.parts import Parts, ServiceTuning
from ainf_tui.engine.services.supervisor import Supervisor
from ainf_tui.locations import Locations
from ainf_tui.resources import services_file
from ainf_tui.settings import Settings


def supervisor(
    settings: Settings, locations: Locations, ctx: Context, providers: Mapping[str, Provider]
) -> Supervisor:
    """Nothing is read or started before its `start`. `providers`: who gives a service's command, by name."""
    processes = SystemProcesses(locations.services_dir)
    named = named_by_settings(settings, settings.database_url(locations.database_file))
    files = ServiceFiles(services_file(), locations.user_services_file, named)
    prober = SystemProber(processes)
    runs = RunLogs(
        settings.runs_folder(locations.runs_dir),
        redact=settings.redact,
        keep_count=settings.runs.keep,
        keep_bytes=settings.runs.keep_bytes,
        max_bytes=settings.runs.log_max_bytes,
    )

    parts = Parts(
        processes=processes,
        prober=prober,
        records=FileRecords(locations.services_dir),
        runs=runs,
        logs=LogFiles(),
        definitions=files.read,
        clock=ctx.clock,
        watched=lambda: ctx.store.interest.wanted("services"),
        tuning=ServiceTuning(
            probe_every=settings.probes.every,
            probe_unwatched=settings.probes.unwatched,
            log_max_bytes=settings.runs.log_max_bytes,
        ),
        aclose=lambda: _closed(runs, prober, processes),
        report=ctx.report,
        kill=ctx.kill,
        providers=providers,
    )
    return Supervisor(parts, ctx.store)


async def _closed(runs: RunLogs, prober: SystemProber, processes: SystemProcesses) -> None:
    await runs.aclose()
    await prober.aclose()
    await processes.aclose()


def named_by_settings(settings: Settings, database_url: str) -> tuple[ServiceSpec, ...]:
    """What settings say of services: the port of ComfyUI; PostgreSQL and Redis where they are named. These
    two are looked at, never started or stopped.
    """
    comfyui = ServiceSpec("comfyui", ports=(settings.comfyui.port,))
    named = (
        ("postgres", "PostgreSQL", database_url, "postgresql", 5432),
        ("redis", "Redis", settings.redis.url, "redis", 6379),
    )
    watched = (
        _watched(name, title, url, port) for name, title, url, scheme, port in named if url.startswith(scheme)
    )
    return (comfyui, *watched)


def _watched(name: str, title: str, url: str, usual: int) -> ServiceSpec:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or usual
    return ServiceSpec(
        name, title, ports=(port,), host=host, health=HealthSpec("tcp", "{host}:{port}"), source=BUILT_IN
    )

"""A box as its topics tell of it: services, machine, checks; with only what a test cares about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ainf_tui.domain.check_documents import CheckDocument, FixDocument
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.host_documents import (
    DiskDocument,
    GpuDocument,
    GpuProcessDocument,
    HistoryDocument,
    HostDocument,
    SeriesDocument,
)
from ainf_tui.domain.service_documents import ServiceDocument, ServicesDocument

GIB = 1 << 30


def service(name: str = "comfyui", state: str = "running", **fields: Any) -> ServiceDocument:
    """One that runs well, for three days and four hours, unless told otherwise."""
    running = state == "running"
    values: dict[str, Any] = {
        "name": name,
        "title": name,
        "kind": "managed",
        "state": state,
        "health": "healthy" if running else "unknown",
        "pid": 41207 if running else None,
        "ports": (8188,),
        "since": datetime.now(UTC) - timedelta(days=3, hours=4, minutes=5),
        "cpu": 0.12 if running else None,
        "memory": 9 * GIB if running else None,
        "identity": "abcd1234:41207:99" if running else "",
    }
    if fields.get("kind") != "watched":
        values["actions"] = ("stop", "restart") if running else ("start", "adopt")
    return ServiceDocument(**(values | fields))


def services() -> ServicesDocument:
    """Four of them, all well."""
    return ServicesDocument(
        (
            service(),
            service("api", ports=(8000,), pid=41230, memory=118 << 20, cpu=0.0),
            service("web", "stopped", ports=(3000,)),
            service("postgres", kind="watched", ports=(5432,), pid=910, cpu=None, memory=None),
        ),
        run="20261126-140112",
    )


def crash_loop() -> ServiceDocument:
    problem = ProblemDocument(
        "service.crash_loop",
        "it ended 5 times in a row, the last time with exit code 3",
        hint="`r` tries again",
        details={"exit": "exit code 3", "log": ["listening on 3000", "Error: no database"]},
    )
    since = datetime.now(UTC) - timedelta(minutes=7)
    return service(
        "web", "crash-loop", ports=(3000,), restarts=5, problem=problem, message=problem.message, since=since
    )


def gpu(index: int = 0, **fields: Any) -> GpuDocument:
    values: dict[str, Any] = {
        "index": index,
        "name": "NVIDIA GeForce RTX 4090",
        "source": "nvml",
        "utilization": 0.97,
        "vram_total": 24 * GIB,
        "vram_used": int(18.2 * GIB),
        "temperature": 71.0,
        "power": 312.0,
        "power_limit": 450.0,
        "clock": 2520,
        "processes": (
            GpuProcessDocument(41207, "python", int(16.9 * GIB), "comfyui"),
            GpuProcessDocument(2211, "Xorg", int(1.3 * GIB)),
        ),
        "driver": "580.65",
    }
    return GpuDocument(**(values | fields))


def host(*gpus: GpuDocument, **fields: Any) -> HostDocument:
    """With one GPU unless others are given; `gpus=()` for none."""
    values: dict[str, Any] = {
        "name": "gpu-box",
        "os": "Debian 13",
        "cpus": 16,
        "cpu": 0.14,
        "load": (1.2, 1.0, 0.9),
        "memory_total": 64 * GIB,
        "memory_used": 31 * GIB,
        "disks": (
            DiskDocument("/", "/", 500 * GIB, 19 * GIB),
            DiskDocument("models", "/srv/models", 1200 * GIB, 412 * GIB),
        ),
        "net_received": 1_250_000.0,
        "net_sent": 80_000.0,
        "uptime": 12 * 86_400.0,
        "gpus": gpus or (gpu(),),
        "sampled_at": datetime.now(UTC),
    }
    return HostDocument(**(values | fields))


def history(until: datetime, every: float = 15.0, points: int = 240) -> HistoryDocument:
    """An hour in which everything rose."""
    ramp = tuple(number / points for number in range(points))
    return HistoryDocument(
        until,
        every,
        (
            SeriesDocument("cpu", "fraction", None, ramp),
            SeriesDocument("gpu.0.utilization", "fraction", None, ramp),
            SeriesDocument("gpu.0.temperature", "celsius", 100.0, tuple(value * 80 for value in ramp)),
            SeriesDocument("gpu.0.power", "watt", 450.0, tuple(value * 400 for value in ramp)),
        ),
    )


def check(code: str = "disk.low.root", severity: str = "warning", **fields: Any) -> CheckDocument:
    values: dict[str, Any] = {
        "code": code,
        "area": "disk",
        "title": "Disk space low on /",
        "severity": severity,
        "evidence": "19 GB free, 20 GB wanted",
        "hint": "Remove what is no longer needed.",
    }
    return CheckDocument(**(values | fields))


def fixable() -> CheckDocument:
    return replace(
        check("folder.missing.outputs", title="The folder for outputs is not there", evidence="/srv/out"),
        fix=FixDocument("folder.missing.outputs", "make the folder", ("mkdir -p /srv/out",)),
    )

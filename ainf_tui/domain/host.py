"""From what the machine tells to its document: rates, whose process it is, and what is worth telling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ainf_tui.domain.comfy import Device
from ainf_tui.domain.host_documents import (
    DiskDocument,
    GpuDocument,
    GpuProcessDocument,
    HostDocument,
)
from ainf_tui.domain.ports_host import GpuReading, HostCounters

MIB = 1024 * 1024
_SLACK = 1.5
"""Steps that a value must move before it is told: one step to and fro is noise."""
_Number = TypeVar("_Number", int, float)


def host_document(
    now: HostCounters, before: HostCounters | None, disks: tuple[DiskDocument, ...], reading: GpuReading
) -> HostDocument:
    """Exact values; rates are unknown without an earlier sample."""
    was = before or HostCounters(at=now.at)
    return HostDocument(
        name=now.name,
        os=now.os,
        release=now.release,
        cpus=now.cpus,
        cpu=_cpu(now, before),
        load=now.load,
        memory_total=now.memory_total,
        memory_used=now.memory_used,
        swap_total=now.swap_total,
        swap_used=now.swap_used,
        disks=disks,
        net_received=_rate(now.at - was.at, now.net_received, was.net_received),
        net_sent=_rate(now.at - was.at, now.net_sent, was.net_sent),
        uptime=now.uptime,
        gpus=reading.gpus,
        gpu_message=reading.message,
        limits=now.limits,
    )


def _cpu(now: HostCounters, before: HostCounters | None) -> float | None:
    if before is None or now.cpu_basis != before.cpu_basis:
        return None
    used, offered = _grown(now.cpu_used, before.cpu_used), _grown(now.cpu_offered, before.cpu_offered)
    if used is None or not offered or offered < 0:
        return None
    return min(1.0, max(0.0, used / offered))  # the kernel's counters are not read at one moment


def _grown(new: float | None, old: float | None) -> float | None:
    return None if new is None or old is None else new - old


def _rate(seconds: float, new: int | None, old: int | None) -> float | None:
    """None as well where the counter fell: an interface has gone."""
    if new is None or old is None or new < old or seconds <= 0:
        return None
    return (new - old) / seconds


def attributed(
    gpus: Sequence[GpuDocument], service_of: Callable[[int], str], jobs: Mapping[int, int]
) -> tuple[GpuDocument, ...]:
    """With the service of ours of each process, and the job that runs in it (`jobs`: pid -> number)."""

    def told(process: GpuProcessDocument) -> GpuProcessDocument:
        return replace(process, service=service_of(process.pid), job=jobs.get(process.pid))

    return tuple(replace(gpu, processes=tuple(told(p) for p in gpu.processes)) for gpu in gpus)


def gpus_of_devices(devices: Mapping[str, Sequence[Device]]) -> tuple[GpuDocument, ...]:
    """What ComfyUI tells of its GPUs, by backend; all else of them is unknown."""
    found = [(name, device) for name, each in devices.items() for device in each if is_gpu(device)]
    return tuple(
        GpuDocument(
            index=index,
            name=device.name,
            source="comfyui",
            vram_total=device.vram_total,
            vram_used=max(0, device.vram_total - device.vram_free),
            message=f"told by ComfyUI at backend {name}, which knows no more of it",
        )
        for index, (name, device) in enumerate(found)
    )


def is_gpu(device: Device) -> bool:
    """ComfyUI on a processor alone tells the machine's memory as a device of type cpu."""
    return device.type != "cpu" and device.vram_total > 0


def disk_for(label: str, host: HostDocument) -> DiskDocument | None:
    """The file system that holds it; one entry may hold several."""
    return next((disk for disk in host.disks if label in disk.label.split(", ")), None)


# -- what is told ----------------------------------------------------------------------------------
def steady(old: HostDocument, new: HostDocument) -> HostDocument:
    """`new` rounded, with the values of `old` where they are as good: an idle box changes nothing."""
    told = replace(
        new,
        cpu=held(old.cpu, new.cpu, 0.01),
        load=_loads(old.load, new.load),
        memory_used=held(old.memory_used, new.memory_used, _part(new.memory_total)),
        swap_used=held(old.swap_used, new.swap_used, _part(new.swap_total)),
        disks=tuple(_disk(_same_disk(old, disk), disk) for disk in new.disks),
        net_received=held(old.net_received, new.net_received, _net_step(new.net_received)),
        net_sent=held(old.net_sent, new.net_sent, _net_step(new.net_sent)),
        uptime=None if new.uptime is None else new.uptime // 60 * 60.0,
        gpus=tuple(_gpu(_same_gpu(old, gpu), gpu) for gpu in new.gpus),
    )
    return old if replace(told, sampled_at=old.sampled_at) == old else told


def held(old: _Number | None, new: _Number | None, step: float) -> _Number | None:
    """`old` while `new` is within a step and a half of it, else `new` in whole steps; zero is always told."""
    if new is None:
        return None
    steps = round(new / step)
    if old is not None and steps and abs(new - old) < _SLACK * step:
        return old
    value = round(steps * step, 6)
    return int(value) if isinstance(new, int) else value


def _loads(old: tuple[float, ...], new: tuple[float, ...]) -> tuple[float, ...]:
    if len(old) != len(new):
        old = new
    pairs = zip(old, new, strict=True)
    return tuple(value for a, b in pairs if (value := held(a, b, 0.1)) is not None)


def _part(total: int | None) -> int:
    """A thousandth of the whole, in MiB: less is seen on no screen, and changes by itself all the time."""
    return max(1, (total or 0) // 1024 // MIB) * MIB


def _net_step(rate: float | None) -> float:
    return max(1000.0, 10.0 ** (len(str(int(rate or 0))) - 2))


def _same_disk(old: HostDocument, disk: DiskDocument) -> DiskDocument | None:
    return next((d for d in old.disks if (d.label, d.total) == (disk.label, disk.total)), None)


def _disk(old: DiskDocument | None, new: DiskDocument) -> DiskDocument:
    step = min(_part(new.total), 64 * MIB)
    return replace(new, free=held(old.free if old else None, new.free, step))


def _same_gpu(old: HostDocument, gpu: GpuDocument) -> GpuDocument | None:
    key = (gpu.index, gpu.uuid, gpu.name)
    return next((g for g in old.gpus if (g.index, g.uuid, g.name) == key), None)


def _gpu(old: GpuDocument | None, new: GpuDocument) -> GpuDocument:
    was = old or GpuDocument(new.index, new.name, new.source)
    return replace(
        new,
        utilization=held(was.utilization, new.utilization, 0.01),
        vram_used=held(was.vram_used, new.vram_used, MIB),
        temperature=held(was.temperature, new.temperature, 1),
        power=held(was.power, new.power, 1),
        power_limit=held(was.power_limit, new.power_limit, 1),
        clock=held(was.clock, new.clock, 15),
        memory_clock=held(was.memory_clock, new.memory_clock, 15),
        fan=held(was.fan, new.fan, 0.01),
        processes=tuple(_process(was, process) for process in new.processes),
    )


def _process(gpu: GpuDocument, new: GpuProcessDocument) -> GpuProcessDocument:
    old = next((p.vram for p in gpu.processes if p.pid == new.pid), None)
    return replace(new, vram=held(old, new.vram, MIB))

"""The settings of the box: the machine, its disks and its ComfyUI, a class a section of config.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from ainf_tui.settings_field import setting

GPU_SOURCES = ("auto", "nvml", "amd", "comfyui", "off")


def _check_gpus(raw: str) -> str:
    kind, _, path = raw.partition(":")
    if raw not in GPU_SOURCES and (kind != "recorded" or not path):
        raise ValueError(f"must be one of: {', '.join(GPU_SOURCES)}; or recorded:FILE")
    if path and not PurePath(path).is_absolute():
        raise ValueError("must be recorded: and an absolute path")
    return raw


@dataclass(frozen=True, slots=True)
class ComfyUISettings:
    """The ComfyUI of this box."""

    folder: str = setting(
        "",
        "Where ComfyUI is on this box; the disk of its models is watched. Empty: ~/ainf/comfyui, or comfyui/ "
        "under AINF_HOME.",
        path=True,
    )


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The machine and its GPUs, sampled once for all viewers."""

    sample_every: float = setting(
        2.0, "Seconds between two samples while somebody looks; else 10.", minimum=0.5, maximum=60
    )
    gpus: str = setting(
        "auto",
        "Where the values of GPUs come from: auto (NVML, else AMD's sysfs, else what ComfyUI tells), nvml, "
        "amd, comfyui, off, or recorded:FILE, samples from a file that show as DEMO GPU.",
        check=_check_gpus,
    )


def _check_redis_url(raw: str) -> str:
    if raw and not raw.startswith("redis://"):
        raise ValueError("must begin with redis://")
    return raw


@dataclass(frozen=True, slots=True)
class RedisSettings:
    """A Redis that `ainf doctor` asks, where it is named. The password in the address is not shown."""

    url: str = setting(
        "", "redis://[USER:PASSWORD@]HOST:PORT. Empty: there is none.", check=_check_redis_url, secret=True
    )


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """When something counts as low."""

    disk_free: int = setting(
        21_474_836_480,
        "Free bytes below which the disk of outputs or models is low. Another disk that ainf uses is low "
        "below 5 % or 1 GiB, whichever is more.",
        minimum=0,
        maximum=10**15,
    )

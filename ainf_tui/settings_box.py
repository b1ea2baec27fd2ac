"""The settings of the box: its services and what is beside them, a class a section of config.toml."""

from __future__ import annotations

from pathlib import PurePath

from ainf_tui.frozen import frozen
from ainf_tui.settings_field import setting

GPU_SOURCES = ("auto", "nvml", "amd", "comfyui", "off")


def _check_gpus(raw: str) -> str:
    kind, _, path = raw.partition(":")
    if raw not in GPU_SOURCES and (kind != "recorded" or not path):
        raise ValueError(f"must be one of: {', '.join(GPU_SOURCES)}; or recorded:FILE")
    if path and not PurePath(path).is_absolute():
        raise ValueError("must be recorded: and an absolute path")
    return raw


def _check_arguments(raw: str) -> str:
    from shlex import split  # noqa: PLC0415 - few set it

    try:
        split(raw)
    except ValueError as error:
        raise ValueError(f"is no command line: {str(error).lower()}") from None
    return raw


def _check_redis_url(raw: str) -> str:
    if raw and not raw.startswith(("redis://", "rediss://")):
        raise ValueError("must begin with redis:// or rediss://")
    return raw


@frozen
class ProbeSettings:
    """Health checks of services. What is checked stands in services.toml."""

    every: float = setting(
        2.0, "Seconds between two health checks of a service while somebody looks.", minimum=0.2, maximum=600
    )
    unwatched: float = setting(10.0, "The same while nobody looks.", minimum=0.2, maximum=3600)


@frozen
class RedisSettings:
    """A Redis that is watched where it is named."""

    url: str = setting("", "redis://HOST:PORT. Empty: none.", check=_check_redis_url, secret=True)


@frozen
class RunLogSettings:
    """The folders runs/TIME: what happened from one start of the services to the next."""

    folder: str = setting("", "Where they go. Empty: runs/ in the state folder.", path=True)
    keep: int = setting(20, "Runs that are kept; older ones are removed.", minimum=1, maximum=10_000)
    keep_bytes: int = setting(
        2_147_483_648,
        "Bytes of all runs together above which the oldest are removed.",
        minimum=1_048_576,
        maximum=10**13,
    )
    log_max_bytes: int = setting(
        67_108_864,
        "Size in bytes at which a log in it is rotated; no line is lost.",
        minimum=65_536,
        maximum=10**12,
    )


@frozen
class ComfyUISettings:
    """The ComfyUI of this box."""

    folder: str = setting(
        "",
        "Where ComfyUI is on this box; the disk of its models is watched. Empty: ~/ainf/comfyui, or comfyui/ "
        "under AINF_HOME.",
        path=True,
    )
    repository: str = setting(
        "https://github.com/comfyanonymous/ComfyUI.git", "The git repository that it is installed from."
    )
    version: str = setting(
        "",
        "Tag, branch or commit to install and update to. Empty: the newest release tag (the default branch "
        "if none).",
    )
    python: str = setting("", "Python for its virtual environment. Empty: the one that runs ainf.")
    torch: str = setting(
        "auto",
        "Which PyTorch to install. auto looks at the GPU. keep installs what requirements.txt asks for.",
        choices=("auto", "cuda", "rocm", "cpu", "apple", "keep"),
    )
    torch_index: str = setting("", "Package index for PyTorch instead of the one that belongs to `torch`.")
    listen: str = setting(
        "127.0.0.1",
        "Address that ComfyUI listens on. It has no login: any other address needs allow_network too.",
    )
    allow_network: bool = setting(
        False, "ComfyUI may listen where other machines reach it. Whoever reaches it can run code."
    )
    port: int = setting(8188, "Port that ComfyUI listens on.", minimum=1, maximum=65_535)
    preview_method: str = setting(
        "auto", "Its --preview-method.", choices=("auto", "latent2rgb", "taesd", "none")
    )
    vram: str = setting(
        "auto",
        "How it uses the GPU's memory. auto leaves it to ComfyUI.",
        choices=("auto", "gpu-only", "highvram", "normalvram", "lowvram", "novram", "cpu"),
    )
    extra_model_paths: str = setting("", "A file for --extra-model-paths-config.", path=True)
    arguments: str = setting("", "Further arguments, as a shell would read them.", check=_check_arguments)


@frozen
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


@frozen
class LogSettings:
    """Logs that are looked at beside those of the box's services."""

    files: str = setting(
        "",
        "Files and globs that the Logs screen offers, as a shell would read them.",
        check=_check_arguments,
    )


@frozen
class ErrorSettings:
    """Errors that are collected and grouped."""

    keep_days: int = setting(
        90, "Days after its last report that a group is kept.", minimum=1, maximum=36_500
    )
    examples: int = setting(
        20,
        "Reports of a failure that are kept whole: so many of the first, as many of the newest.",
        minimum=1,
        maximum=500,
    )


@frozen
class CheckSettings:
    """When something counts as low."""

    disk_free: int = setting(
        21_474_836_480,
        "Free bytes below which the disk of outputs or models is low. Another disk that ainf uses is low "
        "below 5 % or 1 GiB, whichever is more.",
        minimum=0,
        maximum=10**15,
    )

"""Installing ComfyUI: which PyTorch, which arguments, and what the lines of git, pip and uv tell. Pure."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Collection
from enum import StrEnum

from ainf_tui.errors import ConflictError, UsageError
from ainf_tui.frozen import frozen


class GpuKind(StrEnum):
    """Whose GPU it is, as far as the choice of PyTorch goes."""

    CUDA = "cuda"
    ROCM = "rocm"
    APPLE = "apple"
    NONE = "none"


@frozen
class GpuFacts:
    """What was found on the machine. `driver_cuda`: the newest CUDA that the NVIDIA driver can serve."""

    kind: GpuKind = GpuKind.NONE
    driver_cuda: tuple[int, int] | None = None
    evidence: str = ""
    """Where it was seen: `libnvidia-ml.so.1`, `/sys/class/kfd`."""


@frozen
class ComfyUIOptions:
    """The settings `[comfyui]`, with every default filled in."""

    folder: str
    repository: str = "https://github.com/comfyanonymous/ComfyUI.git"
    version: str = ""
    python: str = ""
    torch: str = "auto"
    torch_index: str = ""
    listen: str = "127.0.0.1"
    allow_network: bool = False
    """The user has agreed to another address than this machine's own."""
    port: int = 8188
    preview_method: str = "auto"
    vram: str = "auto"
    extra_model_paths: str = ""
    arguments: str = ""


@frozen
class TorchChoice:
    """What is installed before ComfyUI's own requirements. `kind` is `keep` where nothing is."""

    kind: str
    index: str = ""
    """Empty: the usual package index."""
    reason: str = ""
    packages: tuple[str, ...] = ("torch", "torchvision", "torchaudio")

    @property
    def key(self) -> str:
        """Changes when another PyTorch would be installed."""
        return f"{self.kind} {self.index}".strip()


WHEELS = "https://download.pytorch.org/whl"
CUDA_WHEELS: tuple[tuple[tuple[int, int], str], ...] = (
    ((12, 8), "cu128"),
    ((12, 0), "cu126"),
    ((11, 0), "cu118"),
)
"""Oldest CUDA of the driver -> the newest wheels that run with it. A driver serves every CUDA of its own
major version and all older ones (NVIDIA, CUDA Compatibility: minor version compatibility), so a driver for
12.0 runs cu126, and one for 13 runs cu128. From pytorch.org's "Get started" and ComfyUI's README, October
2025. cu118 ends with PyTorch 2.7.
"""
ROCM_WHEELS = "rocm6.4"
"""ComfyUI's README, October 2025."""


def choose_torch(wish: str, index: str, gpu: GpuFacts) -> TorchChoice:
    """Which PyTorch to install. `wish` is the setting `comfyui.torch`, `index` the one of that name.

    Raises ConflictError `comfyui.driver_too_old` where CUDA is meant and no wheels run with the driver.
    """
    if wish == "keep":
        return TorchChoice("keep", reason="what requirements.txt asks for")
    kind, reason = _kind(wish, gpu)
    if index:
        return TorchChoice(kind, index, "index from the setting comfyui.torch_index")
    if kind == "cuda":
        return TorchChoice(kind, f"{WHEELS}/{_cuda_wheels(gpu)}", reason)
    if kind == "rocm":
        return TorchChoice(kind, f"{WHEELS}/{ROCM_WHEELS}", reason)
    if kind == "cpu":
        return TorchChoice(kind, f"{WHEELS}/cpu", reason)
    return TorchChoice(kind, "", reason)


def _kind(wish: str, gpu: GpuFacts) -> tuple[str, str]:
    if wish != "auto":
        return wish, f"comfyui.torch = {wish}"
    if gpu.kind is GpuKind.NONE:
        return "cpu", "no GPU was found"
    return gpu.kind.value, f"found by {gpu.evidence}" if gpu.evidence else "found on this machine"


def _cuda_wheels(gpu: GpuFacts) -> str:
    if gpu.driver_cuda is None:  # Asked for by the user on a box whose driver does not tell.
        return CUDA_WHEELS[0][1]
    for oldest, name in CUDA_WHEELS:
        if gpu.driver_cuda >= oldest:
            return name
    found = ".".join(map(str, gpu.driver_cuda))
    raise ConflictError(
        "comfyui.driver_too_old",
        f"the NVIDIA driver serves CUDA {found}, and there is no PyTorch for CUDA before 11",
        hint="Update the driver; or run on the CPU: `ainf comfyui install --torch cpu`.",
    )


# -- how it is started -----------------------------------------------------------------------------
OWN_ARGUMENTS = ("--listen", "--port", "--preview-method", "--extra-model-paths-config")
VRAM = ("auto", "gpu-only", "highvram", "normalvram", "lowvram", "novram", "cpu")
"""How ComfyUI can use the GPU's memory; all but auto are arguments of its own."""
VRAM_ARGUMENTS = tuple(f"--{mode}" for mode in VRAM[1:])


def arguments(options: ComfyUIOptions, port: int | None = None) -> tuple[str, ...]:
    """What follows `main.py`. `port`: another one than the setting's, this time.

    Raises UsageError `comfyui.bad_arguments` where `comfyui.arguments` repeats another setting: ComfyUI
    would take the last one, and nobody would know where it listens.
    """
    extra = shlex.split(options.arguments)
    for argument in extra:
        name = argument.partition("=")[0]
        if name in OWN_ARGUMENTS or (name in VRAM_ARGUMENTS and options.vram != "auto"):
            raise UsageError(
                "comfyui.bad_arguments",
                f"comfyui.arguments has {name}, which another setting of [comfyui] gives",
                hint="Take it out of comfyui.arguments: listen, port, preview_method, vram and "
                "extra_model_paths are settings of their own.",
            )
    found = ["--listen", options.listen, "--port", str(port or options.port)]
    found += ["--preview-method", options.preview_method]
    if options.vram != "auto":
        found.append(f"--{options.vram}")
    if options.extra_model_paths:
        found += ["--extra-model-paths-config", options.extra_model_paths]
    return (*found, *extra)


def open_addresses(listen: str) -> tuple[str, ...]:
    """Those of the comma-separated addresses that more than this machine can reach."""
    return tuple(part for part in (p.strip() for p in listen.split(",")) if not _is_loopback(part))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def check_listen(options: ComfyUIOptions) -> None:
    """ConflictError `comfyui.open_to_network` where others could reach it and nobody has agreed to that."""
    if reason := open_to_network(options):
        raise ConflictError(
            "comfyui.open_to_network",
            reason,
            hint='Set [comfyui] listen = "127.0.0.1" and reach it through ssh; or, if that network is yours '
            "alone, allow_network = true.",
            details={"addresses": list(open_addresses(options.listen))},
        )


def open_to_network(options: ComfyUIOptions) -> str:
    """Why it may not be started as it is set up; empty if it may."""
    others = open_addresses(options.listen)
    if not others or options.allow_network:
        return ""
    return f"ComfyUI would listen on {', '.join(others)}: it has no login, whoever reaches it can run code"


# -- what the tools say ----------------------------------------------------------------------------
@frozen
class Told:
    """What a line of output says of the progress. `progress` is 0..1 of the step, None: unchanged."""

    message: str
    progress: float | None = None


_GIT = re.compile(r"(?:remote: )?([A-Z][a-z]+ [a-z]+):\s+(\d{1,3})% \((\d+)/(\d+)\)(?:, ([\d.]+ \w+))?")
_GIT_PHASES = {
    "Counting objects": (0.0, 0.02),
    "Compressing objects": (0.02, 0.05),
    "Receiving objects": (0.05, 0.85),
    "Resolving deltas": (0.85, 0.95),
    "Updating files": (0.95, 1.0),
}
_PIP = (
    (re.compile(r"\s*Collecting (\S+)"), "looking at {}"),
    (re.compile(r"\s*(?:Downloading|Downloaded) (\S+)\s+\(([\d.]+ ?\w+)\)"), "downloading {}, {}"),
    (re.compile(r"\s*Downloading (\S+)"), "downloading {}"),
    (re.compile(r"\s*Building wheels? for (?:collected packages: )?(\S+)"), "building {}"),
    (re.compile(r"Installing collected packages: (.+)"), "unpacking {}"),
    (re.compile(r"(?:Resolved|Prepared|Installed) (\d+) packages? in"), "{} packages"),
)
_RAW = re.compile(r"Progress (\d+) of (\d+)$")


def read_line(line: str) -> Told | None:
    """What a line of git, pip or uv tells; None for all others."""
    found = _GIT.match(line.strip())
    if found and found[1] in _GIT_PHASES:
        low, high = _GIT_PHASES[found[1]]
        done, total = int(found[3]), int(found[4])
        size = f", {found[5]}" if found[5] else ""
        return Told(f"{found[1].lower()} {found[2]}%{size}", low + (high - low) * done / max(total, 1))
    raw = _RAW.match(line.strip())
    if raw:
        done, total = int(raw[1]), int(raw[2])
        return Told("", done / total if total else None)
    for pattern, text in _PIP:
        matched = pattern.match(line)
        if matched:
            return Told(text.format(*(_file_name(part) for part in matched.groups()))[:80])
    return None


def _file_name(text: str) -> str:
    return text.rpartition("/")[2] if "://" in text else text


RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def newest_release(tags: Collection[str]) -> str:
    """The newest `vN.N.N` by number (v0.3.64 is newer than v0.3.9); empty if there is none.

    ComfyUI once had tags such as v0.1.1113 that count commits; they are older than v0.2.0 all the same.
    """
    found = [(tuple(map(int, match.groups())), tag) for tag in tags if (match := RELEASE.fullmatch(tag))]
    return max(found)[1] if found else ""

"""GPUs: what is on the bus, what the driver says, and what ComfyUI's torch was built for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from ainf_tui.adapters.checks.commands import CouldNotLookError, ask
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.text import visible

SMI_WITHIN = 10.0
"""A driver that wakes up its cards first takes seconds."""
TORCH_WITHIN = 60.0
"""The first import of torch from a cold disk."""
_VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD"}
_DISPLAY = ("0x0300", "0x0302", "0x0380", "0x1200")
"""PCI classes: VGA, 3D, display, accelerator."""
_ASK_TORCH = (
    "import json, torch; print(json.dumps([torch.__version__, torch.version.cuda or '', "
    "getattr(torch.version, 'hip', None) or '', torch.cuda.is_available()]))"
)


def gpus(sys: Path = Path("/sys"), proc: Path = Path("/proc"), smi: str = "nvidia-smi") -> f.Gpus:
    cards = on_bus(sys)
    where = shutil.which(smi)
    nvidia = any(card.startswith("NVIDIA") for card in cards)
    if where is not None:
        return _ask_nvidia(where, cards)
    driver = _first_version(proc / "driver/nvidia/version")
    if nvidia or driver:
        trouble = "nvidia-smi is not installed beside it" if driver else ""
        return f.Gpus(cards, "nvidia", driver=driver, trouble=trouble)
    return _amd(sys, cards)


def on_bus(sys: Path) -> tuple[str, ...]:
    """NVIDIA and AMD display devices, `NVIDIA 0x2204 at 0000:01:00.0`."""
    folder = sys / "bus/pci/devices"
    if not folder.is_dir():
        return ()
    found = []
    for device in sorted(folder.iterdir()):
        vendor = _VENDORS.get(_read(device / "vendor"))
        if vendor and _read(device / "class").startswith(_DISPLAY):
            found.append(f"{vendor} {_read(device / 'device')} at {device.name}")
    return tuple(found)


def _ask_nvidia(smi: str, cards: tuple[str, ...]) -> f.Gpus:
    query = [smi, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    said = ask(query, within=SMI_WITHIN)
    if said.code != 0:
        return f.Gpus(cards, "nvidia", trouble=said.trouble)
    memory: dict[str, int] = {}
    driver = ""
    for number, line in enumerate(said.out.splitlines()):
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 3:
            continue
        driver = visible(fields[2], 40)
        if fields[1].isdigit():
            memory[f"{number} {visible(fields[0], 60)}"] = int(fields[1]) * 1024**2
    if not driver:
        return f.Gpus(cards, "nvidia", trouble=said.trouble)
    banner = ask([smi], within=SMI_WITHIN)
    cuda = re.search(r"CUDA Version:\s*([\d.]+)", banner.out)
    return f.Gpus(cards, "nvidia", driver, cuda[1] if cuda else "", memory)


def _amd(sys: Path, cards: tuple[str, ...]) -> f.Gpus:
    memory: dict[str, int] = {}
    for card in sorted((sys / "class/drm").glob("card[0-9]*/device/mem_info_vram_total")):
        text = _read(card)
        if text.isdigit():
            memory[f"AMD {card.parent.parent.name}"] = int(text)
    version = _read(sys / "module/amdgpu/version")
    loaded = (sys / "module/amdgpu").is_dir()
    if not cards and not loaded:
        return f.Gpus()
    return f.Gpus(cards, "amd", driver=(version or "amdgpu") if loaded else "", memory=memory)


def torch(python: str) -> f.Torch:
    """Asks ComfyUI's own interpreter. `python` empty: none is known."""
    if not python:
        return f.Torch("")
    try:
        said = ask([python, "-c", _ASK_TORCH], within=TORCH_WITHIN)
    except CouldNotLookError:
        if not Path(python).is_file():
            return f.Torch(python, trouble="there is no such program")
        raise
    if said.code != 0:
        return f.Torch(python, trouble=said.trouble)
    version, cuda, hip, available = json.loads(said.out.strip().splitlines()[-1])
    return f.Torch(python, visible(version, 60), visible(cuda, 20), visible(hip, 40), bool(available))


def _first_version(path: Path) -> str:
    found = re.search(r"\b\d{3}\.\d+(?:\.\d+)?\b", _read(path))
    return found.group() if found else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""

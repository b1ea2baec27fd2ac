"""AMD's GPUs by what the amdgpu driver tells in sysfs.

Files and units from the kernel's Documentation/gpu/amdgpu (driver-misc, thermal) and from hwmon's
sysfs-interface: busy in percent, memory in bytes, temperature in thousandths of a degree, power in
millionths of a watt. Each is optional.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ainf_tui.adapters.gpu.amd_processes import DrmProcesses
from ainf_tui.adapters.listeners import read
from ainf_tui.domain.host_documents import GpuDocument
from ainf_tui.domain.ports_host import GpuReading

_VENDOR = "0x1002"
_CURRENT = re.compile(r"^\s*\d+:\s*(\d+)\s*mhz\s*\*", re.IGNORECASE | re.MULTILINE)


class AmdGpus:
    """Implements `GpuSource`. `root` and `proc` are /sys and /proc."""

    def __init__(self, root: Path = Path("/sys"), proc: Path = Path("/proc")) -> None:
        self._root = root
        self._processes = DrmProcesses(proc)

    def read(self) -> GpuReading:
        cards = sorted(self._cards(), key=lambda card: int(card.parent.name.removeprefix("card")))
        found = tuple(self._gpu(index, card) for index, card in enumerate(cards))
        return GpuReading(found, "" if found else "no AMD GPU")

    def close(self) -> None:
        """Nothing is kept open."""

    def _cards(self) -> Iterator[Path]:
        """Without the connectors (card0-DP-1), and without other vendors' cards."""
        for card in (self._root / "class/drm").glob("card*"):
            if card.name[4:].isdigit() and read(card / "device/vendor").strip() == _VENDOR:
                yield card / "device"

    def _gpu(self, index: int, device: Path) -> GpuDocument:
        sensors = next(iter(sorted((device / "hwmon").glob("hwmon*"))), device / "hwmon")
        power = _number(sensors / "power1_average", 1e6)
        return GpuDocument(
            index=index,
            name=_name(device),
            source="amd",
            utilization=_number(device / "gpu_busy_percent", 100),
            vram_total=_whole(device / "mem_info_vram_total"),
            vram_used=_whole(device / "mem_info_vram_used"),
            temperature=_number(sensors / "temp1_input", 1000),
            power=power if power is not None else _number(sensors / "power1_input", 1e6),
            power_limit=_number(sensors / "power1_cap", 1e6),
            clock=_clock(device / "pp_dpm_sclk"),
            memory_clock=_clock(device / "pp_dpm_mclk"),
            fan=_fan(sensors),
            processes=self._processes.of(device.resolve().name),
            uuid=read(device / "unique_id").strip(),
            driver=read(self._root / "module/amdgpu/version").strip() or "amdgpu",
        )


def _name(device: Path) -> str:
    """Few cards tell their product; all tell their PCI number."""
    return read(device / "product_name").strip() or f"AMD GPU {read(device / 'device').strip()}".strip()


def _whole(path: Path) -> int | None:
    text = read(path).strip()
    return int(text) if text.isdigit() else None


def _number(path: Path, unit: float) -> float | None:
    text = read(path).strip()
    return int(text) / unit if re.fullmatch(r"-?\d+", text) else None


def _clock(path: Path) -> int | None:
    """The state with a star is the one in force."""
    found = _CURRENT.search(read(path))
    return int(found[1]) if found else None


def _fan(sensors: Path) -> float | None:
    speed, full = _number(sensors / "pwm1", 1), _number(sensors / "pwm1_max", 1) or 255
    return None if speed is None else min(1.0, speed / full)

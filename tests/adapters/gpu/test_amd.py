"""AMD's GPUs from a recorded tree, and their processes from one made here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ainf_tui.adapters.gpu.amd import AmdGpus
from ainf_tui.adapters.gpu.amd_processes import EVERY, DrmProcesses

RECORDED = Path(__file__).parents[2] / "data" / "amd" / "sys"
MIB = 1024**2
PCI = "0000:03:00.0"


def process(proc: Path, pid: int, files: dict[int, tuple[str, str]]) -> None:
    """Descriptor -> what it is open on, and its fdinfo."""
    for descriptor, (target, info) in files.items():
        for folder in ("fd", "fdinfo"):
            (proc / str(pid) / folder).mkdir(parents=True, exist_ok=True)
        (proc / str(pid) / "fd" / str(descriptor)).symlink_to(target)
        (proc / str(pid) / "fdinfo" / str(descriptor)).write_text(info)


def info(client: int, memory: str) -> str:
    return f"pos:\t0\ndrm-driver:\tamdgpu\ndrm-pdev:\t{PCI}\ndrm-client-id:\t{client}\n{memory}\n"


def test_a_card_with_all_its_values(tmp_path: Path) -> None:
    (gpu,) = AmdGpus(RECORDED, tmp_path).read().gpus
    assert (gpu.index, gpu.name, gpu.source) == (0, "AMD GPU 0x744c", "amd")
    assert (gpu.utilization, gpu.vram_total, gpu.vram_used) == (0.83, 25753026560, 12884901888)
    assert (gpu.temperature, gpu.power, gpu.power_limit) == (61, 287, 339)
    assert (gpu.clock, gpu.memory_clock, gpu.fan) == (2304, 1249, 0.4)
    assert (gpu.uuid, gpu.driver, gpu.throttled) == ("4a1fd8d0e6a1b2c3", "amdgpu", None)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("gpu_busy_percent", "utilization"),
        ("mem_info_vram_used", "vram_used"),
        ("pp_dpm_sclk", "clock"),
        ("hwmon/hwmon4/temp1_input", "temperature"),
        ("hwmon/hwmon4/pwm1", "fan"),
    ],
)
@pytest.mark.parametrize("broken", ["", "what\n", None])
def test_a_value_that_is_not_there_takes_no_other_with_it(
    tmp_path: Path, file: str, name: str, broken: str | None
) -> None:
    sys = tmp_path / "sys"
    shutil.copytree(RECORDED, sys)
    path = sys / "class/drm/card1/device" / file
    path.unlink()
    if broken is not None:
        path.write_text(broken)
    (gpu,) = AmdGpus(sys, tmp_path / "proc").read().gpus
    assert getattr(gpu, name) is None
    assert gpu.power == 287


def test_cards_are_in_the_order_of_their_numbers_and_a_fan_at_rest_is_zero(tmp_path: Path) -> None:
    sys, first = tmp_path / "sys", RECORDED / "class/drm/card1"
    for number in (10, 2):
        shutil.copytree(first, sys / f"class/drm/card{number}")
    (sys / "class/drm/card2/device/product_name").write_text("Radeon PRO W7900\n")
    (sys / "class/drm/card2/device/hwmon/hwmon4/pwm1").write_text("0\n")
    gpus = AmdGpus(sys, tmp_path).read().gpus
    assert [(gpu.index, gpu.name) for gpu in gpus] == [(0, "Radeon PRO W7900"), (1, "AMD GPU 0x744c")]
    assert gpus[0].fan == 0


def test_a_machine_without_one(tmp_path: Path) -> None:
    reading = AmdGpus(tmp_path, tmp_path).read()
    assert (reading.gpus, reading.message) == ((), "no AMD GPU")


def test_the_memory_of_processes_counts_a_client_once(tmp_path: Path) -> None:
    process(
        tmp_path,
        4242,
        {
            3: ("/dev/dri/renderD128", info(7, "drm-memory-vram:\t512 MiB")),
            4: ("/dev/dri/renderD128", info(7, "drm-memory-vram:\t512 MiB")),  # a copy of it
            5: ("/dev/dri/renderD128", info(8, "drm-resident-vram:\t2048 KiB")),
            6: ("/tmp/file", info(9, "drm-memory-vram:\t99 MiB")),
            7: ("/dev/dri/renderD128", "pos:\t0\n"),
        },
    )
    process(tmp_path, 5, {3: ("/dev/null", "")})
    found = DrmProcesses(tmp_path)
    assert [(p.pid, p.vram) for p in found.of(PCI)] == [(4242, 514 * MIB)]
    assert found.of("0000:04:00.0") == ()


def test_open_files_are_looked_at_rarely(tmp_path: Path) -> None:
    now = 0.0
    found = DrmProcesses(tmp_path, clock=lambda: now)
    assert found.of(PCI) == ()
    process(tmp_path, 9, {3: ("/dev/dri/renderD128", info(1, "drm-memory-vram:\t1 MiB"))})
    assert found.of(PCI) == ()
    now += EVERY
    assert [p.pid for p in found.of(PCI)] == [9]

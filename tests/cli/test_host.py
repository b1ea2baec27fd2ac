from __future__ import annotations

import json
from dataclasses import asdict, replace

from ainf_tui.domain.host_documents import DiskDocument, GpuProcessDocument, HostDocument
from tests.cli.test_reference import check
from tests.fakes.host import GIB, gpu, host_of


def lines_of(text: str) -> dict[str, str]:
    """First word or two of a line -> the rest."""
    parts = [line.split("  ", 1) for line in text.splitlines() if "  " in line]
    return {name.strip(): rest.strip() for name, rest in parts}


def test_all_that_is_known_in_lines(ainf):
    done = ainf("host")
    assert (done.code, done.err) == (0, "")
    told = lines_of(done.out)
    assert told["host"] == "box  Linux 6.1"
    assert told["cpu"] == "42%  of 8 CPUs  load 0.5 0.4 0.3"
    assert told["memory"] == "16.0G/64.0G"
    assert told["disk"].endswith("200.0G free of 500.0G")
    assert told["gpu 0"] == "NVIDIA GeForce RTX 4090  97%  VRAM 18.0G/24.0G  71 °C  402/450 W"
    assert "fan 55%  driver 550.54  by nvml" in done.out
    row = done.out.splitlines()[-1].split()
    assert row == ["0", "4242", "17.0G", "python3", "comfyui", "#142"]


def test_json(ainf, engine):
    found = json.loads(ainf("host", "--json").out)
    check(found)
    assert found["schema"] == "ainf.host/1"
    assert found["gpus"][0]["processes"][0]["job"] == 142
    engine.host.document = HostDocument()
    check(json.loads(ainf("host", "--json").out))


def test_what_nobody_tells_is_left_out_and_zero_is_a_value(ainf, engine):
    quiet = gpu(
        utilization=0.0, vram_used=None, temperature=None, power=0.0, power_limit=None, clock=None,
        memory_clock=None, fan=0.0, throttled=None, processes=(GpuProcessDocument(1, "", None),), driver="",
    )  # fmt: skip
    engine.host.document = host_of(cpu=None, memory_used=None, memory_total=None, swap_total=0, gpus=(quiet,))
    done = ainf("host")
    told = lines_of(done.out)
    assert told["cpu"].startswith("of 8 CPUs")
    assert "memory" not in told
    assert "swap" not in told
    assert told["gpu 0"] == "NVIDIA GeForce RTX 4090  0%  VRAM -/24.0G  0 W"
    assert "fan 0%" in done.out
    assert "None" not in done.out


def test_why_there_is_no_gpu_and_why_a_disk_is_silent(ainf, engine):
    silent = DiskDocument("models", "/mnt/models", None, None, "does not answer")
    engine.host.document = host_of(
        gpus=(), gpu_message="no NVIDIA driver; no AMD GPU", disks=(silent,), message="from before"
    )
    done = ainf("host")
    told = lines_of(done.out)
    assert told["gpu"] == "none seen: no NVIDIA driver; no AMD GPU"
    assert told["disk"] == "models  /mnt/models  does not answer"
    assert "from before" in done.out + done.err


def test_words_from_outside_do_not_reach_the_terminal_raw(ainf, engine):
    evil = "\x1b]0;x\x07\x1b[31m"
    process = GpuProcessDocument(7, evil, 1, evil)
    engine.host.document = host_of(
        name=evil,
        os=evil,
        limits=evil,
        message=evil,
        gpus=(gpu(name=evil, driver=evil, message=evil, throttled=(evil,), processes=(process,)),),
        disks=(DiskDocument(evil, evil, 1, 1, evil),),
    )
    done = ainf("host")
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "\x07" not in done.out + done.err


def test_status_shows_the_gpu_of_a_driver_once(ainf, engine):
    engine.gpus = (
        {**asdict(gpu()), "backend": "default", "vram_free": 6 * GIB},
        {"source": "comfyui", "backend": "far", "name": "another"},
    )
    text = ainf("status").out
    assert "RTX 4090  97%" in text
    assert "another" not in text


def test_a_gpu_of_another_kind_of_value_does_not_end_status(ainf, engine):
    engine.gpus = ({"index": 0, "name": "odd", "source": "nvml"},)
    assert "odd" in ainf("status").out


def test_a_gpu_that_is_slowed_down_says_by_what(ainf, engine):
    engine.host.document = replace(host_of(), gpus=(gpu(throttled=("power", "thermal")),))
    assert "slowed down: power, thermal" in ainf("host").out

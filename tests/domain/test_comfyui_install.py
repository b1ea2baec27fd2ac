"""Which PyTorch, which arguments, and what the tools' lines tell."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.comfyui_install import (
    ComfyUIOptions,
    GpuFacts,
    GpuKind,
    Told,
    arguments,
    check_listen,
    choose_torch,
    newest_release,
    open_addresses,
    read_line,
)
from ainf_tui.errors import ConflictError, UsageError

OPTIONS = ComfyUIOptions(folder="/srv/comfyui")


def told_by(line) -> Told:
    told = read_line(line)
    assert told is not None, line
    return told


def nvidia(*version):
    return GpuFacts(GpuKind.CUDA, version or None, "libnvidia-ml.so.1")


@pytest.mark.parametrize(
    ("driver", "wheels"),
    [((13, 0), "cu128"), ((12, 8), "cu128"), ((12, 4), "cu126"), ((12, 0), "cu126"), ((11, 4), "cu118")],
)
def test_the_drivers_cuda_chooses_the_wheels(driver, wheels):
    choice = choose_torch("auto", "", nvidia(*driver))
    assert (choice.kind, choice.index.rpartition("/")[2]) == ("cuda", wheels)
    assert "libnvidia-ml" in choice.reason


def test_a_driver_that_is_too_old_is_told_and_not_worked_around():
    with pytest.raises(ConflictError, match=r"serves CUDA 10\.2") as caught:
        choose_torch("auto", "", nvidia(10, 2))
    assert caught.value.code == "comfyui.driver_too_old"


@pytest.mark.parametrize(
    ("wish", "gpu", "kind", "index"),
    [
        ("auto", GpuFacts(), "cpu", "https://download.pytorch.org/whl/cpu"),
        ("auto", GpuFacts(GpuKind.ROCM), "rocm", "https://download.pytorch.org/whl/rocm6.4"),
        ("auto", GpuFacts(GpuKind.APPLE), "apple", ""),
        ("cpu", nvidia(10, 0), "cpu", "https://download.pytorch.org/whl/cpu"),
        ("cuda", GpuFacts(), "cuda", "https://download.pytorch.org/whl/cu128"),
        ("keep", nvidia(12, 8), "keep", ""),
    ],
)
def test_a_wish_is_followed_and_auto_looks_at_the_gpu(wish, gpu, kind, index):
    choice = choose_torch(wish, "", gpu)
    assert (choice.kind, choice.index) == (kind, index)


def test_an_index_of_the_users_own_wins():
    choice = choose_torch("auto", "https://mirror.example/whl", nvidia(10, 0))
    assert (choice.kind, choice.index) == ("cuda", "https://mirror.example/whl")


def test_settings_become_arguments():
    full = ComfyUIOptions(
        folder="/f", vram="lowvram", extra_model_paths="/m/extra.yaml", arguments="--fast 'two words'"
    )
    assert arguments(OPTIONS) == (*("--listen", "127.0.0.1", "--port", "8188", "--preview-method", "auto"),)
    assert arguments(full, port=8189)[2:] == (
        *("--port", "8189", "--preview-method", "auto", "--lowvram"),
        *("--extra-model-paths-config", "/m/extra.yaml", "--fast", "two words"),
    )


@pytest.mark.parametrize("extra", ["--listen", "--listen=0.0.0.0", "--port 1", "--cpu"])
def test_an_argument_that_a_setting_gives_is_refused(extra):
    with pytest.raises(UsageError) as caught:
        arguments(ComfyUIOptions(folder="/f", vram="novram", arguments=extra))
    assert caught.value.code == "comfyui.bad_arguments"


def test_cpu_may_be_given_where_the_setting_leaves_it_open():
    assert arguments(ComfyUIOptions(folder="/f", arguments="--cpu"))[-1] == "--cpu"


@pytest.mark.parametrize(
    ("listen", "others"),
    [
        ("127.0.0.1", ()),
        ("localhost,::1,127.3.3.3", ()),
        ("0.0.0.0", ("0.0.0.0",)),
        ("127.0.0.1, 192.168.1.7", ("192.168.1.7",)),
        ("box.example", ("box.example",)),
        ("", ("",)),
    ],
)
def test_addresses_that_others_can_reach(listen, others):
    assert open_addresses(listen) == others


def test_an_open_address_needs_the_users_word():
    with pytest.raises(ConflictError) as caught:
        check_listen(replace(OPTIONS, listen="0.0.0.0"))
    assert caught.value.code == "comfyui.open_to_network"
    assert "no login" in caught.value.message
    check_listen(replace(OPTIONS, listen="0.0.0.0", allow_network=True))
    check_listen(OPTIONS)


@pytest.mark.parametrize(
    ("line", "message", "low", "high"),
    [
        ("remote: Counting objects: 100% (10/10), done.", "counting objects 100%", 0.0, 0.02),
        (
            "Receiving objects:  37% (37/100), 12.30 MiB | 4 MiB/s",
            "receiving objects 37%, 12.30 MiB",
            0.3,
            0.4,
        ),
        ("Resolving deltas: 100% (7/7), done.", "resolving deltas 100%", 0.94, 0.96),
        ("Updating files: 100% (2/2), done.", "updating files 100%", 1.0, 1.0),
    ],
)
def test_git_tells_how_far_it_is(line, message, low, high):
    told = told_by(line)
    assert told.message == message
    assert told.progress is not None
    assert low <= told.progress <= high


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Collecting torch", "looking at torch"),
        (
            "  Downloading https://x.example/whl/torch-2.9.0-cp312.whl (899.8 MB)",
            "downloading torch-2.9.0-cp312.whl, 899.8 MB",
        ),
        ("Downloading torch (849.8MiB)", "downloading torch, 849.8MiB"),
        ("Installing collected packages: six, torch", "unpacking six, torch"),
        ("Resolved 30 packages in 1.2s", "30 packages"),
    ],
)
def test_pip_and_uv_tell_what_they_are_at(line, message):
    told = told_by(line)
    assert (told.message, told.progress) == (message, None)


def test_pips_raw_bar_is_a_fraction():
    assert told_by("Progress 50 of 200").progress == 0.25
    assert told_by("Progress 50 of 0").progress is None
    assert read_line("Requirement already satisfied: torch") is None


@given(st.text())
def test_no_line_can_break_the_reading(line):
    told = read_line(line)
    assert told is None or told.progress is None or told.progress >= 0


def test_releases_are_ordered_by_number():
    assert newest_release(["v0.3.9", "v0.3.64", "v0.1.1113", "latest", "v1.0.0-rc1"]) == "v0.3.64"
    assert newest_release(["main"]) == ""

"""launch.sh and launch.command, with nothing in PATH but what a bare system has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ESSENTIALS = ("sh", "dirname", "readlink", "find")
FAKE_AINF = """#!/bin/sh
printf '%s\\n' "called:" "$@" >> "$AINF_TEST_CALLS"
[ "$1" = up ] && { echo "everything runs already"; exit "${AINF_TEST_UP:-0}"; }
exit "${AINF_TEST_CODE:-0}"
"""
BACKEND = '''"""A build backend that needs nothing: an editable wheel by hand."""
import pathlib
import zipfile


def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "fake-1.0-py3-none-any.whl"
    info = "fake-1.0.dist-info"
    parts = {
        "fakeainf.py": "import sys\\n\\ndef main():\\n    print('real', *sys.argv[1:])\\n    sys.exit(7)\\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: fake\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": "[console_scripts]\\nainf = fakeainf:main\\n",
    }
    parts[f"{info}/RECORD"] = "".join(f"{part},,\\n" for part in [*parts, f"{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for part, text in parts.items():
            wheel.writestr(part, text)
    return name
'''


def wrapper(path: Path, program: str) -> None:
    path.write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder for PATH: the essentials and no python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ESSENTIALS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The launchers in a folder with blanks in its name."""
    folder = tmp_path / "my ainf folder"
    folder.mkdir()
    for name in ("launch.sh", "launch.command"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "fake"\nversion = "1.0"\n'
    )
    (folder / "backend.py").write_text(BACKEND)
    return folder


@pytest.fixture
def ready(checkout: Path) -> Path:
    """With an environment whose ainf is a fake one."""
    binaries = checkout / ".venv" / "bin"
    binaries.mkdir(parents=True)
    wrapper(binaries / "python", sys.executable)
    (binaries / "ainf").write_text(FAKE_AINF)
    (binaries / "ainf").chmod(0o755)
    (checkout / ".venv" / ".launch-ready").touch()
    return checkout


def launch(file: Path, bare: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    calls = file.parent / "calls"
    return subprocess.run(
        [str(file), *args],
        capture_output=True,
        text=True,
        timeout=100,
        cwd="/",
        env={"PATH": str(bare), "HOME": str(bare.parent), "AINF_TEST_CALLS": str(calls), **env},
        check=False,
        stdin=subprocess.DEVNULL,
    )


def calls(checkout: Path) -> list[list[str]]:
    text = (checkout / "calls").read_text()
    return [part.splitlines() for part in text.split("called:\n")[1:]]


@pytest.mark.parametrize("name", ["launch.sh", "launch.command"])
def test_services_then_the_app(ready, bare, name):
    done = launch(ready / name, bare, AINF_TEST_CODE="3")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "everything runs already\n"
    assert calls(ready) == [["up"], []]


@pytest.mark.parametrize("name", ["launch.sh", "launch.command"])
def test_arguments_and_exit_codes_are_passed_on(ready, bare, name):
    done = launch(ready / name, bare, "run", "a b", "", "*", "--x=$HOME", AINF_TEST_CODE="5")
    assert (done.returncode, done.stdout, done.stderr) == (5, "", "")
    assert calls(ready) == [["run", "a b", "", "*", "--x=$HOME"]]


def test_services_that_do_not_start_keep_nobody_from_the_app(ready, bare):
    done = launch(ready / "launch.sh", bare, AINF_TEST_UP="1")
    assert done.returncode == 0
    assert "not every service could be started" in done.stderr
    assert calls(ready) == [["up"], []]


def test_through_a_link(ready, bare, tmp_path):
    link = tmp_path / "elsewhere"
    link.symlink_to(ready / "launch.sh")
    done = launch(link, bare, "status", AINF_TEST_CALLS=str(ready / "calls"))
    assert done.returncode == 0
    assert calls(ready) == [["status"]]


def test_without_python_it_says_what_to_install(checkout, bare):
    done = launch(checkout / "launch.sh", bare)
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs Python 3.11 or newer, and there is none in PATH" in done.stderr
    assert "apt install python3" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 1", "needs Python 3.11 or newer"),
        ('case "$2" in *ensurepip*) exit 1;; esac; exit 0', "venv and ensurepip are not installed"),
        ('case "$2" in venv) echo "disk full" >&2; exit 1;; esac; exit 0', "could not be made"),
    ],
    ids=["too old", "no ensurepip", "no room"],
)
def test_a_python_that_will_not_do(checkout, bare, script, told):
    (bare / "python3").write_text(f"#!/bin/sh\n{script}\n")
    (bare / "python3").chmod(0o755)
    done = launch(checkout / "launch.sh", bare, "status")
    assert done.returncode == 1
    assert told in done.stderr


def test_the_first_start_makes_the_environment_and_the_second_needs_nothing(checkout, bare):
    wrapper(bare / "python3", os.path.realpath(sys.executable))
    offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    first = launch(checkout / "launch.sh", bare, "status", "--json", **offline)
    assert (first.returncode, first.stdout) == (7, "real status --json\n"), first.stderr
    assert "making an environment" in first.stderr
    (bare / "python3").unlink()
    second = launch(checkout / "launch.sh", bare, "status", **offline)
    assert (second.returncode, second.stdout, second.stderr) == (7, "real status\n", "")


def test_an_installation_that_fails_is_told_and_tried_again(checkout, bare):
    wrapper(bare / "python3", os.path.realpath(sys.executable))
    (checkout / ".venv" / "bin").mkdir(parents=True)
    wrapper(checkout / ".venv" / "bin" / "python", sys.executable)
    broken = bare.parent / "broken"
    broken.write_text('#!/bin/sh\n[ "$2" = pip ] && { echo "no network" >&2; exit 1; }\nexit 0\n')
    broken.chmod(0o755)
    wrapper(checkout / ".venv" / "bin" / "python", str(broken))
    for _ in range(2):
        done = launch(checkout / "launch.sh", bare)
        assert done.returncode == 1
        assert "no network" in done.stderr
        assert "could not be installed" in done.stderr
    assert not (checkout / ".venv" / ".launch-ready").exists()


def test_launch_bat_has_the_line_ends_that_windows_wants():
    data = (ROOT / "launch.bat").read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n") > 10

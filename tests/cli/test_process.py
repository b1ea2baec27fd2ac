"""The command as a process: what only a real interpreter, real pipes and a real shell can show."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def ainf(*args: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ainf_tui", *args],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "AINF_HOME": str(home), "LANG": "C.UTF-8", **env},
        check=False,
    )


def test_version(tmp_path):
    done = ainf("--version", home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "ainf, version 0.1.0\n")


def test_the_exit_code_is_the_process_own(tmp_path):
    assert ainf("queue", "move", "1", home=tmp_path).returncode == 2
    assert ainf("engine", "logs", home=tmp_path).returncode == 4


@pytest.mark.parametrize("args", [["config", "show"], ["--help"], ["completion", "bash"]], ids=" ".join)
def test_a_closed_pipe_is_quiet(tmp_path, args):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "ainf_tui", *args],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "AINF_HOME": str(tmp_path)},
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, "")


def test_a_latin_locale_is_no_crash(tmp_path):
    done = ainf("config", "path", home=tmp_path / "猫", PYTHONIOENCODING="latin-1:strict", LANG="C")
    assert done.returncode == 0
    assert "\\u732b" in done.stdout


@pytest.mark.parametrize(
    ("words", "cword", "names"),
    [
        ("ainf wor", "1", {"workflows"}),
        ("ainf queue mo", "2", {"move"}),
        ("ainf run portr", "2", {"portrait-basic"}),
        ("ainf run --preset fash", "3", {"fashion"}),
        ("ainf run --preset mi", "3", {"mine"}),
    ],
)
def test_completion_needs_no_engine(tmp_path, words, cword, names):
    folder = tmp_path / "config" / "presets"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text("")
    done = ainf(home=tmp_path, _AINF_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=cword)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == names
    assert not (tmp_path / "state").exists()


def test_files_are_completed_where_no_pack_fits(tmp_path):
    done = ainf(home=tmp_path, _AINF_COMPLETE="bash_complete", COMP_WORDS="ainf run ./x", COMP_CWORD="2")
    assert done.stdout == "file,./x\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(tmp_path, shell):
    done = ainf("completion", shell, home=tmp_path)
    assert done.returncode == 0
    assert "_AINF_COMPLETE" in done.stdout
    if shutil.which(shell):
        checked = subprocess.run(
            [shell, "-n"], input=done.stdout, text=True, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, "")
    assert ainf("completion", "tcsh", home=tmp_path).returncode == 2


def test_help_costs_little(tmp_path):
    """At most 6 times the processor time of `python -c pass`: the median of interleaved runs."""

    def cost(*args: str) -> float:
        null = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        pid = os.posix_spawn(sys.executable, [sys.executable, *args], dict(os.environ), file_actions=null)
        _, status, usage = os.wait4(pid, 0)
        assert status == 0
        return usage.ru_utime + usage.ru_stime

    pairs = [(cost("-c", "pass"), cost("-m", "ainf_tui", "--help")) for _ in range(9)]
    bare, helped = (sorted(column)[len(pairs) // 2] for column in zip(*pairs, strict=True))
    assert helped <= 6 * bare, f"{helped / bare:.1f}"

"""A real engine, real services, the command line: what goes wrong becomes the groups that one expects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.client.crash import report_crash
from ainf_tui.domain.errors.reports import CLI, of_exception
from ainf_tui.locations import locate
from tests.faults.test_services import PYTHON, Home, until

RECORDED = Path(__file__).parents[1] / "data" / "comfyui" / "logs"
REPLAYS = {"server": 3, "server_bad_requests": 26, "server_worker_thread_died": 2}
"""Failures in each recorded log."""
SAYS = "import sys, time; sys.stdout.write(open(sys.argv[1]).read()); sys.stdout.flush(); time.sleep(600)"
CRASHES = "print('ERROR: no luck today', flush=True); raise SystemExit(3)"


class Story(Home):
    """A box whose services write the logs of a real ComfyUI; one crashes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        services = {name: ["-c", SAYS, str(RECORDED / f"{name}.log")] for name in REPLAYS}
        services["crashing"] = ["-c", CRASHES]
        with (folder / "config" / "services.toml").open("a") as stream:
            for name, words in services.items():
                policy = '{policy = "always", delay = 0.1}' if name == "crashing" else '{policy = "never"}'
                command = json.dumps([PYTHON, *words])
                stream.write(
                    f"\n[services.{name}]\ncommand = {command}\nautostart = false\nrestart = {policy}\n"
                )

    def groups(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("errors", "list", *words)["errors"]
        return found

    def detail(self, number: int) -> dict[str, Any]:
        return self.json("errors", "show", str(number))

    def counted(self, source: str) -> int:
        count: int = self.look("/v1/errors/stats")["by_source"].get(source, 0)
        return count

    def has(self, source: str, count: int) -> bool:
        return self.counted(source) >= count

    def end(self) -> None:
        self.run("down")  # services outlive the engine
        super().end()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    box = Story(tmp_path / "box")
    yield box
    box.end()


def test_the_recorded_logs_of_comfyui_become_the_right_groups(story: Story) -> None:
    """Written by services, read by the engine: the same failures by the same entries of the playbook."""
    story.run("services", "start", *REPLAYS, "--no-wait")
    for name, count in REPLAYS.items():
        until(partial(story.has, name, count))
        assert story.counted(name) == count
    found = {
        (group["source"], group["code"] or group["title"]): group for group in story.groups("--limit", "100")
    }
    codes: Counter[tuple[str, str]] = Counter()
    for group in story.groups("--limit", "100"):
        if group["code"]:
            codes[group["source"], group["code"]] += group["count"]
    assert codes == {
        ("server", "model.other_family"): 2,
        ("server", "prompt.no_outputs"): 1,
        ("server_bad_requests", "prompt.missing_input"): 2,
        ("server_bad_requests", "prompt.missing_node"): 3,
        ("server_bad_requests", "prompt.no_outputs"): 3,
        ("server_bad_requests", "prompt.not_in_list"): 2,
        ("server_bad_requests", "prompt.out_of_range"): 1,
        ("server_worker_thread_died", "comfyui.worker_died"): 1,
    }
    titles = {group["title"] for group in found.values()}
    assert "ValueError: invalid literal for int() with base 10: 'abc'" in titles
    assert not [title for title in titles if title.startswith("Error handling request")]
    died = story.detail(found["server_worker_thread_died", "comfyui.worker_died"]["id"])
    assert died["card"]["action"] == "ainf comfyui restart"
    example = died["examples"][0]
    line = Path(example["file"]).read_bytes()[example["start"] :].splitlines()[0]
    assert line.decode() == "Exception in thread Thread-1 (prompt_worker):"


def test_a_crash_loop_is_settled_comes_back_and_is_put_away(story: Story, tmp_path: Path) -> None:
    story.run("services", "start", "crashing", "--no-wait")
    until(lambda: [g for g in story.look("/v1/errors")["errors"] if g["level"] == "critical"])
    loop, *others = story.groups()
    assert (loop["level"], loop["service"], loop["state"]) == ("critical", "crashing", "new")
    assert "no luck today" in {group["title"] for group in others}
    story.run("services", "stop", "crashing")

    # A front end that crashes tells this engine, not the spool.
    place = locate({"AINF_HOME": str(story.folder)})
    crash = of_exception(CLI, "ainf status", KeyError("a"), datetime.now(UTC))
    assert report_crash(crash, place.engine_socket, place.error_spool) == "engine"
    until(lambda: story.counted(CLI) == 1)
    assert not place.error_spool.exists()

    # The status tells totals that are renewed now and then.
    until(lambda: story.json("status")["errors"]["new"] == len(story.groups()))
    status = story.json("status")
    [reason] = [reason for reason in status["reasons"] if reason["code"] == "errors.new"]
    assert reason["severity"] == "info"

    # Settled, and back.
    number = str(loop["id"])
    story.run("errors", "resolve", number)
    assert story.detail(loop["id"])["group"]["state"] == "resolved"
    story.run("services", "start", "crashing", "--no-wait")
    until(lambda: story.look(f"/v1/errors/{loop['id']}")["group"]["state"] == "regressed")
    assert story.groups("--state", "regressed")[0]["id"] == loop["id"]
    story.run("services", "stop", "crashing")

    _import(story, tmp_path)
    _put_away(story, loop["id"])


def _import(story: Story, tmp_path: Path) -> None:
    """A file of the program before, with a line that is none."""
    old = tmp_path / "errors.jsonl"
    entry = {
        "timestamp": "2025-01-02T03:04:05",
        "level": "error",
        "source": "frontend",
        "message": "old",
        "details": {},
    }
    old.write_text(f"{json.dumps(entry)}\n{{broken\n{json.dumps(entry | {'message': 'older'})}\n")
    taken = story.run("errors", "import", str(old))
    assert (taken.returncode, "line 2" in taken.stderr) == (1, True), taken.stderr
    assert story.counted("frontend") == 2
    story.run("errors", "import", str(old))
    assert story.counted("frontend") == 2, "the same file again adds nothing"


def _put_away(story: Story, loop: int) -> None:
    """Handed on, and cleared."""
    lines = [json.loads(line) for line in story.run("errors", "export").stdout.splitlines()]
    assert {line["group"]["id"] for line in lines} == {g["id"] for g in story.groups("--state", "all")}
    story.run("errors", "resolve", str(loop))
    cleared = story.json("errors", "clear", "--yes")
    assert cleared["groups"] == 1
    kept = [json.loads(line) for line in Path(cleared["archive"]).read_text("utf-8").splitlines()]
    assert [line["group"]["id"] for line in kept] == [loop]
    assert loop not in {group["id"] for group in story.groups("--state", "all")}

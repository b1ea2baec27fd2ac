"""Options from the command line, and the time that they make things take."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.errors import UsageError
from ainf_tui.simulator import pictures, stage
from ainf_tui.simulator.__main__ import main, options
from ainf_tui.simulator.faults import Faults
from ainf_tui.simulator.folders import Folders
from ainf_tui.simulator.hub import Hub
from ainf_tui.simulator.logs import Logs
from ainf_tui.simulator.options import SimulatorOptions
from tests.fakes.sim import ROOT, SimProcess
from tests.simulator.driving import Client, image_graph


def made_of(*words: str) -> SimulatorOptions:
    given = options(list(words))
    assert given.pop("until_stdin_ends") is False
    return SimulatorOptions(**given)


def test_words_become_options() -> None:
    words = "--port 0 --checkpoint a.safetensors --checkpoint b.safetensors --noise 0.2 --step-seconds 0.5"
    more = ["--node-seconds", "VAEDecode=2", "--fault", "post_500=1", "--fault", 'oom={"class": "KSampler"}']
    made = made_of(*words.split(), *more, "--fault", "dead_worker")
    assert made.checkpoints == ("a.safetensors", "b.safetensors")
    assert (made.noise, made.step_seconds, made.node_seconds["VAEDecode"]) == (0.2, 0.5, 2.0)
    assert made.faults == {"post_500": 1, "oom": {"class": "KSampler"}, "dead_worker": True}


def test_instant_takes_no_time() -> None:
    made = made_of("--instant")
    assert (made.step_seconds, dict(made.node_seconds)) == (0.0, {})


@pytest.mark.parametrize(
    "values",
    [
        {"port": 70000},
        {"step_seconds": -1},
        {"node_seconds": {"A": -1}},
        {"noise": 1},
        {"preview_method": "x"},
    ],
)
def test_values_that_cannot_be_meant(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        SimulatorOptions(**values)
    assert refused.value.code == "simulator.bad_option"


def test_a_fault_that_is_no_json_ends_with_2(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("sys.argv", ["ainf simulator", "--fault", "garble=many"])
    assert main() == 2
    assert "garble" in capsys.readouterr().err


async def paused(
    monkeypatch: pytest.MonkeyPatch, folder: Path, megapixels: float, noise: float
) -> list[float]:
    """The seconds that ten steps wait."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    faults = Faults(killable=False)
    hub = Hub(faults, 0)
    made = SimulatorOptions(step_seconds=0.5, noise=noise)
    world = stage.World(made, Folders(folder), hub, faults, Logs(lambda *_: None), random.Random(1))
    progress = stage.Progress("p", "me", hub)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    running = stage.Stage("3", progress, world, "none", lambda: False)
    for step in range(10):
        await running.step(step, 10, megapixels, lambda: pictures.flat(0, 8, 8))
    monkeypatch.undo()
    return waited


async def test_steps_take_longer_for_more_pixels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert await paused(monkeypatch, tmp_path, 2.0, 0.0) == [1.0] * 10
    assert await paused(monkeypatch, tmp_path, 0.5, 0.0) == [0.25] * 10


async def test_noise_varies_the_time_the_same_way_each_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = await paused(monkeypatch, tmp_path, 2.0, 0.3)
    assert len(set(first)) == 10
    assert all(0.7 <= seconds <= 1.3 for seconds in first)
    assert await paused(monkeypatch, tmp_path, 2.0, 0.3) == first


async def test_a_polite_end_leaves_no_folder_and_no_close_frame(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *SimProcess.command(0),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[-1]
    async with Client(url, "me") as client:
        assert _left(tmp_path) != []
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        await asyncio.wait_for(client.closed.wait(), 5)
        assert client.ws.close_code == 1006
    assert _left(tmp_path) == []


def _left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_faults_from_the_command_line_hold_from_the_start(tmp_path: Path) -> None:
    sim = SimProcess(
        tmp_path / "sim", "--instant", "--fault", "post_500=1", "--fault", 'die_at="before_history"'
    )
    async with sim, Client(sim.url, "me") as client:
        answer = await client.post("/prompt", {"prompt": image_graph(), "client_id": "me", "prompt_id": "a"})
        assert answer.status_code == 500
        assert await sim.died() == -signal.SIGKILL
        assert [frame["type"] for frame in client.frames][-1] == "execution_success"

"""`python -m benchmarks.pacer`: a simulator that sends frames at an exact rate while `SLEEPER` runs.

Two frames a sampler step, as a ComfyUI sends them: `progress_state` with every node of the graph, and
`progress`. The steps are numbered, so that whoever took them in can tell how many came.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from ainf_tui.simulator.folders import Folders
from ainf_tui.simulator.machine import Machine
from ainf_tui.simulator.options import LOOPBACK, SimulatorOptions
from ainf_tui.simulator.prompts import Item
from ainf_tui.simulator.server import application
from benchmarks.graphs import SLEEPER

MOST = 10_000_000
"""Steps that the node claims to have: more than are ever sent."""
TICK = 0.002
"""Seconds between two looks at what is due."""


async def pace(machine: Machine, frames_per_second: float, most: int = MOST) -> None:
    """Sends whenever the node runs, until it has told of `most` steps; for ever, prompt after prompt."""
    while True:
        item = machine.queue.running
        if item is None or machine.executor.last_node != SLEEPER:
            await asyncio.sleep(TICK)
            continue
        await _steps(machine, item, frames_per_second / 2, most)


async def _steps(machine: Machine, item: Item, steps_per_second: float, most: int) -> None:
    nodes = {node: _state(item[1], node, 1, 1, "finished") for node in item[2] if node != SLEEPER}
    began, step = time.perf_counter(), 0
    while machine.executor.last_node == SLEEPER and machine.queue.running is item:
        due = min(most, int((time.perf_counter() - began) * steps_per_second))
        while step < due:
            step += 1
            _publish(machine, item, nodes, (step, most))
        await asyncio.sleep(TICK)


def _publish(machine: Machine, item: Item, nodes: dict[str, Any], step: tuple[int, int]) -> None:
    prompt_id, sid = item[1], item[3].get("client_id")
    nodes[SLEEPER] = _state(prompt_id, SLEEPER, *step, "running")
    machine.hub.publish("progress_state", {"prompt_id": prompt_id, "nodes": nodes}, sid)
    told = {"value": step[0], "max": step[1], "prompt_id": prompt_id, "node": SLEEPER}
    machine.hub.publish("progress", told, sid)


def _state(prompt_id: str, node: str, value: int, most: int, state: str) -> dict[str, Any]:
    return {
        "value": value,
        "max": most,
        "state": state,
        "node_id": node,
        "prompt_id": prompt_id,
        "display_node_id": node,
        "parent_node_id": None,
        "real_node_id": node,
    }


async def serve(port: int, folder: Path, frames_per_second: float, most: int) -> None:
    """Until cancelled; prints the address it listens on."""
    options = SimulatorOptions(port=port, folder=folder, step_seconds=0.0, node_seconds={})
    async with Machine(options, Folders(folder)).running() as machine:
        runner = web.AppRunner(application(machine), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
            sys.stdout.write(f"listening on http://{LOOPBACK}:{runner.addresses[0][1]}\n")
            sys.stdout.flush()
            async with asyncio.TaskGroup() as group:
                group.create_task(pace(machine, frames_per_second, most))
                await machine.fatal
        finally:
            await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pacer", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=1000.0, help="frames a second")
    parser.add_argument("--most", type=int, default=MOST, help="steps that a node has")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, given.folder, given.rate, given.most))


if __name__ == "__main__":
    main()

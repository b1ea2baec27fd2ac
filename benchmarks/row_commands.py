"""What a command of the command line costs, against an interpreter that does nothing."""

from __future__ import annotations

import asyncio
import json

from benchmarks.box import Home, comfy, engine
from benchmarks.children import AINF, PYTHON, compare_cpu, spend
from benchmarks.figures import Figure, Lab

ROUNDS = 30


async def help_cpu(lab: Lab) -> Figure:
    """CPU of `ainf --help` against `python -c pass`."""
    home = Home(lab.folder / "help")
    command = [*AINF, "--help"]
    shown = await asyncio.to_thread(spend, command, home.env)
    if shown.code != 0 or "Usage" not in shown.out:
        raise RuntimeError(f"`ainf --help` ended with {shown.code}")
    return await _against_nothing(lab, command, home)


async def status_cpu(lab: Lab) -> Figure:
    """CPU of `ainf status --json` while the engine runs and a ComfyUI answers it."""
    command = [*AINF, "status", "--json"]
    async with (
        comfy(lab.folder / "status-comfy", "--instant") as server,
        engine(Home(lab.folder / "status", server.url)) as running,
    ):
        shown = await asyncio.to_thread(spend, command, running.home.env)
        if json.loads(shown.out)["engine"]["pid"] != running.process.pid:
            raise RuntimeError("`ainf status` answered from another engine")
        return await _against_nothing(lab, command, running.home)


async def _against_nothing(lab: Lab, command: list[str], home: Home) -> Figure:
    rounds = lab.amount(ROUNDS, 5)
    ours, base = await asyncio.to_thread(compare_cpu, command, [*PYTHON, "pass"], rounds, home.env)
    note = f"{ours * 1e3:.0f} ms against {base * 1e3:.1f} ms of `python -c pass`"
    return Figure(ours / base, note, {"seconds": ours, "base_seconds": base, "rounds": rounds})

"""How long the first front end waits for an engine."""

from __future__ import annotations

import asyncio
import json
import time
from statistics import median

from benchmarks.box import Home, engine
from benchmarks.children import PYTHON, spend
from benchmarks.figures import Figure, Lab

ROUNDS = 7
_LIST = """
import sys
before = set(sys.modules)
import ainf_tui.__main__, ainf_tui.cli.commands.engine, ainf_tui.api.serve, ainf_tui.runtime
import json
print(json.dumps([n for n in sys.modules if n not in before and n.split(".")[0] != "ainf_tui"]))
"""
_IMPORT = """
import importlib, sys
for name in {names}:
    if name not in sys.modules:
        importlib.import_module(name)
"""


async def start_seconds(lab: Lab) -> Figure:
    """From the decision to start an engine until it has answered, as every front end does it; beside
    it the time that an interpreter takes to import the same libraries, and nothing of ours.
    """
    home = Home(lab.folder / "start")
    libraries = await asyncio.to_thread(_import_of_libraries)
    await _start(home)  # makes the database and the compiled modules
    pairs = []
    for _ in range(lab.amount(ROUNDS, 2)):
        imported = await asyncio.to_thread(spend, libraries)
        pairs.append((await _start(home), imported.wall, imported.cpu))
    started, wall, cpu = (median(column) for column in zip(*pairs, strict=True))
    note = f"{started / wall:.2f} times the import of its libraries ({wall:.2f} s, {cpu:.2f} s of CPU)"
    return Figure(started, note, {"ratio": started / wall, "import_seconds": wall, "import_cpu_seconds": cpu})


async def _start(home: Home) -> float:
    began = time.perf_counter()
    async with engine(home):
        return time.perf_counter() - began


def _import_of_libraries() -> list[str]:
    """A command that imports what the engine's modules import, in their order. Blocking."""
    listed = spend([*PYTHON, _LIST])
    if listed.code != 0:
        raise RuntimeError("the engine's modules cannot be imported")
    names = [name for name in json.loads(listed.out) if not name.startswith("_")]
    command = [*PYTHON, _IMPORT.format(names=names)]
    if spend(command).code != 0:
        raise RuntimeError("the engine's libraries cannot be imported without it")
    return command

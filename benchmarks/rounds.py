"""ainf, the floor and the peers, each started, left alone and asked, in turn. Many rows are read from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.box import Home, comfy, engine
from benchmarks.figures import Figure, Lab, NotHere
from benchmarks.past import fill
from benchmarks.programs import Program, ainf, floor, peers
from benchmarks.sitting import Sitting, sit

JOBS = 50
"""In ainf's list: as many rows as the floor has."""
_HOW_LONG = (6.0, 30)
"""Seconds of idleness, and keys."""
_ONCE = (1.0, 4)
Rounds = dict[str, list[Sitting]]
Read = Callable[[Sitting], float]


async def sittings(lab: Lab) -> Rounds:
    """By program, one a round; measured once for all rows."""
    return await lab.once("sittings", lambda: _measure(lab))


async def _measure(lab: Lab) -> Rounds:
    home = Home(lab.folder / "app")
    await fill(home, JOBS)
    async with comfy(lab.folder / "app-comfy", "--instant") as server:
        served = Home(home.folder, server.url)
        async with engine(served):
            others = await asyncio.to_thread(peers, lab.folder / "peers")
            programs = [floor(), ainf(served), floor("live"), *others]
            return await asyncio.to_thread(in_turn, lab, programs)


def in_turn(lab: Lab, programs: Sequence[Program]) -> Rounds:
    """Blocking. The first start of each is not counted: it fills caches and writes compiled modules. A
    peer that fails takes no further part; ainf and the floor must not fail.
    """
    found: Rounds = {}
    lab.say(f"first starts: {', '.join(program.name for program in programs)}")
    for turn in range(lab.rounds + 1):
        if turn:
            lab.say(f"round {turn} of {lab.rounds}: {', '.join(found)}")
        for program in programs:
            if turn and program.name not in found:
                continue
            try:
                seen = sit(program, *(_HOW_LONG if turn else _ONCE))
            except AssertionError as error:
                if not program.peer:
                    raise
                lab.say(f"{program.name} is left out: {str(error).splitlines()[0]}")
                found.pop(program.name, None)
                continue
            sittings = found.setdefault(program.name, [])
            if turn:
                sittings.append(seen)
    return found


def against(rounds: Rounds, other: str, read: Read, unit: str, scale: float = 1.0) -> Figure:
    """Median over the rounds of ainf's figure by the other's of the same round. The note gives the
    medians themselves, also of the others that are here.
    """
    if other not in rounds:
        raise NotHere(f"no {other} (`make bench-peers`, or its package)")
    pairs = zip(rounds["ainf"], rounds[other], strict=True)
    ratio = median(read(ours) / max(read(theirs), 1e-9) for ours, theirs in pairs)
    medians = {name: median(map(read, sat)) * scale for name, sat in rounds.items()}
    note = ", ".join(f"{name} {value:.3g}" for name, value in medians.items())
    return Figure(ratio, f"{note} {unit}", medians)


def best(rounds: Rounds, names: Sequence[str], read: Read) -> str:
    """Whose median is the smallest of these."""
    here = [name for name in names if name in rounds]
    return min(here, key=lambda name: median(map(read, rounds[name])))

"""What a look at the machine costs."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from ainf_tui.adapters.gpu.choose import gpu_source
from ainf_tui.adapters.host.disks import Disks
from ainf_tui.adapters.host.machine import SystemMachine
from ainf_tui.domain.host import host_document, steady
from ainf_tui.domain.host_documents import HostDocument
from ainf_tui.domain.ports_host import HostCounters
from benchmarks.figures import Figure, Lab

SAMPLES = 200
ROUNDS = 5


async def host_sample(lab: Lab) -> Figure:
    """CPU of the whole process for a sample of the machine: counters, disks where they are due, GPUs as found
    here, and the document that is told.
    """
    machine = SystemMachine(Disks({"outputs": lab.folder}, {}), gpu_source("auto"))
    samples = lab.amount(SAMPLES, 20)
    await _sample(machine, HostDocument(), None)
    rounds = [await _round(machine, samples) for _ in range(ROUNDS)]
    gpus = len((await machine.gpus()).gpus)
    machine.close()
    per_sample = median(rounds)
    note = f"{gpus} GPUs here; {per_sample / 20:.3f}% of a core at one in 2 s"
    return Figure(per_sample, note, {"least": min(rounds), "most": max(rounds), "gpus": gpus})


async def _round(machine: SystemMachine, samples: int) -> float:
    """Milliseconds of CPU a sample."""
    told, counters = HostDocument(), None
    began = time.process_time()
    for _ in range(samples):
        told, counters = await _sample(machine, told, counters)
    return (time.process_time() - began) / samples * 1000


async def _sample(
    machine: SystemMachine, told: HostDocument, before: HostCounters | None
) -> tuple[HostDocument, HostCounters]:
    counters, disks, reading = await asyncio.gather(machine.counters(), machine.disks(), machine.gpus())
    if counters is None:
        raise RuntimeError("the machine's counters could not be read")
    return steady(told, host_document(counters, before, disks, reading)), counters

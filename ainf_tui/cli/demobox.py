"""A scratch box for `ainf demo`: a simulated ComfyUI, an engine, work; gone without a trace when it ends."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psutil

from ainf_tui.cli.documents import DemoDocument
from ainf_tui.client import Client, launch
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import RunRequest, SweepAxis
from ainf_tui.errors import AinfError, UnreachableError
from ainf_tui.locations import Locations, locate
from ainf_tui.resources import data_dir
from ainf_tui.settings import resolve
from ainf_tui.simulator.options import LISTENS

LABEL = "DEMO"
GPU_SAMPLES = "demo-gpu.jsonl"
"""Made up: two minutes of a GPU that renders pictures."""
STEP_SECONDS = 0.4
"""Of a sampler step at one megapixel: a picture takes 10 to 20 s, with a preview a step."""
FAILING = "LatentUpscaleBy"
"""The class that runs out of memory, once. Only landscapes have it."""
_CONFIG = """\
[engine]
label = "{label}"
[queue]
max_attempts = 1
[backends.simulator]
url = "{url}"
[comfyui]
port = {port}
[host]
gpus = {gpus}
"""
_QUICK = {"width": 512, "height": 512, "steps": 8}
_GONE_SECONDS = 5.0
_AGAIN_SECONDS = 5.0
"""After which a simulator that crashed, or was killed, runs again, as one that somebody looks after."""


def work() -> tuple[RunRequest, ...]:
    """The jobs in their order: two that are soon done, one that fails, then some minutes of work."""
    wide = {"width": 1024, "height": 704, "steps": 14}
    wishes: tuple[tuple[str, dict[str, str | int], int], ...] = (
        ("portrait", {"prompt": "a lighthouse keeper", **_QUICK}, 1),
        ("landscape", {"prompt": "dunes under a storm", "width": 832, "height": 576, "steps": 6}, 1),
        ("product", {"prompt": "a brass compass", **_QUICK}, 1),
        ("portrait", {"prompt": "a reading woman by the window"}, 4),
        ("artistic", {"prompt": "a red bicycle in the rain, evening light"}, 4),
        ("landscape", {"prompt": "misty hills at dawn", **wide}, 4),
        ("instagram", {"prompt": "coffee and an open book"}, 4),
        ("realistic", {"prompt": "an old sailor mending a net"}, 4),
        ("landscape", {"prompt": "a harbour in winter", **wide}, 4),
    )
    requests = [
        RunRequest(new_id(), preset=preset, values=values, count=count, seed=str(1000 + number))
        for number, (preset, values, count) in enumerate(wishes)
    ]
    night = {"prompt": "a runner in the city at night"}
    requests.append(RunRequest(new_id(), preset="fashion", values=night, held=True))
    still = {"prompt": "a glass of water on slate", "width": 768, "height": 768}
    axis = SweepAxis("cfg", ("4", "6", "8", "10"))
    requests.append(RunRequest(new_id(), pack="portrait-basic", values=still, seed="7", sweep=(axis,)))
    return tuple(requests)


async def keep(told: Callable[[DemoDocument], None]) -> None:
    """A box with work going on, until our stdin ends or a signal asks; then nothing of it is left.

    `told` is called as soon as its engine answers; the jobs come in the moments after.

    Raises what starting a simulator and an engine raise.
    """
    with _ended() as ended, _scratch() as places:
        async with _simulator(places) as url:
            try:
                # Never cut short: an engine that is just being started could not be found and ended.
                async with await _engine(places, url) as client:
                    if not ended.is_set():
                        told(DemoDocument(home=str(places.home), url=url, pid=os.getpid(), label=LABEL))
                    for request in work():
                        if not ended.is_set():
                            await client.jobs.submit(request)
                    await ended.wait()
            finally:
                await asyncio.to_thread(_end_engines, places)


@contextmanager
def _ended() -> Iterator[asyncio.Event]:
    """Set at the end of stdin, which comes when whoever holds its other end dies, and by signals."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        with suppress(RuntimeError):  # The loop has ended before us.
            loop.call_soon_threadsafe(event.set)

    # A thread of its own: whatever stdin is (a pipe, a terminal, a file), and nobody waits for it at the end.
    threading.Thread(target=read, name="stdin", daemon=True).start()
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, event.set)
    try:
        yield event
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@contextmanager
def _scratch() -> Iterator[Locations]:
    places = locate({}, Path(tempfile.mkdtemp(prefix="ainf-demo-")))
    try:
        yield places
    finally:
        _remove(places)


def clear_up(home: Path) -> None:
    """What is left of a box whose keeper was killed. Blocking."""
    places = locate({}, home)
    _end_engines(places)
    _remove(places)


def _remove(places: Locations) -> None:
    for folder in (places.home, places.engine_socket.parent):
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _simulator(places: Locations) -> AsyncIterator[str]:
    """The address of a simulated ComfyUI. It is a process of its own: it may be stopped and killed."""
    process, url = await _simulating(places, 0)
    looking = asyncio.create_task(
        _looked_after(places, process, int(url.rpartition(":")[2])), name="simulator"
    )
    try:
        yield url
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _simulating(places: Locations, port: int) -> tuple[asyncio.subprocess.Process, str]:
    """One that listens, and its address. It ends with us, for we hold its stdin."""
    folder = (places.home or places.state_dir) / "comfyui"
    words = ("--port", str(port), "--folder", str(folder), "--until-stdin-ends")
    looks = ("--step-seconds", str(STEP_SECONDS), "--noise", "0.1", "--preview-method", "auto")
    oom = json.dumps({"class": FAILING, "count": 1})
    faults = () if port else ("--fault", f"oom={oom}")  # Once: not again after it was killed.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ainf_tui.simulator", *words, *looks, *faults),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd="/",
    )
    line = b"" if process.stdout is None else await process.stdout.readline()
    _, found, url = line.decode().strip().partition(LISTENS)
    if not found:
        await process.wait()
        raise AinfError("demo.did_not_start", f"its simulator ended with {process.returncode}")
    return process, url


async def _looked_after(places: Locations, process: asyncio.subprocess.Process, port: int) -> None:
    """Starts it again after a crash, at the same address; one that was asked to end stays away."""
    try:
        while await process.wait() != 0:
            await asyncio.sleep(_AGAIN_SECONDS)
            with suppress(AinfError):  # Its port is taken just now: once more.
                process, _ = await _simulating(places, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _engine(places: Locations, url: str) -> Client:
    """An engine as any front end would start it; the user's own settings have no part in it."""
    places.config_dir.mkdir(parents=True)
    gpus = json.dumps(f"recorded:{data_dir() / GPU_SAMPLES}")
    # The simulator is this box's ComfyUI: the Dashboard shows it as a service that runs already.
    config = _CONFIG.format(label=LABEL, url=url, gpus=gpus, port=url.rpartition(":")[2])
    places.config_file.write_text(config, encoding="utf-8")
    return await launch.connect(resolve({}, {}, places.config_file), places)


def _end_engines(places: Locations) -> None:
    """Ends every engine of this home, also one that the app has started since, and what it runs: scans of
    logs, a look at the box's tools. Blocking.

    At once: it has nothing to lose that is not removed with the folder.
    """
    mark = str(places.engine_settings_file)
    found = [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or ())]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.suspend()  # It starts nothing any more while its children are looked for.
            found += process.children()
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _, alive = psutil.wait_procs(found, timeout=_GONE_SECONDS)
    if alive:
        raise UnreachableError(
            "engine.does_not_end",
            f"the demo's engine (pid {alive[0].pid}) was killed and has not ended",
            hint=f"Look what it waits for: ps -o pid,stat,wchan {alive[0].pid}",
        )

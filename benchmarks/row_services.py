"""Fifty services on the Dashboard, five of which accept every connection and never answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace

from benchmarks.box import Engine, Home, engine
from benchmarks.figures import Figure, Lab
from benchmarks.programs import ainf
from benchmarks.rounds import Rounds, against, in_turn

WELL, HUNG = 45, 5
SETTLED = 8.0
"""Seconds until all have been checked."""
SECONDS = 20.0
SHOWN = r"(?s)SERVICES.*s000.*\? help"


async def services_key(lab: Lab) -> Figure:
    """A key in the list of services, against the same with two services."""
    return against(await _sittings(lab), "ainf-2", lambda sat: sat.keys.p50, "ms")


async def services_key_p95(lab: Lab) -> Figure:
    return against(await _sittings(lab), "ainf-2", lambda sat: sat.keys.p95, "ms")


async def services_share(lab: Lab) -> Figure:
    """Share of a core that the engine takes while somebody looks at them: a check each every 2 s."""
    seconds = SECONDS / 5 if lab.quick else SECONDS
    async with _box(lab, "services-share", WELL, HUNG) as running:
        from ainf_tui.client.live import Live  # noqa: PLC0415 - nobody else here looks

        async with Live(running.client.transport, ("services",)) as live:
            await live.get()
            before = running.cpu()
            await asyncio.sleep(seconds)
            share = (running.cpu() - before) / seconds * 100
    return Figure(share, f"{WELL + HUNG} services, {HUNG} of them hung")


async def _sittings(lab: Lab) -> Rounds:
    async def measure() -> Rounds:
        async with _box(lab, "services-many", WELL, HUNG) as many, _box(lab, "services-few", 2, 0) as few:
            programs = [
                replace(ainf(many.home), until=SHOWN, before=()),
                replace(ainf(few.home), until=SHOWN, before=(), name="ainf-2"),
            ]
            return await asyncio.to_thread(in_turn, lab, programs)

    return await lab.once("services", measure)


@asynccontextmanager
async def _box(lab: Lab, name: str, well: int, hung: int) -> AsyncIterator[Engine]:
    """Watched services on sockets of ours: the kernel takes connections, nobody answers them."""
    home = Home(lab.folder / name)
    file = home.locations.user_services_file
    file.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        tables = []
        for number in range(well + hung):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
            check = 'http = "/"' if number >= well else 'tcp = "{host}:{port}"'
            port = server.getsockname()[1]
            tables.append(
                f"[services.s{number:03}]\nports = [{port}]\n[services.s{number:03}.health]\n{check}\n"
            )
        file.write_text("\n".join(tables))
        async with engine(home) as running:
            await running.client.services.listed()
            await asyncio.sleep(1.0 if lab.quick else SETTLED)
            yield running

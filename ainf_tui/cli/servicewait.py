"""Until services have become what was asked of them, told while it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from ainf_tui.cli.app import App
from ainf_tui.cli.output import show
from ainf_tui.client import Client
from ainf_tui.client.live import Live, Lost, Topic
from ainf_tui.domain.service_documents import ServiceDocument, ServicesDocument
from ainf_tui.domain.wire import STOP_ASKED
from ainf_tui.errors import UnreachableError

Reached = Callable[[ServiceDocument], bool | None]
"""Whether it has come to what was asked: True, False where it will not, None while it may."""


def is_up(service: ServiceDocument) -> bool | None:
    """It runs and has passed a check."""
    if service.kind == "watched":
        return True
    if service.state == "running":
        return True
    if service.state in {"starting", "stopping"} or service.next_restart is not None:
        return None
    return False


def is_down(service: ServiceDocument) -> bool | None:
    """Its process is gone."""
    if service.state == "stopping":
        return None
    if service.state in {"starting", "running"}:
        return False if service.problem is not None else None
    return True


async def wait_for(
    app: App, client: Client, names: Collection[str], reached: Reached, limit: float
) -> ServicesDocument:
    """The services as they stand once each has come to it, or will not.

    Raises UnreachableError `services.timed_out` after `limit` seconds; what was begun goes on.
    """
    told: dict[str, str] = {}
    newest = ServicesDocument()
    try:
        async with asyncio.timeout(limit), Live(client.transport, ("services",)) as live:
            while True:
                update = await live.get()
                if isinstance(update, Lost):
                    if update.bye == STOP_ASKED:
                        raise UnreachableError(
                            "engine.stopped",
                            "the engine was stopped meanwhile; what it had begun runs on",
                            hint="`ainf services` starts another and shows how they stand.",
                        )
                    if client.reopen is not None:
                        await client.reopen()
                        live.hurry()
                elif isinstance(update, Topic) and isinstance(update.value, ServicesDocument):
                    newest = update.value
                    chosen = [s for s in newest.services if s.name in names]
                    _tell(app, chosen, told)
                    if all(reached(service) is not None for service in chosen):
                        return ServicesDocument(tuple(chosen), run=newest.run)
    except TimeoutError:
        left = [s.name for s in newest.services if s.name in names and reached(s) is None] or list(names)
        raise UnreachableError(
            "services.timed_out",
            f"{', '.join(left)}: not there after {limit:g} s; it goes on",
            hint="`ainf services` shows how they stand.",
            details={"services": left},
        ) from None


def _tell(app: App, services: Collection[ServiceDocument], told: dict[str, str]) -> None:
    for service in services:
        text = _line(service)
        if told.get(service.name) != text:
            told[service.name] = text
            app.out.note(text, _colour(service))


def _line(service: ServiceDocument) -> str:
    health = f", {service.health}" if service.state == "running" else ""
    pid = f"  pid {service.pid}" if service.pid is not None and service.state == "running" else ""
    port = f"  port {service.ports[0]}" if service.ports and service.state == "running" else ""
    why = service.problem.message if service.problem is not None else ""
    if service.state == "starting":
        why = service.message
    tail = f"  {show(why, 300)}" if why else ""
    return f"{show(service.name, 40)}: {service.state}{health}{pid}{port}{tail}"


def _colour(service: ServiceDocument) -> str:
    return _COLOURS.get(service.state, "")


_COLOURS: Mapping[str, str] = {"crash-loop": "red", "exited": "red", "running": "green"}

"""Where the log of a service is to be found."""

from __future__ import annotations

from collections.abc import Iterable

from ainf_tui.domain.documents import BackendDocument
from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.domain.service_documents import ServiceDocument
from ainf_tui.domain.text import port_here


def source_of(name: str, services: Iterable[ServiceDocument], backends: Iterable[BackendDocument]) -> str:
    """What the Logs screen opens for it. Of one that somebody else started the file that it prints to, else
    what a ComfyUI keeps in its memory.
    """
    service = next((one for one in services if one.name == name), None)
    if service is None or service.kind != "adopted":
        return name
    if service.log:
        return f"file:{service.log}"
    known = (one.name for one in backends if port_here(one.url) in service.ports)
    return next((f"{BACKEND}{backend}" for backend in known), name)

"""Where the log of a service is to be found."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ainf_tui.domain.documents import BackendDocument
from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.domain.service_documents import ServiceDocument

_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


def source_of(name: str, services: Iterable[ServiceDocument], backends: Iterable[BackendDocument]) -> str:
    """What the Logs screen opens for it. Of one that somebody else started the file that it prints to, else
    what a ComfyUI keeps in its memory.
    """
    service = next((one for one in services if one.name == name), None)
    if service is None or service.kind != "adopted":
        return name
    if service.log:
        return f"file:{service.log}"
    for backend in backends:
        where = urlsplit(backend.url)
        if where.hostname in _HERE and (where.port or 80) in service.ports:
            return f"{BACKEND}{backend.name}"
    return name

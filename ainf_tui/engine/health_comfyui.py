"""What is not well with the ComfyUI of this box."""

from __future__ import annotations

from collections.abc import Iterator

from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.comfyui_install import open_addresses
from ainf_tui.domain.documents import ReasonDocument
from ainf_tui.domain.service_documents import ServicesDocument


def comfyui_reasons(found: ComfyUIDocument, services: ServicesDocument) -> Iterator[ReasonDocument]:
    """That it cannot be started, and that it runs where others reach it, though that was agreed to."""
    if found.state == "broken":
        yield ReasonDocument(
            "comfyui.broken",
            "warning",
            f"ComfyUI in {found.folder} cannot be started: {found.reason}",
            "`ainf comfyui install` completes it",
        )
    running = any(
        service.name == found.service and service.kind == "managed" and service.state == "running"
        for service in services.services
    )
    others = open_addresses(found.arguments[1]) if running and found.arguments[:1] == ("--listen",) else ()
    if others:
        yield ReasonDocument(
            "comfyui.open_to_network",
            "error",
            f"ComfyUI listens on {', '.join(others)}: it has no login, whoever reaches it can run code",
            'set [comfyui] listen = "127.0.0.1" and reach it through ssh',
        )

"""The JSON contract of `ainf status`; see `documents` for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ainf_tui.domain.documents import (
    BackendDocument,
    DatabaseDocument,
    EngineDocument,
    QueueDocument,
    ReasonDocument,
)
from ainf_tui.domain.service_documents import ServiceDocument
from ainf_tui.frozen import frozen


@frozen
class StatusDocument:
    """`ainf status`: the whole box in one value."""

    ainf_version: str
    overall: str
    """ok | warning | error"""
    reasons: tuple[ReasonDocument, ...]
    engine: EngineDocument
    host: Mapping[str, Any]
    gpus: tuple[Mapping[str, Any], ...]
    services: tuple[ServiceDocument, ...]
    backends: tuple[BackendDocument, ...]
    queue: QueueDocument
    database: DatabaseDocument
    errors: Mapping[str, Any]
    schema: str = "ainf.status/1"

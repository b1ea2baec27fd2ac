"""What is known of a line from its beginning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ainf_tui.domain.logs.levels import Level
from ainf_tui.frozen import frozen


@frozen
class Head:
    """`at` None: the line does not say. `level` None: it does not say, and no word suggests one."""

    format: str
    message: str
    at: datetime | None = None
    level: Level | None = None
    stated: bool = False
    """The line says its level itself."""
    name: str = ""
    """Logger, service, program or process, as the line calls it."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    goes_on: bool = False
    """It belongs to the record before it, if that is of the same format (PostgreSQL's DETAIL)."""

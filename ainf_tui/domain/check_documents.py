"""The JSON contract of the system check (`ainf doctor`); see `documents` for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ainf_tui.frozen import frozen


@frozen
class FixDocument:
    """What ainf can do about it; shown before it is run."""

    id: str
    title: str
    steps: tuple[str, ...]
    """What will be run or changed, a line each, as a person would type it."""


@frozen
class CheckDocument:
    """One check. A check that could not look is `unknown`, never `ok`."""

    code: str
    """`python.version`, `disk.low.models`"""
    area: str
    """system | tools | gpu | disk | ports | comfyui | database | services | security | terminal"""
    title: str
    severity: str
    """ok | info | warning | error | unknown"""
    evidence: str
    """What was seen: versions, paths, numbers."""
    hint: str = ""
    fix: FixDocument | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@frozen
class ChecksDocument:
    """`ainf doctor`."""

    overall: str
    """ok | warning | error; unknown checks make a warning"""
    checks: tuple[CheckDocument, ...]
    checked_at: datetime | None = None
    seconds: float = 0.0
    schema: str = "ainf.checks/1"


@frozen
class FixRequest:
    """Carry out the fix of that id, as it was shown: `steps` must be those that still hold."""

    id: str
    steps: tuple[str, ...]


@frozen
class FixedDocument:
    """What a fix did, and the check after it."""

    id: str
    done: bool
    output: tuple[str, ...]
    check: CheckDocument | None
    schema: str = "ainf.fixed/1"

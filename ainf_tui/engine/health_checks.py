"""What the system check adds to the verdict on the box."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.checks.judge import base
from ainf_tui.domain.checks.verdict import ERROR, WARNING
from ainf_tui.domain.documents import ReasonDocument

TOLD_ELSEWHERE = frozenset(
    {"comfyui.reachable", "database.reachable", "disk.free", "services.engine", "system.settings"}
)
"""Watched all the time: the verdict has them from there, fresher."""


def check_reasons(checks: Iterable[CheckDocument]) -> Iterator[ReasonDocument]:
    """An error of a check is one of the box. Its warnings are worth knowing and no reason to call a box
    that works unwell: they are shown as information. What could not be looked at is for `ainf doctor` alone.
    """
    for check in checks:
        if base(check.code) in TOLD_ELSEWHERE or check.severity not in {ERROR, WARNING}:
            continue
        severity = "error" if check.severity == ERROR else "info"
        hint = f"{check.hint} `ainf doctor` tells more.".strip()
        yield ReasonDocument(check.code, severity, f"{check.title}: {check.evidence}", hint)

"""Which engine a front end can work with."""

from __future__ import annotations

import re

from ainf_tui.domain.wire import API_REVISION, VersionDocument
from ainf_tui.errors import ConflictError


def check_api(engine: VersionDocument) -> None:
    """Raises ConflictError(`engine.newer`) when the engine's API is newer than ours."""
    if engine.api <= API_REVISION:
        return
    raise ConflictError(
        "engine.newer",
        f"the running engine ({engine.version}, pid {engine.pid}) is newer than this program can speak to",
        hint="Update this ainf, or end the engine with the ainf that started it: `ainf engine stop`.",
        details={"engine": engine.version, "api": engine.api, "spoken": API_REVISION},
    )


def is_older(version: str, than: str) -> bool:
    """Whether the numbers at the beginning of `version` come before those of `than`."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    head = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in head.group().split(".")) if head else ()

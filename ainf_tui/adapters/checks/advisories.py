"""Reads data/advisories.toml. Blocking."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ainf_tui.domain.checks.facts import Advisory, Thresholds


def thresholds(path: Path, disk_free: int) -> Thresholds:
    """With every advisory of the file."""
    with path.open("rb") as stream:
        table = tomllib.load(stream)
    return Thresholds(disk_free, tuple(Advisory(**row) for row in table["advisory"]), table["as_of"])

"""The playbook that ships with ainf."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from ainf_tui.domain.errors.playbook import Playbook, parse
from ainf_tui.resources import data_dir


@cache
def playbook() -> Playbook:
    """Reads data/playbook.toml at the first call, 10 ms. AinfError `resources.missing`."""
    with (data_dir() / "playbook.toml").open("rb") as stream:
        return parse(tomllib.load(stream))


@cache
def codes() -> Mapping[str, Mapping[str, str]]:
    """Title and hint of each code of ainf's own. Reads data/errors.toml; AinfError `resources.missing`."""
    with (data_dir() / "errors.toml").open("rb") as stream:
        return tomllib.load(stream)

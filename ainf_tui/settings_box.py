"""The settings of the box: what its services leave behind, a class a section of config.toml."""

from __future__ import annotations

from dataclasses import dataclass

from ainf_tui.settings_field import setting


@dataclass(frozen=True, slots=True)
class RunLogSettings:
    """The folders runs/TIME: what happened from one start of the services to the next."""

    folder: str = setting("", "Where they go. Empty: runs/ in the state folder.", path=True)
    keep: int = setting(20, "Runs that are kept; older ones are removed.", minimum=1, maximum=10_000)
    keep_bytes: int = setting(
        2_147_483_648,
        "Bytes of all runs together above which the oldest are removed.",
        minimum=1_048_576,
        maximum=10**13,
    )
    log_max_bytes: int = setting(
        67_108_864,
        "Size in bytes at which a log in it is rotated; no line is lost.",
        minimum=65_536,
        maximum=10**12,
    )

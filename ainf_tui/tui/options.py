"""How the app is to be: what flags, settings and the terminal decided. Fixed for one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ainf_tui.tui.themes import DEFAULT


@dataclass(frozen=True, slots=True)
class Options:
    """`keys`: action id to its keys, the user's over the declared ones."""

    label: str = ""
    """Shown as a banner in the header: DEMO, or the box that was connected to."""
    read_only: bool = False
    may_start: bool = True
    """Whether an engine may be started where none runs."""
    theme: str = DEFAULT
    unicode: bool = True
    mouse: bool = True
    slow: bool = False
    """Low bandwidth from the start."""
    images: str = "auto"
    """auto | kitty | sixel | blocks | off"""
    host: str = ""
    """This machine's name, until the engine tells its own."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    state_dir: Path | None = None
    """Where the session is kept; None: it is not."""
    themes_dir: Path | None = None
    """The user's own themes."""

"""How the app is to be: what flags, settings and the terminal decided. Fixed for one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ainf_tui.tui.terminal.abilities import Abilities, decide
from ainf_tui.tui.terminal.abilities import Options as Asked
from ainf_tui.tui.terminal.probe import Probe
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
    environ: Mapping[str, str] = field(default_factory=dict)
    ascii: bool = False
    """`--ascii`: whatever the terminal can."""

    def decide(self, probe: Probe, *, slow: bool) -> Abilities | None:
        """What this terminal can, now that it has answered; None where there is none (a test)."""
        if not self.environ:
            return None
        asked = Asked(ascii=self.ascii, mouse=self.mouse, low_bandwidth=slow)
        return decide(self.environ, asked, probe)

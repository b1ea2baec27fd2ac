"""How the app is to be: what flags, settings and the terminal decided. Fixed for one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.frozen import frozen
from ainf_tui.settings import Settings
from ainf_tui.tui.console import Console
from ainf_tui.tui.terminal.abilities import Abilities, decide
from ainf_tui.tui.terminal.abilities import Options as Asked
from ainf_tui.tui.terminal.probe import Probe
from ainf_tui.tui.themes import DEFAULT


@frozen
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
    """The state folder; None: nothing is kept."""
    themes_dir: Path | None = None
    """The user's own themes."""
    environ: Mapping[str, str] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    """What the user wants of the terminal."""
    glyphs: bool = False
    """Glyphs whatever the terminal says (`app.ascii = "no"`)."""
    session_file: Path | None = None
    """Where the session is kept; None: it is not."""
    config_file: Path | None = None
    settings: Settings = field(default_factory=Settings)
    console: Console | None = None
    """The verbs of the command line; None: the app has no command line."""
    reread: Callable[[], Settings] | None = None
    """Reads the settings anew; raises UsageError `config.*`."""
    hand_over: Callable[[ErrorReport], str] | None = None
    """Collects a mistake of ours: `engine`, `spool`, empty, or why it is kept nowhere. Blocking."""

    def decide(self, probe: Probe, *, slow: bool) -> Abilities | None:
        """What this terminal can, now that it has answered; None where there is none (a test)."""
        if not self.environ:
            return None
        asked = replace(self.asked, low_bandwidth=self.asked.low_bandwidth or slow)
        able = decide(self.environ, asked, probe)
        return replace(able, unicode=True) if self.glyphs else able

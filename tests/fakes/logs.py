"""Views of logs over folders of a test."""

from __future__ import annotations

from pathlib import Path

from ainf_tui.adapters.logs.views import Desk, Places
from ainf_tui.engine.logs.views import LogViews
from ainf_tui.playbook import playbook

NOWHERE = Path("/nonexistent/ainf")


def logs_of(runs: Path = NOWHERE, engine_log: Path = NOWHERE / "engine.log") -> LogViews:
    """Real ones; of nothing, where no folder is given."""
    return LogViews(Desk(Places(runs, engine_log, playbook)))

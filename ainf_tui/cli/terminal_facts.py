"""What the command line's own terminal can do; see `domain.checks.terminal`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ainf_tui.adapters.checks.commands import CouldNotLookError, ask
from ainf_tui.cli.output import Output
from ainf_tui.domain.checks.facts import Terminal


def terminal_facts(out: Output, environ: Mapping[str, str]) -> Terminal:
    """Starts `tmux` for a moment, where this is one of its panes."""
    term = environ.get("TERM", "")
    tmux = bool(environ.get("TMUX"))
    return Terminal(
        term=term,
        colours=_colours(term, environ.get("COLORTERM", "")),
        unicode=out.unicode,
        tmux=tmux,
        ssh=bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY")),
        interactive=out.interactive,
        clipboard=_clipboard(environ) if tmux else "",
    )


def _colours(term: str, colorterm: str) -> int:
    if colorterm in {"truecolor", "24bit"} or term.endswith("-direct"):
        return 16_777_216
    found = re.search(r"-(\d+)color", term)
    if found:
        return int(found[1])
    return {"": 0, "dumb": 0, "xterm-kitty": 16_777_216, "xterm-ghostty": 16_777_216}.get(term, 8)


def _clipboard(environ: Mapping[str, str]) -> str:
    try:
        said = ask(["tmux", "show-options", "-gv", "set-clipboard"], within=2.0, env=environ)
    except CouldNotLookError:
        return ""
    word = said.out.strip()
    return word if said.code == 0 and word in {"on", "off", "external"} else ""

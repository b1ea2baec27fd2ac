"""What was chosen or left undone for the user, told on stderr."""

from __future__ import annotations

from collections.abc import Iterable

from ainf_tui.cli.output import Output, show
from ainf_tui.domain.documents import ProblemDocument

QUIET = frozenset({"checkpoint.chosen"})
"""Codes of choices that went as they should: said, but neither in colour nor with advice."""


def tell(out: Output, notices: Iterable[ProblemDocument]) -> None:
    """Each notice once, its hint below it."""
    for notice in dict.fromkeys((n.code, n.message, n.hint) for n in notices):
        code, message, hint = notice
        out.note(show(message), "dim" if code in QUIET else "yellow")
        if hint and code not in QUIET:
            out.note(f"  {show(hint)}")

"""What was chosen or left undone for the user, told on stderr."""

from __future__ import annotations

from collections.abc import Iterable

from ainf_tui.cli.output import Output, show
from ainf_tui.domain.documents import ProblemDocument


def tell(out: Output, notices: Iterable[ProblemDocument]) -> None:
    """Each notice once, its hint below it."""
    for notice in dict.fromkeys((n.message, n.hint) for n in notices):
        out.note(show(notice[0]), "yellow")
        if notice[1]:
            out.note(f"  {show(notice[1])}")

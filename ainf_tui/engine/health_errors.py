"""What the collected errors say of the box: old news, so never more than a word about it."""

from __future__ import annotations

from collections.abc import Iterator

from ainf_tui.domain.documents import ReasonDocument
from ainf_tui.domain.error_documents import ErrorTotalsDocument


def error_reasons(errors: ErrorTotalsDocument) -> Iterator[ReasonDocument]:
    """Errors that nobody has looked at. An `info`: what is wrong now has a reason of its own, and what went
    wrong last night must not keep the box yellow.
    """
    if errors.new and errors.latest:
        more = f", and {errors.new - 1} more" if errors.new > 1 else ""
        title = errors.latest[0].title
        yield ReasonDocument("errors.new", "info", f"new error: {title}{more}", "`ainf errors` lists them")

"""Where a typed place in a log is: a time, a line's number, a share of the whole. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ainf_tui.domain.log_documents import LogFindRequest
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.query import moment

_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%", re.ASCII)
_LINE = re.compile(r"[:#](\d{1,15})", re.ASCII)


def goto_request(text: str) -> LogFindRequest | None:
    """`50%`, `:120`, else a time as `--since` takes it; None for nothing. UsageError `logs.bad_time`.

    A time is resolved here, on the reader's clock.
    """
    text = text.strip()
    if not text:
        return None
    if share := _SHARE.fullmatch(text):
        return LogFindRequest("fraction", value=f"{min(100.0, float(share[1])) / 100:.6f}")
    if line := _LINE.fullmatch(text):
        return LogFindRequest("line", value=str(max(1, int(line[1]))))
    return LogFindRequest("time", value=moment(text, Clock(datetime.now(UTC))).isoformat())

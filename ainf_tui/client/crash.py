"""A mistake of ours in a front end: told to the engine if one answers at once, else left for the next one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ainf_tui.client.caller import Caller
from ainf_tui.client.codec import encode
from ainf_tui.client.unix import UnixTransport
from ainf_tui.domain.error_documents import ErrorReport, ReportErrorsRequest
from ainf_tui.domain.wire import sparse
from ainf_tui.error_spool import spool
from ainf_tui.errors import AinfError

WITHIN = 1.0
"""Seconds that an engine has: who has met a crash waits for nothing."""


def report_crash(report: ErrorReport, socket: Path, spool_file: Path) -> str:
    """Where it is kept: `engine`, `spool`; else why nowhere. Blocking."""
    try:
        asyncio.run(_to_engine(report, socket))
    except AinfError:  # No engine, an old one, or one that does not answer: the next one reads the file.
        return _to_spool(report, spool_file)
    return "engine"


async def _to_engine(report: ErrorReport, socket: Path) -> None:
    transport = UnixTransport(socket)
    request = ReportErrorsRequest((report,))
    try:
        body = encode({"reports": [sparse(one) for one in request.reports]})
        await Caller(transport, WITHIN).call("POST", "/v1/errors", body=body)
    finally:
        await transport.aclose()


def _to_spool(report: ErrorReport, path: Path) -> str:
    try:
        kept = spool(path, report)
    except OSError as error:
        return f"{path} cannot be written: {error.strerror or error}"
    return "spool" if kept else f"{path} is full"

"""The database, by the same code that the engine opens it with."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from ainf_tui.adapters.db import engine
from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.text import redact_url
from ainf_tui.errors import AinfError

WITHIN = 6.0
_SQLITE = "sqlite:///"
_STATES = {"database.older": "older", "database.newer": "newer"}


def database(url: str) -> f.Database:
    """Nothing is migrated, and no file is made."""
    shown = redact_url(url)
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        return f.Database(shown, exists=False)
    try:
        return asyncio.run(_ask(url, shown))
    except TimeoutError:
        return f.Database(shown, trouble=f"no answer within {WITHIN:g} s")
    except AinfError as error:
        state = _STATES.get(error.code, "")
        return f.Database(
            shown,
            reachable=bool(state),
            trouble=error.message,
            hint=error.hint,
            kind=_kind(url),
            revision=str(error.details.get("database", "")),
            head=HEAD_REVISION,
            state=state,
        )


async def _ask(url: str, shown: str) -> f.Database:
    async with asyncio.timeout(WITHIN):
        found = await engine.open(url, migrate=False)
        try:
            await found.check()
            version, now = await found.server()
            skew = None if now is None else (datetime.now(UTC) - now).total_seconds()
            revision = await found.revision()
        finally:
            await found.aclose()
    return f.Database(
        shown,
        reachable=True,
        kind=_kind(url),
        version=version,
        revision=revision,
        head=HEAD_REVISION,
        state="current",
        skew=skew,
    )


def _kind(url: str) -> str:
    return "SQLite" if url.startswith(_SQLITE) else "PostgreSQL"

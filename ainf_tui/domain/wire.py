"""What only the process border needs: who answers, how it is asked to end, what is told on the way.

Both sides use these: `api` serves them, `client` decodes them. Documents of the engine's own work are
in `documents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any

from ainf_tui.errors import ForbiddenError
from ainf_tui.frozen import frozen

API_REVISION = 1
"""Grows when a client of before could misread the API; added fields and routes do not count."""

STOP_ASKED = "stop"
"""`ainf engine stop`: the user's word, which no waiting front end overrides."""
STOP_REPLACED = "replace"
"""A front end of a newer version starts its own engine."""
STOP_IDLE = "idle"
STOP_SIGNAL = "signal"
STOP_ENGINE = "engine"
"""The engine itself could not go on."""
ASKABLE_REASONS = (STOP_ASKED, STOP_REPLACED)
"""Those that a front end may give."""

READ_ONLY_HEADER = "Ainf-Read-Only"
"""`1` with each request of a front end that was started to look and not to touch."""


def read_only_error(what: str) -> ForbiddenError:
    """`what` was asked for by a front end that may only look."""
    return ForbiddenError(
        "api.read_only",
        f"{what} was refused: this front end is read-only, nothing was changed",
        hint="start ainf without --read-only to change something",
    )


@frozen
class VersionDocument:
    """Who answers on the socket. Costs the engine nothing: asked at every start of a front end."""

    version: str
    api: int
    pid: int
    since: datetime
    home: str
    busy: bool = False
    """Jobs are queued, on a server or being fetched."""
    backends: tuple[str, ...] = ()
    """URLs as shown (redacted); empty until the engine has looked."""
    schema: str = "ainf.version/1"


@frozen
class BackendAddedDocument:
    """The name under which the engine knows the backend, and whether it is new."""

    name: str
    added: bool
    schema: str = "ainf.backend_added/1"


@frozen
class StopRequest:
    """`reason`: stop (the user asked) or replace (another version takes over)."""

    reason: str = STOP_ASKED


@frozen
class StoppingDocument:
    """The engine has heard; it is gone when its socket no longer answers."""

    pid: int
    reason: str
    schema: str = "ainf.stopping/1"


def sparse(request: Any) -> dict[str, Any]:
    """A request dataclass as a dict without the fields that hold their default.

    An engine refuses fields it does not know; what is not used need not be known.
    """
    found: dict[str, Any] = {}
    for item in fields(request):
        value = getattr(request, item.name)
        default = item.default_factory() if item.default_factory is not MISSING else item.default
        if default is MISSING or value != default:
            found[item.name] = value
    return found


def known_keys(model: type[Any], data: Any) -> Any:
    """`data` as given, if it is no mapping or all its keys are fields of `model`; else ValueError.

    A misspelt filter that is passed over would act on everything.
    """
    if isinstance(data, dict):
        refuse_unknown(data, [item.name for item in fields(model)])
    return data


def refuse_unknown(keys: Any, known: Sequence[str]) -> None:
    """ValueError if one of `keys` is not in `known`."""
    unknown = sorted(str(key) for key in keys if key not in known)
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown[:5])}; known: {', '.join(known)}")

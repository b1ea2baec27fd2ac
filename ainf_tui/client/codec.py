"""JSON to documents and back, and an engine's errors to ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, TypeVar

import msgspec

from ainf_tui.errors import (
    AinfError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PromptRefusedError,
    UnreachableError,
    UsageError,
)

T = TypeVar("T")

_KINDS: Mapping[int, type[AinfError]] = {
    400: UsageError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    422: PromptRefusedError,
    503: UnreachableError,
}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, PurePath):
        return str(value)
    raise NotImplementedError(f"a {type(value).__name__} has no JSON form")


def encode(value: Any) -> bytes:
    """UTF-8 JSON. UsageError(`api.bad_text`) for text that UTF-8 cannot hold (a file name in Latin-1)."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except UnicodeEncodeError as error:
        raise UsageError(
            "api.bad_text",
            f"the text {ascii(error.object)[:60]} is not valid Unicode",
            hint="Write it in UTF-8; a file name can be renamed.",
        ) from error


def decode(data: bytes | str | msgspec.Raw, kind: type[T]) -> T:
    """UnreachableError(`engine.bad_answer`) when it is not what the API promises."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_answer(str(error)) from error


def bad_answer(reason: str) -> UnreachableError:
    return UnreachableError(
        "engine.bad_answer",
        f"what answers on the engine's socket does not speak its API: {reason}",
        hint="`ainf engine stop` ends an engine of another version; `ainf engine status` shows it.",
    )


def error_of(status: int, data: bytes) -> AinfError:
    """The AinfError that the engine raised, of the same class and with the same words."""
    try:
        found = msgspec.json.decode(data)["error"]
        code, message = str(found["code"]), str(found["message"])
        hint, details = str(found.get("hint", "")), dict(found.get("details") or {})
    except (ValueError, KeyError, TypeError, AttributeError):
        return bad_answer(f"status {status}")
    return _KINDS.get(status, AinfError)(code, message, hint=hint, details=details)

"""Documents to JSON. msgspec writes a page of a hundred jobs in a tenth of the time of pydantic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import msgspec
from fastapi import Response
from fastapi.responses import StreamingResponse

from ainf_tui.errors import AinfError

_HEADERS = {"cache-control": "no-store"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, PurePath):
        return str(value)
    raise NotImplementedError(f"a {type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def encode(document: Any) -> bytes:
    """UTF-8 JSON; NaN and infinity become null."""
    return _ENCODER.encode(document)


def respond(document: Any, status: int = 200) -> Response:
    return Response(encode(document), status_code=status, media_type="application/json", headers=_HEADERS)


class Listed:
    """A document with a list of any length, of which only the JSON is kept, piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def take(self, items: Sequence[Any]) -> None:
        """The next items of the list."""
        if items:
            self._pieces.append(encode(items)[1:-1])

    def respond(self, field: str, document: Any) -> Response:
        """`document` with the list in place of its empty `field`."""
        before, empty, after = encode(document).partition(f'"{field}":[]'.encode())
        if not empty:
            raise RuntimeError(f"{type(document).__name__} has no empty list {field}")
        pieces = [before + empty[:-1]]
        for piece in self._pieces:
            pieces += (b"," if len(pieces) > 1 else b"", piece)
        pieces.append(b"]" + after)
        length = {"content-length": str(sum(map(len, pieces)))}
        return StreamingResponse(_each(pieces), media_type="application/json", headers=_HEADERS | length)


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What failed, why, and the next step; `details` is for machines."""

    code: str
    message: str
    hint: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """Every answer that is not 2xx."""

    error: ErrorBody
    schema: str = "ainf.error/1"


def respond_error(error: AinfError) -> Response:
    return respond({"schema": "ainf.error/1", "error": error.document()}, error.http_status)

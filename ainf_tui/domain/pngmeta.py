"""Text chunks of a PNG, read without an image library: what ComfyUI writes into its pictures.

Format: PNG specification, third edition, sections 5 and 11.3.3 (tEXt, zTXt, iTXt).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator

from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 64 * 1024 * 1024
"""Bytes of one text chunk, unpacked. A guard against bombs: the largest graphs have a few megabytes."""

_HEADER = 8
_CRC = 4
_MAX_CHUNK = 2**31 - 1
_KEYWORD = 79


def text_chunks(data: bytes, names: Collection[str], *, limit: int = MAX_TEXT) -> dict[str, str]:
    """The texts of these keywords; of a keyword that comes twice, the last one.

    `limit` is in bytes. UsageError: `png.not_a_png`; `png.corrupt` (cut off, a wrong checksum, packed
    text that cannot be unpacked); `png.too_large` (a text above `limit`).
    """
    found: dict[str, str] = {}
    for kind, body in _chunks(data):
        keyword, nul, rest = body.partition(b"\0")
        if not nul or not 1 <= len(keyword) <= _KEYWORD:
            raise _corrupt(f"its {kind.decode()} chunk has no keyword")
        name = keyword.decode("latin-1")
        if name in names:
            text = _READERS[kind](rest, name, limit)
            if len(text) > limit:
                raise _too_large(name, limit)
            found[name] = _decoded(text, kind, name)
    return found


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each text chunk up to IEND. Checksums of other chunks are not looked at."""
    if not data.startswith(SIGNATURE):
        raise UsageError(
            "png.not_a_png",
            "the file is not a PNG picture",
            hint="ComfyUI embeds its prompt in PNG files; other formats lose it.",
        )
    position, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + _HEADER]
        body_at = position + _HEADER
        end = body_at + length + _CRC
        if position == len(SIGNATURE) and kind and kind != b"IHDR":
            raise _corrupt("it does not begin with its header")
        if length > _MAX_CHUNK or end > len(data):
            raise _corrupt(f"it is cut off after {len(data)} bytes")
        if kind in _READERS:
            body = data[body_at : body_at + length]
            if zlib.crc32(kind + body) != int.from_bytes(data[end - _CRC : end], "big"):
                raise _corrupt(f"the checksum of its {kind.decode()} chunk is wrong")
            yield kind, body
        position = end


def _plain(rest: bytes, _name: str, _limit: int) -> bytes:
    return rest


def _packed(rest: bytes, name: str, limit: int) -> bytes:
    if rest[:1] != b"\0":
        raise _corrupt(f"the text {visible(name, 80)} is packed in an unknown way")
    return _unpack(rest[1:], name, limit)


def _international(rest: bytes, name: str, limit: int) -> bytes:
    """Flag, method, language, translated keyword, text."""
    parts = rest[2:].split(b"\0", 2)
    if len(rest) < 2 or len(parts) != 3:
        raise _corrupt(f"the text {visible(name, 80)} has no beginning")
    if rest[0] == 0:
        return parts[2]
    if rest[1] != 0:
        raise _corrupt(f"the text {visible(name, 80)} is packed in an unknown way")
    return _unpack(parts[2], name, limit)


def _unpack(packed: bytes, name: str, limit: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise _corrupt(f"the text {visible(name, 80)} cannot be unpacked") from error
    if len(text) <= limit and not unpacker.eof:
        raise _corrupt(f"the text {visible(name, 80)} ends too early")
    return text


_READERS = {b"tEXt": _plain, b"zTXt": _packed, b"iTXt": _international}


def _decoded(text: bytes, kind: bytes, name: str) -> str:
    if kind != b"iTXt":
        return text.decode("latin-1")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _corrupt(f"the text {visible(name, 80)} is not UTF-8") from error


def _corrupt(reason: str) -> UsageError:
    return UsageError(
        "png.corrupt",
        f"the picture is damaged: {reason}",
        hint="Copy or download it again, as ComfyUI saved it.",
    )


def _too_large(name: str, limit: int) -> UsageError:
    return UsageError(
        "png.too_large",
        f"the text {visible(name, 80)} of the picture has more than {limit} bytes",
        hint="No workflow is that large; the picture was made by something else.",
    )

"""Text from outside made safe: for databases (`storable`), for terminals (`visible`), for messages
(`redact_url`). Everything that enters from a server, a file or a user passes through one of these.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

MAX_DEPTH = 100
"""Levels of nesting that `storable_json` keeps; a hostile answer may nest deeper than Python's stack."""
HIDDEN = "***"

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NUL_PICTURE = "\N{SYMBOL FOR NULL}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_SURROGATE = re.compile("[\ud800-\udfff]")
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")
_MAX_INT_BITS = 4096
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - names of this machine


def storable(text: str) -> str:
    """The text without what a database or UTF-8 cannot hold: NUL becomes U+2400, a lone surrogate U+FFFD."""
    if text.isascii():
        return text.replace("\0", _NUL_PICTURE) if "\0" in text else text
    return _SURROGATE.sub(_REPLACEMENT, text).replace("\0", _NUL_PICTURE)


def storable_json(value: Any, depth: int = MAX_DEPTH) -> Any:
    """A JSON value that every database and JSON reader takes.

    NaN and infinities become `None` (unknown is not zero), texts and keys go through `storable`,
    tuples become lists, integers beyond 4096 bits and values of other types become their text, and
    what nests deeper than `depth` levels becomes `None`. Never raises.
    """
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _MAX_INT_BITS else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping | list | tuple):
        return _storable_container(value, depth) if depth > 0 else None
    return storable(f"{value}")


def _storable_container(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> Any:
    if isinstance(value, Mapping):
        return {storable(f"{k}"): storable_json(v, depth - 1) for k, v in value.items()}
    return [storable_json(v, depth - 1) for v in value]


def uncoloured(text: str) -> str:
    """Without the sequences that colour a terminal (SGR): some libraries colour their messages."""
    return _COLOURS.sub("", text) if "\x1b[" in text else text


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; a cut is marked by an ellipsis, which counts."""
    if len(text) <= limit:
        return text
    return text[: max(0, limit - 1)] + _ELLIPSIS if limit > 0 else ""


def visible(text: str, limit: int, *, lines: bool = False) -> str:
    r"""At most `limit` characters that a terminal shows and does not obey.

    Control characters become their pictures (ESC is U+241B), C1 controls, bidirectional and other
    invisible format characters, line separators, surrogates and private use become `\uXXXX`.
    `lines` keeps line feeds and turns tabs into spaces; without it the result is one line.
    """
    if len(text) <= limit and text.isprintable():
        return text
    out: list[str] = []
    size = 0
    for char in text[: limit + 1]:
        shown = _shown(char, lines)
        size += len(shown)
        out.append(shown)
        if size > limit:
            break
    return clip("".join(out), limit)


# Joiners shape emoji and several scripts and move nothing but the letters beside them.
_JOINERS = frozenset("\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")


def _shown(char: str, lines: bool) -> str:
    if char.isprintable() or char in _JOINERS or unicodedata.category(char) == "Zs":
        return char
    if lines and char in "\n\t":
        return char if char == "\n" else "    "
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_SECRET_NAME = re.compile(
    r"token|key|secret|passw|pwd|auth|sig|session|sid|code|credential|jwt|ticket", re.IGNORECASE
)
_PLAIN_NAME = frozenset({"clientid", "client_id", "promptid", "prompt_id", "subfolder", "filename", "type"})
_SECRET_VALUE = re.compile(r"(?:eyJ|sk-|hf_|gh[pousr]_|glpat-)\S{8,}|[A-Za-z0-9+/_=.~-]{32,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def redact_url(url: str) -> str:
    """The URL as it may be shown: userinfo and the values of secret-looking parameters become `***`.

    Parameters are judged by name (`token`, `key`, `sig`, ...) and by value (known prefixes, 32 or more
    token characters that are no UUID). The fragment is judged like a query. Never raises; what is no
    URL comes back with any `user:password@` taken out.
    """
    text = storable(url)
    head, hash_mark, fragment = text.partition("#")
    if _password_spills(head):
        # A password with an unescaped `#`: everything up to the last `@` may be part of it.
        head, hash_mark, fragment = text, "", ""
    base, question, query = head.partition("?")
    if question and _password_spills(base):
        base, question, query = head, "", ""
    shown = _redact_authority(base)
    if question:
        shown += "?" + _redact_query(query)
    return shown + (hash_mark + _redact_query(fragment) if hash_mark else "")


def _authority(base: str) -> tuple[int, str]:
    """Where the authority begins in `base`, and its text up to the first slash."""
    start = base.find("//")
    start = 0 if start < 0 else start + 2
    return start, base[start:].partition("/")[0]


def _password_spills(base: str) -> bool:
    """Whether the authority cannot be one (`user:pa`): its password goes on behind the next mark."""
    _, authority = _authority(base)
    if "//" not in base or "@" in authority or authority.endswith("]"):
        return False
    _, colon, port = authority.rpartition(":")
    return bool(colon) and not port.isdigit() and port != ""


def _redact_authority(base: str) -> str:
    start, authority = _authority(base)
    if "@" not in authority and not _password_spills(base):
        return base
    end = base.rfind("@")
    return base if end < start else base[:start] + HIDDEN + base[end:]


def _redact_query(query: str) -> str:
    return "&".join(_redact_parameter(part) for part in query.split("&"))


def _redact_parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return HIDDEN if _secret_value(unquote(name)) else part
    plain = unquote(name)
    secret_name = plain.lower() not in _PLAIN_NAME and _SECRET_NAME.search(plain) is not None
    return f"{name}={HIDDEN}" if value and (secret_name or _secret_value(unquote(value))) else part


def _secret_value(value: str) -> bool:
    return _SECRET_VALUE.fullmatch(value) is not None and _UUID.fullmatch(value) is None


def host_of(url: str) -> str:
    """The host (and port) of a URL for a message, without userinfo; empty if it has none."""
    try:
        parts = urlsplit(url)
        return visible(parts.netloc.rpartition("@")[2], 200)
    except ValueError:
        return ""


def port_here(url: str) -> int | None:
    """The port of this machine that a URL leads to; None if it leads elsewhere, or nowhere."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if host not in _LOOPBACK:
        return None
    return port or (443 if parts.scheme == "https" else 80)


def redact_arguments(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """A command line as it may be shown: values of secret-looking options and secrets in URLs hidden."""
    shown: list[str] = []
    hide = False
    for argument in arguments:
        option = argument.startswith("-")
        if hide and not option:
            shown.append(HIDDEN)
        elif "://" in argument:
            shown.append(redact_url(argument))
        else:
            shown.append(_redact_parameter(argument) if option else storable(argument))
        hide = option and "=" not in argument and _SECRET_NAME.search(argument) is not None
    return tuple(shown)


def redact_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Variables as they may be shown: those of secret-looking names, and secrets in URLs, hidden."""
    return {
        name: HIDDEN
        if value and _SECRET_NAME.search(name)
        else redact_url(value)
        if "://" in value
        else value
        for name, value in env.items()
    }

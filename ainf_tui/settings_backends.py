"""`[backends.NAME]` and AINF_COMFYUI_URL: which ComfyUI servers there are."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from typing import Any

from ainf_tui.domain.backends import BackendSpec

DEFAULT_URL = "http://127.0.0.1:8188"
"""Where ComfyUI listens unless told otherwise."""

# Patterns are texts here: compiling them costs more than all else at a start, and few starts need them.
_URL = (
    r"(?P<scheme>https?)://(?:(?P<user>[^\s@/?#\\]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-~]*)?"
)
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"
_TAG = r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}"
_HEADER = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PRINTABLE = r"[ -~\t]*"
# Each belongs to the connection itself; a second one breaks every request.
_OURS = frozenset({"connection", "content-length", "host", "transfer-encoding", "upgrade"})


def parse_url(raw: object) -> tuple[str, str]:
    """(the URL without user info and trailing slash, the `Authorization` value for its user info or "").

    ValueError says why not; it never repeats the URL, which may hold a password.
    """
    if not isinstance(raw, str):
        raise ValueError("must be text in quotes")  # noqa: TRY004 - one exception type for one answer
    text = raw.strip()
    if "?" in text or "#" in text:
        raise ValueError("must end after the path, without ? or #")
    if not re.match(r"https?://", text, re.IGNORECASE):
        raise ValueError("must begin with http:// or https://")
    found = re.fullmatch(_URL, text, re.IGNORECASE)
    if found is None:
        raise ValueError("is no address like http://HOST:PORT/prefix (in a password, write @ as %40)")
    port = found["port"]
    if port is not None and not 1 <= int(port) <= 65535:
        raise ValueError("has a port that is not between 1 and 65535")
    host = found["host"].lower() + (f":{int(port)}" if port else "")
    url = f"{found['scheme'].lower()}://{host}{(found['path'] or '').rstrip('/')}"
    return url, _basic(found["user"]) if found["user"] else ""


def _basic(user_info: str) -> str:
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415 - rarely needed, 4 ms

    user, _, password = user_info.partition(":")
    plain = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return "Basic " + b2a_base64(plain, newline=False).decode()


def parse_token(raw: object) -> str:
    """ValueError unless it is printable ASCII without blanks."""
    if not isinstance(raw, str) or not re.fullmatch(_PRINTABLE, raw) or " " in raw or "\t" in raw:
        raise ValueError("must be text of printable ASCII characters without blanks")
    return raw


def parse_headers(raw: object) -> dict[str, str]:
    """ValueError unless it is a table of HTTP header names to printable ASCII texts."""
    if not isinstance(raw, Mapping):
        raise ValueError('must be a table: headers = { "X-Name" = "value" }')  # noqa: TRY004 - as above
    for name, value in raw.items():
        if not re.fullmatch(_HEADER, name) or name.lower() in _OURS:
            raise ValueError(f"holds {name!r}, which cannot be set as a header")
        if not isinstance(value, str) or not re.fullmatch(_PRINTABLE, value):
            raise ValueError(f"must give {name} a text of printable ASCII characters")
    return {name: value.strip() for name, value in raw.items()}


def parse_tags(raw: object) -> tuple[str, ...]:
    """ValueError unless it is a list of words."""
    if not isinstance(raw, (list, tuple)) or not all(
        isinstance(tag, str) and re.fullmatch(_TAG, tag) for tag in raw
    ):
        raise ValueError('must be a list of words: tags = ["fast", "sdxl"]')
    return tuple(dict.fromkeys(raw))


def _parse_flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - as above
    return raw


def _parse_path(raw: object) -> str:
    if not isinstance(raw, str) or "\0" in raw:
        raise ValueError("must be a path in quotes")
    return raw


PARSERS: Mapping[str, Callable[[object], Any]] = {
    "url": parse_url,
    "headers": parse_headers,
    "token": parse_token,
    "tags": parse_tags,
    "tls_verify": _parse_flag,
    "tls_ca": _parse_path,
}


def check_name(name: str) -> None:
    """ValueError unless it is a name people can type: letters, digits, - and _, at most 32."""
    if not re.fullmatch(_NAME, name):
        raise ValueError("must be letters, digits, - or _, at most 32")


def build(name: str, values: Mapping[str, Any]) -> BackendSpec:
    """The backend of parsed `values` (by `PARSERS`). ValueError when two of them are the same header."""
    url, basic = values["url"]
    headers = dict(values.get("headers", {}))
    token = values.get("token", "")
    authorization = [bool(basic), bool(token), any(key.lower() == "authorization" for key in headers)]
    if sum(authorization) > 1:
        raise ValueError("names more than one of: user and password in the url, token, Authorization header")
    if basic:
        headers["Authorization"] = basic
    return BackendSpec(
        name=name,
        url=url,
        headers=headers,
        token=token,
        tls_verify=values.get("tls_verify", True),
        tls_ca=values.get("tls_ca", ""),
        tags=values.get("tags", ()),
    )

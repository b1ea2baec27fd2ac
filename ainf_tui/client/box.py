"""`ssh://[user@]box[:port][/path]`: another machine whose engine is used from here."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

_SCHEME = "ssh://"
# A name that begins with a dash would be an option of ssh (-oProxyCommand=...), and a shell's sign in it
# would be somebody's code: neither is the name of a machine or a user.
_HOST = re.compile(r"\w[\w.-]{0,252}")
_ADDRESS = re.compile(r"\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]")
_USER = re.compile(r"[\w.][\w.@+-]{0,252}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@frozen
class Box:
    """`home` is the AINF_HOME there; empty: that machine's own folders. `port` None: as ssh has it."""

    host: str
    user: str = ""
    port: int | None = None
    home: str = ""

    @property
    def url(self) -> str:
        """As it is shown; holds no secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port is not None else ""
        path = f"/{self.home}" if self.home.startswith("~") else self.home
        return f"{_SCHEME}{user}{host}{port}{path}"

    @property
    def name(self) -> str:
        """As people write it: user@host."""
        return f"{self.user}@{self.host}" if self.user else self.host


def parse_box(url: str) -> Box:
    """Raises UsageError(`connect.bad_url`), which repeats nothing that may be a password."""
    if not url.startswith(_SCHEME):
        raise _bad("it does not begin with ssh://")
    authority, slash, path = url.removeprefix(_SCHEME).partition("/")
    user, at, place = authority.rpartition("@")
    if ":" in user:
        raise _bad("it holds a password, which ssh never takes from an address")
    if at and not _USER.fullmatch(user):
        raise _bad("what stands before the @ is no user name")
    host, port = _place(place)
    return Box(host, user, port, _home(slash + path))


def _place(place: str) -> tuple[str, int | None]:
    address = _ADDRESS.match(place)
    if address is not None:
        host, rest = address[1], place[address.end() :]
    else:
        host, colon, number = place.partition(":")
        rest = colon + number
        if not _HOST.fullmatch(host):
            raise _bad("it names no machine" if not host else "that is no name of a machine")
    if not rest:
        return host, None
    digits = rest.removeprefix(":")
    known = rest.startswith(":") and digits.isascii() and digits.isdecimal() and len(digits) <= 5
    if not known or not 0 < int(digits) < 65_536:
        raise _bad("the port is no number from 1 to 65535")
    return host, int(digits)


def _home(path: str) -> str:
    """`/srv/ainf` as it stands, `/~/ainf` as `~/ainf`."""
    path = unquote(path)
    if _CONTROL.search(path) or "\ufffd" in path:
        raise _bad("its path holds characters that no path has")
    if path.startswith("/~"):
        path = path[1:]
    return path if path != "/" else ""


def _bad(reason: str) -> UsageError:
    return UsageError(
        "connect.bad_url",
        f"the address of the box cannot be used: {reason}",
        hint="Write ssh://[user@]box[:port][/path]; box may be a Host of ~/.ssh/config, "
        "path is the AINF_HOME there.",
    )

"""Where a ComfyUI is and how one gets in: URL with any prefix, headers, token, TLS."""

from __future__ import annotations

import base64
import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from ainf_tui.domain.text import redact_url, visible
from ainf_tui.errors import UsageError

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "origin"})


@dataclass(frozen=True, slots=True)
class BackendAddress:
    """A backend as the settings give it. Raises UsageError(`backend.bad_url`, `backend.bad_header`).

    A path, a query and `user:password@` in the URL are kept: the path as a prefix, the query on every
    request, the user as Basic authorization unless there is a token.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)
    tls_verify: bool = True
    tls_ca: str | None = None
    """File with certificates to trust instead of the system's."""

    def __post_init__(self) -> None:
        parts = self._split()
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            self._bad_url("it is no http:// or https:// URL with a host")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
                self._bad_header(name, "is no header that can be set")
            if not _HEADER_VALUE.fullmatch(value):
                self._bad_header(name, "has characters that a header cannot hold")
        if self.token is not None and not re.fullmatch(r"[\x21-\x7e]+", self.token):
            self._bad_header("Authorization", "has a token with characters that a header cannot hold")

    def _split(self) -> SplitResult:
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError as error:
            self._bad_url(str(error))
        return parts

    def _bad_url(self, reason: str) -> None:
        raise UsageError(
            "backend.bad_url",
            f"the backend's URL {visible(redact_url(self.url), 200)!r} cannot be used: {reason}",
            hint="give it as http://HOST:PORT, for example http://127.0.0.1:8188",
        )

    def _bad_header(self, name: str, reason: str) -> None:
        raise UsageError(
            "backend.bad_header",
            f"the header {visible(name, 100)!r} of backend {self.shown} {reason}",
            hint="headers are NAME = VALUE, in plain ASCII; a login goes into token",
        )

    @property
    def shown(self) -> str:
        """The URL for messages, without secrets."""
        return visible(redact_url(self.url), 200)

    @property
    def secure(self) -> bool:
        return self._split().scheme == "https"

    @property
    def host(self) -> str:
        return self._split().hostname or ""

    @property
    def port(self) -> int:
        return self._split().port or (443 if self.secure else 80)

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def endpoint(self, path: str, params: Mapping[str, str | int] | None = None) -> str:
        """The URL of a call: `path` without leading slash, already quoted where it has foreign parts."""
        parts = self._split()
        query = [*parse_qsl(parts.query, keep_blank_values=True), *(params or {}).items()]
        url = f"{parts.scheme}://{_location(parts)}{_prefix(parts)}/{path}"
        return f"{url}?{urlencode(query)}" if query else url

    def websocket(self, client_id: str) -> str:
        """The URL of the socket of that client id."""
        return "ws" + self.endpoint("ws", {"clientId": client_id}).removeprefix("http")

    def request_headers(self) -> dict[str, str]:
        """Headers of every request: the user's own, then the token or the URL's user."""
        headers = dict(self.headers)
        parts = self._split()
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        elif parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        return headers

    def ssl_context(self) -> ssl.SSLContext | None:
        """For https, else None. Raises UsageError(`backend.bad_ca`)."""
        if not self.secure:
            return None
        try:
            context = ssl.create_default_context(cafile=self.tls_ca)
        except OSError as error:
            raise UsageError(
                "backend.bad_ca",
                f"the certificates {self.tls_ca!r} of backend {self.shown} cannot be read: {error}",
                hint="tls_ca names a PEM file with the certificate that signed the server's",
            ) from error
        if not self.tls_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _location(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _prefix(parts: SplitResult) -> str:
    return quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._")

"""What went wrong between us and a ComfyUI, sorted by the one question that matters to the queue: was
the request received? Never (`NotSentError`), perhaps (`InDoubtError`), or by something that is no
ComfyUI (`BackendRejectedError`).
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.text import host_of, redact_url, visible
from ainf_tui.errors import (
    AinfError,
    BackendError,
    BackendRejectedError,
    InDoubtError,
    NotFoundError,
    NotSentError,
)

_ERRNO = re.compile(r"\[Errno (\d+)\]")
# What the other addresses of `localhost` may say beside a refusal, on a host without IPv6.
_NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EHOSTUNREACH})


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end. `media_type` is lower case, without parameters."""

    status: int
    media_type: str
    body: bytes
    location: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_html(self) -> bool:
        return self.media_type in {"text/html", "application/xhtml+xml"} or self.body[:200].lstrip()[
            :9
        ].lower().startswith((b"<!doctype", b"<html"))

    @property
    def words(self) -> str:
        """The beginning of the body for a message, on one line."""
        return visible(" ".join(self.body[:400].decode(errors="replace").split()), 200)


def chain(error: BaseException) -> list[BaseException]:
    """The exception and what caused it, outermost first."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def refused(error: BaseException) -> bool:
    """Whether nobody listens on the port: a refusal, from every address that the host has."""
    numbers: set[int] = set()
    for link in chain(error):
        if isinstance(link, OSError):
            if link.errno is not None:
                numbers.add(link.errno)
            # With several addresses asyncio raises one OSError that has the others only as text.
            numbers |= {int(n) for n in _ERRNO.findall(str(link))}
    return errno.ECONNREFUSED in numbers and numbers <= _NO_SUCH_ADDRESS | {errno.ECONNREFUSED}


def why(error: BaseException) -> str:
    """The reason of a failed connection in words."""
    links = chain(error)
    untrusted = next((e for e in links if isinstance(e, ssl.SSLCertVerificationError)), None)
    if untrusted is not None:
        return f"its certificate is not trusted ({visible(untrusted.verify_message, 100)})"
    if refused(error):
        return "nobody listens there (connection refused)"
    if any(isinstance(e, socket.gaierror) for e in links):
        return "its host name cannot be resolved"
    if any(isinstance(e, ssl.SSLError) for e in links):
        return "the TLS handshake failed"
    return visible(str(error), 200) or type(error).__name__


def transport_failure(
    address: BackendAddress, error: BaseException, *, sent: bool, timed_out: bool, seconds: float
) -> BackendError:
    """The error for a call without a complete answer. `sent`: the request had begun to leave us."""
    if not sent:
        return _not_sent(address, error, timed_out=timed_out)
    happened = f"did not answer within {seconds:g} s" if timed_out else f"broke off: {why(error)}"
    hint = "it may be busy loading a model; it is asked again by itself"
    if not timed_out:
        hint = "see its log; if it listens with TLS, the URL must begin with https://"
    return InDoubtError("backend.no_answer", f"ComfyUI at {address.shown} {happened}", hint=hint)


def _not_sent(address: BackendAddress, error: BaseException, *, timed_out: bool) -> NotSentError:
    if any(isinstance(e, ssl.SSLCertVerificationError) for e in chain(error)):
        return NotSentError(
            "backend.tls_untrusted",
            f"ComfyUI at {address.shown} cannot be reached: {why(error)}",
            hint="set tls_ca to the certificate that signed it, or tls_verify = false for this backend",
        )
    reason = "no connection within the time allowed" if timed_out else why(error)
    return NotSentError(
        "backend.unreachable",
        f"ComfyUI at {address.shown} cannot be reached: {reason}",
        hint="start ComfyUI, or correct the backend's URL (AINF_COMFYUI_URL, or backends in the settings)",
    )


def rejection(address: BackendAddress, answer: Answer) -> BackendError:
    """The error for an answer that is no 2xx, or a 2xx that is HTML."""
    status, shown = answer.status, address.shown
    if 300 <= status < 400:
        return _redirected(address, answer)
    if status in {401, 403, 407}:
        return BackendRejectedError(
            "backend.auth",
            f"{shown} does not let us in (HTTP {status})",
            hint="set token or headers for this backend; ComfyUI has no login, a proxy before it may",
        )
    if status == 413:
        return BackendRejectedError(
            "backend.too_large",
            f"the request is too large for {shown} (HTTP 413): {answer.words}",
            hint="start ComfyUI with a greater --max-upload-size, or raise the limit of the proxy before it",
        )
    if status >= 500 or status in {408, 429}:
        return InDoubtError(
            "backend.server_error",
            f"ComfyUI at {shown} answered HTTP {status}: {answer.words}",
            hint="see the log of ComfyUI, or of the proxy before it",
        )
    what = "a web page" if answer.is_html else f"HTTP {status}"
    return not_comfyui(address, f"it answered with {what}")


def not_comfyui(address: BackendAddress, reason: str) -> BackendRejectedError:
    return BackendRejectedError(
        "backend.not_comfyui",
        f"what answers at {address.shown} is not ComfyUI's API: {reason}",
        hint="check port and path of the URL; a proxy's login page needs token or headers",
    )


def odd_acceptance(address: BackendAddress) -> InDoubtError:
    return InDoubtError(
        "backend.no_answer",
        f"ComfyUI at {address.shown} accepted the prompt with an answer that cannot be read",
        hint="its queue is asked whether the prompt is there",
    )


def no_file(address: BackendAddress, file: ServerFile, answer: Answer) -> AinfError:
    """The error for a GET /view that gave no file: gone, not served, or not answered by ComfyUI."""
    name = visible(f"{file.subfolder}/{file.filename}" if file.subfolder else file.filename, 200)
    kind = visible(file.type, 40)
    if answer.status == 404 and not answer.is_html:
        return NotFoundError(
            "output.gone",
            f"ComfyUI at {address.shown} no longer has the file {name!r} ({kind})",
            hint="temporary files vanish with a restart; run the job again to make it anew",
        )
    # 400 and an empty 403 are ComfyUI's own: a name or folder that it does not serve.
    if answer.status == 400 or (answer.status == 403 and not answer.body):
        return NotFoundError(
            "output.refused",
            f"ComfyUI at {address.shown} does not serve the file {name!r} ({kind})",
            hint="the node that wrote it put it outside ComfyUI's output folder",
        )
    return rejection(address, answer)


def too_long(address: BackendAddress, limit: int) -> BackendRejectedError:
    return BackendRejectedError(
        "backend.answer_too_large",
        f"{address.shown} sent an answer of more than {limit >> 20} MiB",
        hint="clear ComfyUI's history, or check that the URL is ComfyUI's",
    )


def _redirected(address: BackendAddress, answer: Answer) -> BackendRejectedError:
    host = host_of(answer.location)
    to = host or visible(redact_url(answer.location), 100) or "nowhere"
    hint = "the proxy before it wants a login: set token or headers for this backend"
    if host and _same_host_by_tls(address, answer.location):
        hint = "the server wants TLS: let the backend's URL begin with https://"
    return BackendRejectedError(
        "backend.redirected",
        f"{address.shown} redirects to {to} (HTTP {answer.status}), which ComfyUI never does",
        hint=hint,
        details={"host": host},
    )


def _same_host_by_tls(address: BackendAddress, location: str) -> bool:
    try:
        target = urlsplit(location)
    except ValueError:
        return False
    return target.scheme == "https" and not address.secure and target.hostname == address.host

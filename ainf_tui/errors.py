"""Every failure that a user can meet: a registered code, a message, the next step.

`data/errors.toml` registers the codes; `tests/test_errors.py` compares. Front ends show
`message` and `hint`; the command line ends with `exit_code`; the API answers `http_status`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class AinfError(Exception):
    """A failure told to the user.

    `code` is stable (`data/errors.toml`), `message` names the thing and the reason, `hint` the
    next step, `details` is JSON-able data for machines.
    """

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})

    def document(self) -> dict[str, Any]:
        """The `error` object of the JSON contract."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
        }


class UsageError(AinfError):
    """What was asked cannot be done as asked: a wrong option, value, file or setting."""

    exit_code = 2
    http_status = 400


class UnreachableError(AinfError):
    """Something outside did not answer, or a wait was cut off."""

    exit_code = 3
    http_status = 503


class NotFoundError(AinfError):
    """No job, pack, preset or file of that name."""

    exit_code = 4
    http_status = 404


class ConflictError(AinfError):
    """Right request, wrong moment: the state of the thing does not allow it."""

    exit_code = 1
    http_status = 409


class ForbiddenError(AinfError):
    """Right request, but not from this caller."""

    exit_code = 1
    http_status = 403


class EndedCancelledError(AinfError):
    """What was waited for was cancelled."""

    exit_code = 5
    http_status = 409


class BackendError(UnreachableError):
    """A ComfyUI did not do what was asked of it. Raised by the adapter, read by the engine."""


class NotSentError(BackendError):
    """The request never reached the server: no connection was made. It is safe to send it again."""


class InDoubtError(BackendError):
    """The request may or may not have been received (timeout, reset, 5xx). Look before sending again."""


class PromptRefusedError(AinfError):
    """ComfyUI's validation said no (HTTP 400). `details["problems"]` lists node, input, reason, allowed."""

    http_status = 422


class BackendRejectedError(BackendError):
    """The server answered, but not as a ComfyUI: a login page, HTML, 401/403/404/413."""

"""Every setting, declared once: name, type, default, bounds and what it is for.

Parsing, `ainf config`, the template of `ainf config init` and `docs/configuration.md` all come from
`settings_sections` and `settings_box`. A field's type is that of its default; its id is `section.name`,
its environment variable `AINF_SECTION_NAME`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from ainf_tui import settings_box as box
from ainf_tui import settings_sections as own
from ainf_tui.frozen import frozen
from ainf_tui.settings_field import Value

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


SECTIONS: dict[str, type[Any]] = {
    "engine": own.EngineSettings,
    "queue": own.QueueSettings,
    "outputs": own.OutputSettings,
    "previews": own.PreviewSettings,
    "database": own.DatabaseSettings,
    "timeouts": own.TimeoutSettings,
    "run": own.RunSettings,
    "connect": own.ConnectSettings,
    "app": own.AppSettings,
    "probes": box.ProbeSettings,
    "redis": box.RedisSettings,
    "runs": box.RunLogSettings,
    "comfyui": box.ComfyUISettings,
    "host": box.HostSettings,
    "checks": box.CheckSettings,
    "errors": box.ErrorSettings,
    "logs": box.LogSettings,
}


@frozen
class Setting:
    """One declared setting. Numbers are in the unit that `help` names."""

    id: str
    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    check: Callable[[str], str] | None = None
    path: bool = False
    secret: bool = False
    variable: str = ""
    """Its environment variable, where that is not made from the id."""

    @property
    def env(self) -> str:
        """The environment variable that sets it."""
        return self.variable or "AINF_" + self.id.replace(".", "_").upper()

    @property
    def kind(self) -> str:
        """What it takes, for people: `number`, `whole number`, `yes or no`, `path`, `text`, `choice`."""
        if self.choices:
            return "choice"
        names = {bool: "yes or no", int: "whole number", float: "number"}
        return names.get(type(self.default), "path" if self.path else "text")

    @property
    def allowed(self) -> str:
        """The values it takes, for people; empty for free text."""
        if self.choices:
            return ", ".join(self.choices)
        if isinstance(self.default, bool):
            return "true, false"
        if self.minimum is None or self.maximum is None:
            return ""
        return (
            f"{self.minimum:g} to {self.maximum:,g}" if self.maximum < 1e6 else f"at least {self.minimum:g}"
        )

    def parse(self, raw: object, *, textual: bool) -> Value:
        """The value, typed and within bounds; `textual` when it comes from a shell.

        ValueError says why not, without repeating the value.
        """
        if isinstance(self.default, bool):
            return _as_bool(raw, textual=textual)
        if isinstance(self.default, (int, float)):
            return self._bounded(_as_number(raw, type(self.default), textual=textual))
        if not isinstance(raw, str):
            raise ValueError("must be text in quotes")  # noqa: TRY004 - one exception type for one answer
        if any(ord(character) < 32 or ord(character) == 127 for character in raw):
            raise ValueError("must not hold control characters")
        if self.choices and raw not in self.choices:
            raise ValueError(f"must be one of: {self.allowed}")
        return self.check(raw) if self.check else raw

    def _bounded(self, number: float) -> int | float:
        if self.minimum is not None and number < self.minimum:
            raise ValueError(f"must be at least {self.minimum:g}")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"must be at most {self.maximum:g}")
        return number


def _as_bool(raw: object, *, textual: bool) -> bool:
    if isinstance(raw, bool):
        return raw
    if textual and isinstance(raw, str):
        word = raw.strip().lower()
        if word in _YES | _NO:
            return word in _YES
    raise ValueError("must be true or false")


def _as_number(raw: object, kind: type[int | float], *, textual: bool) -> int | float:
    wanted = "a whole number" if kind is int else "a number"
    if textual and isinstance(raw, str):
        # Longer ones are no setting of ours, and int() refuses beyond 4,300 digits in words of its own.
        if len(raw) > 40:
            raise ValueError(f"must be {wanted}")
        try:
            raw = kind(raw)
        except ValueError:
            raise ValueError(f"must be {wanted}") from None
    if isinstance(raw, bool) or not isinstance(raw, (int, kind)):
        raise ValueError(f"must be {wanted}")  # noqa: TRY004 - as above
    if isinstance(raw, float) and not math.isfinite(raw):
        raise ValueError("must be a finite number")
    # A TOML integer may be too large for a float; what lies beyond every bound needs no exact value.
    return kind(max(min(raw, 10**18), -(10**18)))


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(id=f"{section}.{item.name}", **item.metadata)
    for section, cls in SECTIONS.items()
    for item in fields(cls)
)


@frozen
class BackendKey:
    """A key of `[backends.NAME]`."""

    name: str
    kind: str
    default: str
    help: str


BACKEND_KEYS: tuple[BackendKey, ...] = (
    BackendKey("url", "text", "", "Address, http or https, with the path prefix if there is one. Required."),
    BackendKey("headers", "table", "{}", "HTTP headers to send. Their values are not shown."),
    BackendKey("token", "text", "", "Sent as `Authorization: Bearer TOKEN`. Not shown."),
    BackendKey("tags", "list", "[]", "Words by which jobs may ask for this server."),
    BackendKey("tls_verify", "yes or no", "true", "Check the server's certificate."),
    BackendKey("tls_ca", "path", "", "CA bundle (PEM) for a server with a certificate of your own."),
)

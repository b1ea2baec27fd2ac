"""Every setting, declared once: name, type, default, bounds and what it is for.

Parsing, `ainf config`, the template of `ainf config init` and `docs/configuration.md` all come from
these classes. A field's type is that of its default; its id is `section.name`, its environment
variable `AINF_SECTION_NAME`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from ainf_tui.settings_pattern import DEFAULT_PATTERN, check_pattern

Value = bool | int | float | str

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def _setting(
    default: Value,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    check: Callable[[str], str] | None = None,
    path: bool = False,
    secret: bool = False,
    variable: str = "",
) -> Any:
    facts: dict[str, Any] = {"help": text, "minimum": minimum, "maximum": maximum, "choices": choices}
    facts |= {"default": default, "check": check, "path": path, "secret": secret, "variable": variable}
    return field(default=default, metadata=facts)


def _check_database_url(raw: str) -> str:
    schemes = ("sqlite:///", "postgresql://")
    if raw and not raw.startswith(schemes):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return raw


def _check_label(raw: str) -> str:
    if len(raw) > 20:
        raise ValueError("must be at most 20 characters long")
    return raw


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The background process that owns the queue."""

    idle_timeout: float = _setting(
        600.0,
        "Seconds without work, supervision or a connected front end after which the engine ends. 0: never.",
        minimum=0,
        maximum=31_536_000,
    )
    log_level: str = _setting(
        "info", "What the engine writes to its log.", choices=("debug", "info", "warning", "error")
    )
    log_max_bytes: int = _setting(
        10_485_760,
        "Size in bytes at which engine.log is rotated.",
        minimum=65_536,
        maximum=1_073_741_824,
    )
    label: str = _setting(
        "", "A word that front ends show beside the box's name, such as staging.", check=_check_label
    )


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How jobs are handed to the ComfyUI servers."""

    max_attempts: int = _setting(
        2,
        "Prompts that may be sent for one job in all. A further one is sent only when the one before "
        "cannot finish.",
        minimum=1,
        maximum=10,
    )
    waiting_per_backend: int = _setting(
        1,
        "Prompts of ours that wait in a ComfyUI's own queue behind the running one. 1 keeps the GPU "
        "busy between jobs, 0 leaves the order wholly to ainf.",
        minimum=0,
        maximum=1,
    )
    poll_busy: float = _setting(
        2.0,
        "Seconds between questions to a ComfyUI that has work of ours.",
        minimum=0.1,
        maximum=60,
    )
    poll_idle: float = _setting(
        15.0,
        "Seconds between questions to a ComfyUI that has none.",
        minimum=0.1,
        maximum=3600,
    )


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Where finished files go."""

    folder: str = _setting(
        "",
        "Folder for finished files. Empty: ~/ainf/outputs, or outputs/ under AINF_HOME.",
        path=True,
    )
    pattern: str = _setting(
        DEFAULT_PATTERN,
        "File name under that folder, without its ending. The fields are listed under File names.",
        check=check_pattern,
    )
    sidecar: bool = _setting(True, "Write NAME.json beside each file: how it was made, in full.")


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """Pictures of a job while it runs."""

    method: str = _setting(
        "auto",
        "How ComfyUI makes previews. auto leaves it to the server; none saves bandwidth.",
        choices=("auto", "latent2rgb", "taesd", "none"),
    )


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where jobs are kept. The password in the address is not shown."""

    url: str = _setting(
        "",
        "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME. Empty: a SQLite file in the state folder.",
        check=_check_database_url,
        secret=True,
    )


@dataclass(frozen=True, slots=True)
class TimeoutSettings:
    """How long a ComfyUI may take to answer."""

    prompt: float = _setting(
        30.0, "Seconds for taking in a prompt; then ainf looks whether it arrived.", minimum=1, maximum=600
    )
    http: float = _setting(10.0, "Seconds for short questions (queue, history).", minimum=1, maximum=300)
    view: float = _setting(
        60.0, "Seconds without a byte while an output file is fetched.", minimum=1, maximum=3600
    )
    object_info: float = _setting(
        60.0, "Seconds for the list of node classes, which is slow on large installs.", minimum=1, maximum=600
    )


def _check_command(raw: str) -> str:
    from shlex import split  # noqa: PLC0415 - few set a command

    try:
        split(raw)
    except ValueError as error:
        raise ValueError(f"is no command line: {str(error).lower()}") from None
    return raw


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The full-screen app. Its keys are set under `[keys]`."""

    theme: str = _setting(
        "ainf-dark",
        "Colours: ainf-dark, ainf-light, ansi (the terminal's own), one of Textual's, or one of your own "
        "from themes/. One that is chosen in the app is kept until this setting changes.",
    )
    images: str = _setting(
        "auto",
        "How pictures are drawn. auto asks the terminal.",
        choices=("auto", "kitty", "sixel", "blocks", "off"),
    )
    mouse: str = _setting(
        "auto", "Whether the app takes the mouse. auto: not over SSH.", choices=("auto", "on", "off")
    )
    ascii: str = _setting(
        "auto",
        "Plain characters instead of glyphs. auto: where the terminal draws those wrong.",
        choices=("auto", "yes", "no"),
    )
    low_bandwidth: str = _setting(
        "auto",
        "Fewer repaints, 16 colours, no pictures. auto: when the line is measured to be slow.",
        choices=("auto", "yes", "no"),
    )
    title: bool = _setting(True, "Show in the terminal's title how far the queue is.")
    bell: bool = _setting(False, "Ring the terminal's bell when jobs have ended.")
    desktop_notifications: bool = _setting(
        True, "Tell the terminal (OSC 9) when jobs have ended; many show it on the desktop."
    )
    notify_hook: str = _setting(
        "",
        "Command to run when jobs have ended, without a shell: it gets them as JSON on standard input and "
        "the first in AINF_JOB_* variables.",
        check=_check_command,
    )


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`ainf run`."""

    wait: str = _setting(
        "auto",
        "Whether `ainf run` waits for the end. auto: when its output is a terminal.",
        choices=("auto", "yes", "no"),
    )


@dataclass(frozen=True, slots=True)
class ConnectSettings:
    """An engine on another machine, over ssh (`--connect`)."""

    url: str = _setting(
        "",
        "ssh://[user@]box[:port][/path]: the engine there instead of one here. path is the AINF_HOME there.",
        variable="AINF_CONNECT",
    )
    command: str = _setting("ainf", "What starts ainf there, as that machine's shell reads it.")
    ssh: str = _setting("ssh", "The ssh program here.")


SECTIONS: dict[str, type[Any]] = {
    "engine": EngineSettings,
    "queue": QueueSettings,
    "outputs": OutputSettings,
    "previews": PreviewSettings,
    "database": DatabaseSettings,
    "timeouts": TimeoutSettings,
    "run": RunSettings,
    "connect": ConnectSettings,
    "app": AppSettings,
}


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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

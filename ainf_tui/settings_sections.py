"""The settings of the engine, of `ainf run` and of the app, a class a section of config.toml.

Those of the box are in `settings_box`.
"""

from __future__ import annotations

from ainf_tui.frozen import frozen
from ainf_tui.settings_field import setting
from ainf_tui.settings_pattern import DEFAULT_PATTERN, check_pattern


def _check_database_url(raw: str) -> str:
    schemes = ("sqlite:///", "postgresql://")
    if raw and not raw.startswith(schemes):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return raw


def _check_label(raw: str) -> str:
    if len(raw) > 20:
        raise ValueError("must be at most 20 characters long")
    return raw


@frozen
class EngineSettings:
    """The background process that owns the queue."""

    idle_timeout: float = setting(
        600.0,
        "Seconds without work, supervision or a connected front end after which the engine ends. 0: never.",
        minimum=0,
        maximum=31_536_000,
    )
    log_level: str = setting(
        "info", "What the engine writes to its log.", choices=("debug", "info", "warning", "error")
    )
    log_max_bytes: int = setting(
        10_485_760,
        "Size in bytes at which engine.log is rotated.",
        minimum=65_536,
        maximum=1_073_741_824,
    )
    label: str = setting(
        "", "A word that front ends show beside the box's name, such as staging.", check=_check_label
    )


@frozen
class QueueSettings:
    """How jobs are handed to the ComfyUI servers."""

    max_attempts: int = setting(
        2,
        "Prompts that may be sent for one job in all. A further one is sent only when the one before "
        "cannot finish.",
        minimum=1,
        maximum=10,
    )
    waiting_per_backend: int = setting(
        1,
        "Prompts of ours that wait in a ComfyUI's own queue behind the running one. 1 keeps the GPU "
        "busy between jobs, 0 leaves the order wholly to ainf.",
        minimum=0,
        maximum=1,
    )
    poll_busy: float = setting(
        2.0,
        "Seconds between questions to a ComfyUI that has work of ours.",
        minimum=0.1,
        maximum=60,
    )
    poll_idle: float = setting(
        15.0,
        "Seconds between questions to a ComfyUI that has none.",
        minimum=0.1,
        maximum=3600,
    )
    stalled_after: float = setting(
        600.0,
        "Seconds in which ComfyUI tells nothing of a running job until that is a warning. A workflow that "
        "has run before may take as long as it took then. 0: never.",
        minimum=0,
        maximum=86400,
    )


@frozen
class OutputSettings:
    """Where finished files go."""

    folder: str = setting(
        "",
        "Folder for finished files. Empty: ~/ainf/outputs, or outputs/ under AINF_HOME.",
        path=True,
    )
    pattern: str = setting(
        DEFAULT_PATTERN,
        "File name under that folder, without its ending. The fields are listed under File names.",
        check=check_pattern,
    )
    sidecar: bool = setting(True, "Write NAME.json beside each file: how it was made, in full.")


@frozen
class PreviewSettings:
    """Pictures of a job while it runs."""

    method: str = setting(
        "auto",
        "How ComfyUI makes previews. auto leaves it to the server; none saves bandwidth.",
        choices=("auto", "latent2rgb", "taesd", "none"),
    )


@frozen
class DatabaseSettings:
    """Where jobs are kept. The password in the address is not shown."""

    url: str = setting(
        "",
        "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME. Empty: a SQLite file in the state folder.",
        check=_check_database_url,
        secret=True,
    )


@frozen
class TimeoutSettings:
    """How long a ComfyUI may take to answer."""

    prompt: float = setting(
        30.0, "Seconds for taking in a prompt; then ainf looks whether it arrived.", minimum=1, maximum=600
    )
    http: float = setting(10.0, "Seconds for short questions (queue, history).", minimum=1, maximum=300)
    view: float = setting(
        60.0, "Seconds without a byte while an output file is fetched.", minimum=1, maximum=3600
    )
    object_info: float = setting(
        60.0, "Seconds for the list of node classes, which is slow on large installs.", minimum=1, maximum=600
    )


def _check_command(raw: str) -> str:
    from shlex import split  # noqa: PLC0415 - few set a command

    try:
        split(raw)
    except ValueError as error:
        raise ValueError(f"is no command line: {str(error).lower()}") from None
    return raw


@frozen
class AppSettings:
    """The full-screen app. Its keys are set under `[keys]`."""

    theme: str = setting(
        "ainf-dark",
        "Colours: ainf-dark, ainf-light, ansi (the terminal's own), one of Textual's, or one of your own "
        "from themes/. One that is chosen in the app is kept until this setting changes.",
    )
    images: str = setting(
        "auto",
        "How pictures are drawn. auto asks the terminal.",
        choices=("auto", "kitty", "sixel", "blocks", "off"),
    )
    mouse: str = setting(
        "auto", "Whether the app takes the mouse. auto: not over SSH.", choices=("auto", "on", "off")
    )
    ascii: str = setting(
        "auto",
        "Plain characters instead of glyphs. auto: where the terminal draws those wrong.",
        choices=("auto", "yes", "no"),
    )
    low_bandwidth: str = setting(
        "auto",
        "Fewer repaints, 16 colours, no pictures. auto: when the line is measured to be slow.",
        choices=("auto", "yes", "no"),
    )
    title: bool = setting(True, "Show in the terminal's title how far the queue is.")
    bell: bool = setting(False, "Ring the terminal's bell when jobs have ended.")
    desktop_notifications: bool = setting(
        True, "Tell the terminal (OSC 9) when jobs have ended; many show it on the desktop."
    )
    notify_hook: str = setting(
        "",
        "Command to run when jobs have ended, without a shell: it gets them as JSON on standard input and "
        "the first in AINF_JOB_* variables.",
        check=_check_command,
    )


@frozen
class RunSettings:
    """`ainf run`."""

    wait: str = setting(
        "auto",
        "Whether `ainf run` waits for the end. auto: when its output is a terminal.",
        choices=("auto", "yes", "no"),
    )


@frozen
class ConnectSettings:
    """An engine on another machine, over ssh (`--connect`)."""

    url: str = setting(
        "",
        "ssh://[user@]box[:port][/path]: the engine there instead of one here. path is the AINF_HOME there.",
        variable="AINF_CONNECT",
    )
    command: str = setting("ainf", "What starts ainf there, as that machine's shell reads it.")
    ssh: str = setting("ssh", "The ssh program here.")

"""`ainf comfyui start|stop|restart`: the services' own verbs, for the service `comfyui`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ainf_tui.cli.commands import services_change as services

F = TypeVar("F", bound=Callable[..., Any])
SERVICE = ("comfyui",)


def _waiting(command: F) -> F:
    """The options of the services' verbs, as they are there."""
    for option in reversed(services.restart.params):
        if isinstance(option, click.Option) and option.name in {"timeout", "no_wait", "_json"}:
            command.__dict__.setdefault("__click_params__", []).append(option)
    return command


@click.command("start", short_help="Start ComfyUI.")
@click.option("--port", type=click.IntRange(1, 65_535), metavar="N", help="On another port, this time.")
@_waiting
@click.pass_context
def start(ctx: click.Context, /, **_: Any) -> int:
    """Start ComfyUI, as `ainf services start comfyui` does. [comfyui] says where it listens and how."""
    return int(ctx.forward(services.start, names=SERVICE))


@click.command("stop", short_help="Stop ComfyUI.")
@click.option("--yes", is_flag=True, help="Also one that somebody else started.")
@_waiting
@click.pass_context
def stop(ctx: click.Context, /, **_: Any) -> int:
    """Stop ComfyUI, as `ainf services stop comfyui` does."""
    return int(ctx.forward(services.stop, names=SERVICE))


@click.command("restart", short_help="Stop ComfyUI and start it again.")
@click.option("--yes", is_flag=True, help="Also one that somebody else started.")
@_waiting
@click.pass_context
def restart(ctx: click.Context, /, **_: Any) -> int:
    """Stop ComfyUI and start it again, for what it reads at its start: an update, custom nodes."""
    return int(ctx.forward(services.restart, names=SERVICE))

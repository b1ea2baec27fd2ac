"""`ainf comfyui start|stop|restart`: the services' own verbs, for the service `comfyui`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.commands import services_change as services
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call
from ainf_tui.domain.comfyui_install import VRAM
from ainf_tui.domain.requests import FreeRequest
from ainf_tui.errors import AinfError

F = TypeVar("F", bound=Callable[..., Any])
SERVICE = ("comfyui",)


def _waiting(command: F) -> F:
    """The options of the services' verbs, as they are there."""
    for option in reversed(services.restart.params):
        if isinstance(option, click.Option) and option.name in {"timeout", "no_wait", "_json"}:
            command.__dict__.setdefault("__click_params__", []).append(option)
    return command


def _vram(command: F) -> F:
    return click.option(
        "--vram",
        type=click.Choice(VRAM),
        metavar="MODE",
        help=f"How it uses the GPU's memory, this time: {', '.join(VRAM)}.",
    )(command)


@click.command("start", short_help="Start ComfyUI.")
@click.option("--port", type=click.IntRange(1, 65_535), metavar="N", help="On another port, this time.")
@_vram
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
@_vram
@_waiting
@click.pass_context
def restart(ctx: click.Context, /, **_: Any) -> int:
    """Stop ComfyUI and start it again, for what it reads at its start: an update, custom nodes; or
    with less on the GPU (--vram lowvram): that holds until it is stopped, `comfyui.vram` in the settings for
    good.
    """
    return int(ctx.forward(services.restart, names=SERVICE))


@click.command("free", short_help="Let ComfyUI give GPU memory back.")
@click.option("--backend", default="", metavar="NAME", help="Only this one; else all that are used.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.freed/1` on stdout.")
@click.pass_obj
def free(app: App, /, *, backend: str, _json: bool) -> int:
    """Let ComfyUI give GPU memory back: models, and what it keeps of earlier runs.

    It does so once no prompt runs; the next job loads its models again.
    """
    found = call(app, lambda client: client.engine.free(FreeRequest(backend)))
    if app.out.json:
        app.out.emit(found)
        return exits.OK
    for name in found.backends:
        when = "when the prompt that runs is done" if name in found.busy else "now"
        app.out.note(f"{show(name, 60)} lets go of its models {when}.")
    for problem in found.notices:
        app.out.error(AinfError(problem.code, problem.message, hint=problem.hint))
    return exits.FAILED if found.notices else exits.OK

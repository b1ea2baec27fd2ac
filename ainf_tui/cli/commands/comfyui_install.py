"""`ainf comfyui install|update|rollback|wait|cancel`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call
from ainf_tui.cli.tasks import see_through, tell_end
from ainf_tui.client import Client
from ainf_tui.domain.comfyui_documents import ComfyUIDocument, InstallRequest

TORCH = ("auto", "cuda", "rocm", "cpu", "apple", "keep")
JSON_HELP = "A document `ainf.comfyui/1` on stdout when it has ended."
NO_WAIT_HELP = "Only begin; `ainf comfyui` shows how it goes."
RUNNING_HELP = "Although ComfyUI runs: restart it afterwards."
VERSION_HELP = "Tag, branch or commit instead of [comfyui] version."


def begin(app: App, work: Callable[[Client], Awaitable[ComfyUIDocument]], *, wait: bool) -> int:
    """Begins a task, and sees it through."""

    async def main(client: Client) -> int:
        begun = await work(client)
        if wait:
            return await see_through(app, client, begun)
        if app.out.json:
            app.out.emit(begun)
        elif begun.task is not None:
            app.out.note(f"Begun: {show(begun.task.title)}. `ainf comfyui wait` follows it.")
        return exits.OK

    return call(app, main)


@click.command("install", short_help="Install ComfyUI, or go on where that was cut off.")
@click.option("--version", "version", default="", metavar="NAME", help=VERSION_HELP)
@click.option("--repository", default="", metavar="URL", help="Instead of [comfyui] repository.")
@click.option("--torch", type=click.Choice(TORCH), help="Which PyTorch, instead of [comfyui] torch.")
@click.option("--while-running", is_flag=True, help=RUNNING_HELP)
@click.option("--no-wait", is_flag=True, help=NO_WAIT_HELP)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def install(
    app: App,
    *,
    version: str,
    repository: str,
    torch: str | None,
    while_running: bool,
    no_wait: bool,
    _json: bool,
) -> int:
    """Install ComfyUI into [comfyui] folder, or go on where an earlier install was cut off.

    A clone, a virtual environment of its own, the PyTorch for this machine's GPU, the requirements, a look
    whether it works. What is done already is not done again, and a folder with anything else in it is left
    as it is. Ctrl-C detaches; the install goes on.
    """
    request = InstallRequest(version, repository, torch or "", while_running)
    return begin(app, lambda client: client.comfyui.install(request), wait=not no_wait)


@click.command("update", short_help="Bring ComfyUI to a newer version.")
@click.option("--version", "version", default="", metavar="NAME", help=VERSION_HELP)
@click.option("--while-running", is_flag=True, help=RUNNING_HELP)
@click.option("--no-wait", is_flag=True, help=NO_WAIT_HELP)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def update(app: App, *, version: str, while_running: bool, no_wait: bool, _json: bool) -> int:
    """Bring ComfyUI to a newer version, its requirements included; `rollback` goes back.

    Files that were changed by hand are never overwritten: the update refuses and names them.
    """
    request = InstallRequest(version=version, while_running=while_running)
    return begin(app, lambda client: client.comfyui.update(request), wait=not no_wait)


@click.command("rollback", short_help="Go back to the version before the last update.")
@click.option("--while-running", is_flag=True, help=RUNNING_HELP)
@click.option("--no-wait", is_flag=True, help=NO_WAIT_HELP)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def rollback(app: App, *, while_running: bool, no_wait: bool, _json: bool) -> int:
    """Go back to the version before the last update, and to its requirements."""
    request = InstallRequest(while_running=while_running)
    return begin(app, lambda client: client.comfyui.rollback(request), wait=not no_wait)


@click.command("wait", short_help="Follow the task that runs to its end.")
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def wait(app: App, *, _json: bool) -> int:
    """Follow the task that runs to its end; its exit code is that of the last one if none runs."""

    async def main(client: Client) -> int:
        found = await client.comfyui.info()
        if found.task is not None and found.task.state == "running":
            return await see_through(app, client, found)
        if found.task is None:
            app.out.note("No task runs.")
        return tell_end(app, found) if found.task is not None or app.out.json else exits.OK

    return call(app, main)


@click.command("cancel", short_help="End the task that runs; what is done stays.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.comfyui/1` on stdout.")
@click.pass_obj
def cancel(app: App, *, _json: bool) -> int:
    """End the task that runs, and its processes. What is done stays: the same command goes on from there."""
    found = call(app, lambda client: client.comfyui.cancel())
    if app.out.json:
        app.out.emit(found)
    elif found.task is not None:
        app.out.note(f"{show(found.task.title)}: {found.task.state}. What is done stays.")
    return exits.OK

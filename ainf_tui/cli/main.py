"""The root command, and the one place where a command's end becomes an exit code."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import click

from ainf_tui import __version__
from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.output import PipeClosedError
from ainf_tui.errors import AinfError, UsageError

COMMANDS = {
    "run": ("ainf_tui.cli.commands.run:run", "Make jobs from a workflow and watch them finish."),
    "queue": ("ainf_tui.cli.commands.queue:queue", "List, watch and steer jobs."),
    "status": ("ainf_tui.cli.commands.status:status", "The box in one glance; exit code 1 if not well."),
    "up": ("ainf_tui.cli.commands.services_change:up", "Start everything that starts by itself."),
    "down": ("ainf_tui.cli.commands.services_change:down", "Stop everything, in reverse order."),
    "services": ("ainf_tui.cli.commands.services:services", "Start, stop and watch services."),
    "logs": ("ainf_tui.cli.commands.logs:logs", "Logs: of the newest run, of files, of archives."),
    "errors": ("ainf_tui.cli.commands.errors:errors", "What went wrong, grouped and explained."),
    "runs": ("ainf_tui.cli.commands.services:runs", "The runs whose logs are kept."),
    "host": ("ainf_tui.cli.commands.host:host", "The machine, its disks and its GPUs."),
    "comfyui": ("ainf_tui.cli.commands.comfyui:comfyui", "Install and update ComfyUI, custom nodes."),
    "workflows": ("ainf_tui.cli.commands.packs:workflows", "Workflow packs and their inputs."),
    "presets": ("ainf_tui.cli.commands.packs:presets", "Styles: texts and values for a pack."),
    "doctor": ("ainf_tui.cli.commands.doctor:doctor", "What is wrong with the box, and how to mend it."),
    "engine": ("ainf_tui.cli.commands.engine:engine", "The process that owns the queue."),
    "config": ("ainf_tui.cli.commands.config:config", "Settings: values, sources, the file."),
    "db": ("ainf_tui.cli.commands.db:db", "The database: facts, migration, backup."),
    "demo": ("ainf_tui.cli.commands.demo:demo", "The app with a simulated ComfyUI and work going on."),
    "simulator": ("ainf_tui.cli.commands.simulator:simulator", "A ComfyUI for demo and tests."),
    "completion": ("ainf_tui.cli.completion:completion", "Print the completion script of a shell."),
}

IMAGES = ("auto", "kitty", "sixel", "blocks", "off")


@click.group(
    "ainf",
    cls=LazyGroup,
    lazy=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--home", metavar="DIR", help="Keep settings, state and outputs under DIR, as AINF_HOME does.")
@click.option("--embedded", is_flag=True, help="Run the engine in this process instead of in its own.")
@click.option("--read-only", is_flag=True, help="Look only: start no engine and change nothing.")
@click.option(
    "--connect", metavar="URL", help="Use the engine of another machine: ssh://[user@]box[:port][/path]."
)
@click.option("--theme", metavar="NAME", help="Colours of the full-screen app; docs: app.md.")
@click.option("--images", type=click.Choice(IMAGES), help="How the app draws pictures.")
@click.option("--ascii", is_flag=True, help="The app in plain characters.")
@click.option("--no-mouse", is_flag=True, help="The app leaves the mouse to the terminal.")
@click.option("--low-bandwidth", is_flag=True, help="The app for a slow line: few repaints, no pictures.")
@click.version_option(__version__, prog_name="ainf")
@click.pass_context
def cli(
    ctx: click.Context,
    /,
    home: str | None,
    *,
    embedded: bool,
    read_only: bool,
    connect: str | None,
    **screen: Any,
) -> int | None:
    """Run ComfyUI workflows on a GPU box, watch them finish, lose nothing.

    Without a command: the full-screen app; where the output is no terminal, the state of the box.
    """
    app = ctx.ensure_object(App)
    app.home = home
    app.embedded = embedded
    app.connect = connect
    app.read_only = read_only
    app.flags = _flags(screen)
    if embedded and read_only:
        raise UsageError(
            "cli.usage",
            "--embedded and --read-only exclude each other: an embedded engine works on the queue",
            hint="Leave one of them out.",
        )
    if ctx.invoked_subcommand is not None:
        return None
    from ainf_tui.cli.commands.status import bare  # noqa: PLC0415 -- `ainf --help` needs none of it

    return bare(app)


def _flags(screen: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the app as settings."""
    found = {
        "app.theme": screen["theme"],
        "app.images": screen["images"],
        "app.ascii": "yes" if screen["ascii"] else None,
        "app.mouse": "off" if screen["no_mouse"] else None,
        "app.low_bandwidth": "yes" if screen["low_bandwidth"] else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def run(args: Sequence[str], app: App | None = None) -> int:
    """Runs the command line and returns the exit code; raises nothing.

    `app` carries streams, environment and the opener of clients: what tests replace.
    """
    app = app or App()
    app.out.json = "--json" in args
    try:
        code = cli.main(args=list(args), prog_name="ainf", standalone_mode=False, obj=app)
    except AinfError as exc:
        return app.out.error(exc)
    except click.ClickException as exc:
        return app.out.error(_usage(exc))
    except (click.Abort, KeyboardInterrupt):
        app.out.note("Interrupted.")
        return exits.INTERRUPTED
    except (PipeClosedError, SystemExit):  # click answers a closed pipe with SystemExit
        _silence(app.out.stdout)
        return exits.PIPE_CLOSED
    except Exception as exc:  # noqa: BLE001 -- the last resort: a bug, too, ends with a message and a code
        return _bug(app, args, exc)
    return code if isinstance(code, int) else exits.OK


def _bug(app: App, args: Sequence[str], exc: Exception) -> int:
    """Told first, then collected: whatever that meets, the user has seen the crash."""
    code = app.out.bug(exc)
    from ainf_tui.cli.crashes import report_bug  # noqa: PLC0415 -- few commands crash

    verb = next((arg for arg in args if arg in COMMANDS), "")
    report_bug(app, f"ainf {verb}".rstrip(), exc)
    return code


def _usage(exc: click.ClickException) -> AinfError:
    ctx = getattr(exc, "ctx", None)
    path = ctx.command_path if ctx is not None else "ainf"
    message = _plainly(exc.format_message())
    return UsageError("cli.usage", message, hint=f"`{path} --help` lists what there is.")


def _plainly(message: str) -> str:
    """The words of click for a number out of its range, as people say it."""
    message = re.sub(r"is not in the range (\S+)<=x<=(\S+)\.$", r"is not from \1 to \2.", message)
    message = re.sub(r"is not in the range x>=(\S+)\.$", r"is less than \1.", message)
    message = re.sub(r"is not in the range x>(\S+)\.$", r"is not more than \1.", message)
    return re.sub(r"is not a valid (?:float|integer)(?: range)?\.$", "is no number of that kind.", message)


def _silence(stream: TextIO) -> None:
    """Points the descriptor at nothing, so that the interpreter's last flush has nowhere to fail."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)

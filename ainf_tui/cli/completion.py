"""`ainf completion SHELL`: the script to be loaded by the shell."""

from __future__ import annotations

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_obj
def completion(app: App, *, shell: str) -> int:
    r"""Print the completion script of a shell.

    \b
    bash:  eval "$(ainf completion bash)"       in ~/.bashrc
    zsh:   eval "$(ainf completion zsh)"        in ~/.zshrc, behind compinit
    fish:  ainf completion fish | source        in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 -- only this command needs it

    from ainf_tui.cli.main import cli  # noqa: PLC0415 -- the root imports this module by name

    found = get_completion_class(shell)
    if found is None:
        raise click.BadParameter(f"{shell!r} is not supported by this version of click.")
    app.out.line(found(cli, {}, "ainf", "_AINF_COMPLETE").source().rstrip())
    return exits.OK

"""A click group that knows its commands by name and loads one only when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """`lazy` maps a command's name to (`module:attribute`, one-line help).

    With `default`, the group without a verb (or with options only) runs that command, so that
    `ainf queue --state failed` is `ainf queue list --state failed`.
    """

    def __init__(
        self,
        *args: Any,
        lazy: Mapping[str, tuple[str, str]],
        default: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy)
        self.default = default

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of declaration, which is the order of importance."""
        del ctx
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command's module; None if there is no such command."""
        del ctx
        if cmd_name not in self._lazy:
            return None
        if cmd_name not in self.commands:
            module, _, attribute = self._lazy[cmd_name][0].partition(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            # Written as \\b in a raw docstring: what follows is shown line by line as it stands.
            command.help = (command.help or "").replace("\\b\n", "\b\n")
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the default verb in front where none was given."""
        wants_help = bool(args) and args[0] in self.get_help_option_names(ctx)
        given = bool(args) and not args[0].startswith("-")
        if self.default is not None and not (given or wants_help or ctx.resilient_parsing):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but the near names come from all commands, loaded or not."""
        if args and args[0] not in self._lazy and not args[0].startswith("-") and not ctx.resilient_parsing:
            import difflib  # noqa: PLC0415 -- only for a name that is none

            near = difflib.get_close_matches(args[0], self._lazy)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the declaration alone."""
        del ctx
        rows = [
            (f"{name} (default)" if name == self.default else name, help_line)
            for name, (_, help_line) in self._lazy.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

"""The reference of the command line as Markdown, written from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import click

from ainf_tui.cli import exits
from ainf_tui.cli.main import cli
from ainf_tui.cli.schemas import DOCUMENTS, schema

_ABOUT = """\
# Command line

<!-- Written by `make docs` from the commands themselves; change it there. -->

Data goes to stdout, all else to stderr. A job is named by its number (`142`), its id, or the beginning of
its id. Options of `ainf` itself (`--home`, `--embedded`, `--read-only`) stand before the command.

## JSON

With `--json` a command prints one document with a `schema` field, or, while it waits for jobs, a line for
each event. Fields are added, never renamed. Times are ISO 8601 in UTC, durations seconds, sizes bytes,
fractions 0 to 1. A seed above 2^53, which many readers round, stands as text in `seed_text` too. A failure
is one `ainf.error/1` document on stderr; narration is left out.

`ainf run --wait` and `ainf queue wait` print lines of `ainf.run/1`, told apart by `type`: `state`,
`progress`, `output` and `warning` name a job by number and id; the last line is `result` with all jobs.
"""


def cli_reference() -> str:
    """The page `docs/cli.md`: the JSON contract, every command, the exit codes."""
    lines = [_ABOUT, "| schema | printed by |", "| --- | --- |"]
    contexts = list(walk(click.Context(cli, info_name="ainf", terminal_width=100, max_content_width=100)))
    for name in DOCUMENTS:
        commands = [f"`{ctx.command_path}`" for ctx in contexts if _prints(ctx.command, name)]
        told = ", ".join(commands) if name != "ainf.error/1" else "every command that fails"
        lines.append(f"| [`{name}`](schemas/{file_stem(name)}.json) | {told} |")
    lines.append("")
    for ctx in contexts:
        lines += _command(ctx)
    lines += ["## Exit codes", "", "| code | meaning |", "| ---: | --- |"]
    lines += [f"| {code} | {meaning} |" for code, meaning in exits.MEANING.items()]
    return "\n".join(lines) + "\n"


def json_schemas() -> dict[str, dict[str, Any]]:
    """File name without its ending (`ainf.run-1`) -> JSON Schema."""
    return {file_stem(name): schema(name) for name in DOCUMENTS}


def file_stem(name: str) -> str:
    """`ainf.run/1` -> `ainf.run-1`."""
    return name.replace("/", "-")


def _prints(command: click.Command, name: str) -> bool:
    texts = [param.help or "" for param in command.params if isinstance(param, click.Option)]
    return any(f"`{name}`" in text for text in texts)


def walk(ctx: click.Context) -> Iterator[click.Context]:
    """The command of the context and all below it, hidden ones left out."""
    yield ctx
    if not isinstance(ctx.command, click.Group):
        return
    for name in ctx.command.list_commands(ctx):
        command = ctx.command.get_command(ctx, name)
        if command is not None and not command.hidden:
            yield from walk(click.Context(command, info_name=name, parent=ctx, terminal_width=100))


def _command(ctx: click.Context) -> list[str]:
    depth = 2 if ctx.parent is None or ctx.parent.parent is None else 3
    usage = " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)])
    lines = [f"{'#' * depth} `{ctx.command_path}`", "", "```", usage, "```", ""]
    text = inspect.cleandoc(ctx.command.help or "")
    before, mark, after = text.partition("\b\n")
    lines += [before.strip(), ""]
    if mark:
        lines += ["```", after.rstrip(), "```", ""]
    options = [param for param in ctx.command.get_params(ctx) if isinstance(param, click.Option)]
    rows = [r for o in options if "--help" not in o.opts and (r := o.get_help_record(ctx))]
    # click keeps a command's help option with the names of its first use: said here once for all.
    rows.append(("-h, --help", "Show this message and exit."))
    lines += ["| option | meaning |", "| --- | --- |"]
    lines += [f"| `{_cell(option)}` | {_cell(told)} |" for option, told in rows]
    lines.append("")
    default = getattr(ctx.command, "default", None)
    if default:
        lines += [f"Without a verb: `{ctx.command_path} {default}`.", ""]
    return lines


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

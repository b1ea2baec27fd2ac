"""Names for the shell's completion, from the files alone: no engine is asked or started."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.cli.output import show
from ainf_tui.errors import AinfError


def pack_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Packs that begin like this; if there are none, the shell completes file names."""
    del param
    from ainf_tui.resources import workflows_dir  # noqa: PLC0415 -- only while completing

    folders = [_folder(workflows_dir), _folder(lambda: places.locations(_app(ctx)).user_workflows_dir)]
    found = _matching(
        (path.name for folder in folders for path in _children(folder) if path.is_dir()), incomplete
    )
    return found or [CompletionItem(incomplete, type="file")]


def preset_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Presets that begin like this."""
    del param
    from ainf_tui.resources import presets_dir  # noqa: PLC0415 -- only while completing

    folders = [_folder(presets_dir), _folder(lambda: places.locations(_app(ctx)).user_presets_dir)]
    return _matching(
        (path.stem for folder in folders for path in _children(folder) if path.suffix == ".toml"), incomplete
    )


def _app(ctx: click.Context) -> App:
    """The app is made by the root command, which completion does not run."""
    app = ctx.find_object(App) or App()
    app.home = ctx.find_root().params.get("home")
    return app


def _folder(find: Callable[[], Path]) -> Path | None:
    """A folder that cannot be told has no names to offer; the command itself will say why."""
    try:
        return find()
    except AinfError:
        return None


def _children(folder: Path | None) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder is not None else []
    except OSError:
        return []


def _matching(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    fit = dict.fromkeys(name for name in names if name.startswith(incomplete) and not name.startswith("."))
    return [CompletionItem(show(name)) for name in fit]


def log_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Services of the newest run; if none begins like this, the shell completes file names."""
    del param
    from ainf_tui.cli.logsources import sources  # noqa: PLC0415 -- only while completing

    try:
        found = _matching((source.name for source in sources(_app(ctx), (), follow=False)), incomplete)
    except AinfError:
        found = []
    return found or [CompletionItem(incomplete, type="file")]

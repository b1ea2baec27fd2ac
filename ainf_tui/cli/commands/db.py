"""`ainf db info|upgrade|backup`: the database itself, whether an engine runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from ainf_tui.adapters.db import engine
from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.cli import exits, places
from ainf_tui.cli.app import App
from ainf_tui.cli.documents import BackupDocument, DatabaseInfoDocument, UpgradeDocument
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.output import show
from ainf_tui.display.format import size
from ainf_tui.errors import NotFoundError

T = TypeVar("T")
_HERE = "ainf_tui.cli.commands.db"
_SQLITE = "sqlite:///"
VERBS = {
    "info": (f"{_HERE}:info", "Where it is, its revision, its size."),
    "upgrade": (f"{_HERE}:upgrade", "Bring it to this version's revision; a copy is kept."),
    "backup": (f"{_HERE}:backup", "A consistent copy of it, while everything goes on."),
}


@click.group(
    "db", cls=LazyGroup, lazy=VERBS, default="info", short_help="The database: facts, migration, backup."
)
@click.pass_obj
def db(app: App) -> None:
    """The database of jobs. The engine brings it up to date by itself when it starts."""
    places.only_here(app, "ainf db")


@click.command("info", short_help=VERBS["info"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.db/1` on stdout.")
@click.pass_obj
def info(app: App, *, _json: bool) -> int:
    """Where it is, its revision, its size, the rows of each table. Nothing is created or changed."""
    found = asyncio.run(_with(_existing(app), lambda database: database.info()))
    if app.out.json:
        app.out.emit(
            DatabaseInfoDocument(
                url=found.url,
                kind=found.kind,
                revision=found.revision,
                head=HEAD_REVISION,
                installation=found.installation,
                bytes=found.bytes,
                rows=found.rows,
            )
        )
        return exits.OK
    facts = [("database", show(found.url)), ("revision", found.revision), ("size", size(found.bytes))]
    facts += [(name, str(count)) for name, count in found.rows.items()]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        app.out.line(f"{name:<{width}}  {value}")
    return exits.OK


@click.command("upgrade", short_help=VERBS["upgrade"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.upgrade/1` on stdout.")
@click.pass_obj
def upgrade(app: App, *, _json: bool) -> int:
    """Bring it to this version's revision; on SQLite the file of before is kept beside it."""
    places.changes(app, "db upgrade")
    before, after = asyncio.run(engine.upgrade(_existing(app)))
    if app.out.json:
        app.out.emit(UpgradeDocument(before, after))
    elif before == after:
        app.out.line(f"The database is at revision {show(after)} already.")
    else:
        app.out.line(f"The database went from revision {show(before)} to {show(after)}.")
    return exits.OK


@click.command("backup", short_help=VERBS["backup"][1])
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--json", "_json", is_flag=True, help="A document `ainf.backup/1` on stdout.")
@click.pass_obj
def backup(app: App, *, file: Path | None, _json: bool) -> int:
    """A consistent copy of it in FILE, while everything goes on; else in `backups` in the state folder."""
    places.changes(app, "db backup")
    url = _existing(app)
    target = file.expanduser().absolute() if file is not None else _new_name(app)
    count = asyncio.run(_with(url, lambda database: database.backup(target)))
    if app.out.json:
        app.out.emit(BackupDocument(str(target), count))
    else:
        app.out.line(show(target) if app.out.interactive else str(target))
        app.out.note(f"{size(count)} written.")
    return exits.OK


def _new_name(app: App) -> Path:
    folder = places.locations(app).state_dir / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"ainf-{datetime.now().astimezone():%Y%m%d-%H%M%S}.db"


def _existing(app: App) -> str:
    """The address from the settings. Raises NotFoundError(`database.none`) rather than make a new file."""
    url = places.settings(app).database_url(places.locations(app).database_file)
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        raise NotFoundError(
            "database.none",
            f"there is no database at {url.removeprefix(_SQLITE)}",
            hint="The engine makes it when it starts: `ainf engine start`.",
        )
    return url


async def _with(url: str, work: Callable[[engine.SqlDatabase], Awaitable[T]]) -> T:
    database = await engine.open(url, migrate=False)
    try:
        return await work(database)
    finally:
        await database.aclose()

"""`ainf config show|path|init|validate`: no engine is needed or started."""

from __future__ import annotations

import click

from ainf_tui.cli import exits, places
from ainf_tui.cli.app import App
from ainf_tui.cli.documents import ConfigDocument, PathsDocument, SettingDocument
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.output import show
from ainf_tui.cli.tables import Cell, Column, print_table
from ainf_tui.settings import check_keys
from ainf_tui.settings_text import shown, write_template

_HERE = "ainf_tui.cli.commands.config"
VERBS = {
    "show": (f"{_HERE}:show_config", "Every setting, its value and where it came from."),
    "path": (f"{_HERE}:path", "Where the settings file and everything else lies."),
    "init": (f"{_HERE}:init", "Write a settings file with everything commented out."),
    "validate": (f"{_HERE}:validate", "Check file and environment; all problems at once."),
}


@click.group(
    "config", cls=LazyGroup, lazy=VERBS, default="show", short_help="Settings: values, sources, the file."
)
def config() -> None:
    """Settings come from AINF_* variables, then from config.toml, then from defaults."""


@click.command("show", short_help=VERBS["show"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.config/1` on stdout.")
@click.pass_obj
def show_config(app: App, *, _json: bool) -> int:
    """Every setting, its value and where it came from. Secrets are hidden."""
    rows = shown(places.settings(app))
    if app.out.json:
        found = tuple(SettingDocument(id=row.id, value=row.value, source=row.source) for row in rows)
        app.out.emit(ConfigDocument(settings=found, file=str(places.locations(app).config_file)))
        return exits.OK
    columns = (Column("setting"), Column("value", flexible=True), Column("source", drop=1))
    print_table(
        app.out,
        columns,
        [(Cell(row.id), Cell(_text(row.value)), Cell(show(row.source), "dim")) for row in rows],
    )
    return exits.OK


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return show(", ".join(map(str, value)) if isinstance(value, tuple) else value)


@click.command("path", short_help=VERBS["path"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.paths/1` on stdout.")
@click.pass_obj
def path(app: App, *, _json: bool) -> int:
    """Where the settings file and everything else lies. Nothing is created."""
    found = places.locations(app)
    paths = {
        "config": str(found.config_file),
        "workflows": str(found.user_workflows_dir),
        "presets": str(found.user_presets_dir),
        "themes": str(found.user_themes_dir),
        "state": str(found.state_dir),
        "log": str(found.engine_log),
        "socket": str(found.engine_socket),
        "database": str(found.database_file),
        "cache": str(found.cache_dir),
        "outputs": str(found.outputs_dir),
    }
    if app.out.json:
        app.out.emit(PathsDocument(paths))
    else:
        print_table(
            app.out, (Column("what"), Column("where")), [(Cell(k), Cell(show(v))) for k, v in paths.items()]
        )
    return exits.OK


@click.command("init", short_help=VERBS["init"][1])
@click.pass_obj
def init(app: App) -> int:
    """Write a settings file with everything commented out. A file that is there is left alone."""
    places.changes(app, "config init")
    file = places.locations(app).config_file
    write_template(file)
    app.out.line(show(file))
    return exits.OK


@click.command("validate", short_help=VERBS["validate"][1])
@click.pass_obj
def validate(app: App) -> int:
    """Check file and environment; all problems at once, and exit code 2 if there are any."""
    found = places.settings(app)
    check_keys(found)
    for problem in found.key_problems:
        app.out.note(f"{show(problem.message)}. {problem.hint}", "yellow")
    app.out.note(f"{show(places.locations(app).config_file)} and the environment are in order.")
    return exits.OK

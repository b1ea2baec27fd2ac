"""Alembic: from an older revision to the newest. Imported only when the stored revision is not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.errors import AinfError

_FOLDER = Path(__file__).with_name("migrations")


def head() -> str:
    """The newest revision among the scripts."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def check_known(revision: str, where: str) -> None:
    """AinfError(`database.newer`) for a revision that this program has never heard of."""
    scripts = ScriptDirectory.from_config(_config())
    if revision not in {script.revision for script in scripts.walk_revisions()}:
        raise AinfError(
            "database.newer",
            f"database {where} has revision {revision}, this ainf knows none beyond {HEAD_REVISION}",
            hint="update ainf, or give it another database (setting database.url)",
            details={"database": revision, "program": HEAD_REVISION},
        )


def upgrade(conn: Connection, revision: str = "head") -> None:
    """Runs the scripts in the caller's transaction. Also makes everything from nothing."""
    config = _config()
    scripts = ScriptDirectory.from_config(config)

    def steps(current: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs(revision, current)  # noqa: SLF001 - alembic's own commands call it so

    # In place of an env.py, which alembic would run as a script: nothing of ours happens at import.
    with EnvironmentContext(config, scripts, fn=steps, destination_rev=revision) as environment:
        environment.configure(connection=conn)
        with environment.begin_transaction():
            environment.run_migrations()


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation of the ini format.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config

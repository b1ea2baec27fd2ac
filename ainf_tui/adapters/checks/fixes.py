"""Carries out the fixes that checks offer. Blocking; nothing else can be asked for."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ainf_tui.adapters.checks import disk
from ainf_tui.adapters.checks.commands import CouldNotLookError, ask
from ainf_tui.adapters.checks.gather import Target
from ainf_tui.adapters.db import engine
from ainf_tui.adapters.processes import user_name
from ainf_tui.domain.check_documents import FixDocument
from ainf_tui.errors import AinfError

WITHIN = 20.0


def carry_out(fix: FixDocument, target: Target, user: str) -> tuple[str, ...]:
    """What came of it. AinfError `check.fix_failed`."""
    kind, _, name = fix.id.partition(".")
    ways: dict[str, Callable[[], str]] = {
        "mkdir": lambda: _make(_folder(target, name), private=name == "state"),
        "private": lambda: _close(_folder(target, "state")),
        "leftovers": lambda: _remove_leftovers(target),
        "linger": lambda: _linger(user),
        "migrate": lambda: _migrate(target.database_url),
        "cache": lambda: _empty(_folder(target, "cache")),
    }
    if kind not in ways:
        raise _failed(fix, "ainf does not know how")
    try:
        return (ways[kind](),)
    except OSError as error:
        raise _failed(fix, f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error
    except (CouldNotLookError, LookupError) as error:
        raise _failed(fix, str(error)) from error


def own_user() -> str:
    """The name of who runs this."""
    return user_name(os.getuid())


def _failed(fix: FixDocument, reason: str) -> AinfError:
    return AinfError(
        "check.fix_failed",
        f"{fix.title}: {reason}",
        hint="Do by hand what the steps say: " + "; ".join(fix.steps),
        details={"fix": fix.id},
    )


def _folder(target: Target, name: str) -> Path:
    if name not in target.folders:
        raise LookupError(f"there is no folder {name!r}")
    return target.folders[name]


def _make(path: Path, *, private: bool) -> str:
    path.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    return f"{path} is there"


def _close(path: Path) -> str:
    path.chmod(0o700)
    return f"{path} is closed to others"


def _remove_leftovers(target: Target) -> str:
    """Looked at anew: an engine may have started since."""
    found = disk.leftovers(target.lock, target.leftovers)
    if found.engine:
        raise LookupError("an engine runs now; what is there is in use")
    for path in found.files:
        Path(path).unlink(missing_ok=True)
    return f"removed {len(found.files)} file{'s' * (len(found.files) != 1)}"


def _linger(user: str) -> str:
    said = ask(["loginctl", "enable-linger", user], within=WITHIN)
    if said.code != 0:
        raise LookupError(said.trouble)
    return f"{user} lingers"


def _migrate(url: str) -> str:
    before, after = asyncio.run(engine.upgrade(url))
    return f"the database went from revision {before} to {after}"


def _empty(folder: Path) -> str:
    """What is in it, not the folder itself; links are removed, not followed."""
    count = 0
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        count += 1
    return f"removed {count} entr{'y' if count == 1 else 'ies'} of {folder}"

"""`ainf doctor`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ainf_tui.cli import exits, places
from ainf_tui.cli.app import App
from ainf_tui.cli.doctoring import Doctor, find
from ainf_tui.cli.doctortext import report, steps
from ainf_tui.cli.output import show
from ainf_tui.display.format import size
from ainf_tui.domain.check_documents import ChecksDocument, FixDocument, FixRequest
from ainf_tui.errors import AinfError, UsageError
from ainf_tui.paths import write_private


@click.command("doctor", short_help="What is wrong with the box, and how to mend it.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.checks/1` on stdout.")
@click.option("--all", "everything", is_flag=True, help="Show the checks that are well, too.")
@click.option("--fix", is_flag=True, help="Show what ainf can mend itself, ask, and do it.")
@click.option("-y", "--yes", is_flag=True, help="With --fix: do not ask.")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FILE.zip",
    help="Write checks, settings and last log lines into FILE.zip, secrets hidden, for a report.",
)
@click.option("--force", is_flag=True, help="With --bundle: replace FILE.zip.")
@click.pass_obj
def doctor(
    app: App, *, _json: bool, everything: bool, fix: bool, yes: bool, bundle: Path | None, force: bool
) -> int:
    """What is wrong with the box, and how to mend it. Exit code 1 when anything is not well.

    A check that could not look says so, and counts as not well. Works without an engine too: then the checks
    run in this process. docs/doctor.md lists them.
    """
    if fix:
        places.changes(app, "doctor --fix")
        if app.out.json and not yes:
            raise UsageError("cli.usage", "--json --fix asks nobody", hint="Add --yes.")
    if bundle is not None:
        return _bundle(app, bundle.expanduser().absolute(), force=force)
    found = find(app)
    checks = found.run()
    if fix and _mend(app, found, checks, yes=yes):
        checks = found.run()
    if app.out.json:
        app.out.emit(checks)
    else:
        for line in report(app.out, checks, everything=everything):
            app.out.line(line)
    return exits.OK if checks.overall == "ok" else exits.FAILED


def _mend(app: App, found: Doctor, checks: ChecksDocument, *, yes: bool) -> bool:
    """Each fix shown, asked for and done; whether there was one."""
    fixes = {check.fix.id: check.fix for check in checks.checks if check.fix is not None}
    if not fixes:
        app.out.note("There is nothing that ainf can mend by itself.")
    done = False
    for fix in fixes.values():
        for line in steps(fix):
            app.out.note(line)
        if yes or app.out.confirm("Do it?"):
            done = True
            _carry_out(app, found, fix)
    return done


def _carry_out(app: App, found: Doctor, fix: FixDocument) -> None:
    """One that fails is told, and the next is tried."""
    try:
        fixed = found.fix(FixRequest(fix.id, fix.steps))
    except AinfError as error:
        app.out.error(error)
        return
    for line in fixed.output:
        app.out.note(f"  {show(line)}", "green" if fixed.done else "yellow")


def _bundle(app: App, path: Path, *, force: bool) -> int:
    if path.exists() and not force:
        raise _exists(path)
    data = find(app).bundle()
    try:
        _write(path, data, force=force)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise AinfError(
            "doctor.bundle_failed",
            f"{path} could not be written: {error.strerror or error}",
            hint="Name a file in a folder that you may write to.",
        ) from error
    app.out.line(show(path) if app.out.interactive else str(path))
    app.out.note(f"{size(len(data))} written. Look through it before you hand it on.")
    return exits.OK


def _exists(path: Path) -> AinfError:
    return UsageError(
        "doctor.bundle_exists",
        f"{path} is there already",
        hint="Name another file, or replace it with --force.",
    )


def _write(path: Path, data: bytes, *, force: bool) -> None:
    """0600, whole or not at all. FileExistsError where it came up meanwhile and is not to be replaced."""
    if force:
        write_private(path, data)
        return
    made = path.with_name(f".{path.name}.{os.getpid()}.new")
    write_private(made, data)
    try:
        os.link(made, path)  # unlike a rename it replaces nothing
    finally:
        made.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

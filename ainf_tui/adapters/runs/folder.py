"""Where things lie: RUNS/ID/{summary.txt, events.jsonl, SERVICE.log}, RUNS/latest and RUNS/latest.txt.

An id is the time of the start in UTC, so that ids sort and mean the same everywhere; `-2`, `-3` where two
began in one second. All of this runs in the run log's own thread and raises OSError.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from ainf_tui.adapters.services.names import replace_file, service_of, stem

log = logging.getLogger("ainf.runs")

EVENTS = "events.jsonl"
SUMMARY = "summary.txt"
LATEST = "latest"
_ID = re.compile(r"(\d{8}-\d{6})(?:-(\d{1,4}))?", re.ASCII)
_TIME = "%Y%m%d-%H%M%S"
PIECE = re.compile(r"\.log(\.\d)?\Z", re.ASCII)


def name_of(at: datetime, nth: int = 1) -> str:
    """The id of the nth run that began in that second."""
    return f"{at.astimezone(UTC):{_TIME}}" + (f"-{nth}" if nth > 1 else "")


def started_at(run: str) -> datetime | None:
    """When the run of that id began, to the second; None for what is no id."""
    if not (found := _ID.fullmatch(run)):
        return None
    try:
        return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def age_order(run: str) -> tuple[str, int]:
    """Sorts ids by age, oldest first."""
    base, _, nth = run[len("YYYYMMDD-") :].partition("-")
    return run[: len("YYYYMMDD-")] + base, int(nth or 1)


def new_run(folder: Path, at: datetime) -> str:
    """Makes the folder of a run that begins now; its id."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for nth in count(1):
        run = name_of(at, nth)
        try:
            (folder / run).mkdir(mode=0o700)
        except FileExistsError:
            if nth == 9999:
                raise
        else:
            return run
    raise AssertionError


def run_folders(folder: Path) -> list[Path]:
    """The folders of runs, oldest first. Nothing else that lies there is ours: links, folders of other names
    or with other things in them.
    """
    try:
        found = [path for path in folder.iterdir() if started_at(path.name)]
    except FileNotFoundError:
        return []
    return sorted((path for path in found if _is_ours(path)), key=lambda path: age_order(path.name))


def newest_run(folder: Path) -> Path | None:
    """The folder of the run that goes on, or of the last one; None if there is none. OSError."""
    try:
        named = (folder / f"{LATEST}.txt").read_text("utf-8", "replace").strip()
    except FileNotFoundError:
        named = ""
    if started_at(named) and (folder / named).is_dir():
        return folder / named
    found = run_folders(folder)
    return found[-1] if found else None


def _is_ours(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return False
    try:
        names = {item.name for item in path.iterdir()}
    except OSError:
        return False
    return not names or EVENTS in names or SUMMARY in names


def point_latest(folder: Path, run: str) -> None:
    """`latest.txt` and the link `latest` name this run. A file system without links has the text alone."""
    replace_file(folder / f"{LATEST}.txt", f"{run}\n".encode())
    try:
        _replace_link(folder / LATEST, run)
    except (OSError, NotImplementedError) as error:
        log.warning("%s cannot be made a link to the run %s: %s", folder / LATEST, run, error)


def _replace_link(path: Path, target: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise


def log_file(run_folder: Path, service: str) -> Path:
    return run_folder / f"{stem(service)}.log"


def logs_in(run_folder: Path) -> list[Path]:
    """Logs of services, their rotated pieces and links to logs of earlier runs."""
    return sorted(path for path in run_folder.iterdir() if PIECE.search(path.name))


def services_in(run_folder: Path) -> tuple[str, ...]:
    return tuple(sorted({service_of(path.name) for path in logs_in(run_folder)}))


def free_log(run_folder: Path, service: str) -> None:
    """A service that starts now writes to a file of this run. A link to where it wrote in an earlier run gets
    that run's name: `web.20261126-120000.log`.
    """
    path = log_file(run_folder, service)
    if path.is_symlink():
        path.replace(path.with_suffix(f".{path.readlink().parent.name or 'earlier'}.log"))


def link_log(run_folder: Path, service: str, target: Path) -> Path | None:
    """A link to the log of a service that goes on; None where the log lies in this run itself.

    A link of another file system, or to a file outside of the runs, is absolute; the others stay right when
    the runs are moved.
    """
    path = log_file(run_folder, service)
    real = Path(os.path.realpath(target))
    here = Path(os.path.realpath(run_folder))
    if real.parent == here:
        return None
    if path.exists() and not path.is_symlink():
        path = path.with_suffix(f".{real.parent.name}.log")
    inside = real.is_relative_to(here.parent)
    run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace_link(path, os.path.relpath(real, here) if inside else str(real))
    return path


def linked_runs(run_folder: Path) -> set[str]:
    """The runs whose files this one links to."""
    try:
        links = [path for path in run_folder.iterdir() if path.is_symlink()]
    except FileNotFoundError:
        return set()
    return {Path(os.path.realpath(link)).parent.name for link in links}


def summary_text(run: str, why: str, status: str, lines: Sequence[str], ended: datetime | None) -> str:
    """What summary.txt says. Times are UTC, as in the id."""
    began = started_at(run)
    title = f"Run {run}"
    facts = [
        f"Started:  {_shown(began)}" if began else "",
        f"Why:      {why}" if why else "",
        f"Status:   {status}" if status else "",
        f"Finished: {_shown(ended)}" if ended else "",
    ]
    head = [title, "=" * len(title), *(fact for fact in facts if fact)]
    tail = ["", f"Events:   {EVENTS}", "Logs:     SERVICE.log beside this file"]
    return "\n".join([*head, "", *lines, *tail] if lines else [*head, *tail]) + "\n"


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

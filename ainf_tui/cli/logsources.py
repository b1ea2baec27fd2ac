"""Which logs are meant: files, globs, standard input, services of the newest run, or all of that run."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from ainf_tui.adapters.logs.file import no_file
from ainf_tui.adapters.runs import folder as runs
from ainf_tui.adapters.services.names import service_of
from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError, NotFoundError
from ainf_tui.frozen import frozen

STDIN = "-"
EVENTS = "events"
"""The name of events.jsonl as a source."""
_WILD = frozenset("*?[")


@frozen
class Source:
    """`path` is None for standard input. `live`: it has the name that its writer knows."""

    name: str
    path: Path | None
    live: bool = True


def sources(app: App, words: Sequence[str], *, follow: bool) -> list[Source]:
    """What the words mean; without words, the newest run.

    NotFoundError `logs.no_run`, `logs.not_found`, `logs.no_source`. With `follow` a file, not a service, may
    be missing as yet.
    """
    if not words:
        return of_run(run_folder(app))
    found: list[Source] = []
    for word in words:
        found += _meant(app, word, follow=follow)
    return _named_apart(list(dict.fromkeys(found)))


def run_folder(app: App) -> Path:
    """The newest run's folder. NotFoundError `logs.no_run`."""
    places.only_here(app, "ainf logs")
    folder = places.settings(app).runs_folder(places.locations(app).runs_dir)
    try:
        found = runs.newest_run(folder)
    except OSError as error:
        raise AinfError(
            "logs.unreadable",
            f"the runs cannot be looked at: {error}",
            hint="See whose the folder is (ls -ld).",
        ) from error
    if found is None:
        raise NotFoundError(
            "logs.no_run",
            f"there is no run in {visible(str(folder), 300)} yet",
            hint="`ainf up` begins one. `ainf logs FILE` shows a file, `ainf engine logs` the engine's own.",
        )
    return found


def of_run(folder: Path) -> list[Source]:
    """All logs of a run: events.jsonl and what its services wrote, with the pieces that were rotated away."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []  # It was removed at this moment.
    found = [_of_name(folder, name) for name in names]
    # A link to a log of an earlier run may lead nowhere any more.
    return [source for source in found if source is not None and source.path and source.path.exists()]


def _of_name(folder: Path, name: str) -> Source | None:
    if name == runs.EVENTS or name.startswith(f"{runs.EVENTS}."):
        return Source(EVENTS, folder / name, name == runs.EVENTS)
    if runs.PIECE.search(name):
        return Source(visible(service_of(name), 100), folder / name, name.endswith(".log"))
    return None


def _meant(app: App, word: str, *, follow: bool) -> list[Source]:
    if word == STDIN:
        return [Source("stdin", None)]
    path = Path(os.path.expanduser(word))  # noqa: PTH111 - pathlib raises for the ~name of no user
    # Neither raises, whatever the name or the folder's permissions.
    if os.path.isfile(path) or (_is_path(word) and os.path.exists(path)):  # noqa: PTH110, PTH113 - see above
        return [_file(path)]
    if _WILD & set(word):
        return [_file(Path(found)) for found in _matching(word)]
    if _is_path(word):
        if follow:
            return [_file(path)]
        raise no_file(Path(word))
    return _of_service(app, word) or _no_source(app, word)


def _is_path(word: str) -> bool:
    return "/" in word or "." in word or word.startswith("~")


def _file(path: Path) -> Source:
    return Source(visible(path.name, 100), path)


def _matching(word: str) -> list[str]:
    found = sorted(glob.glob(os.path.expanduser(word), recursive=True))  # noqa: PTH111, PTH207 - absolute ones too
    files = [path for path in found if os.path.isfile(path)]  # noqa: PTH113 - as glob gives them
    if not files:
        raise no_file(Path(word))
    return files


def _of_service(app: App, word: str) -> list[Source]:
    try:
        folder = run_folder(app)
    except NotFoundError:
        return []
    return [source for source in of_run(folder) if source.name == word]


def _no_source(app: App, word: str) -> list[Source]:
    try:
        known = sorted({source.name for source in of_run(run_folder(app))})
    except NotFoundError:
        known = []
    there = f"The newest run has logs of {', '.join(visible(name, 60) for name in known)}" if known else ""
    raise NotFoundError(
        "logs.no_source",
        f"there is no file and no service {visible(word, 100)}",
        hint=f"{there or 'The newest run has no logs yet'}. A file is looked for in this folder.",
        details={"known": known},
    )


def _named_apart(found: list[Source]) -> list[Source]:
    """Files of one name in several folders are shown with their paths. Pieces of a service keep its name."""
    folders: dict[str, set[Path]] = {}
    for source in found:
        if source.path is not None:
            folders.setdefault(source.name, set()).add(source.path.parent)
    return [
        Source(visible(str(source.path), 100), source.path, source.live)
        if len(folders.get(source.name, ())) > 1
        else source
        for source in found
    ]

"""Which logs there are, and which are meant: services of runs, events, the engine's own, files and globs."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ainf_tui.adapters.logs.file import no_file
from ainf_tui.adapters.runs import folder as runs
from ainf_tui.adapters.services.names import service_of
from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError, NotFoundError
from ainf_tui.frozen import frozen

STDIN = "-"
EVENTS = "events"
"""The name of events.jsonl as a source."""
ENGINE = "engine"
_WILD = frozenset("*?[")
_NUMBER = re.compile(r"\.(\d{1,3})\Z", re.ASCII)


@frozen
class Source:
    """`path` is None for standard input, and for the log in the memory of the ComfyUI `backend`. `live`: it
    has the name that its writer knows.
    """

    name: str
    path: Path | None
    live: bool = True
    backend: str = ""


@frozen
class Group:
    """A log that can be looked at as one: its pieces, those that were rotated away first."""

    id: str
    name: str
    kind: str
    """As `LogSourceDocument.kind`."""
    paths: tuple[Path, ...]
    run: str = ""
    newest: bool = True
    live: bool = True
    """The last of the pieces may grow."""


_ADOPTED = "A ComfyUI that others started is asked for its log by `ainf logs backend:NAME`"


def run_folder(folder: Path) -> Path:
    """The newest run's, in the folder of all runs. NotFoundError `logs.no_run`."""
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
            hint=f"`ainf up` begins one. {_ADOPTED}. `ainf logs FILE` shows a file, `ainf engine logs` the "
            "engine's own.",
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


def meant(word: str, run: Callable[[], Path], *, follow: bool = False) -> list[Source]:
    """What a word means; `run` gives the newest run's folder, and may raise `logs.no_run`.

    NotFoundError `logs.not_found`, `logs.no_source`. With `follow` a file may be missing as yet.
    """
    if word == STDIN:
        return [Source("stdin", None)]
    path = Path(os.path.expanduser(word))  # noqa: PTH111 - pathlib raises for the ~name of no user
    # Neither raises, whatever the name or the folder's permissions.
    if os.path.isfile(path) or (is_path(word) and os.path.exists(path)):  # noqa: PTH110, PTH113 - see above
        return [of_file(path)]
    if _WILD & set(word):
        return [of_file(Path(found)) for found in _matching(word)]
    if is_path(word):
        if follow:
            return [of_file(path)]
        raise no_file(Path(word))
    return _of_service(word, run) or _no_source(word, run)


def is_path(word: str) -> bool:
    return "/" in word or "." in word or word.startswith("~")


def of_file(path: Path) -> Source:
    return Source(visible(path.name, 100), path)


def _matching(word: str) -> list[str]:
    found = sorted(glob.glob(os.path.expanduser(word), recursive=True))  # noqa: PTH111, PTH207 - absolute ones too
    files = [path for path in found if os.path.isfile(path)]  # noqa: PTH113 - as glob gives them
    if not files:
        raise no_file(Path(word))
    return files


def _of_service(word: str, run: Callable[[], Path]) -> list[Source]:
    try:
        folder = run()
    except NotFoundError:
        return []
    return [source for source in of_run(folder) if source.name == word]


def _no_source(word: str, run: Callable[[], Path]) -> list[Source]:
    try:
        known = sorted({source.name for source in of_run(run())})
    except NotFoundError:
        known = []
    there = f"The newest run has logs of {', '.join(visible(name, 60) for name in known)}" if known else ""
    raise NotFoundError(
        "logs.no_source",
        f"there is no file and no service {visible(word, 100)}",
        hint=f"{there or 'The newest run has no logs yet'}. {_ADOPTED}. A file is looked for in this folder.",
        details={"known": known},
    )


def named_apart(found: list[Source]) -> list[Source]:
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


# -- as what can be chosen -----------------------------------------------------------------------------
def groups_of_run(folder: Path, *, newest: bool) -> list[Group]:
    """The logs of a run, each with its pieces."""
    by_name: dict[str, list[Path]] = {}
    for source in of_run(folder):
        if source.path is not None:
            by_name.setdefault(source.name, []).append(source.path)
    prefix = "" if newest else f"run:{folder.name}/"
    return [
        Group(f"{prefix}{name}", name, _kind(name), _oldest_first(paths), folder.name, newest, newest)
        for name, paths in sorted(by_name.items())
    ]


def groups_of_words(words: Sequence[str], run: Callable[[], Path]) -> list[Group]:
    """What the words mean; files by their paths. Raises as `meant`."""
    found: list[Source] = []
    for word in words:
        found += meant(word.removeprefix("file:"), run)
    return [_of_source(source) for source in named_apart(list(dict.fromkeys(found)))]


def _of_source(source: Source) -> Group:
    if source.path is None:
        return Group(STDIN, source.name, "stdin", ())
    return Group(f"file:{source.path.absolute()}", source.name, "file", (source.path.absolute(),))


def engine_group(path: Path) -> Group:
    """The engine's own log; its older pieces are `engine.log.1` and so on."""
    older = [found for found in path.parent.glob(f"{glob.escape(path.name)}.*") if _NUMBER.search(found.name)]
    return Group(ENGINE, ENGINE, "engine", _oldest_first([*older, *([path] if path.exists() else [])]))


def backend_group(name: str) -> Group:
    """What a ComfyUI keeps of its log in its own memory: it is asked for, and lies in no file."""
    return Group(f"{BACKEND}{name}", visible(name, 60), "comfyui", (), live=False)


def _kind(name: str) -> str:
    return "events" if name == EVENTS else "service"


def _oldest_first(paths: Iterable[Path]) -> tuple[Path, ...]:
    """`NAME.2`, `NAME.1`, `NAME`."""

    def age(path: Path) -> int:
        found = _NUMBER.search(path.name)
        return -int(found[1]) if found else 0

    return tuple(sorted(paths, key=age))

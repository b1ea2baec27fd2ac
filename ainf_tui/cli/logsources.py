"""Which logs are meant on the command line: files, globs, standard input, services of the newest run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ainf_tui.adapters.logs import sources as logs
from ainf_tui.adapters.logs.sources import EVENTS, STDIN, Source, of_run
from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.domain.text import visible
from ainf_tui.errors import NotFoundError

__all__ = ["EVENTS", "STDIN", "Source", "of_run", "run_folder", "sources"]


def sources(app: App, words: Sequence[str], *, follow: bool) -> list[Source]:
    """What the words mean; without words, the newest run.

    NotFoundError `logs.no_run`, `logs.not_found`, `logs.no_source`. With `follow` a file, not a service, may
    be missing as yet.
    """
    if not words:
        return of_run(run_folder(app))
    found: list[Source] = []
    for word in words:
        if word.startswith(BACKEND):
            found.append(_of_backend(app, word))
            continue
        found += logs.meant(word, partial(run_folder, app), follow=follow)
    return logs.named_apart(list(dict.fromkeys(found)))


def _of_backend(app: App, word: str) -> Source:
    """The log in the memory of a ComfyUI of the settings. NotFoundError `logs.no_source`."""
    name = word.removeprefix(BACKEND)
    settings = places.settings(app)
    if settings.backend(name) is None:
        known = ", ".join(spec.name for spec in settings.backends) or "none"
        raise NotFoundError(
            "logs.no_source", f"there is no ComfyUI {visible(name, 100)}", hint=f"There are: {known}."
        )
    return Source(name, None, backend=name)


def run_folder(app: App) -> Path:
    """The newest run's folder. NotFoundError `logs.no_run`."""
    places.only_here(app, "ainf logs")
    return logs.run_folder(places.settings(app).runs_folder(places.locations(app).runs_dir))

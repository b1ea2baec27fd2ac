"""Which logs are meant on the command line: files, globs, standard input, services of the newest run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ainf_tui.adapters.logs import sources as logs
from ainf_tui.adapters.logs.sources import EVENTS, STDIN, Source, of_run
from ainf_tui.cli import places
from ainf_tui.cli.app import App

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
        found += logs.meant(word, partial(run_folder, app), follow=follow)
    return logs.named_apart(list(dict.fromkeys(found)))


def run_folder(app: App) -> Path:
    """The newest run's folder. NotFoundError `logs.no_run`."""
    places.only_here(app, "ainf logs")
    return logs.run_folder(places.settings(app).runs_folder(places.locations(app).runs_dir))

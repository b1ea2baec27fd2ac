"""What the app remembers from one time to the next: cursor, filter, sort, theme, history.

One small JSON file for all apps of the box. Each writes the keys that it changed over what the file holds
by then: the last writer wins, key by key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ainf_tui.paths import write_private

SCHEMA = "ainf.session/1"
HISTORY = 200
"""Lines of the command line that are kept."""
LARGEST = 1_000_000
"""Bytes of a file that is read; ours has a few thousand."""


class Session:
    """The values by name. `put` and `save` never raise; `problem` says why nothing is kept, if so."""

    def __init__(self, file: Path | None = None, values: Mapping[str, Any] | None = None) -> None:
        self.file = file
        self.problem = ""
        self.on_dirty: Callable[[], object] | None = None
        """Called once when there is something to save."""
        self._values = dict(values or {})
        self._dirty: dict[str, Any] = {}

    def text(self, name: str) -> str:
        found = self._values.get(name)
        return found if isinstance(found, str) else ""

    def texts(self, name: str) -> list[str]:
        found = self._values.get(name)
        return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []

    def flag(self, name: str) -> bool:
        return self._values.get(name) is True

    def value(self, name: str) -> Any:
        """As it stands in the file: whoever takes it checks it."""
        return self._values.get(name)

    def put(self, **values: Any) -> None:
        """JSON values, kept from now on and saved soon."""
        changed = {name: value for name, value in values.items() if self._values.get(name) != value}
        if not changed:
            return
        first = not self._dirty
        self._values |= changed
        self._dirty |= changed
        if first and self.on_dirty is not None:
            self.on_dirty()

    def remember(self, line: str) -> None:
        """A line of the command line; a repetition moves to the end."""
        lines = [old for old in self.texts("history") if old != line]
        self.put(history=[*lines, line][-HISTORY:])

    def choose(self, name: str, value: str, setting: str) -> None:
        """Keeps what was chosen in the app over a setting, for as long as that does not change."""
        self.put(**{name: value, f"{name}_setting": setting})

    def chosen(self, name: str, setting: str) -> str:
        """What was chosen in the app while the setting was the same; else empty."""
        return self.text(name) if self.text(f"{name}_setting") == setting else ""

    def save(self) -> None:
        """Writes what has changed. It blocks: a thread's work, but for the last time."""
        dirty, self._dirty = self._dirty, {}
        if self.file is None or not dirty:
            return
        values, _ = _read(self.file)
        document = {"schema": SCHEMA, **(values or {}), **dirty}
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self.file, json.dumps(document, indent=1).encode())
        except OSError as error:
            self.problem = f"{self.file} cannot be written: {error.strerror}"


def lent_theme(file: Path, setting: str) -> str:
    """The theme of the app whose session that is and whose setting is this. The file stays as it is."""
    return Session(values=_read(file)[0]).chosen("theme", setting) or setting


def read_session(file: Path | None) -> Session:
    """Never raises. A file that is none of ours is set aside, and `problem` says where."""
    if file is None:
        return Session()
    values, wrong = _read(file)
    session = Session(file, values)
    if wrong:
        aside = file.with_name(f"{file.name}.corrupt")
        with suppress(OSError):
            file.replace(aside)
        session.problem = f"{file} {wrong}; it was set aside as {aside.name}"
    return session


def _read(file: Path) -> tuple[dict[str, Any] | None, str]:
    """(the values, what is wrong with the file)."""
    try:
        if file.stat().st_size > LARGEST:
            return None, "is too large to be a session"
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"cannot be read ({error.strerror})"
    except (ValueError, RecursionError):
        return None, "is no JSON"
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        return None, "is not a session of this version"
    return found, ""

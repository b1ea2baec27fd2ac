"""TOML files that people write - packs, presets - read key by key; a flaw names file and line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError
from ainf_tui.settings_toml import Key, TomlFile, parse_toml

MAX_BYTES = 16 * 1024 * 1024
"""A manifest or a graph; far above any real one."""

_MISSING = object()


def read_bytes(path: Path, code: str) -> bytes:
    """The file's bytes. UsageError `code` if it cannot be read or is above MAX_BYTES."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            code,
            f"{visible(str(path), 300)} cannot be read: {error.strerror}",
            hint="Make it a file that you may read, or take it away.",
            details={"file": str(path)},
        ) from error
    if len(data) > MAX_BYTES:
        raise UsageError(
            code,
            f"{visible(str(path), 300)} has more than {MAX_BYTES} bytes",
            hint="Take it away: that is no workflow.",
            details={"file": str(path)},
        )
    return data


class Manifest:
    """One file, from which keys are taken; what is left over is unknown. Flaws raise UsageError `code`."""

    def __init__(self, path: Path, code: str) -> None:
        self.path = path
        self.code = code
        data = read_bytes(path, code)
        try:
            self._file: TomlFile = parse_toml(data, path)
        except UsageError as error:
            raise UsageError(
                code, visible(error.message, 500), hint=error.hint, details=error.details
            ) from error

    @property
    def root(self) -> Table:
        return Table(self, (), self._file.data)

    def flaw(self, key: Key, reason: str, hint: str) -> UsageError:
        """An error at the line of the key; to be raised."""
        line = self._file.line(key) or 1
        return UsageError(
            self.code,
            f"{visible(str(self.path), 300)}:{line}: {reason}",
            hint=hint,
            details={"file": str(self.path), "line": line},
        )


class Table:
    """One table of a manifest."""

    def __init__(self, manifest: Manifest, key: Key, data: Mapping[str, Any]) -> None:
        self._manifest = manifest
        self._key = key
        self._data = data
        self._taken: list[str] = []
        self._asked: list[str] = []

    def __contains__(self, name: str) -> bool:
        self._asked.append(name)
        return name in self._data

    def flaw(self, name: str, reason: str, hint: str) -> UsageError:
        return self._manifest.flaw((*self._key, name), f"{visible(name, 60)} {reason}", hint)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without a default it must be there and not be empty."""
        value = self._take(name, _MISSING if default is None else default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.flaw(name, "is no text", f'Write {name} = "...".')
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._take(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.flaw(name, "is no list of texts", f'Write {name} = ["...", "..."].')
        return tuple(value)

    def flag(self, name: str) -> bool:
        value = self._take(name, False)
        if not isinstance(value, bool):
            raise self.flaw(name, "is neither true nor false", f"Write {name} = true or false.")
        return value

    def number(self, name: str) -> float | None:
        """A finite number, None if it is not there. Integers stay integers."""
        value = self._take(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.flaw(name, "is no number", f"Write {name} = 1, without quotes.")
        return value

    def size(self, name: str) -> int | None:
        """A whole number from 0, None if it is not there."""
        value = self.number(name)
        if value is not None and (not isinstance(value, int) or value < 0):
            raise self.flaw(name, "is no whole number from 0", f"Write {name} = 100.")
        return value

    def numbers(self, name: str) -> tuple[float, ...]:
        """A list of finite numbers; empty if it is not there. Integers stay integers."""
        value = self._take(name, [])
        plain = isinstance(value, list) and all(
            isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item)
            for item in value
        )
        if not plain:
            raise self.flaw(name, "is no list of numbers", f"Write {name} = [1, 2].")
        return tuple(value)

    def is_table(self, name: str) -> bool:
        """Whether a table stands there, for keys that may be a plain value too."""
        return isinstance(self._data.get(name), dict)

    def scalar(self, name: str) -> Any:
        """A text, number or truth value, None if it is not there."""
        value = self._take(name, None)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.flaw(name, "is no finite number", "Write a number.")
        if value is not None and not isinstance(value, str | int | float):
            raise self.flaw(name, "is neither text, number nor true or false", "Write one plain value.")
        return value

    def table(self, name: str) -> Table:
        """A table inside this one; empty if it is not there."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            raise self.flaw(
                name, "is no table", f"Write [{'.'.join((*self._key, name))}] on a line of its own."
            )
        return Table(self._manifest, (*self._key, name), value)

    def names(self) -> Iterator[str]:
        yield from self._data

    def refuse_rest(self) -> None:
        """UsageError for the first key that nobody took, with the nearest that is known."""
        for name in self._data:
            if name not in self._taken:
                known = tuple(dict.fromkeys((*self._taken, *self._asked)))
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
                raise self.flaw(name, "is not known here", hint)

    def _take(self, name: str, default: Any) -> Any:
        self._taken.append(name)
        value = self._data.get(name, default)
        if value is _MISSING:
            raise self._manifest.flaw(self._key, f"{name} is missing", f"Add {name} = ...")
        return value

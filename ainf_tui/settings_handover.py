"""Reads the file by which a starter gives its settings to the engine's process."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ainf_tui import settings_backends
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen
from ainf_tui.settings_schema import SECTIONS, SETTINGS


@frozen
class Handover:
    """The arguments of `Settings`."""

    sections: Mapping[str, Any]
    backends: tuple[BackendSpec, ...]
    sources: Mapping[str, str]
    keys: Mapping[str, tuple[str, ...]]


def read(path: Path) -> Handover:
    """UsageError `config.bad_handover` when it is not ours alone, or not what a starter writes."""
    try:
        document = json.loads(_read_private(path))
        values = {s.id: s.parse(document["values"].get(s.id, s.default), textual=False) for s in SETTINGS}
        sections = {
            section: cls(**{name: values[f"{section}.{name}"] for name in cls.__dataclass_fields__})
            for section, cls in SECTIONS.items()
        }
        backends = tuple(_backend(item) for item in document["backends"])
        keys = {str(action): tuple(map(str, found)) for action, found in document.get("keys", {}).items()}
        sources = {str(key): str(value) for key, value in document["sources"].items()}
    except OSError as error:
        raise _refused(path, error.strerror or "cannot be read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused(path, f"is not a settings file of this version ({type(error).__name__})") from error
    return Handover(sections, backends, sources, keys)


def _read_private(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as stream:
        facts = os.fstat(stream.fileno())
        if (
            facts.st_uid != os.geteuid()
            or stat.S_IMODE(facts.st_mode) & 0o077
            or not stat.S_ISREG(facts.st_mode)
        ):
            raise _refused(path, "is not a file that this user alone can read")
        return stream.read()


def _backend(item: Mapping[str, Any]) -> BackendSpec:
    parsers = settings_backends.PARSERS
    values = {key: parser(item[key]) for key, parser in parsers.items()}
    return settings_backends.build(str(item["name"]), values)


def _refused(path: Path, reason: str) -> UsageError:
    return UsageError(
        "config.bad_handover",
        f"{path}: {reason}",
        hint="Start the engine with `ainf engine start`; it writes this file anew.",
        details={"file": str(path)},
    )

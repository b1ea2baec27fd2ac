"""The server's output, input and temp folders, and the names that may be used in them."""

from __future__ import annotations

import hashlib
import re
import shutil
from datetime import datetime
from pathlib import Path, PurePosixPath

from ainf_tui.simulator import pictures

TYPES = ("output", "input", "temp")
EXAMPLE = "example.png"
_ANNOTATION = re.compile(r"^(?P<name>.*?) ?\[(?P<type>output|input|temp)\]$")


class Folders:
    """`root/output`, `root/input` and `root/temp`; temp is emptied at every start."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        shutil.rmtree(self.root / "temp", ignore_errors=True)
        for kind in TYPES:
            (self.root / kind).mkdir(parents=True, exist_ok=True)
        example = self.root / "input" / EXAMPLE
        if not example.exists():
            example.write_bytes(pictures.encode(pictures.paint("example", 512, 512), "png"))

    def of(self, kind: str) -> Path:
        """Raises `KeyError` for a type that does not exist."""
        if kind not in TYPES:
            raise KeyError(kind)
        return self.root / kind

    def inputs(self) -> list[str]:
        """Names offered by LoadImage: the files at the top of the input folder."""
        return sorted(path.name for path in (self.root / "input").iterdir() if path.is_file())

    def __contains__(self, name: object) -> bool:
        """True for the name of a file that LoadImage may read."""
        return isinstance(name, str) and self.readable(name) is not None

    def readable(self, name: str) -> Path | None:
        """The file of a LoadImage name (`a.png`, `sub/a.png`, `a.png [output]`), None if there is none."""
        name, kind = split_annotation(name, "input")
        path = inside(self.of(kind), name)
        return path if path is not None and path.is_file() else None

    def digest(self, name: str) -> str | None:
        """sha256 of such a file in hex, None if it is gone."""
        path = self.readable(name)
        return None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()

    def place(self, prefix: str, kind: str, width: int = 0, height: int = 0) -> Place:
        """Where files of a `filename_prefix` go. Raises `ValueError` if that is outside of the folder."""
        filled = _fill(prefix, width, height)
        path = PurePosixPath(filled)
        subfolder = "" if str(path.parent) == "." else str(path.parent)
        folder = inside(self.of(kind), subfolder)
        if folder is None:
            raise ValueError(f"Saving image outside the output folder is not allowed: {filled}")
        folder.mkdir(parents=True, exist_ok=True)
        return Place(folder, subfolder, path.name, kind)


class Place:
    """A folder and the name that its files begin with; numbers go on after the highest there is."""

    def __init__(self, folder: Path, subfolder: str, prefix: str, kind: str) -> None:
        self._folder = folder
        self._subfolder = subfolder
        self._prefix = prefix
        self._kind = kind
        taken = re.compile(re.escape(prefix) + r"_(\d+)_?\.[^.]*")
        numbers = [int(m[1]) for m in map(taken.fullmatch, (p.name for p in folder.iterdir())) if m]
        self._counter = max(numbers, default=0) + 1

    def write(self, data: bytes, suffix: str, index: int = 0) -> dict[str, str]:
        """Store one file as `prefix_00001_.suffix`; gives the item that a client is told."""
        name = f"{self._prefix.replace('%batch_num%', str(index))}_{self._counter:05}_.{suffix}"
        (self._folder / name).write_bytes(data)
        self._counter += 1
        return {"filename": name, "subfolder": self._subfolder, "type": self._kind}


def inside(folder: Path, name: str) -> Path | None:
    """The path of a foreign name below a folder, None if it leads out of it."""
    if "\0" in name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) else None


def split_annotation(name: str, kind: str) -> tuple[str, str]:
    """`"a.png [output]"` names its own folder; without one it is `kind`."""
    found = _ANNOTATION.match(name)
    return (found["name"], found["type"]) if found else (name, kind)


def _fill(prefix: str, width: int, height: int) -> str:
    """The placeholders that the server (and not the page) fills."""
    now = datetime.now()  # noqa: DTZ005 -- a name for people, in the server's own time
    values = {
        "width": width,
        "height": height,
        "year": now.year,
        "month": f"{now.month:02}",
        "day": f"{now.day:02}",
        "hour": f"{now.hour:02}",
        "minute": f"{now.minute:02}",
        "second": f"{now.second:02}",
    }
    for name, value in values.items():
        prefix = prefix.replace(f"%{name}%", str(value))
    return prefix

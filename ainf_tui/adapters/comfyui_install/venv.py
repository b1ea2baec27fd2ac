"""The virtual environment of a ComfyUI: made, filled by uv or pip, asked whether it works."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ainf_tui.adapters.comfyui_install.tools import Tools
from ainf_tui.domain.comfyui_install import TorchChoice
from ainf_tui.domain.ports_comfyui import Report
from ainf_tui.errors import AinfError
from ainf_tui.paths import write_private

NAMES = (".venv", "venv")
"""Both are ignored by ComfyUI's own .gitignore; the second is what its README tells people to make."""
PINNED = ("torch", "torchvision", "torchaudio")
"""What neither requirements nor a custom node may replace."""
CONSTRAINTS = ".ainf-constraints.txt"
_PIP_SILENCE = 1800.0
"""Seconds: a pip before 24.1 says nothing while it downloads a gigabyte."""
_PIP_ONLY = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONFIG_FILE")
"""Settings of pip that uv does not read: where one is set, pip is used."""
_LOOK = """
import importlib.util, json, sys
import torch
if importlib.util.find_spec("torchvision"):
    import torchvision
cuda = bool(getattr(torch, "cuda", None) and torch.cuda.is_available())
print(json.dumps({"torch": torch.__version__, "cuda": cuda, "python": sys.version.split()[0]}))
"""


class Venv:
    """The environment under `folder`, ComfyUI's own."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self._tools = tools
        self.folder = folder

    @property
    def python(self) -> str:
        """Empty: there is none that could run."""
        for name in NAMES:
            for inner in ("bin/python", "Scripts/python.exe"):
                path = self.folder / name / inner
                if path.is_file():  # Follows the link: a Python that is gone is none.
                    return str(path)
        return ""

    def installed(self, package: str) -> str:
        """The version that lies there, from the name of its metadata; empty if there is none."""
        if not self.python:
            return ""
        root = Path(self.python).parent.parent
        for place in (*root.glob("lib/python*/site-packages"), root / "Lib/site-packages"):
            for found in place.glob(f"{package}-*.dist-info"):
                if (found / "METADATA").is_file():
                    return found.name.removeprefix(f"{package}-").removesuffix(".dist-info")
        return ""

    async def make(self, python: str, report: Report) -> str:
        """A `.venv` that was cut off is completed; nothing is deleted. Its Python must answer."""
        if not self.python or not await self._has_pip():
            base = python or sys.executable
            await self._tools.run((base, "-m", "venv", NAMES[0]), cwd=self.folder, report=report)
        code, version = await self._tools.ask((self.python, "--version"), cwd=self.folder)
        if code or not self.python:
            raise AinfError(
                "comfyui.not_working",
                f"the Python in {self.folder / NAMES[0]} does not start",
                hint=f"Move that folder away and try again: mv {self.folder / NAMES[0]} /tmp/",
            )
        report(version.strip())
        return self.python

    async def _has_pip(self) -> bool:
        code, _ = await self._tools.ask((self.python, "-m", "pip", "--version"), cwd=self.folder)
        return code == 0

    async def install(self, arguments: Sequence[str], report: Report) -> None:
        """`pip install ARGUMENTS`, with uv where it is there and pip has no settings of its own."""
        uv = shutil.which("uv", path=self._tools.environment.get("PATH"))
        if uv and not any(self._tools.environment.get(name) for name in _PIP_ONLY):
            command = (uv, "pip", "install", "--python", self.python, *arguments)
        else:
            command = (self.python, "-m", "pip", "install", "--progress-bar", await self._bar(), *arguments)
        await self._tools.run(command, cwd=self.folder, report=report, silence=_PIP_SILENCE)

    async def _bar(self) -> str:
        """`raw` tells the bytes line by line; pip has it since 24.1."""
        _, said = await self._tools.ask((self.python, "-m", "pip", "--version"), cwd=self.folder)
        found = re.match(r"pip (\d+)\.(\d+)", said)
        return "raw" if found and (int(found[1]), int(found[2])) >= (24, 1) else "off"

    async def install_torch(self, choice: TorchChoice, report: Report) -> None:
        """Replaces one of another kind: `2.9.0+cpu` satisfies `torch`, so pip alone would leave it."""
        index = ("--index-url", choice.index) if choice.index else ()
        present = [name for name in choice.packages if self.installed(name)]
        again = ("--force-reinstall", "--no-deps") if present else ()
        await self.install((*again, *choice.packages, *index), report)
        if again:  # What the new one needs beside itself.
            await self.install((*choice.packages, *index), report)

    async def install_file(self, requirements: Path, report: Report) -> None:
        """A requirements.txt; PyTorch stays the one that is there."""
        pins = [f"{name}=={version}" for name in PINNED if (version := self.installed(name))]
        path = self.folder / CONSTRAINTS
        write_private(path, "".join(f"{pin}\n" for pin in pins).encode())
        await self.install(("-r", str(requirements), "-c", str(path)), report)

    async def verify(self, report: Report) -> Mapping[str, Any]:
        """Imports PyTorch and torchvision (built for another PyTorch: a usual fault), and asks ComfyUI for
        its help, which imports nothing heavy.
        """
        code, out = await self._tools.ask((self.python, "-c", _LOOK), cwd=self.folder, within=300.0)
        try:
            found: dict[str, Any] = json.loads(out.strip().rpartition("\n")[2])
        except ValueError:
            found = {}
        if code or "torch" not in found:
            why = await self._why((self.python, "-c", _LOOK))
            raise _not_working(f"PyTorch does not work: {why}", "ainf comfyui install --torch auto")
        report(f"torch {found['torch']}, GPU {'seen' if found['cuda'] else 'not seen'}")
        code, _ = await self._tools.ask((self.python, "main.py", "--help"), cwd=self.folder, within=300.0)
        if code:
            why = await self._why((self.python, "main.py", "--help"))
            raise _not_working(f"ComfyUI's main.py does not start: {why}", "ainf comfyui install")
        return found

    async def _why(self, command: Sequence[str]) -> str:
        """The last line that the command says when it is run again."""
        said: list[str] = []
        with suppress(AinfError):  # That it fails is known; what it says is wanted.
            await self._tools.run(command, cwd=self.folder, report=said.append)
        return said[-1].strip() if said else "it says nothing"


def _not_working(message: str, command: str) -> AinfError:
    return AinfError(
        "comfyui.not_working",
        message,
        hint=f"`{command}` installs what is missing; the task's log has the whole output.",
    )


def requirements_hash(file: Path) -> str:
    """Of a requirements.txt; empty if there is none."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:32]
    except OSError:
        return ""

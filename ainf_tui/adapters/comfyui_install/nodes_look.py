"""What a custom node's folder says of itself, and what installing it would run. Runs nothing of it."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ainf_tui.adapters.comfyui_install.git import Git
from ainf_tui.domain.comfyui_documents import CustomNodeDocument, PlanDocument
from ainf_tui.domain.text import redact_url, visible
from ainf_tui.errors import AinfError

_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin")
_SHOWN = 100
"""Lines of a requirements.txt that a plan shows."""
_ELSEWHERE = re.compile(r"(?i)(?:^-|://|\bgit\+| @ )")
_TORCH = re.compile(r"(?i)^(?:torch|torchvision|torchaudio)\s*(?:[=<>!~\[;]|$)")


async def look(name: str, path: Path, git: Git) -> CustomNodeDocument:
    """One entry of custom_nodes; its state is `disabled` or `unknown`."""
    disabled = path.name.endswith(".disabled") or path.parent.name == ".disabled"
    version = await asyncio.to_thread(_version, path)
    commit, url, dirty = "", "", False
    try:
        if git.exists:
            commit, url = await git.commit(), redact_url(await git.url())
            dirty = bool(await git.dirty())
    except AinfError:  # No git on this machine: the folder is listed all the same.
        commit = ""
    return CustomNodeDocument(
        name=name,
        state="disabled" if disabled else "unknown",
        version=version,
        commit=commit,
        url=url,
        dirty=dirty,
        requirements=(path / "requirements.txt").is_file(),
        path=str(path),
    )


def _version(path: Path) -> str:
    try:
        project = tomllib.loads((path / "pyproject.toml").read_text(errors="replace"))["project"]
        return visible(str(project["version"]), 40)
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def plan_of(token: str, source: str, folder: Path, facts: CustomNodeDocument) -> PlanDocument:
    """Blocking."""
    at = f" at {facts.commit[:10]}" if facts.commit else ""
    version = f" {facts.version}" if facts.version else ""
    steps = [f"put {facts.name}{version} ({visible(redact_url(source), 200)}{at}) into custom_nodes/"]
    lines = _requirements(folder)
    if lines:
        steps.insert(0, "pip install -r requirements.txt: " + ", ".join(lines))
    if (folder / "install.py").is_file():
        steps.append("python install.py")
    steps.append("ComfyUI runs its code at the next start")
    warnings = tuple(_warnings(folder, lines))
    return PlanDocument(token, f"Install the custom node {facts.name}", tuple(steps), warnings)


def _requirements(folder: Path) -> list[str]:
    try:
        text = (folder / "requirements.txt").read_text(errors="replace")
    except OSError:
        return []
    lines = [visible(line.partition(" #")[0].strip(), 120) for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return [*found[:_SHOWN], *more]


def _warnings(folder: Path, requirements: list[str]) -> Iterator[str]:
    if (folder / "install.py").is_file():
        yield "install.py is run with your rights, and may do anything"
    if (folder / "prestartup_script.py").is_file():
        yield "prestartup_script.py is run at each start of ComfyUI, before anything else"
    if elsewhere := [line for line in requirements if _ELSEWHERE.search(line)]:
        yield f"requirements from elsewhere than the package index: {', '.join(elsewhere[:3])}"
    if pinned := [line for line in requirements if _TORCH.match(line) and re.search(r"[=<>~]", line)]:
        yield f"it wants a PyTorch of its own ({', '.join(pinned)}); yours stays, so this may fail"
    pickles = sorted(p.name for p in folder.rglob("*") if p.suffix.lower() in _PICKLES)
    if pickles:
        yield f"files that run code when they are loaded (pickle): {visible(', '.join(pickles[:3]), 200)}"
    if not (folder / "pyproject.toml").is_file():
        yield "no pyproject.toml: nothing tells its version and author"
    if not (folder / "__init__.py").is_file():
        yield "no __init__.py: ComfyUI will not load it"

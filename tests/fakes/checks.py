"""A box made of facts, and an inspector that looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ainf_tui.adapters.checks.advisories import thresholds
from ainf_tui.domain.check_documents import ChecksDocument, FixDocument
from ainf_tui.domain.checks import facts as f
from ainf_tui.engine.checks import Checks
from ainf_tui.engine.context import SystemClock
from ainf_tui.resources import data_dir
from ainf_tui.store import Store

GIB = 1024**3
THRESHOLDS = thresholds(data_dir() / "advisories.toml", 20 * GIB)
LIMITS = f.Limits(1024, 4096, 524_288, 128)


def folder(**changes: Any) -> f.Folder:
    """One that is well: 500 GiB, 100 free, on a local disk."""
    well = f.Folder(
        "models",
        "/data/models",
        exists=True,
        writable=True,
        total=500 * GIB,
        free=100 * GIB,
        inodes=1_000_000,
        inodes_free=900_000,
        filesystem="ext4",
        mode=0o700,
    )
    return replace(well, **changes)


WELL = f.Facts(
    python=f.PythonFacts((3, 13, 1), "/v/bin/python", venv=True, system="Debian 12"),
    git=f.Tool("git", "/usr/bin/git", "git 2.39.5"),
    pip=f.Tool("uv", "/usr/bin/uv", "uv 0.9.1"),
    node=f.Tool("node"),
    memory=f.Memory(64 * GIB, 50 * GIB, 0, 0),
    clock=f.Clock(synchronized=True),
    encoding="UTF-8",
    limits=LIMITS,
    logout=f.Logout(logind=False),
    gpus=f.Gpus(),
    torch=f.Torch(""),
    folders={name: folder(name=name, path=f"/data/{name}") for name in ("state", "outputs", "cache", "tmp")},
    ports=(f.Port(8188, "comfyui", free=True, wants_comfyui=True),),
    backends={
        "default": f.Backend(
            "default", "http://127.0.0.1:8188", True, True, version="0.28.0", addresses=("127.0.0.1",)
        )
    },
    manager=f.Manager(),
    database=f.Database("sqlite:////data/state/ainf.db", exists=False),
    redis=f.Redis(),
    leftovers=f.Leftovers(engine=False),
    cache=f.Cache("/data/cache", 0),
)

OPEN = replace(WELL, folders={**WELL.folders, "state": folder(name="state", path="/s", mode=0o755)})
"""The same with one thing that can be mended, the fix `private`."""
STEPS = ("chmod 700 /s",)
_NOTHING = f.Unknown("nothing was seen")
NO_FACTS = f.Facts(
    **{name: _NOTHING for name in f.Facts.__dataclass_fields__ if name not in {"folders", "backends"}},
    folders=dict.fromkeys(("state", "outputs", "tmp"), _NOTHING),
    backends={"default": _NOTHING},
)


class FakeInspector:
    """Finds `facts`; a fix changes them to `after`."""

    def __init__(self, facts: f.Facts = WELL, after: f.Facts | None = None) -> None:
        self.facts = facts
        self.after = after
        self.looks = 0
        self.done: list[FixDocument] = []
        self.packed: list[tuple[ChecksDocument, Mapping[str, Any] | None]] = []
        self.looked = asyncio.Event()
        self.on_fix: Callable[[FixDocument], None] = lambda _: None

    @property
    def thresholds(self) -> f.Thresholds:
        return THRESHOLDS

    async def look(self) -> f.Facts:
        self.looks += 1
        self.looked.set()
        return self.facts

    async def carry_out(self, fix: FixDocument) -> tuple[str, ...]:
        self.done.append(fix)
        self.on_fix(fix)
        if self.after is not None:
            self.facts = self.after
        return ("done",)

    async def bundle(self, checks: ChecksDocument, status: Mapping[str, Any] | None) -> bytes:
        self.packed.append((checks, status))
        return b"PK"


class FakeChecks(Checks):
    """The real system check of a box that is well, on facts instead of a machine."""

    def __init__(self, facts: f.Facts = WELL, after: f.Facts | None = None) -> None:
        self.inspector = FakeInspector(facts, after)
        super().__init__(self.inspector, Store(), SystemClock())

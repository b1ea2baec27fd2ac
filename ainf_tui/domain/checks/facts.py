"""What a look at the box found, before anybody judges it. Bytes, seconds; None: not known.

Each field of `Facts` is what its probe found, or `Unknown` with the reason why it found nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Unknown:
    """The probe could not look: why, in half a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class PythonFacts:
    """The interpreter that runs this program."""

    version: tuple[int, int, int]
    executable: str
    venv: bool
    system: str = ""
    """The operating system."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that others need. `path` empty: it is not in PATH."""

    name: str
    path: str = ""
    version: str = ""
    trouble: str = ""
    """It is there and does not run: what it said."""
    needed_by: tuple[str, ...] = ()
    """Services whose command needs it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes."""

    total: int
    available: int
    swap_total: int
    swap_used: int


@dataclass(frozen=True, slots=True)
class Clock:
    """The machine's clock beside another one. `skew`: seconds that ours is ahead."""

    skew: float | None = None
    against: str = ""
    synchronized: bool | None = None
    """What the system says of its time service."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the kernel lets a process of this user have."""

    files_soft: int
    files_hard: int
    watches: int | None = None
    """inotify: watches of one user; None where there is no inotify."""
    instances: int | None = None


@dataclass(frozen=True, slots=True)
class Logout:
    """What becomes of processes when the user logs out."""

    logind: bool
    """There is such a login system at all."""
    kills: bool = False
    """KillUserProcesses, for this user."""
    linger: bool | None = None
    user: str = ""


@dataclass(frozen=True, slots=True)
class Gpus:
    """What is plugged in, and what the driver says."""

    cards: tuple[str, ...] = ()
    """NVIDIA and AMD cards on the bus, by name."""
    vendor: str = ""
    """nvidia | amd"""
    driver: str = ""
    cuda: str = ""
    """The newest CUDA that the driver can run."""
    memory: Mapping[str, int] = field(default_factory=dict)
    """GPU -> bytes of VRAM."""
    trouble: str = ""
    """Why the driver does not answer."""


@dataclass(frozen=True, slots=True)
class Torch:
    """The torch of ComfyUI's own Python."""

    python: str
    """Empty: no ComfyUI of this box is known."""
    version: str = ""
    cuda: str = ""
    hip: str = ""
    available: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder that is used."""

    name: str
    """state, config, cache, outputs, models, tmp"""
    path: str
    exists: bool
    writable: bool
    """A file could be made in it (or, where it is missing, the folder itself could be)."""
    trouble: str = ""
    """What the system said."""
    total: int | None = None
    free: int | None = None
    inodes: int | None = None
    inodes_free: int | None = None
    filesystem: str = ""
    network: bool = False
    mode: int | None = None
    private: bool = False
    """Nobody else may look into it: so it must be."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service of ours uses."""

    number: int
    service: str
    free: bool
    owner: str = ""
    """pid, command and user of who listens."""
    comfyui: bool = False
    """What listens answers as a ComfyUI."""
    wants_comfyui: bool = False
    ours: bool = False
    """It belongs to the service itself."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One ComfyUI server."""

    name: str
    url: str
    reachable: bool
    local: bool
    trouble: str = ""
    version: str = ""
    addresses: tuple[str, ...] = ()
    """That it listens on, as the kernel says; only of a server of this box."""
    cors: str = ""
    """Of `--enable-cors-header`."""
    guarded: bool = False
    """A token or a header is sent: somebody asks for it."""
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class Manager:
    """ComfyUI-Manager. `path` empty: there is none."""

    path: str = ""
    level: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """Where jobs are kept."""

    url: str
    """Redacted."""
    exists: bool = True
    reachable: bool = False
    trouble: str = ""
    hint: str = ""
    kind: str = ""
    version: str = ""
    revision: str = ""
    head: str = ""
    state: str = ""
    """current | older | newer"""
    skew: float | None = None
    """Seconds that our clock is ahead of the server's."""


@dataclass(frozen=True, slots=True)
class Redis:
    """`url` empty: none is set."""

    url: str = ""
    answered: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What an engine that is gone left behind."""

    engine: bool
    """One runs."""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cache:
    """What can be made room of."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Terminal:
    """What a front end knows of its own terminal."""

    term: str
    colours: int
    unicode: bool
    tmux: bool
    ssh: bool
    interactive: bool
    clipboard: str = ""
    """`on`, `off` or `external`: what tmux does with the clipboard sequence; empty: no tmux."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a look found."""

    python: PythonFacts | Unknown
    git: Tool | Unknown
    pip: Tool | Unknown
    node: Tool | Unknown
    memory: Memory | Unknown
    clock: Clock | Unknown
    encoding: str | Unknown
    limits: Limits | Unknown
    logout: Logout | Unknown
    gpus: Gpus | Unknown
    torch: Torch | Unknown
    folders: Mapping[str, Folder | Unknown]
    ports: tuple[Port, ...] | Unknown
    backends: Mapping[str, Backend | Unknown]
    manager: Manager | Unknown
    database: Database | Unknown
    redis: Redis | Unknown
    leftovers: Leftovers | Unknown
    cache: Cache | Unknown


@dataclass(frozen=True, slots=True)
class Advisory:
    """A published weakness. Versions as text, `0.28.0`."""

    id: str
    product: str
    """comfyui | comfyui-manager"""
    fixed: str
    """The first version without it."""
    title: str
    source: str
    since: str = ""
    """The first version with it; empty: all before `fixed`."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on something is low."""

    disk_free: int = 21_474_836_480
    advisories: tuple[Advisory, ...] = ()
    advisories_as_of: str = ""

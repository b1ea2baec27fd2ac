"""The full-screen programs that are measured: ainf, the floor, and peers where they are installed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from benchmarks.box import Home
from benchmarks.children import AINF, ROOT

PEERS = ROOT / ".benchmarks" / "peers"
"""Where `make bench-peers` puts them."""
LOG_LINES = 5000
FLOOR_UNTIL = r"(?s)floor app ready.*number 9\b"
FLOOR_FOLLOW_UNTIL = r"floor app ready: \d"
DASHBOARD = r"(?s)Queue.*SERVICES.*HOST.*ram .*\? help"
"""The first screen of ainf is complete: tab line, services, what the engine has told of the machine, keys."""
QUEUE = r"(?s)QUEUE.*\? help"
"""The same of the list of jobs."""


@dataclass(frozen=True, slots=True)
class Program:
    """`until`: a regular expression that is on the screen once the first screen is complete. `keys`:
    pressed in turn to see how long an answer takes.
    """

    name: str
    command: Sequence[str]
    until: str
    keys: tuple[str, str] = ("down", "up")
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    variables: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """Keys that come first, and are not measured."""
    peer: bool = False
    prepare: Callable[[], object] = bool
    """Called before each start."""


def floor(mode: str = "plain") -> Program:
    name = "floor" if mode == "plain" else f"floor-{mode}"
    return Program(name, (sys.executable, "-m", "benchmarks.floor", mode), FLOOR_UNTIL)


def floor_follow(path: Path) -> Program:
    """The least that an app of Textual's takes to follow a file."""
    command = (sys.executable, "-m", "benchmarks.floor", "follow", str(path))
    return Program("floor-follow", command, FLOOR_FOLLOW_UNTIL)


def ainf(home: Home) -> Program:
    """The app, which opens with the Dashboard; keys are measured in its list of jobs."""
    prepare = partial(home.left_at, "app.dashboard")
    return Program("ainf", AINF, DASHBOARD, env=home.env, before=("2",), prepare=prepare)


def ainf_queue(home: Home, *words: str) -> Program:
    """The app, which was left at its list of jobs and opens with it."""
    prepare = partial(home.left_at, "app.queue")
    return Program("ainf", (*AINF, *words), QUEUE, env=home.env, prepare=prepare)


def peers(folder: Path) -> list[Program]:
    """Those that are here. `folder`: for the log that some of them show, and as their home."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "small.log"
    log.write_text("".join(f"12:00:{line % 60:02} INFO line {line} of a log\n" for line in range(LOG_LINES)))
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    demo = Program(
        "textual-demo", (sys.executable, "-m", "textual"), "What is Textual", variables=home, peer=True
    )
    others = [
        Program("posting", ("posting",), "Collection", ("tab", "shift+tab")),
        Program("harlequin", ("harlequin",), "Run Query", ("x", "backspace")),
        Program("toolong", ("tl", str(log)), "Tail", ("up", "down"), before=("up",) * 5),
        Program("htop", ("htop",), "PID"),
        Program("btop", ("btop",), "cpu"),
        Program("lnav", ("lnav", str(log)), r"small\.log", ("up", "down")),
    ]
    return [demo, *(here for peer in others if (here := found(peer, home)) is not None)]


def found(peer: Program, variables: Mapping[str, str]) -> Program | None:
    """With its command as a path: ours first, then the system's."""
    own = PEERS / peer.name / "bin" / peer.command[0]
    path = str(own) if own.exists() else shutil.which(peer.command[0])
    if path is None:
        return None
    command = (path, *peer.command[1:])
    # A peer gets none of our modules: it has a Textual of its own.
    env = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    return replace(peer, command=command, env=env, variables=variables, peer=True)

"""Each check: facts that make it fail, facts that are well, and no facts, which is never well."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.checks import disk, gpu, network, system
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.checks.judge import base, judge
from ainf_tui.domain.checks.terminal import terminal
from ainf_tui.domain.checks.verdict import CATALOG, overall, version_of
from tests.fakes.checks import GIB, LIMITS, NO_FACTS, THRESHOLDS, WELL, folder

NOT_SEEN = f.Unknown("the disk does not answer")
CUDA12 = f.Gpus(("NVIDIA 0x2204 at 01:00.0",), "nvidia", "550.1", "12.4", {"0 RTX 3090": 24 * GIB})
TORCH = f.Torch("/comfy/bin/python", "2.9.1", cuda="12.4", available=True)
BACKEND = f.Backend(
    "default", "http://127.0.0.1:8188", True, True, version="0.28.0", addresses=("127.0.0.1",)
)
SQLITE = f.Database(
    "sqlite:///a.db", True, True, kind="SQLite", revision="0001", head="0001", state="current"
)
TERMINAL = f.Terminal("xterm-256color", 256, True, False, False, True)
TMUX = replace(TERMINAL, tmux=True, clipboard="on")

EXPOSURE = partial(network.exposure, "default")
REACHABLE = partial(network.reachable, "default")
ADVISORIES = partial(network.advisories, "default", thresholds=THRESHOLDS)
MANAGER = partial(network.manager, thresholds=THRESHOLDS)
GIT = partial(system.tool, "git")
PIP = partial(system.tool, "pip")
NODE = partial(system.tool, "node")
ON_CUDA12 = partial(gpu.torch, gpus=CUDA12)
WRITE = partial(disk.write, "models")
INODES = partial(disk.inodes, "state")
LOCAL = partial(disk.local, "state")
SPACE = partial(disk.space, "models", thresholds=THRESHOLDS, cache=NOT_SEEN)
SMALL_SPACE = partial(disk.space, "state", thresholds=THRESHOLDS, cache=NOT_SEEN)

# check, how it is asked, facts -> severity
TABLE = [
    ("python.version", system.python, f.PythonFacts((3, 13, 1), "/v/python", True), "ok"),
    ("python.version", system.python, f.PythonFacts((3, 13, 1), "/usr/bin/python", False), "info"),
    ("python.version", system.python, f.PythonFacts((3, 10, 9), "/v/python", True), "error"),
    ("tools.git", GIT, f.Tool("git", "/usr/bin/git", "git 2.39.5"), "ok"),
    ("tools.git", GIT, f.Tool("git"), "warning"),
    ("tools.git", GIT, f.Tool("git", "/x/git", trouble="no libz"), "warning"),
    ("tools.pip", PIP, f.Tool("uv", "/usr/bin/uv", "uv 0.9"), "ok"),
    ("tools.pip", PIP, f.Tool("uv"), "warning"),
    ("tools.node", NODE, f.Tool("node"), "ok"),
    ("tools.node", NODE, f.Tool("node", "/n", "node 22", needed_by=("w",)), "ok"),
    ("tools.node", NODE, f.Tool("node", needed_by=("web",)), "error"),
    ("system.memory", system.memory, f.Memory(64 * GIB, 40 * GIB, 0, 0), "ok"),
    ("system.memory", system.memory, f.Memory(64 * GIB, GIB // 2, 0, 0), "warning"),
    ("system.memory", system.memory, f.Memory(4 * GIB, 3 * GIB, 0, 0), "warning"),
    ("system.swap", system.swap, f.Memory(64 * GIB, 40 * GIB, 0, 0), "ok"),
    ("system.swap", system.swap, f.Memory(16 * GIB, 8 * GIB, 0, 0), "info"),
    ("system.swap", system.swap, f.Memory(16 * GIB, GIB, 8 * GIB, 7 * GIB), "warning"),
    ("system.clock", system.clock, f.Clock(0.2, "ComfyUI"), "ok"),
    ("system.clock", system.clock, f.Clock(synchronized=True), "ok"),
    ("system.clock", system.clock, f.Clock(synchronized=False), "info"),
    ("system.clock", system.clock, f.Clock(-8.0, "ComfyUI", True), "warning"),
    ("system.clock", system.clock, f.Clock(3600.0, "the database's server"), "error"),
    ("system.clock", system.clock, f.Clock(), "unknown"),
    ("system.locale", system.locale, "UTF-8", "ok"),
    ("system.locale", system.locale, "ANSI_X3.4-1968", "warning"),
    ("system.files", system.limits, LIMITS, "ok"),
    ("system.files", system.limits, f.Limits(256, 4096), "warning"),
    ("system.files", system.limits, f.Limits(256, 256), "warning"),
    ("system.inotify", system.inotify, LIMITS, "ok"),
    ("system.inotify", system.inotify, f.Limits(1024, 4096), "info"),
    ("system.inotify", system.inotify, f.Limits(1024, 4096, 100, 128), "warning"),
    ("system.logout", system.logout, f.Logout(False), "ok"),
    ("system.logout", system.logout, f.Logout(True, False), "ok"),
    ("system.logout", system.logout, f.Logout(True, True, True, "ann"), "ok"),
    ("system.logout", system.logout, f.Logout(True, True, False, "ann"), "warning"),
    ("system.logout", system.logout, f.Logout(True, True, None, "ann"), "unknown"),
    ("gpu.driver", gpu.driver, CUDA12, "ok"),
    ("gpu.driver", gpu.driver, f.Gpus(), "info"),
    ("gpu.driver", gpu.driver, f.Gpus(CUDA12.cards, "nvidia"), "error"),
    ("gpu.driver", gpu.driver, f.Gpus(CUDA12.cards, "nvidia", trouble="version mismatch"), "error"),
    ("gpu.torch", ON_CUDA12, TORCH, "ok"),
    ("gpu.torch", ON_CUDA12, f.Torch(""), "info"),
    ("gpu.torch", ON_CUDA12, replace(TORCH, cuda="11.8"), "ok"),
    ("gpu.torch", ON_CUDA12, replace(TORCH, cuda="12.8"), "info"),
    ("gpu.torch", ON_CUDA12, replace(TORCH, cuda="13.0"), "error"),
    ("gpu.torch", ON_CUDA12, replace(TORCH, cuda=""), "error"),
    ("gpu.torch", ON_CUDA12, replace(TORCH, available=False), "error"),
    ("gpu.torch", ON_CUDA12, f.Torch("/p", trouble="No module named 'torch'"), "error"),
    ("gpu.torch", lambda x: gpu.torch(x, f.Gpus()), replace(TORCH, cuda=""), "ok"),
    ("gpu.torch", lambda x: gpu.torch(TORCH, x), NOT_SEEN, "unknown"),
    ("gpu.memory", gpu.memory, CUDA12, "ok"),
    ("gpu.memory", gpu.memory, replace(CUDA12, memory={"0": 6 * GIB}), "info"),
    ("gpu.memory", gpu.memory, replace(CUDA12, memory={"0": 24 * GIB, "1": 2 * GIB}), "warning"),
    ("gpu.memory", gpu.memory, replace(CUDA12, memory={}), "unknown"),
    ("disk.write", WRITE, folder(), "ok"),
    ("disk.write", WRITE, folder(exists=False), "info"),
    ("disk.write", WRITE, folder(writable=False, trouble="read-only"), "error"),
    ("disk.free", SPACE, folder(free=21 * GIB), "ok"),
    ("disk.free", SPACE, folder(free=19 * GIB), "warning"),
    ("disk.free", SPACE, folder(free=0), "error"),
    ("disk.free", SPACE, folder(free=None), "unknown"),
    ("disk.free", SMALL_SPACE, folder(free=30 * GIB), "ok"),
    ("disk.free", SMALL_SPACE, folder(free=GIB), "warning"),
    ("disk.inodes", INODES, folder(), "ok"),
    ("disk.inodes", INODES, folder(inodes=0, inodes_free=0), "ok"),
    ("disk.inodes", INODES, folder(inodes_free=10), "warning"),
    ("disk.inodes", INODES, folder(inodes_free=0), "error"),
    ("disk.inodes", INODES, folder(inodes=None), "unknown"),
    ("disk.local", LOCAL, folder(), "ok"),
    ("disk.local", LOCAL, folder(filesystem="nfs4", network=True), "error"),
    ("disk.local", lambda x: disk.local("tmp", x), folder(filesystem="nfs4", network=True), "warning"),
    ("disk.local", LOCAL, folder(filesystem=""), "unknown"),
    ("security.state", disk.private, folder(mode=0o700), "ok"),
    ("security.state", disk.private, folder(exists=False), "ok"),
    ("security.state", disk.private, folder(mode=0o755), "warning"),
    ("security.state", disk.private, folder(mode=None), "unknown"),
    ("services.leftovers", disk.leftovers, f.Leftovers(True, ()), "ok"),
    ("services.leftovers", disk.leftovers, f.Leftovers(False, ()), "ok"),
    ("services.leftovers", disk.leftovers, f.Leftovers(False, ("/s/engine.sock",)), "info"),
    ("comfyui.reachable", REACHABLE, BACKEND, "ok"),
    (
        "comfyui.reachable",
        REACHABLE,
        replace(BACKEND, reachable=False),
        "error",
    ),
    ("comfyui.advisories", ADVISORIES, BACKEND, "ok"),
    (
        "comfyui.advisories",
        ADVISORIES,
        replace(BACKEND, version="0.8.0"),
        "warning",
    ),
    (
        "comfyui.advisories",
        ADVISORIES,
        replace(BACKEND, version=""),
        "unknown",
    ),
    ("comfyui.exposure", EXPOSURE, BACKEND, "ok"),
    (
        "comfyui.exposure",
        EXPOSURE,
        replace(BACKEND, addresses=("0.0.0.0",)),
        "error",
    ),
    (
        "comfyui.exposure",
        EXPOSURE,
        replace(BACKEND, addresses=("::",)),
        "error",
    ),
    (
        "comfyui.exposure",
        EXPOSURE,
        replace(BACKEND, addresses=("10.1.2.3",)),
        "warning",
    ),
    ("comfyui.exposure", EXPOSURE, replace(BACKEND, cors="*"), "error"),
    ("comfyui.exposure", EXPOSURE, replace(BACKEND, local=False), "warning"),
    (
        "comfyui.exposure",
        EXPOSURE,
        replace(BACKEND, local=False, guarded=True),
        "ok",
    ),
    ("comfyui.exposure", EXPOSURE, replace(BACKEND, addresses=()), "unknown"),
    ("comfyui.manager", MANAGER, f.Manager(), "ok"),
    ("comfyui.manager", MANAGER, f.Manager("/c.ini", "normal"), "ok"),
    ("comfyui.manager", MANAGER, f.Manager("/c.ini", "normal-"), "warning"),
    ("comfyui.manager", MANAGER, f.Manager("/c.ini", "weak"), "error"),
    (
        "comfyui.manager",
        MANAGER,
        f.Manager("/c.ini", "normal", "3.37"),
        "warning",
    ),
    ("comfyui.manager", MANAGER, f.Manager("/c.ini", "lax"), "unknown"),
    ("database.reachable", network.database, SQLITE, "ok"),
    ("database.reachable", network.database, f.Database("sqlite:///a", exists=False), "ok"),
    ("database.reachable", network.database, f.Database("sqlite:///a", trouble="is no database"), "error"),
    ("database.revision", network.revision, SQLITE, "ok"),
    ("database.revision", network.revision, replace(SQLITE, revision="0000", state="older"), "warning"),
    ("database.revision", network.revision, replace(SQLITE, revision="0009", state="newer"), "error"),
    ("database.revision", network.revision, f.Database("sqlite:///a", trouble="no"), "unknown"),
    ("services.redis", network.redis, f.Redis(), "ok"),
    ("services.redis", network.redis, f.Redis("redis://h", True), "ok"),
    ("services.redis", network.redis, f.Redis("redis://h", False, "refused"), "error"),
    ("system.settings", system.settings, "", "ok"),
    ("system.settings", system.settings, "queue.max: is no number", "error"),
    ("services.engine", lambda x: system.engine(x, ""), "pid 12", "ok"),
    ("services.engine", lambda x: system.engine(x, ""), "", "info"),
    ("services.engine", lambda x: system.engine("", x), "it does not answer", "error"),
    ("terminal.type", lambda x: terminal(x)[0], TERMINAL, "ok"),
    ("terminal.type", lambda x: terminal(x)[0], replace(TERMINAL, colours=8), "info"),
    ("terminal.type", lambda x: terminal(x)[0], replace(TERMINAL, term="dumb"), "warning"),
    ("terminal.unicode", lambda x: terminal(x)[1], TERMINAL, "ok"),
    ("terminal.unicode", lambda x: terminal(x)[1], replace(TERMINAL, unicode=False), "warning"),
    ("terminal.clipboard", lambda x: terminal(x)[2], TERMINAL, "ok"),
    ("terminal.clipboard", lambda x: terminal(x)[2], TMUX, "ok"),
    ("terminal.clipboard", lambda x: terminal(x)[2], replace(TMUX, clipboard="off"), "info"),
    ("terminal.clipboard", lambda x: terminal(x)[2], replace(TMUX, clipboard=""), "unknown"),
]


def port(**changes) -> f.Port:
    return replace(f.Port(8188, "comfyui", True, wants_comfyui=True), **changes)


PORTS = [
    (port(), "ok"),
    (port(free=False, comfyui=True), "ok"),
    (port(free=False, owner="pid 7 (python -m http.server) of ann"), "warning"),
    (port(free=False, wants_comfyui=False, ours=True), "ok"),
    (port(free=False, wants_comfyui=False), "info"),
]


@pytest.mark.parametrize(("check", "ask", "facts", "severity"), TABLE)
def test_verdict(check, ask, facts, severity):
    found = ask(facts)
    assert (base(found.code), found.severity) == (check, severity)
    assert found.evidence
    assert found.hint or found.severity in {"ok", "info"}


@pytest.mark.parametrize(("facts", "severity"), PORTS)
def test_port(facts, severity):
    (found,) = network.ports((facts,))
    assert (found.code, found.severity) == ("ports.use.8188", severity)
    assert facts.owner in found.evidence


def test_every_check_has_a_row_that_is_well_and_one_that_is_not():
    seen: dict[str, set[str]] = {"ports.use": {severity for _, severity in PORTS}}
    for check, _, _, severity in TABLE:
        seen.setdefault(check, set()).add(severity)
    assert seen.keys() == CATALOG.keys()
    assert [check for check, found in seen.items() if "ok" not in found] == []
    worse = {"info", "warning", "error"}
    assert [check for check, found in seen.items() if not found & worse] == []


def test_what_could_not_be_looked_at_is_never_well():
    checks = [*judge(NO_FACTS, THRESHOLDS), *terminal(NOT_SEEN)]
    assert [check.code for check in checks if check.severity != "unknown"] == []
    own = {"system.settings", "services.engine"}  # of the front end, which always knows
    assert {base(check.code) for check in checks} == CATALOG.keys() - own
    assert overall(checks) == "warning"


def test_a_box_that_is_well():
    checks = judge(WELL, THRESHOLDS)
    assert [(check.code, check.evidence) for check in checks if check.severity not in {"ok", "info"}] == []
    assert overall(checks) == "ok"
    order = list(CATALOG)
    places = [order.index(base(check.code)) for check in checks]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        ("", "ok"),
        ("ok info", "ok"),
        ("ok unknown", "warning"),
        ("ok warning unknown", "warning"),
        ("ok warning error", "error"),
    ],
)
def test_overall(severities, verdict):
    assert overall(CheckDocument("a.b", "a", "A", s, "seen") for s in severities.split()) == verdict


def test_advisories_are_named_with_their_source():
    found = network.advisories("default", replace(BACKEND, version="0.8.0"), THRESHOLDS)
    assert "ComfyUI 0.8.0 has 4 known advisories (fixed in 0.28.0; as of 2026-10-15)" in found.evidence
    assert "GHSA-53g8" in found.evidence
    assert all(row["source"].startswith("https://") for row in found.details["advisories"])


def test_a_version_between_two_ranges_is_not_affected():
    table = THRESHOLDS.advisories
    hit = {
        v: len(network.affecting(table, "comfyui-manager", version_of(v) or ())) for v in ("3.39.2", "4.0.1")
    }
    assert hit == {"3.39.2": 0, "4.0.1": 1}


@pytest.mark.parametrize(
    ("text", "version"),
    [("v0.28.0-3-gabc", (0, 28, 0)), ("2.9.1+cu128", (2, 9, 1)), ("", None), ("main", None)],
)
def test_version(text, version):
    assert version_of(text) == version


def test_fixes_show_what_they_would_do():
    found = disk.write("models", folder(path="/big disk/models", exists=False))
    assert found.fix
    assert found.fix.steps == ("mkdir -p '/big disk/models'",)
    cache = f.Cache("/c", 2 * GIB)
    low = disk.space("cache", folder(name="cache", free=GIB // 2), THRESHOLDS, cache)
    assert low.fix
    assert low.fix.steps == ("rm -rf /c/*",)
    older = network.revision(replace(SQLITE, revision="0000", state="older"))
    assert older.fix
    assert older.fix.steps == ("ainf db upgrade",)
    lingering = system.logout(f.Logout(True, True, False, "ann"))
    assert lingering.fix
    assert lingering.fix.steps == ("loginctl enable-linger ann",)

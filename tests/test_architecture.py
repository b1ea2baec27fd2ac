"""The house rules that a machine can check: sizes, layers, what may be imported where and when."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ainf_tui"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
OTHERS = sorted([*(ROOT / "docs").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")])

FILE_LINES, CLASS_LINES, FUNCTION_LINES, CLASS_METHODS = 400, 250, 40, 20

# Who may import what comes from elsewhere. A name not listed here may be imported anywhere.
EXTERNALS = {
    "sqlalchemy": ("ainf_tui.adapters.db",),
    "alembic": ("ainf_tui.adapters.db",),
    "asyncpg": ("ainf_tui.adapters.db",),
    "fastapi": ("ainf_tui.api",),
    "starlette": ("ainf_tui.api",),
    "uvicorn": ("ainf_tui.api",),
    "httpx": ("ainf_tui.adapters", "ainf_tui.client"),
    "websockets": ("ainf_tui.adapters", "ainf_tui.client"),
    "h11": ("ainf_tui.client",),
    "aiohttp": ("ainf_tui.simulator",),
    "PIL": ("ainf_tui.simulator", "ainf_tui.tui.pictures"),
    "click": ("ainf_tui.cli", "ainf_tui.__main__"),
    "textual": ("ainf_tui.tui",),
    "pydantic": ("ainf_tui.api",),
    "pynvml": ("ainf_tui.adapters.gpu",),
    "regex": ("ainf_tui.domain.logs.patience",),
    "requests": (),
    "pickle": (),
}
PURE = ("ainf_tui.domain", "ainf_tui.store")
PURE_MAY_USE = {"uuid6", "regex"}
MAY_PRINT = ("ainf_tui.cli", "ainf_tui.__main__", "ainf_tui.simulator.__main__")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def inside(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def too_big(path: Path) -> Iterator[str]:
    place = path.relative_to(ROOT)
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > FILE_LINES:
        yield f"{place}: {lines} lines"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ClassDef):
            functions = [
                item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))
            ]
            methods = sum(not item.name.startswith("_") for item in functions)
            if length(node) > CLASS_LINES:
                yield f"{place}:{node.lineno}: class {node.name} has {length(node)} lines"
            if methods > CLASS_METHODS and "Protocol" not in {ast.unparse(base) for base in node.bases}:
                yield f"{place}:{node.lineno}: class {node.name} has {methods} public methods"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and length(node) > FUNCTION_LINES:
            yield f"{place}:{node.lineno}: {node.name} has {length(node)} lines"


def test_rooms_are_small():
    found = [text for path in [*SOURCES, *TESTS, *OTHERS] for text in too_big(path)]
    assert not found, "\n".join(found)


def test_budget_sees_what_is_too_big(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    big = tmp_path / "big.py"
    big.write_text("class A:\n" + "    def f(self):\n" + "        x = 1\n" * 400)
    assert len(list(too_big(big))) == 3


def test_externals_stay_where_they_belong():
    found = []
    for path in SOURCES:
        module = module_name(path)
        for name, line in imports(tree_of(path)):
            top = name.partition(".")[0]
            if not inside(module, EXTERNALS.get(top, (module,))):
                found.append(f"{path.relative_to(ROOT)}:{line}: {name}")
    assert not found, "\n".join(found)


def test_domain_is_pure():
    found = []
    for path in SOURCES:
        if not inside(module_name(path), PURE):
            continue
        for name, line in imports(tree_of(path)):
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names | PURE_MAY_USE | {"ainf_tui"}:
                found.append(f"{path.relative_to(ROOT)}:{line}: {name}")
    assert not found, "\n".join(found)


def test_every_dependency_is_used_or_explained():
    """A dependency that nothing imports and the architecture page does not explain goes."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / "docs" / "architecture.md").read_text()
    names = [re.split(r"[^\w-]", text)[0] for text in project["dependencies"]]
    assert [name for name in names if f"| {name} |" not in page] == []


def forbidden_forms(tree: ast.Module, *, may_print: bool) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING":
            yield node.lineno, "TYPE_CHECKING: hides an import from the layers"
        elif isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield node.lineno, "star import"
        elif isinstance(node, ast.Global):
            yield node.lineno, "a module global that changes"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "print" and not may_print:
                yield node.lineno, "print outside the command line"
        elif isinstance(node, ast.ExceptHandler) and is_swallowed(node):
            yield node.lineno, "an exception of every kind is swallowed"
    for statement in tree.body:
        if isinstance(statement, (ast.For, ast.While, ast.With, ast.Try)) or is_bare_call(statement):
            yield statement.lineno, "something happens at import"


def is_swallowed(handler: ast.ExceptHandler) -> bool:
    wide = handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
    return wide and all(isinstance(item, ast.Pass) for item in handler.body)


def is_bare_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, (ast.Call, ast.Await))


def test_forbidden_forms():
    found = []
    for path in SOURCES:
        may_print = inside(module_name(path), MAY_PRINT)
        for line, text in forbidden_forms(tree_of(path), may_print=may_print):
            found.append(f"{path.relative_to(ROOT)}:{line}: {text}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os",
        "from os import *",
        "def f():\n    global x\n    x = 1",
        "def f():\n    print(1)",
        "for x in ():\n    pass",
        "import logging\nlogging.basicConfig()",
        "def f():\n    try:\n        g()\n    except Exception:\n        pass",
    ],
)
def test_forbidden_forms_are_seen(code):
    assert list(forbidden_forms(ast.parse(code), may_print=False))


def test_exceptions_to_the_linter_give_their_reason():
    marks = re.compile(r"# (?:noqa(?P<codes>: [A-Z0-9, ]+)?|type: ignore(?:\[[\w, -]+\])?)(?P<rest>.*)")
    found = []
    for path in [*SOURCES, *TESTS, *OTHERS]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            mark = marks.search(line)
            if not mark or path == Path(__file__):
                continue
            budget = mark["codes"] and re.search(r"C901|PLR091", mark["codes"])
            if budget or len(re.sub(r"[^a-zA-Z]", "", mark["rest"])) < 3:
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found, "\n".join(found)


def own_world(home: Path) -> dict[str, str]:
    """Nothing of the user's: no settings, no engine, no ComfyUI (the discard port answers nobody)."""
    places = {"AINF_HOME": str(home), "HOME": str(home), "AINF_COMFYUI_URL": "http://127.0.0.1:9"}
    return {"PATH": "/usr/bin:/bin", **places}


def loaded_by(*arguments: str, home: Path) -> set[str]:
    """Top-level modules that `ainf ARGUMENTS` loads, by the interpreter's own account."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ainf_tui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env=own_world(home),
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.stdout, "\n".join(told)
    return {name.partition(".")[0] for name in modules(done.stderr)}


def modules(told: str) -> set[str]:
    """Of what `-X importtime` writes."""
    lines = [line for line in told.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_help_loads_nothing_heavy(tmp_path):
    heavy = {"asyncio", "httpx", "sqlalchemy", "fastapi", "pydantic", "websockets", "msgspec", "aiohttp"}
    loaded = loaded_by("--help", home=tmp_path)
    assert "click" in loaded
    assert loaded & heavy == set()


def test_front_end_loads_no_server_libraries(tmp_path):
    """`status` talks to an engine in a process of its own; what that needs stays there."""
    heavy = {
        "sqlalchemy",
        "alembic",
        "fastapi",
        "pydantic",
        "starlette",
        "uvicorn",
        "httpx",
        "aiohttp",
        "PIL",
    }
    try:
        loaded = loaded_by("status", "--json", home=tmp_path)
    finally:
        subprocess.run(
            [sys.executable, "-m", "ainf_tui", "engine", "stop"],
            capture_output=True,
            timeout=60,
            cwd=ROOT,
            env=own_world(tmp_path),
            check=False,
        )
    assert "asyncio" in loaded
    assert loaded & heavy == set()


def test_an_engine_loads_nothing_that_it_never_needs(tmp_path):
    """Who waits for its start waits for all that is loaded before it serves."""
    told = tmp_path / "told"
    with told.open("wb") as stderr:
        command = [sys.executable, "-X", "importtime", "-m", "ainf_tui", "engine", "run"]
        engine = subprocess.Popen(command, cwd=ROOT, env=own_world(tmp_path), stderr=stderr)
    try:
        give_up = time.monotonic() + 60
        log = tmp_path / "state" / "engine.log"
        while not (log.exists() and " serves on " in log.read_text()):
            assert engine.poll() is None, told.read_text()
            assert time.monotonic() < give_up, "it does not serve"
            time.sleep(0.05)
    finally:
        engine.kill()
        engine.wait()
    loaded = modules(told.read_text())
    assert {"fastapi", "httpx", "sqlalchemy.dialects.sqlite"} <= loaded
    needless = {"rich", "pygments", "alembic", "asyncpg", "sqlalchemy.dialects.postgresql", "textual"}
    assert loaded & needless == set()

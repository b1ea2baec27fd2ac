"""Every error code that the source names is registered, and every registered one is named."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ainf_tui import errors
from ainf_tui.resources import data_dir

PACKAGE = Path(errors.__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
CODE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def registered() -> dict[str, dict[str, str]]:
    with (data_dir() / "errors.toml").open("rb") as stream:
        return tomllib.load(stream)


def error_classes(trees) -> dict[str, int]:
    """The AinfError family by name; each takes the code first, unless it makes its own __init__."""
    family = {"AinfError": 0}
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    grown = True
    while grown:
        before = len(family)
        for node in classes:
            if any(ast.unparse(base).rpartition(".")[2] in family for base in node.bases):
                family.setdefault(node.name, 0)
        grown = len(family) > before
    return family


def takers(trees) -> dict[str, int]:
    """Everything that takes an error code, and at which position: functions, methods, dataclasses."""
    found = error_classes(trees)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                names = [item.arg for item in node.args.args if item.arg not in {"self", "cls"}]
            elif isinstance(node, ast.ClassDef):
                targets = (item.target for item in node.body if isinstance(item, ast.AnnAssign))
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            else:
                continue
            if "code" in names and node.name != "__init__":
                found.setdefault(node.name, names.index("code"))
    return found


def codes_in(trees) -> Iterator[tuple[str, ast.expr]]:
    """Every literal that stands where a code is taken."""
    known = takers(trees)
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            given = [item.value for item in node.keywords if item.arg == "code"]
            if name in known:
                given += node.args[known[name] : known[name] + 1]
            for argument in given:
                for part in ast.walk(argument):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value, part


def literals() -> set[str]:
    nodes = (node for tree in TREES.values() for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_code_in_the_source_is_registered():
    known = registered()
    used = {code for code, _ in codes_in(TREES.values()) if CODE.fullmatch(code)}
    assert sorted(used - known.keys()) == []


def test_every_registered_code_is_used():
    assert sorted(registered().keys() - literals()) == []


def test_registered_codes_are_complete():
    for code, facts in registered().items():
        assert CODE.fullmatch(code), code
        assert set(facts) == {"title", "hint"}, code
        assert facts["title"].strip(), code
        assert facts["hint"].strip(), code
        assert not facts["title"].endswith("."), code


@pytest.mark.parametrize(
    "code",
    [
        'raise UsageError("a.b", "text")',
        'errors.NotFoundError("a.b", "text", hint="")',
        'class Own(BackendError): ...\nOwn("a.b", "text")',
        'def _bad(path, code): ...\n_bad(1, "a.b")',
        'Problem(code="a.b", message="")',
        'class P:\n    message: str\n    code: str\nP("", "a.b")',
        'UsageError("a.b" if x else "c.d", "text")',
    ],
)
def test_the_scan_sees_a_code(code):
    trees = [*TREES.values(), ast.parse(code)]
    assert "a.b" in {found for found, _ in codes_in(trees)}

"""The docs say what the program does: generated parts are fresh, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from ainf_tui.settings_schema import BACKEND_KEYS, SETTINGS
from tests.tui.boxes import BOXES, ERRORS
from tests.tui.story import RETURN, STAGES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_generated_parts_are_fresh(generate):
    assert [str(path) for path in generate.stale(generate.wanted())] == [], "run `make docs`"


def test_block_is_replaced_and_kept_apart(generate):
    page = "before\n<!-- generated: x -->\nold\n<!-- end: x -->\nafter\n"
    once = generate.filled(page, {"x": lambda: "new"})
    assert once == "before\n<!-- generated: x -->\n\nnew\n\n<!-- end: x -->\nafter\n"
    assert generate.filled(once, {"x": lambda: "new"}) == once


def test_missing_marker_is_an_error(generate):
    with pytest.raises(ValueError, match="no markers"):
        generate.filled("no block here", {"x": lambda: "new"})


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_each_stage_of_the_story_is_shown():
    """`make pictures` takes them; none is too large for a page, and none lies there unseen."""
    folder = ROOT / "docs" / "pictures"
    page = (ROOT / "docs" / "app.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[([\w-]+)\]\(pictures/\1\.svg\)", page)
    stages = [stage.name for stage in (*STAGES, RETURN)]
    boxes = [box.name for box in (*BOXES, ERRORS)]
    assert [name for name in shown if re.sub(r"-\d+x\d+$", "", name) not in [*stages, *boxes]] == []
    assert [name for name in shown if name in boxes] == boxes
    assert [name for name in shown if name in stages] == stages
    pictures = {path.stem: path.stat().st_size for path in folder.glob("*.svg")}
    assert sorted(pictures) == sorted(shown)
    assert [name for name, size in pictures.items() if size > 60_000] == []


def test_every_setting_is_documented():
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert [setting.id for setting in SETTINGS if f"`{setting.env}`" not in page] == []
    assert [key.name for key in BACKEND_KEYS if f"| `{key.name}` |" not in page] == []


def test_readme_commands_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake (\w+)", readme))
    assert named >= {"run", "test"}
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []

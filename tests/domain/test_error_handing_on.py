"""A group as a report to hand on, and the commands that the playbook names."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.error_documents import ErrorDetailDocument
from ainf_tui.domain.errors.remedies import filled, to_type
from ainf_tui.domain.errors.report import LINES, report
from ainf_tui.domain.text import visible
from tests.fakes.errors_asked import CARD, EXAMPLE, GROUP

EXAMPLES = tomllib.loads((Path(__file__).parents[1] / "data" / "playbook_examples.toml").read_text("utf-8"))
SECRET = "hf_abcdefghijklmnopqrstuv"


def handed_on(detail: ErrorDetailDocument) -> str:
    return report(detail, "0.1.0", lambda text: text.replace("pw", "***"))


def test_a_report_tells_all_and_holds_no_secret() -> None:
    lines = (
        "GET https://hub/x token=s3cret1234",
        "```",
        f"Authorization: Bearer {SECRET}",
        "the postgres pw",
    )
    example = replace(EXAMPLE, message=lines[0], lines=lines, details={"api_key": "s3cret1234", "node": "9"})
    told = handed_on(ErrorDetailDocument(replace(GROUP, note="as\nbefore"), CARD, (example,)))
    assert told.startswith("## CUDA out of memory in VAEDecode\n\n- error: #7, error, new\n")
    assert "- first and last: 2026-01-02 03:04:05 UTC, 2026-01-02 03:04:05 UTC\n" in told
    assert "**What it means.** The GPU is full.\n\n1. Free it.\n" in told
    assert "**Note.** as before" in told
    assert "\n- node: 9\n" in told
    assert told.count("````") == 2
    for hidden in (SECRET, "s3cret1234", "postgres pw"):
        assert hidden not in told


def test_a_long_record_keeps_its_end() -> None:
    example = replace(
        EXAMPLE, context=(), lines=tuple(f"line {n}" for n in range(LINES + 50)), message="line 0"
    )
    told = handed_on(ErrorDetailDocument(GROUP, None, (example,)))
    assert "```text\n... 50 lines before\nline 50\n" in told
    assert f"line {LINES + 49}\n```" in told
    assert "What it means" not in told


@given(st.lists(st.text(max_size=30), max_size=5), st.text(max_size=30))
def test_no_text_from_outside_leaves_its_block(lines: list[str], said: str) -> None:
    example = replace(EXAMPLE, message=said, lines=tuple(lines), context=(said,), details={said: said})
    told = handed_on(
        ErrorDetailDocument(replace(GROUP, title=said, note=said, source=said), CARD, (example,))
    )
    assert visible(told, len(told), lines=True) == told
    [start] = [line for line in told.split("\n") if line.startswith("```") and line.endswith("`text")][:1]
    fence = start.removesuffix("text")
    assert told.split("\n").count(fence) == 1


# -- commands ------------------------------------------------------------------------------------------
def test_a_command_that_lacks_a_name_is_typed_up_to_it() -> None:
    assert to_type("ainf comfyui nodes install SOURCE") == "ainf comfyui nodes install "
    assert to_type("ainf comfyui restart --vram lowvram") == ""
    assert to_type("") == ""


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ([line["line"] for line in EXAMPLES["example"] if "MaskGCT" in line["line"]], "ComfyUI_MaskGCT"),
        (
            ['  File "/opt/ComfyUI/custom_nodes/a/x.py", line 1', "  File 'C:\\custom_nodes\\b.c\\y.py'"],
            "b.c",
        ),
        (["/x/custom_nodes/was.disabled/x.py"], "was"),
        (["/x/custom_nodes/--yes/x.py", "/x/custom_nodes/a$b/x.py"], "NODE"),
        (["custom_nodes is empty"], "NODE"),
        ([], "NODE"),
    ],
)
def test_the_custom_node_is_that_of_the_innermost_frame(lines: list[str], name: str) -> None:
    assert filled("ainf comfyui nodes update NODE", lines) == f"ainf comfyui nodes update {name}"
    assert filled("ainf comfyui nodes install SOURCE", lines) == "ainf comfyui nodes install SOURCE"
    assert filled("ainf host", lines) == "ainf host"

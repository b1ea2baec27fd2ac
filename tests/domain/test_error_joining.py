"""From records of a log to failures: what ComfyUI prints of one failure in several records is one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.errors.fingerprint import failure
from ainf_tui.domain.errors.joining import EXECUTION, IMPORT, REFUSED, Finding, Joiner
from ainf_tui.domain.errors.reports import LogPlace, of_finding
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.fold import fold
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.records import RawLine
from ainf_tui.playbook import playbook

LOGS = Path(__file__).parents[1] / "data" / "comfyui" / "logs"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
PLACE = LogPlace("comfyui", "20261126-100000", "/runs/comfyui.log")

IMPORTS = rb"""Adding extra search path
Traceback (most recent call last):
  File "/opt/ComfyUI/nodes.py", line 2129, in load_custom_node
    module_spec.loader.exec_module(module)
  File "/opt/ComfyUI/custom_nodes/impact/__init__.py", line 1, in <module>
    import piexif
ModuleNotFoundError: No module named 'piexif'

Cannot import /opt/ComfyUI/custom_nodes/impact module for custom nodes: No module named 'piexif'
Skip old module for custom nodes due to the lack of NODE_CLASS_MAPPINGS or comfy_entrypoint.

Import times for custom nodes:
   0.0 seconds: /opt/ComfyUI/custom_nodes/websocket_image_save.py
   0.1 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/impact
   0.0 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/old

Starting server
"""


def raw(data: bytes) -> list[RawLine]:
    lines, at = [], 0
    for line in data.splitlines(keepends=True):
        lines.append(RawLine(at, at + len(line), line))
        at += len(line)
    return lines


def findings(data: bytes) -> list[Finding]:
    joiner = Joiner()
    found = [f for record in fold(raw(data), "comfyui", Clock(NOW)) for f in joiner.feed(record)]
    return [*found, *joiner.flush()]


def recorded(name: str) -> list[Finding]:
    return findings((LOGS / name).read_bytes())


def codes(found: list[Finding]) -> list[str]:
    known = [playbook().look(of_finding(f, PLACE, NOW).lines) for f in found]
    return [k.entry.code if k is not None else "" for k in known]


def test_a_prompt_that_comes_in_does_not_part_a_failure_from_its_traceback() -> None:
    """As a ComfyUI wrote it that was sent fifty prompts at once."""
    data = b"""!!! Exception during processing !!! the picture is broken
got prompt
Traceback (most recent call last):
  File "/opt/ComfyUI/execution.py", line 496, in execute
    result = f(**inputs)
ValueError: the picture is broken

Prompt executed in 0.03 seconds
"""
    (found,) = findings(data)
    assert (found.kind, found.start, found.level) == (EXECUTION, 0, Level.ERROR)
    assert found.lines[-1] == "ValueError: the picture is broken"
    assert "got prompt" not in found.lines
    assert len(findings(data.replace(b"got prompt\n", b"got prompt\n" * 20))) == 2, "that is far away"


def test_two_prompts_that_failed_alike_are_two_failures_of_one_group() -> None:
    first, second, refused = recorded("server.log")
    assert (first.kind, second.kind, refused.kind) == (EXECUTION, EXECUTION, REFUSED)
    assert first.lines == second.lines
    assert first.lines[-1].startswith("RuntimeError: Given groups=1")
    assert first.context[-1] == "got prompt"
    assert len(first.context) == 5
    assert codes([first, second]) == ["model.other_family", "model.other_family"]


def test_each_refused_prompt_is_one_failure_whatever_number_of_outputs_it_had() -> None:
    refused = [f for f in recorded("server_bad_requests.log") if f.kind == REFUSED]
    log = (LOGS / "server_bad_requests.log").read_text()
    closed = sum(any(line.startswith("invalid prompt:") for line in f.lines) for f in refused)
    assert closed == log.count("\ninvalid prompt:") == 17
    assert all(sum(line.startswith("invalid prompt:") for line in f.lines) <= 1 for f in refused)
    many = next(f for f in refused if any("output 10:" in line for line in f.lines))
    assert any("output 9:" in line for line in many.lines)
    assert {
        "prompt.not_in_list",
        "prompt.missing_input",
        "prompt.missing_node",
        "prompt.out_of_range",
    } <= set(codes(refused))


def test_a_dead_worker_thread_and_a_dead_server_are_told() -> None:
    thread = recorded("server_worker_thread_died.log")
    assert [f.lines[-1] for f in thread] == 2 * [
        "TypeError: '<' not supported between instances of 'dict' and 'dict'"
    ]
    server = recorded("server_killed_by_list_client_id.log")
    assert server[-1].message == "TypeError: unhashable type: 'list'", "a bare traceback is named by its end"


def test_a_custom_node_that_is_not_imported_is_told_once_with_its_traceback() -> None:
    impact, old = findings(IMPORTS)
    assert (impact.kind, impact.node, impact.start) == (IMPORT, "impact", 25)
    assert impact.lines[0].startswith("Traceback")
    assert impact.lines[-1].startswith("Cannot import")
    assert (old.kind, old.node) == (IMPORT, "old"), "without a traceback the list of import times tells of it"
    assert old.message.startswith("Skip old module for custom nodes due to the lack of")
    assert old.context == (), "the traceback above the list is of another node"
    assert codes([impact, old]) == ["node.import_failed", "node.no_nodes"]
    assert titles([impact, old]) == [
        "The custom node impact could not be loaded",
        "old in custom_nodes holds no nodes",
    ]
    assert of_finding(impact, PLACE, NOW).details["custom_node"] == "impact"


def test_the_next_start_tells_of_its_imports_again() -> None:
    assert [f.node for f in findings(IMPORTS + IMPORTS)] == ["impact", "old", "impact", "old"]


def test_two_tracebacks_are_two_failures() -> None:
    one = b'Traceback (most recent call last):\n  File "/a.py", line 1, in f\n    f()\nValueError: a\n'
    assert [f.message for f in findings(one + b"\nwell\n" + one)] == ["ValueError: a", "ValueError: a"]


PIECES = st.sampled_from(
    [
        *(line + b"\n" for line in IMPORTS.split(b"\n")),
        b"got prompt\n",
        b"ERROR: no\n",
        b"invalid prompt: x\n",
    ]
)


@given(st.lists(PIECES, max_size=40))
def test_no_error_record_is_lost_and_none_is_told_twice(lines: list[bytes]) -> None:
    data = b"".join(lines)
    errors = [r for r in fold(raw(data), "comfyui", Clock(NOW)) if r.level >= Level.ERROR]
    starts = {r.start for r in errors}
    told = [line for f in findings(data) if f.start in starts for line in f.lines]
    assert told == [line.text for r in errors for line in r.lines]


def test_a_start_with_nodes_that_fail_and_without_the_internet_tells_of_each_thing_once() -> None:
    """Nodes are told apart by their names, and what ComfyUI-Manager could not fetch is one group."""
    found = recorded("server_custom_nodes.log")
    assert [title for title in titles(found) if "custom" in title] == [
        "The custom node broken_module could not be loaded",
        "The custom node broken_syntax could not be loaded",
        "The custom node broken_attr could not be loaded",
        "The custom node single_cv2.py could not be loaded",
        "broken_file in custom_nodes holds no nodes",
    ]
    fetched = [f for f in found if "Cannot connect to host" in f.lines[-1]]
    assert len(fetched) == 4
    assert len({failure("comfyui", f.message, f.lines).fingerprint for f in fetched}) == 1
    assert set(codes(fetched)) == {"net.dns"}
    assert codes(found)[-1] == "service.refused"
    assert len(found) == 10


def titles(found: list[Finding]) -> list[str]:
    known = [playbook().look(f.lines) for f in found]
    return [k.title if k is not None else "" for k in known]

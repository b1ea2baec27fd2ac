"""A task: how far the whole is, what is kept of its output, and what an engine's end leaves."""

import json
from datetime import UTC, datetime

from ainf_tui.domain.comfyui_task import (
    OUTPUT_LINES,
    Step,
    StepState,
    Task,
    TaskState,
    begin_step,
    end_step,
    finish,
    from_record,
    interrupted,
    task_document,
    to_record,
    with_line,
)
from ainf_tui.domain.documents import ProblemDocument

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def task():
    return Task(
        "t1", "install", "Install ComfyUI", (Step("clone", "Clone", 1.0), Step("torch", "PyTorch", 3.0)), AT
    )


def test_the_whole_is_as_far_as_its_steps_by_weight():
    one = begin_step(task(), "clone", 10.0)
    assert one.progress == 0.0
    one = with_line(one, "clone", "Updating files: 100% (2/2)")
    assert one.progress == 0.25
    one = end_step(one, "clone", 14.25, StepState.SKIPPED)
    assert (one.steps[0].seconds, one.steps[0].message) == (4.2, "updating files 100%")
    one = end_step(begin_step(one, "torch", 15.0), "torch", 16.0, StepState.FAILED, "no room")
    assert one.progress == 0.25
    assert finish(one, TaskState.SUCCEEDED, AT).progress == 1.0


def test_progress_never_goes_back_within_a_step():
    one = begin_step(task(), "clone", 0.0)
    one = with_line(one, "clone", "Receiving objects: 80% (8/10)")
    before = one.progress
    assert with_line(one, "clone", "remote: Counting objects: 1% (1/100)").progress == before


def test_a_bar_is_one_line_and_raw_numbers_are_none():
    one = begin_step(task(), "clone", 0.0)
    for line in ("Cloning", *(f"Receiving objects: {n:3d}% ({n}/100)" for n in range(100))):
        one = with_line(one, "clone", line)
    assert one.output == ("Cloning", "Receiving objects:  99% (99/100)")
    one = with_line(with_line(one, "clone", "Progress 5 of 10"), "clone", "done")
    assert one.output[-1] == "done"
    for n in range(100):
        one = with_line(one, "clone", f"line {n}")
    assert len(one.output) == OUTPUT_LINES
    assert one.output[-1] == "line 99"


def test_lines_cannot_act_on_a_terminal():
    assert "\x1b" not in with_line(task(), "clone", "\x1b]52;c;aGk=\x07hello").output[0]


def test_what_an_engine_left_running_is_interrupted():
    left = interrupted(begin_step(task(), "torch", 0.0), AT)
    assert left.state is TaskState.INTERRUPTED
    assert [step.state for step in left.steps] == [StepState.WAITING, StepState.CANCELLED]
    assert left.problem is not None
    assert left.problem.code == "comfyui.interrupted"


def test_it_survives_the_way_through_a_file():
    one = with_line(begin_step(task(), "clone", 0.0), "clone", "Receiving objects: 80% (8/10)")
    one = finish(one, TaskState.FAILED, AT, ProblemDocument("comfyui.step_failed", "it failed", "look"))
    again = from_record(json.loads(json.dumps(to_record(one))))
    assert task_document(again).steps == task_document(one).steps
    assert (again.problem, again.state, again.ended_at) == (one.problem, one.state, AT)

"""Tracebacks folded to a program's own frames: what is left out is counted, nothing else is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.errors.frames import folded, parts
from tests.fakes.error_reading import TRACEBACK

TORCH = '  File "/venv/lib/python3.11/site-packages/torch/nn/conv.py", line 549, in forward'


def text(found) -> list[str]:
    return [f"({part.hidden})" if part.hidden else part.lines[0].strip() for part in found]


def test_frames_of_packages_are_counted_where_they_stood_and_the_innermost_stays():
    assert text(folded(TRACEBACK)) == [
        TRACEBACK[0],
        'File "/srv/ComfyUI/execution.py", line 518, in execute',
        "(2)",
        'File "/srv/ComfyUI/comfy/ops.py", line 98, in forward',
        'File "/venv/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 549, in _conv_forward',
        TRACEBACK[-1],
    ]


def test_a_frame_keeps_its_source_and_the_marks_below_it():
    whole = parts(TRACEBACK)
    assert [len(part.lines) for part in whole] == [2, 2, 3, 2, 2, 2, 1]
    assert [part.own for part in whole if part.frame] == [True, False, False, True, False]


def test_what_is_no_traceback_stays_as_it_is():
    lines = ("Value not in list", "  ckpt_name: 'a' not in []", "Output will be ignored")
    assert [line for part in folded(lines) for line in part.lines] == list(lines)
    assert folded(()) == ()


def test_of_packages_only_the_innermost_frame_is_left():
    lines = ("Traceback:", TORCH, "    a", TORCH, "    b", "ValueError: x")
    assert text(folded(lines)) == ["Traceback:", "(1)", TORCH.strip(), "ValueError: x"]


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            (TORCH, '  File "/srv/x.py", line 1, in f', "    source", "      ^^^", "Error: x", "")
        ),
        st.text(max_size=30).map(lambda text: text.replace("\n", " ")),
    ),
    max_size=40,
)


@given(LINES)
def test_nothing_is_lost_whole_and_each_frame_is_shown_or_counted_folded(lines):
    whole, fold = parts(lines), folded(lines)
    assert [line for part in whole for line in part.lines] == lines
    frames = sum(part.frame for part in whole)
    assert sum(part.frame for part in fold) + sum(part.hidden for part in fold) == frames
    kept = [line for part in fold for line in part.lines]
    others = iter(lines)
    assert all(line in others for line in kept), "in order"

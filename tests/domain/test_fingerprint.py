"""Errors that are the same failure have one fingerprint, and others have others."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.errors.fingerprint import FRAMES, VERSION, Failure, _parts, failure, masked, normalised

TRACE = """\
!!! Exception during processing !!! {said}
Traceback (most recent call last):
  File "{home}/execution.py", line {line}, in execute
    output = get_output_data(obj)
  File "{home}/custom_nodes/{node}/nodes.py", line {line}, in load
    return torch.load(path)
  File "/usr/lib/python3.12/site-packages/torch/serialization.py", line 1384, in load
    raise error
{kind}: {said}
"""
USUAL = {
    "home": "/opt/ComfyUI",
    "line": 12,
    "node": "pack",
    "kind": "torch.OutOfMemoryError",
    "said": "tried 2 GB",
}


def trace(**changes) -> Failure:
    lines = TRACE.format(**{**USUAL, **changes}).splitlines()
    return failure("comfyui", lines[0], lines)


@pytest.mark.parametrize(
    "changes",
    [
        {"line": 99},
        {"home": "/home/somebody/ai/ComfyUI"},
        {"said": "tried 17.25 GB"},
        {"kind": "torch.cuda.OutOfMemoryError"},
    ],
    ids=str,
)
def test_the_same_failure_elsewhere_and_at_another_time(changes):
    assert trace(**changes).fingerprint == trace().fingerprint


@pytest.mark.parametrize(
    "changes", [{"node": "other"}, {"kind": "ValueError"}, {"said": "tried 2 GB in vain"}], ids=str
)
def test_another_failure(changes):
    assert trace(**changes).fingerprint != trace().fingerprint


def test_a_windows_path_is_the_same_path():
    lines = [line.replace("/opt/ComfyUI", "C:\\AI\\ComfyUI") for line in TRACE.format(**USUAL).splitlines()]
    lines = [line.replace("/custom_nodes/pack/nodes.py", r"\custom_nodes\pack\nodes.py") for line in lines]
    assert failure("comfyui", lines[0], lines).fingerprint == trace().fingerprint


def test_what_a_failure_is_made_of():
    assert trace() == Failure(
        "comfyui",
        "OutOfMemoryError",
        "tried 2 GB",
        ("ComfyUI/execution.py:execute", "custom_nodes/pack/nodes.py:load"),
    )
    chained = [
        *TRACE.format(**USUAL).splitlines(),
        "",
        "During handling of ...",
        "",
        *TRACE.splitlines()[1:-1],
        "KeyError",
    ]
    assert failure("a", "m", chained).kind == "KeyError"
    assert len(failure("a", "m", chained * 3).frames) == FRAMES
    assert failure("a", "no traceback", ["no traceback", "  indented"]) == Failure("a", "", "no traceback")
    assert failure("a", "cut", ['  File "a.py", line 1, in f', "    x"]).kind == ""


def test_what_comfyui_refuses_is_told_apart_by_its_reason():
    def refused(kind, said):
        told = (
            f"invalid prompt: {{'type': '{kind}', 'message': {said!r}, 'details': 'x', 'extra_info': {{}}}}"
        )
        return failure("comfyui", told, [told])

    missing = refused("invalid_prompt", "Cannot execute because node A does not exist.")
    assert missing.message == "invalid_prompt: Cannot execute because node A does not exist."
    assert (
        len(
            {
                missing.fingerprint,
                refused("invalid_prompt", "Cannot execute because node B does not exist.").fingerprint,
                refused("prompt_no_outputs", "Prompt has no outputs").fingerprint,
                refused("prompt_no_outputs", "it's none").fingerprint,
            }
        )
        == 4
    )
    lines = [
        "Failed to validate prompt for output 9:",
        "* (prompt):",
        "  - Required input is missing: a",
        "* Load Image 4:",
        "  - Value not in list: image: 'a.png' not in ['b.png']",
        "  - Value not in list: image: 'a.png' not in ['b.png']",
        "Output will be ignored",
    ]
    found = failure("comfyui", lines[0], lines)
    assert found.message == (
        "(prompt): Required input is missing: a; "
        "Load Image: Value not in list: image: 'a.png' not in ['b.png']"
    )
    other = [line.replace("9:", "12:").replace("a.png", "c.png") for line in lines]
    assert failure("comfyui", other[0], other).fingerprint == found.fingerprint
    assert failure("comfyui", "Failed to validate prompt for output 3:", []).message.endswith("output 3:")
    assert failure("comfyui", "invalid prompt: {cut", []).message == "invalid prompt: {cut"


def test_it_is_kept_from_version_to_version():
    """If this fails, what people have grouped falls apart: raise VERSION, and carry the groups over."""
    assert trace().fingerprint == f"{VERSION}.3747b8be24264b6f"
    assert VERSION == 2


@pytest.mark.parametrize(
    ("message", "mark"),
    [
        ("prompt 0198c0de-0000-7000-8000-000000000142 is gone", "prompt <uuid> is gone"),
        ("cannot be multiplied (26x64 and 12x30)", "cannot be multiplied (<shape> and <shape>)"),
        ("weight of size [4, 4, 1], not torch.Size([1, 16])", "weight of size <shape>, not <shape>"),
        ("[Errno 2] No such file: '/a b/c.png'", "[Errno <n>] No such file: <value>"),
        ("cannot read /data/models/x.safetensors at 0x7f3a", "cannot read <path> at <hex>"),
        ("GET https://example.org/a?b=1 took 1.5e-3 s", "GET <url> took <n> s"),
        ("Failed to validate prompt for output 9:", "Failed to validate prompt for output <n>:"),
        ("node #17 (KSampler) of job 142", "node #<n> (KSampler) of job <n>"),
        ("cuda:0 is busy, 3,072 MB", "cuda:<n> is busy, <n> MB"),
        ("SD1ClipModel failed in fp16", "SD1ClipModel failed in fp16"),
    ],
)  # fmt: skip
def test_what_changes_is_marked(message, mark):
    assert normalised(message) == mark


TEXTS = st.text(st.sampled_from("ab1/'\"<>()[]x, .:-0F#\n"), max_size=120)


@given(TEXTS)
def test_normalising_twice_changes_nothing(text):
    once = normalised(text)
    assert normalised(once) == once


NUMBERED = st.lists(
    st.sampled_from(
        ["1", "23", "0", "00", "0x", "e", "a", "F", "-", "+", ".", ",", ", ", ":", "/", "://", " "]
    )
    | st.sampled_from(
        ["(", ")", "[", "]", "'", "<", ">", "x", "_", "\u017f", "\u0663", "²", "\n", "torch.Size(["]
    )
    | st.sampled_from(["0198c0de-0000-7000-8000-000000000142", "deadbee1", "1234567", "https://h/", "C:\\"])
).map("".join)


@given(NUMBERED)
def test_a_mask_changes_nothing_of_what_is_normalised(text):
    assert normalised(masked(text)) == normalised(text)


@given(NUMBERED | TEXTS)
def test_a_part_that_is_not_looked_for_is_not_there(text):
    for part in _parts():
        assert part.sub(text) == part.pattern.sub(part.mark, text)


def test_a_mask_makes_one_key_of_many_numbers():
    keys = {masked(f"step {n} of {n * 17}: 'a{n}' at cuda:{n}, {n} MB") for n in range(1, 9)}
    assert len(keys) == 8  # a number in a name may be a part of it
    assert len({masked(f"step {n} of {n * 17}: cuda:{n}, {n} MB left") for n in range(999)}) == 1


def test_a_message_whose_end_is_not_looked_at_has_the_key_of_what_is():
    text = "1 " * 1_999 + "12"
    assert normalised(masked(text + "34 and more")) == normalised(text + "34 and more")


@given(st.text(max_size=200), st.text(max_size=50))
def test_whatever_the_text_there_is_a_fingerprint(message, source):
    found = failure(source, message, message.splitlines())
    assert re.fullmatch(rf"{VERSION}\.[0-9a-f]{{16}}", found.fingerprint)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_numbers_do_not_count(one, other):
    texts = [f"step {number} of {number} took {number}.5 s on gpu {number}" for number in (one, other)]
    assert normalised(texts[0]) == normalised(texts[1])


@pytest.mark.parametrize("text", ["a", "'", "1", "1x", "/", "0", "[1, ", " ", "a.", '  File "', "<", "-"])
def test_no_text_takes_long(text):
    line = (text * 100_000)[:100_000]
    begin = time.process_time()
    assert failure("a", line, [line] * 20).fingerprint
    assert time.process_time() - begin < 20

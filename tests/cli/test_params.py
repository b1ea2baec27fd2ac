from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.cli.params import JOB, SeedType, assignments, axes, merge

NAMES = st.text(st.characters(exclude_characters="=", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name.strip() == name and name != ""
)


@given(NAMES, st.text())
def test_a_value_may_hold_anything(name, value):
    assert assignments([f"{name}={value}"], "--set") == {name: value}


@pytest.mark.parametrize("text", ["steps", "=3", " =3", ""])
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(click.BadParameter, match="NAME=VALUE"):
        assignments([text], "--set")


def test_twice_the_same_name_is_refused():
    with pytest.raises(click.BadParameter, match="twice"):
        assignments(["cfg=5", "cfg=7"], "--set")
    with pytest.raises(click.BadParameter, match="by --prompt and by --set"):
        merge({"prompt": "a"}, [("--prompt", "prompt", "b")])


def test_axes_keep_their_order_and_commas_can_be_meant():
    assert axes(["cfg=5,7,9", r"prompt=red\, wet,blue"]) == {
        "cfg": ("5", "7", "9"),
        "prompt": ("red, wet", "blue"),
    }
    assert list(axes(["z=1", "a=2"])) == ["z", "a"]


@pytest.mark.parametrize("text", ["cfg=", "cfg=5,", "cfg=,5", "cfg=5,,7"])
def test_an_empty_value_of_an_axis_is_refused(text):
    with pytest.raises(click.BadParameter, match="empty value"):
        axes([text])


@given(st.integers(0, 2**64 - 1))
def test_every_seed_of_comfyui_is_taken_exactly(seed):
    assert SeedType("random").convert(f" {seed} ", None, None) == str(seed)


@pytest.mark.parametrize("text", ["-1", "1.5", str(2**64), "new", "", "٣"])
def test_other_seeds_are_refused(text):
    with pytest.raises(click.BadParameter):
        SeedType("random").convert(text, None, None)


def test_seed_words():
    assert SeedType("random").convert("RANDOM", None, None) == "random"
    assert SeedType("same", "new").convert("new", None, None) == "new"


@pytest.mark.parametrize(("text", "ref"), [("142", "142"), ("#142", "142"), ("0198C0DE-00", "0198c0de-00")])
def test_job_references(text, ref):
    assert JOB.convert(text, None, None) == ref


@pytest.mark.parametrize("text", ["../x", "abc", "-", "", "all", "1\n2"])
def test_what_is_no_job_reference_is_refused(text):
    with pytest.raises(click.BadParameter):
        JOB.convert(text, None, None)

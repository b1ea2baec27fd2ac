"""Values as users write them become what inputs take, or are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.comfy import InputSpec
from ainf_tui.domain.values import MAX_SEED, coerce
from ainf_tui.errors import UsageError
from tests.domain.graphdata import code_of


def spec(kind, **more):
    return InputSpec("x", kind, required=True, **more)


@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [
        ("7", "INT", 7),
        ("7.0", "INT", 7),
        (7.0, "INT", 7),
        ("1e3", "INT", 1000),
        (" 7 ", "INT", 7),
        ("18446744073709551615", "INT", MAX_SEED),
        ("9007199254740993.0", "INT", 9007199254740993),
        ("-3", "INT", -3),
        ("7.5", "FLOAT", 7.5),
        (7, "FLOAT", 7.0),
        (".5", "FLOAT", 0.5),
        ("Yes", "BOOLEAN", True),
        ("off", "BOOLEAN", False),
        (True, "BOOLEAN", True),
        ("a\0b", "STRING", "a\u2400b"),
        (5, "STRING", "5"),
    ],
)
def test_values_are_typed(raw, kind, value):
    found = coerce("x", raw, spec(kind)).value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("7.5", "INT"),
        ("seven", "INT"),
        ("", "INT"),
        (True, "INT"),
        ("9" * 5000, "INT"),
        ("1e999999999", "INT"),
        ("1_000", "INT"),
        ("\u0663", "INT"),
        ("nan", "FLOAT"),
        ("inf", "FLOAT"),
        (float("nan"), "FLOAT"),
        ("1e999", "FLOAT"),
        (None, "FLOAT"),
        ("maybe", "BOOLEAN"),
        ([1], "STRING"),
        ({"a": 1}, "COMBO"),
        ("x", "MODEL"),
    ],
)
def test_wrong_types_are_refused(raw, kind):
    assert code_of(coerce, "x", raw, spec(kind)) == "value.wrong_type"


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans()), st.sampled_from(["INT", "FLOAT"]))
def test_a_number_is_within_its_bounds_or_refused(raw, kind):
    codes = []
    try:
        assert 1 <= coerce("x", raw, spec(kind, min=1, max=10)).value <= 10
    except UsageError as error:
        codes.append(error.code)
    assert codes in ([], ["value.wrong_type"], ["value.out_of_bounds"])


def test_bounds_say_value_bound_and_whose_it_is():
    with pytest.raises(UsageError) as caught:
        coerce("steps", "0", spec("INT", min=1, max=200), "the pack's")
    assert caught.value.message == "steps = 0 is less than the pack's minimum 1"
    assert caught.value.hint == "Allowed: INT, 1 to 200."


def test_options_are_exact_then_by_case_then_refused_with_the_nearest():
    combo = spec("COMBO", options=("euler", "Euler", "dpmpp_2m", 4))
    assert coerce("x", "Euler", combo).value == "Euler"
    assert coerce("x", "4", combo).value == 4
    taken = coerce("x", "DPMPP_2M", combo)
    assert taken.value == "dpmpp_2m"
    assert taken.notice is not None
    assert taken.notice.code == "value.case"
    with pytest.raises(UsageError) as caught:
        coerce("x", "EULER", combo)  # two fit
    assert caught.value.code == "value.not_an_option"
    with pytest.raises(UsageError) as caught:
        coerce("x", "dpmpp2m", combo)
    assert caught.value.details["near"] == ["dpmpp_2m"]
    assert coerce("x", "anything", spec("COMBO")).value == "anything"

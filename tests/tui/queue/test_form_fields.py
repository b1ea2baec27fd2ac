"""What a new run asks for and what comes of it, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.requests import RetryRequest, RunRequest, SweepAxis
from ainf_tui.domain.workflows import Pack, PackInput, Preset
from ainf_tui.errors import UsageError
from ainf_tui.tui.asked import run_line
from ainf_tui.tui.queue.form_fields import AREA, FLAG, Draft, field_of, fields_of, made_of, pack_of_job
from tests.fakes.job_details import whole_job

PACK = Pack(
    "basic",
    "Basic",
    "Text to image",
    "1",
    "",
    (),
    (
        PackInput("steps", "int", ("5.steps",), "Steps", default=25, min=1, max=200),
        PackInput("prompt", "text", ("2.text",), "Prompt", required=True, min_length=1, max_length=50),
        PackInput("cfg", "float", ("5.cfg",), "CFG", default=7.0, min=0.0, max=30.0, step=0.5),
        PackInput("negative", "text", ("3.text",), default="", max_length=50),
        PackInput("tiled", "bool", ("6.tiled",), default=False),
        PackInput("seed", "seed", ("5.seed",)),
    ),
    {},
)
PRESET = Preset("warm", "Warm", "", "", "basic", "photo of {subject}, warm", "cold", {"steps": 40})
DRAFT = Draft(PACK)


def typed(draft=DRAFT, **texts):
    return replace(draft, texts={"prompt": "a cat", **texts})


def request(draft):
    made = made_of(draft)
    assert made.wrong == {}
    assert isinstance(made.request, RunRequest)
    return made.request


def test_the_prompt_comes_first_and_the_run_last():
    fields = fields_of(DRAFT)
    assert [item.name for item in fields] == [
        *("prompt", "negative", "seed", "steps", "cfg", "tiled"),
        *("count", "sweep", "priority", "hold", "backend"),
    ]
    kinds = {item.name: item.kind for item in fields}
    assert (kinds["prompt"], kinds["negative"], kinds["tiled"], kinds["hold"]) == (AREA, AREA, FLAG, FLAG)
    assert "1 to 200" in next(item.help for item in fields if item.name == "steps")


def test_the_presets_values_stand_there_and_are_marked():
    fields = {item.name: item for item in fields_of(Draft(PACK, PRESET))}
    assert (fields["steps"].start, fields["steps"].preset) == ("40", True)
    assert (fields["negative"].start, fields["negative"].preset) == ("cold", True)
    assert (fields["cfg"].start, fields["cfg"].preset) == ("7.0", False)
    assert "photo of" in fields["prompt"].help


def test_only_what_was_changed_is_asked_for():
    found = request(typed(steps="25", cfg="8"))
    assert dict(found.values) == {"prompt": "a cat", "cfg": "8"}
    assert (found.pack, found.preset, found.seed, found.count) == ("basic", "", "", 1)
    warm = request(typed(Draft(PACK, PRESET), steps="40", negative=""))
    assert dict(warm.values) == {"prompt": "a cat", "negative": ""}
    assert warm.preset == "warm"
    assert dict(request(typed(steps="")).values) == {"prompt": "a cat"}, "an emptied number is the pack's own"


def test_the_runs_own_fields():
    found = request(
        typed(
            seed="random",
            count="4",
            sweep=r"cfg=5,7; style=a\,b,c",
            priority="-5",
            hold="true",
            backend="gpu",
        )
    )
    assert (found.seed, found.count, found.priority, found.held, found.backend) == (
        "random",
        4,
        -5,
        True,
        "gpu",
    )
    assert found.sweep == (SweepAxis("cfg", ("5", "7")), SweepAxis("style", ("a,b", "c")))
    assert run_line(found) == (
        r"ainf run basic '--prompt=a cat' --seed random --count 4 --sweep=cfg=5,7 '--sweep=style=a\,b,c'"
        " --priority=-5 --backend gpu --hold"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prompt", ""),
        ("prompt", "   "),
        ("prompt", "x" * 51),
        ("steps", "0"),
        ("steps", "201"),
        ("steps", "many"),
        ("steps", "2.5"),
        ("cfg", "nan"),
        ("seed", "-1"),
        ("seed", str(2**64)),
        ("seed", "٣"),
        ("count", "0"),
        ("count", ""),
        ("count", "1e3"),
        ("sweep", "cfg"),
        ("sweep", "cfg=1,,2"),
        ("sweep", "cfg=1; cfg=2"),
        ("priority", "101"),
        ("priority", "high"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(name, text):
    made = made_of(typed(**{name: text}))
    assert list(made.wrong) == [name]
    assert made.request is None


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({}, "1 job"),
        ({"seed": "7"}, "1 job, seed 7"),
        ({"seed": "7", "count": "4"}, "4 jobs, seeds 7 to 10"),
        ({"seed": str(2**64 - 1), "count": "2"}, f"2 jobs, seeds {2**64 - 1} to 0"),
        ({"seed": "random"}, "1 job, a random seed"),
        ({"count": "2", "sweep": "cfg=5,6,7"}, "6 jobs"),
    ],
)
def test_the_summary_counts_jobs_and_seeds(texts, told):
    assert made_of(typed(**texts)).summary == told


def test_more_than_a_hundred_may_be_a_mistake():
    assert not made_of(typed(count="100")).many
    assert made_of(typed(count="101")).many
    assert made_of(typed(count="51", sweep="cfg=1,2")).many


def test_a_job_is_tried_again_with_what_was_changed():
    job = whole_job(
        9, params={"prompt": "a cat", "steps": 30}, seed=7, seed_mode="fixed", priority=2, pack="basic"
    )
    draft = Draft(PACK, again=job)
    starts = {item.name: item.start for item in fields_of(draft)}
    assert (starts["prompt"], starts["steps"], starts["seed"], starts["priority"]) == (
        "a cat",
        "30",
        "7",
        "2",
    )
    found = made_of(replace(draft, texts={"steps": "31"})).request
    assert isinstance(found, RetryRequest)
    assert (found.refs, found.seed, dict(found.values), found.priority) == (
        ("9",),
        "same",
        {"steps": "31"},
        None,
    )
    other = made_of(replace(draft, texts={"seed": "new", "priority": "0"})).request
    assert isinstance(other, RetryRequest)
    assert (other.seed, dict(other.values), other.priority) == ("new", {}, 0)


def test_a_job_without_its_pack_has_its_parameters_as_texts():
    job = whole_job(1, pack="gone", params={"4.cfg": 7.5, "seed": 3})
    pack = pack_of_job(job, (PACK,))
    assert [item.name for item in pack.inputs] == ["4.cfg"]
    found = made_of(Draft(pack, again=job, texts={"4.cfg": "8"})).request
    assert isinstance(found, RetryRequest)
    assert dict(found.values) == {"4.cfg": "8"}


def test_what_would_be_lost_is_known():
    assert not DRAFT.typed
    assert not replace(DRAFT, texts={"steps": "25"}).typed
    assert typed().typed


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (UsageError("value.out_of_bounds", "", details={"input": "steps"}), "steps"),
        (UsageError("run.backend_unknown", ""), "backend"),
        (UsageError("seed.bad", ""), "seed"),
        (UsageError("sweep.twice", ""), "sweep"),
        (UsageError("preset.needs_prompt", ""), "prompt"),
        (UsageError("value.out_of_bounds", "", details={"input": "none of ours"}), ""),
        (UsageError("graph.cycle", ""), ""),
    ],
)
def test_errors_of_the_engine_find_their_field(error, name):
    assert field_of(error, [item.name for item in fields_of(DRAFT)]) == name


@given(st.dictionaries(st.sampled_from([item.name for item in fields_of(DRAFT)]), st.text(max_size=40)))
def test_nothing_typed_breaks_the_form(texts):
    made = made_of(replace(DRAFT, texts=texts))
    assert (made.request is None) == bool(made.wrong)
    assert made.jobs >= 1

"""Values are bounded by pack and server and put in place without touching what was given."""

from __future__ import annotations

import copy

import pytest

from ainf_tui.domain.binding import bind_graph, bind_late, bind_pack, seed_facts
from ainf_tui.domain.checkpoints import choose
from ainf_tui.domain.graphcheck import check_graph
from ainf_tui.domain.places import Places
from ainf_tui.domain.presets import choose_pack, with_preset
from ainf_tui.domain.requests import RunRequest
from ainf_tui.domain.values import MAX_SEED
from ainf_tui.domain.workflows import Pack, PackInput, Preset
from ainf_tui.errors import NotFoundError, UsageError
from tests.domain.graphdata import code_of, corpus, node, object_info, recorded, txt2img

STYLE = Preset(
    "style", "Style", "", "art", "tiny", "photo of {subject}, sharp", "blurry", {"steps": 30, "cfg": 7.5}
)


def tiny(**changes) -> Pack:
    """A small pack over the recorded graph."""
    inputs = (
        PackInput("prompt", "text", ("6.text",), min_length=1, max_length=50, required=True),
        PackInput("negative", "text", ("7.text",), default="", max_length=20),
        PackInput("checkpoint", "model", ("4.ckpt_name",)),
        PackInput("seed", "seed", ("3.seed",)),
        PackInput("width", "int", ("5.width",), default=512, min=256, max=20000),
        PackInput("steps", "int", ("3.steps",), default=25, min=1, max=200),
        PackInput("cfg", "float", ("3.cfg",), default=7.0, min=0, max=30),
        PackInput("sampler", "choice", ("3.sampler_name",), default="euler", max_length=64),
    )
    options = {"inputs": inputs, "graph": txt2img(), "family": "sd15", **changes}
    return Pack("tiny", "Tiny", "", "1", "", (), **options)


# -- graphs ----------------------------------------------------------------------------------------
def test_a_graph_keeps_everything_that_nobody_sets():
    graph = txt2img()
    before = copy.deepcopy(graph)
    bound = bind_graph(graph, {"steps": "9", "KSampler.cfg": "3.5"}, info=object_info())
    assert graph == before
    expected = copy.deepcopy(before)
    expected["3"]["inputs"] |= {"steps": 9, "cfg": 3.5}
    assert bound.graph == expected
    assert bound.params == {
        "prompt": "a small red house, noise",
        "negative": "blurry, text",
        "checkpoint": "tiny-random-sd15.safetensors",
        "seed": 9,
        "width": 64,
        "height": 64,
        "steps": 9,
        "cfg": 3.5,
        "sampler": "euler",
        "scheduler": "normal",
        "batch_size": 1,
        "KSampler.cfg": 3.5,
    }
    assert bound.bindings["KSampler.cfg"] == ("3.cfg",)
    assert (bound.seed, bound.seed_places, bound.late) == (9, ("3.seed",), ())


def test_the_seed_goes_to_every_sampler():
    graph = corpus("sdxl_refiner_prompt_example")
    bound = bind_graph(graph, {}, info=object_info(), seed=MAX_SEED)
    assert bound.seed_places == ("10.noise_seed", "11.noise_seed")
    assert [bound.graph[n]["inputs"]["noise_seed"] for n in ("10", "11")] == [MAX_SEED, MAX_SEED]
    assert bound.seed == MAX_SEED
    facts = seed_facts(Places(graph, object_info()))
    assert (facts.own, facts.present, facts.max) == (6767725640732, True, MAX_SEED)


def test_a_graph_without_seed():
    graph = {"1": node("LoadImage", image="a.png"), "2": node("SaveImage", images=["1", 0])}
    facts = seed_facts(Places(graph))
    assert (facts.own, facts.present) == (None, False)
    assert bind_graph(graph, {}).seed is None
    assert code_of(bind_graph, graph, {}, seed=1) == "seed.no_place"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"steps": "10001"}, "value.out_of_bounds"),
        ({"cfg": "-1"}, "value.out_of_bounds"),
        ({"width": "15"}, "value.out_of_bounds"),
        ({"sampler": "eulr"}, "value.not_an_option"),
        ({"steps": "x"}, "value.wrong_type"),
        ({"steps": "3", "3.steps": "4"}, "set.twice"),
    ],
)
def test_the_server_s_bounds_hold_for_any_graph(values, code):
    assert code_of(bind_graph, txt2img(), values, info=object_info()) == code


def test_an_odd_size_is_taken_with_a_notice():
    bound = bind_graph(txt2img(), {"width": "1001"}, info=object_info())
    assert bound.params["width"] == 1001
    assert [n.code for n in bound.notices] == ["value.off_step"]


def test_without_a_server_the_present_literal_tells_the_type():
    bound = bind_graph(txt2img(), {"steps": "9", "cfg": "8", "sampler": "anything"})
    inputs = bound.graph["3"]["inputs"]
    assert (inputs["steps"], inputs["cfg"], inputs["sampler_name"]) == (9, 8.0, "anything")
    assert type(inputs["steps"]) is int
    assert bind_graph(txt2img(), {"3.seed": str(MAX_SEED)}).graph["3"]["inputs"]["seed"] == MAX_SEED


# -- packs -----------------------------------------------------------------------------------------
def test_a_pack_takes_defaults_and_leaves_the_checkpoint_for_later():
    pack = tiny()
    before = copy.deepcopy(pack.graph)
    bound = bind_pack(pack, {"prompt": "a cat"}, info=object_info(), seed=5)
    assert pack.graph == before
    assert bound.params == {
        "prompt": "a cat",
        "negative": "",
        "seed": 5,
        "width": 512,
        "steps": 25,
        "cfg": 7.0,
        "sampler": "euler",
    }
    assert (bound.late, bound.bindings["checkpoint"], bound.family) == (
        ("checkpoint",),
        ("4.ckpt_name",),
        "sd15",
    )
    assert bound.late_places == {"4.ckpt_name"}
    assert (bound.seed, bound.prompt_text) == (5, "a cat")
    later = bind_late(bound.graph, bound.bindings["checkpoint"], "x.safetensors")
    assert later["4"]["inputs"]["ckpt_name"] == "x.safetensors"
    assert bound.graph["4"] == before["4"]


def test_a_checkpoint_is_named_chosen_or_set_by_place():
    choice = choose(["tiny-random-sd15.safetensors"], "sd15", "")
    chosen = bind_pack(tiny(), {"prompt": "a"}, checkpoint=choice, info=object_info())
    assert chosen.late == ()
    assert chosen.params["checkpoint"] == choice.name
    assert chosen.notices == (choice.notice,)
    for values in ({"checkpoint": "mine"}, {"CheckpointLoaderSimple.ckpt_name": "mine"}):
        named = bind_pack(tiny(), {"prompt": "a", **values}, checkpoint=choice)
        assert (named.params["checkpoint"], named.late, named.notices) == ("mine", (), ())
    assert (
        code_of(bind_pack, tiny(), {"prompt": "a", "checkpoint": "mine"}, info=object_info())
        == "value.not_an_option"
    )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "value.missing"),
        ({"prompt": "  "}, "value.bad_length"),
        ({"prompt": "x" * 51}, "value.bad_length"),
        ({"prompt": "x", "negative": "x" * 21}, "value.bad_length"),
        ({"prompt": "x", "sampler": "x" * 65}, "value.bad_length"),
        ({"prompt": "x", "width": "64"}, "value.out_of_bounds"),  # the pack's
        ({"prompt": "x", "width": "17000"}, "value.out_of_bounds"),  # the server's
        ({"prompt": "x", "steps": "0"}, "value.out_of_bounds"),
        ({"prompt": "x", "sampler": "eulr"}, "value.not_an_option"),
        ({"prompt": "x", "stps": "1"}, "set.unknown"),
        ({"prompt": "x", "width": "512", "EmptyLatentImage.width": "64"}, "set.twice"),
        ({"prompt": "x", "EmptyLatentImage.width": "8"}, "value.out_of_bounds"),
    ],
)
def test_pack_and_server_bounds_hold_for_packs(values, code):
    info = None if code == "value.bad_length" else object_info()
    assert code_of(bind_pack, tiny(), values, info=info) == code


def test_a_place_passes_the_pack_s_bounds_but_not_the_server_s():
    bound = bind_pack(tiny(), {"prompt": "x", "EmptyLatentImage.width": "64"}, info=object_info())
    assert bound.graph["5"]["inputs"]["width"] == 64
    assert bound.params["width"] == 64
    assert bound.params["EmptyLatentImage.width"] == 64


def test_a_job_s_bindings_keep_a_pack_s_names_for_a_retry():
    first = bind_pack(tiny(), {"prompt": "x"}, seed=1)
    places = Places(first.graph, object_info(), first.bindings)
    again = bind_graph(first.graph, {"cfg": "3"}, seed=2, places=places)
    assert (again.params["cfg"], again.seed, again.params["prompt"]) == (3.0, 2, "x")


# -- presets ---------------------------------------------------------------------------------------
def test_the_command_line_wins_over_the_preset_over_the_pack():
    bound = bind_pack(tiny(), {"prompt": "a {cat}", "cfg": "3"}, preset=STYLE, info=object_info())
    assert bound.prompt_text == "photo of a {cat}, sharp"
    assert (bound.params["negative"], bound.params["steps"], bound.params["cfg"]) == ("blurry", 30, 3.0)
    assert bound.params["width"] == 512
    own = bind_pack(tiny(), {"prompt": "a", "negative": "", "KSampler.steps": "4"}, preset=STYLE)
    assert (own.params["negative"], own.params["steps"]) == ("", 4)


def test_zero_is_a_value():
    zero = Preset("z", "Z", "", "", "tiny", values={"cfg": 0})
    assert bind_pack(tiny(), {"prompt": "x"}, preset=zero).params["cfg"] == 0.0


@pytest.mark.parametrize("prompt", [{}, {"prompt": ""}, {"prompt": "  "}])
def test_a_preset_with_a_subject_needs_one(prompt):
    assert code_of(bind_pack, tiny(), prompt, preset=STYLE) == "preset.needs_prompt"


def test_a_preset_without_a_subject_brings_its_own_prompt():
    whole = Preset("w", "W", "", "", "tiny", prompt_template="a lake")
    assert with_preset(whole, {}) == ({}, {"prompt": "a lake"})
    assert with_preset(whole, {"prompt": "mine"}) == ({"prompt": "mine"}, {})


def test_a_preset_fits_wherever_its_names_are():
    bound = bind_graph(txt2img(), {"prompt": "dog"}, preset=STYLE, info=object_info())
    assert (bound.prompt_text, bound.params["steps"]) == ("photo of dog, sharp", 30)
    odd = Preset("odd", "Odd", "", "", "tiny", values={"strength": 1})
    for call, target in ((bind_pack, tiny()), (bind_graph, txt2img())):
        assert code_of(call, target, {"prompt": "x"}, preset=odd) == "preset.does_not_fit"


def test_a_preset_implies_its_pack():
    packs, presets = (tiny(),), (STYLE,)
    assert choose_pack(RunRequest("r", preset="style"), packs, presets) == (packs[0], STYLE)
    assert choose_pack(RunRequest("r", pack="tiny"), packs, presets) == (packs[0], None)
    assert choose_pack(RunRequest("r", graph=txt2img(), preset="style"), packs, presets) == (None, STYLE)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (RunRequest("r", pack="tny"), "workflows.not_found"),
        (RunRequest("r", preset="styl"), "presets.not_found"),
        (RunRequest("r"), "run.nothing"),
        (RunRequest("r", pack="tiny", graph={}), "run.both"),
    ],
)
def test_what_is_named_wrongly(request_, code):
    with pytest.raises((NotFoundError, UsageError)) as caught:
        choose_pack(request_, (tiny(),), (STYLE,))
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("name", ["sdxl_refiner_prompt_example", "flux_redux_model_example"])
def test_a_bound_graph_is_as_good_as_the_one_given(name):
    graph = corpus(name)
    before = {(p.node, p.details["input"]) for p in check_graph(graph, object_info())}
    bound = bind_graph(graph, {"width": "512"}, info=object_info(), seed=3)
    assert {(p.node, p.details["input"]) for p in check_graph(bound.graph, object_info())} == before


def test_the_recorded_prompt_runs_again_as_it_was():
    graph = recorded("prompt_err_bad_checkpoint")["request"]["body"]["prompt"]
    assert bind_graph(graph, {}, info=object_info()).graph == graph

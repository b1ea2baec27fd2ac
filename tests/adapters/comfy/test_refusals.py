"""Every refusal that was recorded, in the words that a user reads."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.comfy.complaints import find_cycle, nearest
from ainf_tui.adapters.comfy.nodes import node_classes
from ainf_tui.adapters.comfy.refusals import node_problems, refusal, unlisted_classes
from tests.adapters.comfy.recordings import COMFYUI, http

RECORDED = {p.stem.removeprefix("prompt_err_") for p in (COMFYUI / "http").glob("prompt_err_*.json")}
NOT_400 = {
    "bad_json",
    "bad_number",
    "client_id_unhashable",
    "empty_body",
    "extra_data_null",
    "preview_method_number",
}

EXPECTED = {
    "bad_checkpoint": (
        "prompt.invalid",
        [
            "4",
            "Load Checkpoint",
            "ckpt_name = 'missing.safetensors'",
            "allowed: tiny-random-sd15.safetensors",
        ],
    ),
    "bad_sampler": ("prompt.invalid", ["3", "KSampler", "sampler_name = 'nope'", "44 in all"]),
    "cycle": ("prompt.cycle", ["2 > 1 > 2"]),
    "empty_prompt": ("prompt.no_outputs", ["no output node"]),
    "inputs_list": ("prompt.invalid", ["1", "PreviewImage", "'images'"]),
    "json_list": ("prompt.no_graph", ["no graph"]),
    "link_shape": ("prompt.invalid", ["8", "VAE Decode", "['3', 0, 1]", "[node id, output number]"]),
    "link_slot_range": ("prompt.invalid", ["8", "samples to output 5 of node 3"]),
    "link_type": ("prompt.invalid", ["8", "wants LATENT and gets MODEL", "node 4 (CheckpointLoaderSimple)"]),
    "link_unknown_node": ("prompt.invalid", ["8", "samples is linked to node 99, which does not exist"]),
    "load_image": ("prompt.invalid", ["2", "Invalid image file: nope.png", "allowed: example.png"]),
    "many": ("prompt.invalid", ["5", "width = 7", "16 to 16384", "4 more"]),
    "missing_class": ("prompt.unknown_class", ["3", "KSamplerNope"]),
    "missing_input": ("prompt.invalid", ["3", "KSampler", "'model'", "neither connected nor given"]),
    "no_class_type": ("prompt.bad_graph", ["3", "no class_type"]),
    "no_inputs_key": ("prompt.invalid", ["8", "the node has no inputs"]),
    "no_outputs": ("prompt.no_outputs", ["no output node"]),
    "no_prompt": ("prompt.no_graph", ["no graph"]),
    "node_is_string": ("prompt.bad_graph", ["1", "no class_type"]),
    "partial_targets_unknown": ("prompt.no_outputs", ["no output node"]),
    "prompt_is_list": ("prompt.no_outputs", ["no output node"]),
    "ui_format": ("prompt.ui_format", ["page"]),
}


def recorded(name, classes=None):
    data = http(f"prompt_err_{name}")
    graph = data["request"].get("body", {}).get("prompt")
    error = refusal(data["json"], graph if isinstance(graph, dict) else {}, classes or {})
    assert error is not None
    return error


def test_every_recorded_refusal_is_expected():
    assert set(EXPECTED) == RECORDED - NOT_400
    assert {n for n in RECORDED if http(f"prompt_err_{n}")["status"] != 400} == NOT_400


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_refusal_names_code_node_and_reason(name):
    code, parts = EXPECTED[name]
    error = recorded(name, node_classes(http("object_info")))
    assert error.code == code
    assert [part for part in parts if part not in error.message] == []
    assert error.hint
    json.dumps(error.document(), allow_nan=False)


def test_all_problems_are_listed_with_what_would_be_allowed():
    problems = recorded("many").details["problems"]
    assert [(p["node"], p["input"], p["type"], p["received"], p["allowed"]) for p in problems] == [
        ("5", "width", "value_smaller_than_min", 7, "16 to 16384"),
        ("3", "steps", "value_smaller_than_min", 0, "1 to 10000"),
        ("3", "seed", "invalid_input_type", "abc", "0 to 18446744073709551615"),
        ("3", "positive", "required_input_missing", None, ""),
        ("3", "cfg", "value_bigger_than_max", 1000.0, "0.0 to 100.0"),
    ]
    assert {(p["title"], p["class"]) for p in problems} == {
        ("Empty Latent Image", "EmptyLatentImage"),
        ("KSampler", "KSampler"),
    }
    assert problems[0]["outputs"] == ["9"]


def test_long_lists_are_asked_for_and_the_nearest_named():
    data = http("prompt_err_bad_sampler")
    assert unlisted_classes(data["json"]) == {"KSampler"}
    assert unlisted_classes(http("prompt_err_bad_checkpoint")["json"]) == frozenset()
    without = recorded("bad_sampler").details["problems"][0]
    assert without["allowed"] == ""
    data["json"]["node_errors"]["3"]["errors"][0]["extra_info"]["received_value"] = "dpmpp2m"
    error = refusal(data["json"], {}, node_classes(http("object_info")))
    assert error is not None
    assert "nearest: dpmpp_2m" in error.details["problems"][0]["allowed"]


def test_a_partly_accepted_prompt_has_its_problems():
    data = http("prompt_ok_partial_node_errors")
    (problem,) = node_problems(data["json"]["node_errors"], data["request"]["body"]["prompt"])
    assert (problem.node, problem.node_class, problem.input, problem.outputs) == (
        "11",
        "PreviewImage",
        "images",
        ("11",),
    )


def test_the_form_of_newer_servers_for_an_unknown_class():
    answer = {
        "error": {
            "type": "missing_node_type",
            "message": "Node 'X' not found.",
            "details": "Node ID '#7'",
            "extra_info": {"node_id": "7", "class_type": "FooNode", "node_title": "X"},
        }
    }
    error = refusal(answer, {"7": {"class_type": "FooNode", "_meta": {"title": "Foo"}}})
    assert error is not None
    assert error.code == "prompt.unknown_class"
    assert "node 7 'Foo' (FooNode)" in error.message


def test_an_error_of_its_own_words_and_one_that_is_not_comfyuis():
    error = refusal({"error": "nope\x1b[31m"}, {})
    assert error is not None
    assert (error.code, error.message) == (
        "prompt.refused",
        "ComfyUI refused the graph: nope\u241b[31m",
    )
    assert refusal({"detail": "Bad Request"}, {}) is None
    assert refusal([], {}) is None


def test_foreign_text_is_harmless_in_the_message():
    report = {"errors": [{"type": "custom_validation_failed", "details": "\x1b]52;c;x\x07\u202e"}]}
    error = refusal({"error": {"type": "x"}, "node_errors": {"\x1b": {"class_type": "\x07", **report}}}, {})
    assert error is not None
    assert error.message.isprintable()


def test_nearest_names_pass_over_case_and_folders():
    names = ["xl/Juggernaut_XL.safetensors", "sd15.safetensors", "sub\\dreamshaper_8.safetensors"]
    assert nearest("dreamshaper8.safetensors", names)[0] == "sub\\dreamshaper_8.safetensors"
    assert nearest("juggernaut_xl", names)[0] == "xl/Juggernaut_XL.safetensors"
    assert nearest("zzz", names) == []


def graph_of(links):
    return {n: {"inputs": {str(i): [s, 0] for i, s in enumerate(sources)}} for n, sources in links.items()}


def test_circles_are_found_in_the_direction_of_the_links():
    assert find_cycle(graph_of({"1": ["2"], "2": ["3"], "3": ["1"], "4": ["1"]})) == ("3", "2", "1")
    assert find_cycle(graph_of({"1": ["1"]})) == ("1",)
    assert find_cycle(graph_of({"1": ["2", "3"], "2": ["3"], "3": []})) == ()
    chain = {str(n): [str(n + 1)] for n in range(5000)}
    assert find_cycle(graph_of(chain)) == ()


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=5))
def test_a_found_circle_is_one(links):
    cycle = find_cycle(graph_of(links))
    for node, after in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
        assert node in links[after]
    if not cycle:
        ready = set("abcdef") - set(links)
        for _ in links:
            ready |= {n for n, sources in links.items() if set(sources) <= ready}
        assert ready == set("abcdef")


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
error_types = st.sampled_from(
    ["required_input_missing", "bad_linked_input", "return_type_mismatch", "invalid_input_type", "odd"]
) | st.sampled_from(
    ["value_smaller_than_min", "value_not_in_list", "custom_validation_failed", "exception_during_validation"]
)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"type": error_types | json_value, "message": json_value, "details": json_value},
        optional={
            "extra_info": st.dictionaries(
                st.sampled_from(["input_name", "input_config", "received_value", "linked_node"]), json_value
            )
            | json_value
        },
    ),
    json_value,
    json_value,
)
def test_any_refusal_can_be_explained(error, entry, node_errors):
    for errors in (node_errors, {"1": {"errors": [error, entry], "class_type": entry}}):
        found = refusal({"error": error, "node_errors": errors}, {"1": entry})
        assert found is not None
        assert not {unicodedata.category(char) for char in found.message} & {"Cc", "Cs", "Zl", "Zp"}
        json.dumps(found.document(), allow_nan=False)
        unlisted_classes({"node_errors": errors})

"""Graphs are read, understood, measured, and checked by the server's own rules."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain import graphs
from ainf_tui.domain.graphcheck import check_graph
from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError
from tests.domain.graphdata import CORPUS, at, corpus, node, object_info, recorded, txt2img


def refusal(call, *args) -> UsageError:
    with pytest.raises(UsageError) as caught:
        call(*args)
    return caught.value


# -- reading ---------------------------------------------------------------------------------------
def test_api_graph_is_taken_as_it_is():
    loaded = graphs.load_graph(json.dumps(txt2img()))
    assert loaded.graph == txt2img()
    assert loaded.workflow is None


def test_prompt_body_is_unwrapped_with_its_workflow():
    body = {"prompt": txt2img(), "extra_data": {"extra_pnginfo": {"workflow": {"nodes": [], "links": []}}}}
    loaded = graphs.load_graph(json.dumps(body))
    assert loaded.graph == txt2img()
    assert loaded.workflow == {"nodes": [], "links": []}


def test_a_node_named_prompt_is_no_wrapper():
    graph = {"prompt": node("SaveImage", images=["1", 0]), "1": node("LoadImage", image="a.png")}
    assert graphs.load_graph(json.dumps(graph)).graph == graph


@pytest.mark.parametrize("wrapped", [False, True])
def test_ui_format_is_refused_by_name(wrapped):
    workflow = recorded("prompt_err_ui_format")["request"]["body"]["prompt"]
    error = refusal(graphs.load_graph, json.dumps({"prompt": workflow} if wrapped else workflow))
    assert error.code == "workflow.ui_format"
    assert "Export (API)" in error.hint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n "1": {,\n}', "line 2, column 8"),
        ("", "line 1, column 1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "too long"),
        (b'{"1": "\xff"}', "byte 7 is not UTF-8"),
    ],
)
def test_broken_json_is_told_with_its_place(text, place):
    error = refusal(graphs.load_graph, text)
    assert error.code == "workflow.bad_json"
    assert place in error.message


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "not an object of nodes"),
        ({}, "no nodes"),
        ({"7": "x"}, '"7" is not an object'),
        ({"7": {"inputs": {}}}, '"7" has no class_type'),
        ({"7": {"class_type": "VAEDecode"}}, '"7" has no inputs'),
        ({"7\x1b[31m": 1}, '"7\u241b[31m" is not an object'),
    ],
)
def test_what_is_no_graph_is_refused_with_the_node(value, told):
    error = refusal(graphs.load_graph, json.dumps(value))
    assert error.code == "workflow.not_a_graph"
    assert told in error.message


def test_nan_and_is_changed_do_not_survive():
    text = '{"1": {"class_type": "LoadImage", "is_changed": ["ab"], "inputs": {"image": "a", "x": NaN}}}'
    assert graphs.load_graph(text).graph == {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a", "x": None}}
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    )
)
def test_any_json_is_a_graph_or_refused(value):
    codes = []
    try:
        loaded = graphs.load_graph(json.dumps(value))
    except UsageError as error:
        codes.append(error.code.partition(".")[0])
    assert codes in ([], ["workflow"])
    if codes:
        return
    assert loaded.graph
    json.dumps(loaded.graph, allow_nan=False).encode()
    graphs.needed_nodes(loaded.graph)
    assert graphs.work(loaded.graph) > 0


# -- structure -------------------------------------------------------------------------------------
def test_titles_come_from_the_user_then_the_server_then_the_class():
    graph = {"1": node("VAEDecode", "Mine"), "2": node("VAEDecode"), "3": node("Nope")}
    titles = [graphs.node_title(graph, n, object_info()) for n in ("1", "2", "3")]
    assert titles == ["Mine", "VAE Decode", "Nope"]
    assert graphs.node_title(graph, "2") == "VAEDecode"


def test_needed_are_the_nodes_behind_outputs():
    graph = txt2img() | {"20": node("EmptyLatentImage", width=8, height=8, batch_size=1)}
    with_server = graphs.needed_nodes(graph, object_info())
    assert with_server == frozenset(txt2img())
    # Without a server's word a node that nothing takes from may be an output.
    assert graphs.needed_nodes(graph) == frozenset(graph)


def test_order_puts_sources_first():
    order = graphs.topological_order(txt2img())
    place = {name: i for i, name in enumerate(order)}
    assert sorted(order) == sorted(txt2img())
    for name in order:
        assert all(place[source] < place[name] for _, (source, _) in graphs.links(txt2img(), name))


def test_a_long_chain_needs_no_deep_stack():
    chain = {str(i): node("ImageInvert", image=[str(i - 1), 0]) for i in range(1, 20_000)}
    graph = {"0": node("EmptyImage"), **chain}
    assert graphs.topological_order(graph)[-1] == "19999"
    assert len(graphs.needed_nodes(graph)) == 20_000


def test_a_circle_is_named():
    graph = {
        "1": node("ImageInvert", "One", image=["2", 0]),
        "2": node("ImageInvert", "Two", image=["1", 0]),
        "3": node("PreviewImage", "Out", images=["1", 0]),
    }
    error = refusal(graphs.topological_order, graph)
    assert error.code == "graph.cycle"
    assert '"One"' in error.message
    assert '"Two"' in error.message
    assert '"Out"' not in error.message
    assert set(graphs.find_cycle(graph)) == {"1", "2"}


# -- hash and size ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes", [{"_3__seed": 77}, {"_6__text": "other"}, {"_9__filename_prefix": "other"}]
)
def test_hash_is_shared_where_the_time_is_the_same(changes):
    assert graphs.graph_hash(txt2img(**changes)) == graphs.graph_hash(txt2img())


@pytest.mark.parametrize(
    "changes",
    [
        {"_3__steps": 21},
        {"_5__width": 72},
        {"_4__ckpt_name": "b"},
        {"_3__positive": ["7", 0]},
        {"_3__seed": ["5", 0]},
    ],
)
def test_hash_differs_where_the_time_may_differ(changes):
    assert graphs.graph_hash(txt2img(**changes)) != graphs.graph_hash(txt2img())


def test_hash_knows_no_titles_and_no_order():
    plain = {n: {k: v for k, v in e.items() if k != "_meta"} for n, e in reversed(txt2img().items())}
    assert graphs.graph_hash(plain) == graphs.graph_hash(txt2img())


def test_work_is_megapixels_times_steps_times_batch():
    graph = txt2img(_3__steps=20, _5__width=1000, _5__height=500, _5__batch_size=4)
    assert graphs.work(graph) == pytest.approx(0.5 * 20 * 4)
    assert graphs.total_steps(graph) == 20


def test_work_follows_upscaling_and_sums_over_samplers():
    graph = txt2img(_3__steps=20, _5__width=1000, _5__height=1000)
    graph["30"] = node("LatentUpscaleBy", samples=["3", 0], scale_by=1.5)
    graph["31"] = node("KSampler", steps=10, latent_image=["30", 0])
    graph["8"]["inputs"]["samples"] = ["31", 0]
    assert graphs.work(graph) == pytest.approx(20 + 10 * 2.25)
    assert graphs.total_steps(graph) == 30


def test_two_halves_of_a_refined_picture_are_one_sampling():
    # 25 steps of which the base makes 0..20 and the refiner the rest, of 1024x1024.
    graph = corpus("sdxl_refiner_prompt_example")
    assert graphs.total_steps(graph) == 25
    assert graphs.work(graph) == pytest.approx(25 * 1.048576)


def test_steps_are_found_behind_sigmas_and_sizes_behind_primitives():
    graph = corpus("image_flux2_text_to_image_9b")
    assert graphs.total_steps(graph) == 20
    assert graphs.work(graph) == pytest.approx(20 * 1.048576)


def test_work_is_one_where_nothing_tells():
    assert graphs.work({"1": node("Nope")}) == 1.0
    looped = {"1": node("KSampler", steps=3, latent_image=["1", 0])}
    assert graphs.work(looped) == 3.0


# -- the server's validation -----------------------------------------------------------------------
RULES = {
    "required_input_missing": {"graph.missing_input"},
    "bad_linked_input": {"graph.bad_link"},
    "return_type_mismatch": {"graph.type_mismatch"},
    "invalid_input_type": {"value.wrong_type"},
    "value_smaller_than_min": {"value.out_of_bounds"},
    "value_bigger_than_max": {"value.out_of_bounds"},
    "value_not_in_list": {"value.not_an_option"},
}


def server_complaints(body) -> set[tuple[str, str, str]]:
    return {
        (name, error["extra_info"]["input_name"], error["type"])
        for name, entry in body["node_errors"].items()
        for error in entry["errors"]
    }


@pytest.mark.parametrize(
    "name",
    [
        "prompt_err_bad_checkpoint",
        "prompt_err_bad_sampler",
        "prompt_err_link_shape",
        "prompt_err_link_type",
        "prompt_err_many",
        "prompt_err_missing_input",
        "prompt_ok_partial_node_errors",
    ],
)
def test_we_complain_of_the_same_inputs_as_the_server(name):
    case = recorded(name)
    problems = check_graph(case["request"]["body"]["prompt"], object_info())
    ours = {(at(p), p.details["input"], p.code) for p in problems}
    theirs = server_complaints(case["json"])
    assert theirs
    assert {(n, i) for n, i, _ in ours} == {(n, i) for n, i, _ in theirs}
    for place, wanted, kind in theirs:
        assert {code for n, i, code in ours if (n, i) == (place, wanted)} <= RULES[kind]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        # The server raises over these links and blames the input through which it came to node 8.
        ("prompt_err_link_slot_range", [("graph.bad_link", "8", "samples")]),
        ("prompt_err_link_unknown_node", [("graph.bad_link", "8", "samples")]),
        ("prompt_err_no_inputs_key", [("graph.bad_node", "8", None)]),
        ("prompt_err_no_class_type", [("graph.bad_node", "3", None)]),
        ("prompt_err_node_is_string", [("graph.bad_node", "1", None)]),
        ("prompt_err_missing_class", [("graph.unknown_class", "3", None)]),
        ("prompt_err_no_outputs", [("graph.no_output", None, None)]),
        ("prompt_err_empty_prompt", [("graph.no_output", None, None)]),
        # The server says nothing at all about a circle.
        ("prompt_err_cycle", [("graph.cycle", "1", None)]),
        # The class looks for the file itself, also in folders that its options do not list.
        ("prompt_err_load_image", []),
    ],
)
def test_graphs_that_the_server_refuses_otherwise(name, found):
    problems = check_graph(recorded(name)["request"]["body"]["prompt"], object_info())
    assert [(p.code, at(p), p.details.get("input")) for p in problems] == found


def test_an_unknown_class_comes_with_the_nearest():
    (problem,) = check_graph(txt2img() | {"40": node("KSamplr")}, object_info())
    assert problem.details["near"][0] == "KSampler"
    assert "KSampler" in problem.hint


MODEL_FILES = (".safetensors", ".sft", ".ckpt", ".pth")
NOT_THERE = {  # newer than the recorded server: it would refuse these too
    ("api_kling_v3_t2i", "27", "model_name"),
    ("api_tripo_multiview_to_model", "43", "mesh"),
    ("api_tripo_multiview_to_model", "44", "mesh"),
}


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_no_false_complaint_about_a_real_graph(path):
    problems = check_graph(corpus(path.stem), object_info())
    left = {
        (path.stem, at(p), p.details["input"])
        for p in problems
        if not (p.code == "value.not_an_option" and str(p.details["value"]).endswith(MODEL_FILES))
    }
    assert left == {entry for entry in NOT_THERE if entry[0] == path.stem}


def test_late_places_are_not_judged_and_wrapped_values_are_seen():
    graph = txt2img(_4__ckpt_name="not there yet", _3__cfg={"__value__": 101.0})
    assert [p.code for p in check_graph(graph, object_info(), late={"4.ckpt_name"})] == [
        "value.out_of_bounds"
    ]


@given(st.data())
def test_the_check_never_raises(data):
    graph = txt2img()
    junk = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.integers() | st.text(), max_size=3)
    )
    name = data.draw(st.sampled_from(sorted(graph)))
    key = data.draw(st.sampled_from(sorted(graph[name]["inputs"])))
    graph[name]["inputs"][key] = data.draw(junk)
    for problem in check_graph(graph, object_info()):
        assert problem.code
        # Nothing in it moves the cursor or hides; spaces of other widths are spaces.
        assert visible(problem.message, 10_000) == problem.message

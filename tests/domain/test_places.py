"""Names that people use find their places in any graph."""

from __future__ import annotations

import pytest

from ainf_tui.domain.binding import bind_graph
from ainf_tui.domain.places import Places
from ainf_tui.errors import UsageError
from tests.domain.graphdata import code_of, corpus, node, object_info, txt2img


@pytest.mark.parametrize(
    "name", ["3.steps", "KSampler.steps", "ksampler.Steps", "My Sampler.steps", "MY SAMPLER.steps", "steps"]
)
def test_a_node_is_named_by_id_title_or_class(name):
    graph = txt2img()
    graph["3"]["_meta"]["title"] = "My Sampler"
    assert Places(graph).find(name) == (("3", "steps"),)


def test_dots_in_ids_titles_and_inputs_are_understood():
    graph = {
        "a.b": node(
            "ResizeImageMaskNode", "v1.5 resize", **{"resize_type.multiplier": 2.0, "input": ["2", 0]}
        ),
        "2": node("LoadImage", image="a.png"),
    }
    place = (("a.b", "resize_type.multiplier"),)
    for name in ("a.b", "v1.5 resize", "ResizeImageMaskNode"):
        assert Places(graph).find(f"{name}.resize_type.multiplier") == place
    assert Places(graph).find("resize_type.multiplier") == place


def test_an_ambiguous_name_lists_the_candidates():
    with pytest.raises(UsageError) as caught:
        Places(txt2img()).find("CLIPTextEncode.text")
    assert caught.value.code == "set.ambiguous"
    assert caught.value.details["candidates"] == ["6.text", "7.text"]
    assert '"Positive prompt"' in caught.value.message
    two = corpus("sdxl_refiner_prompt_example")
    for name in ("steps", "prompt", "negative", "checkpoint", "sampler"):
        assert code_of(Places(two, object_info()).find, name) == "set.ambiguous"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("stps", "steps"),
        ("KSampler.stepz", "steps"),
        ("KSamplr.steps", "KSampler.steps"),
        ("Postive prompt.text", "Positive prompt.text"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(name, near):
    with pytest.raises(UsageError) as caught:
        Places(txt2img()).find(name)
    assert caught.value.code == "set.unknown"
    assert near in caught.value.details["near"]
    assert near in caught.value.hint


def test_a_link_is_replaced_only_where_a_value_may_stand():
    graph = txt2img(_3__steps=["50", 0]) | {"50": node("PrimitiveInt", "Steps", value=12)}
    assert code_of(bind_graph, graph, {"3.model": "x"}, info=object_info()) == "set.is_link"
    assert code_of(bind_graph, graph, {"3.steps": "9"}) == "set.is_link"
    assert bind_graph(graph, {"3.steps": "9"}, info=object_info()).graph["3"]["inputs"]["steps"] == 9
    # By its bare name the value goes to where it comes from.
    assert bind_graph(graph, {"steps": "9"}).graph["50"]["inputs"]["value"] == 9


def test_an_optional_input_that_is_absent_can_be_set_if_the_server_declares_it():
    graph = {"1": node("LoadImage", image="a.png"), "2": node("SaveImage", images=["1", 0])}
    assert (
        bind_graph(graph, {"2.filename_prefix": "x"}, info=object_info()).graph["2"]["inputs"][
            "filename_prefix"
        ]
        == "x"
    )
    assert code_of(bind_graph, graph, {"2.filename_prefix": "x"}) == "set.unknown"


# -- the prompt of any graph -----------------------------------------------------------------------
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("name", "prompt", "negative"),
    [
        ("flux_redux_model_example", "6.text", None),
        ("flux_dev_full_text_to_image", "194:49.text", None),  # negative: a zeroed-out prompt
        ("sd3.5_large_canny_controlnet_example", "6.text", None),
        ("video_wan2_2_5B_ti2v", "6.text", "7.text"),
        ("image_chroma_text_to_image", "748.text", "749.text"),
        ("api_kling_v3_t2i", "27.prompt", "27.negative_prompt"),
        ("api_bytedance_text_to_video", "10.prompt", None),
    ],
)
def test_prompt_goes_to_the_text_that_feeds_the_sampler(name, prompt, negative, known):
    graph = corpus(name)
    info = object_info() if known else None
    bound = bind_graph(graph, {"prompt": "a red bicycle"}, info=info)
    assert bound.bindings["prompt"] == (prompt,)
    assert bound.prompt_text == "a red bicycle"
    if negative is None:
        assert code_of(bind_graph, graph, {"negative": "x"}, info=info) == "set.unknown"
    else:
        assert bind_graph(graph, {"negative": "x"}, info=info).bindings["negative"] == (negative,)


def conditioned() -> dict:
    graph = txt2img(_3__positive=["20", 0], _3__negative=["20", 1])
    graph["20"] = node("ControlNetApplyAdvanced", positive=["21", 0], negative=["7", 0], strength=1.0)
    graph["21"] = node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["6", 0])
    return graph


def test_links_are_followed_through_conditioning_by_side():
    assert Places(conditioned()).find("prompt") == (("6", "text"),)
    assert Places(conditioned()).find("negative") == (("7", "text"),)


def test_two_texts_for_one_side_are_ambiguous():
    graph = conditioned() | {"22": node("CLIPTextEncode", "Second", text="b", clip=["4", 1])}
    graph["21"]["inputs"]["conditioning_2"] = ["22", 0]
    assert code_of(Places(graph).find, "prompt") == "set.ambiguous"


def test_linked_texts_are_followed_to_the_string():
    graph = txt2img(_6__text=["30", 0]) | {"30": node("PrimitiveStringMultiline", value="old")}
    assert bind_graph(graph, {"prompt": "new"}).graph["30"]["inputs"]["value"] == "new"


def test_a_text_for_both_sides_is_no_negative():
    assert code_of(Places(txt2img(_3__negative=["6", 0])).find, "negative") == "set.unknown"


def test_all_texts_of_one_encoder_take_the_prompt():
    graph = txt2img() | {"6": node("CLIPTextEncodeSDXL", text_g="a", text_l="b", width=1, clip=["4", 1])}
    inputs = bind_graph(graph, {"prompt": "new"}).graph["6"]["inputs"]
    assert (inputs["text_g"], inputs["text_l"]) == ("new", "new")


def test_size_is_that_of_the_latent():
    graph = txt2img() | {"6": node("CLIPTextEncodeSDXL", text_g="a", width=1, height=1, clip=["4", 1])}
    assert Places(graph).find("width") == (("5", "width"),)

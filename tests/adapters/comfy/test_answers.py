from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.comfy.answers import (
    NotComfyError,
    history_entries,
    model_names,
    prompt_body,
    queue_snapshot,
    system_stats,
    uploaded_name,
)
from ainf_tui.adapters.comfy.nodes import node_classes
from ainf_tui.domain.comfy import Device, InputSpec, PromptRequest, QueueItem, ServerFile
from ainf_tui.domain.outputs import output_files
from tests.adapters.comfy.recordings import http

json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    [
        "queue_running",
        "queue_pending",
        "system",
        "devices",
        "outputs",
        "status",
        "messages",
        "prompt",
        "input",
        "required",
        "optional",
        "options",
        "template",
        "input_order",
        "inputs",
        "key",
        "argv",
    ]
)
answer = st.recursive(
    json_value, lambda i: st.dictionaries(names, i, max_size=6) | st.lists(i, max_size=5), max_leaves=20
)


@settings(deadline=None)
@given(answer)
@pytest.mark.parametrize(
    "parse", [queue_snapshot, history_entries, system_stats, model_names, uploaded_name, node_classes]
)
def test_any_json_is_parsed_or_named_as_not_comfyuis(parse, data):
    with contextlib.suppress(NotComfyError):
        parse(data)


# -- prompts ---------------------------------------------------------------------------------------
def test_the_prompt_body_names_ids_and_leaves_the_number_to_the_server():
    body = json.loads(prompt_body(PromptRequest("p", "c", {"1": {}}, {"id": "w"}, "latent2rgb")))
    assert body == {
        "prompt": {"1": {}},
        "prompt_id": "p",
        "client_id": "c",
        "extra_data": {"extra_pnginfo": {"workflow": {"id": "w"}}, "preview_method": "latent2rgb"},
    }
    # A workflow of null would break /api/jobs for everybody on that server.
    assert json.loads(prompt_body(PromptRequest("p", "c", {})))["extra_data"] == {}


def test_seeds_beyond_doubles_are_sent_exactly():
    body = prompt_body(PromptRequest("p", "c", {"3": {"inputs": {"seed": 2**64 - 1}}}))
    assert b"18446744073709551615" in body


# -- queue -----------------------------------------------------------------------------------------
def test_pending_prompts_come_in_run_order():
    data = http("queue_heap_order")["json"]
    on_the_wire = [(item[0], item[1]) for item in data["queue_pending"]]
    pending = [(i.number, i.prompt_id) for i in queue_snapshot(data).pending]
    assert pending == sorted(on_the_wire)
    assert pending != on_the_wire


def test_a_queue_item_is_counted_and_keeps_no_token():
    snapshot = queue_snapshot(http("queue_running_0.3.64"))
    assert "DUMMY" in json.dumps(http("queue_running_0.3.64"))
    (item,) = snapshot.running
    assert (item.prompt_id, item.number, item.nodes) == ("my-own-id", 0.0, 7)
    assert item.steps == 20
    assert "DUMMY" not in repr(snapshot)


def test_a_bad_queue_item_costs_itself():
    data = {"queue_running": [5, [], [1], ["x", "id", None, None, [], "new"]], "queue_pending": None}
    assert queue_snapshot(data).running == (QueueItem(0.0, "id", None, 0, 0),)
    with pytest.raises(NotComfyError):
        queue_snapshot({"queue_running": []})


# -- history ---------------------------------------------------------------------------------------
def test_history_of_a_success():
    (entry,) = history_entries(http("history_id_success")["json"])
    assert entry.outcome == "success"
    assert [(f.node, f.kind, f.index, f.filename, f.type) for f in entry.files] == [
        ("9", "images", 0, "proto_00001_.png", "output")
    ]
    assert entry.started_at is not None
    assert entry.ended_at is not None
    assert 0 < entry.ended_at - entry.started_at < 60
    assert (entry.error, entry.interrupted) == (None, None)


def test_history_tells_interrupted_from_failed():
    (failed,) = history_entries(http("history_id_error")["json"])
    assert failed.outcome == "failed"
    assert failed.error is not None
    assert failed.error.node == "3"
    assert failed.cached == ("1",)
    (stopped,) = history_entries(http("history_id_interrupted")["json"])
    assert stopped.outcome == "interrupted"
    assert stopped.interrupted is not None
    assert stopped.error is None


def test_history_of_several_prompts_is_in_order_of_completion_and_of_none_is_empty():
    data = http("history_max2_offset1")["json"]
    assert [e.prompt_id for e in history_entries(data)] == list(data)
    assert history_entries(http("history_id_unknown")["json"]) == ()


def test_history_of_the_older_server():
    (entry,) = history_entries(http("history_id_success_0.3.64"))
    assert entry.outcome == "success"
    assert entry.files


def test_a_history_entry_without_a_status_is_unknown():
    (entry,) = history_entries({"a": {"prompt": [], "outputs": {}, "status": None}})
    assert entry.outcome == "unknown"


def test_outputs_of_every_kind():
    files = output_files(
        {
            "9": {
                "images": [{"filename": "a.png", "subfolder": "s", "type": "temp"}, {"filename": "b.png"}],
                "animated": [True],
                "text": ["one\0", "two"],
                "3d": [None, {"filename": "m.glb", "type": "output", "subfolder": ""}],
            },
            "10": {"gifs": {"filename": "v.mp4", "format": "video/h264-mp4"}, "odd": [{"x": 1}, 5]},
            "11": None,
        }
    )
    assert files == (
        ServerFile("9", "images", 0, "a.png", "s", "temp"),
        ServerFile("9", "images", 1, "b.png"),
        ServerFile("9", "text", 0, text="one\u2400"),
        ServerFile("9", "text", 1, text="two"),
        ServerFile("9", "3d", 1, "m.glb"),
        ServerFile("10", "gifs", 0, "v.mp4"),
        ServerFile("10", "odd", 0, text='{"x": 1}'),
        ServerFile("10", "odd", 1, text="5"),
    )


# -- server ----------------------------------------------------------------------------------------
def test_system_stats_of_both_versions():
    stats = system_stats(http("system_stats"))
    assert (stats.version, stats.os) == ("0.8.0", "linux")
    assert stats.devices == (Device("cpu", "cpu", None, 25276518400, 19165102080, 25276518400, 19165102080),)
    assert stats.argv[:2] == ("main.py", "--cpu")
    assert system_stats(http("system_stats_0.3.64")).version == "0.3.64"


def test_secrets_on_the_servers_command_line_are_hidden():
    argv = ["main.py", "--api-key", "geheim", "--database-url", "postgresql://u:geheim@h/d", "--token=geheim"]
    stats = system_stats({"system": {"argv": argv}})
    assert "geheim" not in repr(stats)
    assert stats.argv == (
        "main.py",
        "--api-key",
        "***",
        "--database-url",
        "postgresql://***@h/d",
        "--token=***",
    )


def test_an_uploaded_image_is_known_by_folder_and_name():
    assert uploaded_name(http("upload_image")["json"]) == "tiny.png"
    assert uploaded_name({"name": "a (1).png", "subfolder": "sub", "type": "input"}) == "sub/a (1).png"


# -- object_info -----------------------------------------------------------------------------------
def test_inputs_in_declared_order_with_bounds():
    sampler = node_classes(http("object_info"))["KSampler"]
    assert [i.name for i in sampler.inputs][:3] == ["model", "seed", "steps"]
    assert sampler.input("seed") == InputSpec("seed", "INT", True, 0, 0, 2**64 - 1)
    cfg = sampler.input("cfg")
    assert cfg is not None
    assert (cfg.default, cfg.min, cfg.max, cfg.step) == (8.0, 0.0, 100.0, 0.1)
    assert not sampler.output_node
    assert sampler.outputs == ("LATENT",)


def test_choices_of_the_old_form_of_the_new_and_of_remote_lists():
    classes = node_classes(http("object_info"))
    sampler = classes["KSampler"].input("sampler_name")
    assert sampler is not None
    assert sampler.type == "COMBO"
    assert sampler.options is not None
    assert sampler.options[:2] == ("euler", "euler_cfg_pp")
    assert classes["LoadImageOutput"].input("image") == InputSpec("image", "COMBO", True)
    assert classes["VAELoader"].input("vae_name") == InputSpec(
        "vae_name", "COMBO", True, options=("pixel_space",)
    )
    scale = classes["ResizeImageMaskNode"].input("scale_method")
    assert scale is not None
    assert scale.options == ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")


def test_dynamic_choices_bring_their_children():
    node = node_classes(http("object_info"))["ResizeImageMaskNode"]
    kind = node.input("resize_type")
    assert kind is not None
    assert kind.options is not None
    assert "scale dimensions" in kind.options
    width = node.input("resize_type.width")
    assert width is not None
    assert (width.type, width.required, width.max) == ("INT", False, 16384)


def test_growing_lists_bring_their_children():
    classes = node_classes(http("object_info"))
    batch = classes["BatchImagesNode"]
    assert batch.input("images.image0") == InputSpec("images.image0", "IMAGE", False)
    assert batch.input("images.image49") is not None
    assert batch.input("images.image50") is None
    assert classes["WanReferenceVideoApi"].input("reference_videos.character2") is not None


def test_a_child_that_differs_by_choice_is_not_bounded():
    option = {"inputs": {"required": {"n": ["INT", {"max": 5}]}}, "key": "a"}
    other = {"inputs": {"required": {"n": ["INT", {"max": 9}]}}, "key": "b"}
    info = {"input": {"required": {"k": ["COMFY_DYNAMICCOMBO_V3", {"options": [option, other]}]}}}
    child = node_classes({"X": info})["X"].input("k.n")
    assert child == InputSpec("k.n", "INT", False)


def test_class_names_fall_back_and_odd_specs_are_read():
    classes = node_classes(
        {"A": {"display_name": None, "input": {"required": {"x": [], "y": "?", "z": [5]}}}, "B": 3}
    )
    assert list(classes) == ["A"]
    assert classes["A"].display_name == "A"
    assert [(i.name, i.type) for i in classes["A"].inputs] == [("x", "*"), ("y", "*"), ("z", "5")]


def test_multiple_choices_have_no_single_allowed_value():
    info = {"input": {"required": {"m": ["COMBO", {"options": ["a"], "multiselect": True}]}}}
    spec = node_classes({"X": info})["X"].input("m")
    assert spec == InputSpec("m", "COMBO", True)

"""What the node classes make: sizes, files, metadata, and what is made again."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

import pytest
from PIL import Image

from ainf_tui.simulator.catalog import catalog
from ainf_tui.simulator.nodes import NODES
from ainf_tui.simulator.options import SimulatorOptions
from tests.fakes.sim import SimTask
from tests.simulator.driving import Client, image_graph, node, txt2img
from tests.simulator.recordings import workflow

WORKFLOW = {"id": "w", "note": "ünï"}


async def made(sim: SimTask, graph: dict[str, Any], prompt_id: str = "a") -> tuple[dict[str, Any], Client]:
    """Outputs by node id, and the client that watched."""
    async with Client(sim.url, "me") as client:
        extra = {"extra_pnginfo": {"workflow": WORKFLOW}}
        await client.submit(graph, prompt_id=prompt_id, extra_data=extra)
        await client.until_end(prompt_id)
        entry = (await client.get(f"/history/{prompt_id}")).json()[prompt_id]
    assert entry["status"]["status_str"] == "success", entry["status"]
    return entry["outputs"], client


async def fetched(sim: SimTask, item: dict[str, Any]) -> bytes:
    async with Client(sim.url, "fetcher") as client:
        answer = await client.get("/view", params=item)
    assert answer.status_code == 200
    return answer.content


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_every_class_that_is_offered_can_run() -> None:
    assert set(catalog(SimulatorOptions(), [])) == set(NODES)


async def test_a_batch_has_the_size_asked_for_and_tells_how_it_was_made(fast_sim: SimTask) -> None:
    graph = txt2img(steps=1, size=72, batch=2)
    outputs, _ = await made(fast_sim, graph)
    items = outputs["9"]["images"]
    assert [item["filename"] for item in items] == ["proto_00001_.png", "proto_00002_.png"]
    files = [picture(await fetched(fast_sim, item)) for item in items]
    assert [file.size for file in files] == [(72, 72), (72, 72)]
    assert files[0].tobytes() != files[1].tobytes()
    assert json.loads(files[0].info["prompt"]) == graph
    assert json.loads(files[0].info["workflow"]) == WORKFLOW


async def test_pixels_follow_from_seed_and_prompt(fast_sim: SimTask) -> None:
    async def pixels(prompt_id: str, **changed: Any) -> bytes:
        graph = txt2img(steps=1, seed=changed.get("seed", 1))
        graph["6"]["inputs"]["text"] = changed.get("text", "a house")
        graph["9"]["inputs"]["filename_prefix"] = prompt_id
        outputs, _ = await made(fast_sim, graph, prompt_id)
        return picture(await fetched(fast_sim, outputs["9"]["images"][0])).tobytes()

    first = await pixels("one")
    assert await pixels("two", seed=2) != first
    assert await pixels("three", text="a tree") != first
    assert await pixels("four") == first


async def test_image_to_image_keeps_its_size_and_notes_the_file(fast_sim: SimTask) -> None:
    outputs, _ = await made(fast_sim, workflow("img2img"))
    [item] = outputs["10"]["images"]
    assert (item["subfolder"], item["type"]) == ("sub", "output")
    file = picture(await fetched(fast_sim, item))
    assert file.size == (64, 64)
    assert len(json.loads(file.info["prompt"])["2"]["is_changed"][0]) == 64
    assert outputs["9"]["images"][0]["type"] == "temp"


@pytest.mark.parametrize(
    ("scaler", "size"),
    [
        (node("LatentUpscale", upscale_method="area", width=128, height=0, crop="disabled"), (128, 128)),
        (node("LatentUpscaleBy", upscale_method="area", scale_by=1.5), (96, 96)),
        (node("RepeatLatentBatch", amount=2), (64, 64)),
    ],
)
async def test_latents_are_scaled(fast_sim: SimTask, scaler: dict[str, Any], size: tuple[int, int]) -> None:
    graph = txt2img(steps=1)
    graph["10"] = scaler
    graph["10"]["inputs"]["samples"] = ["3", 0]
    graph["8"]["inputs"]["samples"] = ["10", 0]
    outputs, _ = await made(fast_sim, graph)
    assert picture(await fetched(fast_sim, outputs["9"]["images"][0])).size == size


@pytest.mark.parametrize(
    ("scaler", "size"),
    [
        (node("ImageScale", upscale_method="area", width=30, height=20, crop="center"), (30, 20)),
        (node("ImageScaleBy", upscale_method="area", scale_by=0.5), (32, 32)),
        (node("ImageInvert"), (64, 64)),
    ],
)
async def test_pictures_are_changed(fast_sim: SimTask, scaler: dict[str, Any], size: tuple[int, int]) -> None:
    graph = image_graph(
        0xFF0000, ("3", scaler), ("4", node("SaveImage", filename_prefix="x", images=["3", 0]))
    )
    graph["3"]["inputs"]["image"] = ["1", 0]
    outputs, _ = await made(fast_sim, graph)
    file = picture(await fetched(fast_sim, outputs["4"]["images"][0]))
    inverted = scaler["class_type"] == "ImageInvert"
    assert (file.size, file.getpixel((0, 0))) == (size, (0, 255, 255) if inverted else (255, 0, 0))


async def test_loras_and_the_other_loaders(fast_sim: SimTask) -> None:
    graph = txt2img(steps=3)
    lora = {"lora_name": "sim_style.safetensors", "strength_model": 0.8}
    graph |= {
        "10": node("LoraLoader", model=["4", 0], clip=["4", 1], strength_clip=0.5, **lora),
        "11": node("LoraLoaderModelOnly", model=["10", 0], **lora),
        "12": node("CLIPSetLastLayer", clip=["10", 1], stop_at_clip_layer=-2),
        "13": node("VAELoader", vae_name="sim_vae.safetensors"),
        "14": node("UNETLoader", unet_name="sim_v1-5.safetensors", weight_dtype="default"),
        "15": node("CLIPLoader", clip_name="sim_v1-5.safetensors", type="sd3"),
    }
    graph["3"]["class_type"] = "KSamplerAdvanced"
    graph["3"]["inputs"] |= {
        "model": ["11", 0],
        "add_noise": "enable",
        "noise_seed": 2**64 - 1,
        "start_at_step": 1,
        "end_at_step": 10000,
        "return_with_leftover_noise": "disable",
    }
    graph["6"]["inputs"]["clip"] = ["12", 0]
    graph["8"]["inputs"]["vae"] = ["13", 0]
    _, client = await made(fast_sim, graph)
    assert [data["value"] for data in client.data("progress")] == [1, 2]


async def test_odd_outputs(fast_sim: SimTask) -> None:
    graph = {
        "1": node("EmptyImage", width=8, height=8, batch_size=1, color=0),
        "2": node("SimVideo", images=["1", 0], filename_prefix="v", kind="gifs"),
        "3": node("SimVideo", images=["1", 0], filename_prefix="v", kind="images"),
        "4": node("SimAudio", filename_prefix="a", hertz=440.0),
        "5": node("Sim3D", filename_prefix="d"),
        "6": node("SimText", text="\x1b[31mred"),
        "7": node("PreviewAny", source=["8", 0]),
        "8": node("GetImageSize", image=["1", 0]),
    }
    outputs, _ = await made(fast_sim, graph)
    assert outputs["2"]["gifs"][0]["format"] == "video/h264-mp4"
    assert outputs["3"]["animated"] == [True]
    assert (await fetched(fast_sim, outputs["3"]["images"][0]))[4:8] == b"ftyp"
    with wave.open(io.BytesIO(await fetched(fast_sim, outputs["4"]["audio"][0]))) as tone:
        assert tone.getnframes() == tone.getframerate()
    assert (await fetched(fast_sim, outputs["5"]["3d"][0]))[:4] == b"glTF"
    assert outputs["6"]["text"] == ["\x1b[31mred"]
    assert outputs["7"]["text"] == ["8"]


async def test_a_failure_in_the_words_of_the_node(fast_sim: SimTask) -> None:
    graph = image_graph(1, ("3", node("SimFail", image=["1", 0], message="no\x1b[2J")))
    graph["2"]["inputs"]["images"] = ["3", 0]
    async with Client(fast_sim.url, "me") as client:
        await client.submit(graph, prompt_id="a")
        await client.until_end("a")
        [error] = client.data("execution_error")
    assert (error["exception_message"], error["exception_type"]) == ("no\x1b[2J\n", "RuntimeError")
    assert error["traceback"][-1].startswith('  File "/opt/simulator/nodes.py"')
    assert error["current_inputs"]["message"] == ["no\x1b[2J"]


async def test_a_prefix_that_leads_out_of_the_folder_fails(fast_sim: SimTask) -> None:
    graph = image_graph(1, ("3", node("SaveImage", images=["1", 0], filename_prefix="../../evil/x")))
    async with Client(fast_sim.url, "me") as client:
        await client.submit(graph, prompt_id="a")
        await client.until_end("a")
        [error] = client.data("execution_error")
    assert "outside the output folder" in error["exception_message"]
    assert not (fast_sim.folder.parent / "evil").exists()


async def test_files_are_numbered_on(fast_sim: SimTask) -> None:
    (fast_sim.folder / "output" / "proto_00041_.png").write_bytes(b"")
    outputs, _ = await made(fast_sim, txt2img(steps=1))
    assert outputs["9"]["images"][0]["filename"] == "proto_00042_.png"


async def test_free_memory_drops_the_results_and_unload_does_not(fast_sim: SimTask) -> None:
    async def cached(prompt_id: str) -> list[str]:
        _, client = await made(fast_sim, image_graph(), prompt_id)
        nodes: list[str] = client.data("execution_cached")[0]["nodes"]
        return nodes

    assert await cached("a") == []
    async with Client(fast_sim.url, "other") as other:
        await other.post("/free", {"unload_models": True})
        assert await cached("b") == ["1", "2"]
        await other.post("/free", {"free_memory": True})
        assert await cached("c") == []


async def test_only_the_last_prompts_results_are_kept(fast_sim: SimTask) -> None:
    cached = []
    for number, color in enumerate((1, 2, 1)):
        _, client = await made(fast_sim, image_graph(color), str(number))
        cached.append(client.data("execution_cached")[0]["nodes"])
    assert cached == [[], [], []]


async def test_a_changed_input_file_is_noticed_unless_the_graph_says_otherwise(fast_sim: SimTask) -> None:
    path = fast_sim.folder / "input" / "in.png"

    def graph(**more: Any) -> dict[str, Any]:
        load = {**node("LoadImage", image="in.png"), **more}
        return {"1": load, "2": node("PreviewImage", images=["1", 0])}

    async def cached(prompt_id: str, **more: Any) -> list[str]:
        _, client = await made(fast_sim, graph(**more), prompt_id)
        nodes: list[str] = client.data("execution_cached")[0]["nodes"]
        return nodes

    Image.new("RGB", (8, 8)).save(path)
    assert await cached("a") == []
    assert await cached("b") == ["1", "2"]
    Image.new("RGB", (9, 9)).save(path)
    assert await cached("c") == []
    assert await cached("d", is_changed=["x"]) == []
    Image.new("RGB", (10, 10)).save(path)
    assert await cached("e", is_changed=["x"]) == ["1", "2"]

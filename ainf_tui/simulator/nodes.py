"""What each node class does: from the values of its inputs to the values of its outputs."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import math
import struct
import wave
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from ainf_tui.simulator import pictures
from ainf_tui.simulator.stage import Stage
from ainf_tui.simulator.values import (
    Blocked,
    Clip,
    Conditioning,
    Images,
    Latent,
    Mask,
    Model,
    NodeCall,
    Result,
    Vae,
)

SD3_CHANNELS = 16
CELL = 8
"""Pixels per latent cell."""

Node = Callable[[NodeCall, Stage], Awaitable[Result]]


async def _checkpoint(call: NodeCall, _stage: Stage) -> Result:
    name = call.inputs["ckpt_name"]
    return Result((Model(name), Clip(name), Vae(name)))


async def _unet(call: NodeCall, _stage: Stage) -> Result:
    return Result((Model(call.inputs["unet_name"]),))


async def _clip_loader(call: NodeCall, _stage: Stage) -> Result:
    return Result((Clip(call.inputs["clip_name"]),))


async def _vae_loader(call: NodeCall, _stage: Stage) -> Result:
    return Result((Vae(call.inputs["vae_name"]),))


async def _lora(call: NodeCall, _stage: Stage) -> Result:
    i = call.inputs
    model = Model(f"{i['model'].name}+{i['lora_name']}*{i['strength_model']}")
    if call.class_type == "LoraLoaderModelOnly":
        return Result((model,))
    return Result((model, Clip(f"{i['clip'].name}+{i['lora_name']}*{i['strength_clip']}")))


async def _clip_layer(call: NodeCall, _stage: Stage) -> Result:
    return Result((Clip(f"{call.inputs['clip'].name}@{call.inputs['stop_at_clip_layer']}"),))


async def _encode_text(call: NodeCall, _stage: Stage) -> Result:
    return Result((Conditioning(f"{call.inputs['clip'].name}: {call.inputs['text']}"),))


async def _empty_latent(call: NodeCall, _stage: Stage) -> Result:
    i = call.inputs
    channels = SD3_CHANNELS if call.class_type == "EmptySD3LatentImage" else 4
    width, height = (side // CELL * CELL for side in (i["width"], i["height"]))
    return Result((Latent(width, height, i["batch_size"], channels),))


async def _sample(call: NodeCall, stage: Stage) -> Result:
    i = call.inputs
    latent: Latent = i["latent_image"]
    advanced = call.class_type == "KSamplerAdvanced"
    strength = 1.0 if advanced else i["denoise"]
    steps = min(i["end_at_step"], i["steps"]) - i["start_at_step"] if advanced else i["steps"]
    seed = i["noise_seed"] if advanced else i["seed"]
    words = [
        i["model"].name,
        i["positive"].text,
        i["negative"].text,
        i["cfg"],
        i["sampler_name"],
        i["scheduler"],
    ]
    key = json.dumps([seed, i["steps"], strength, *words, latent.key])
    small = pictures.paint(f"{key} 0", max(1, latent.width // CELL), max(1, latent.height // CELL))
    for step in range(1, steps + 1):
        await stage.step(
            step,
            steps,
            latent.megapixels,
            lambda: pictures.noisy(small, 1 - step / steps, seed + step),  # noqa: B023 -- called within its own step
        )
    sampled = dataclasses.replace(latent, key=key, strength=strength, channels=4)
    return Result((sampled,))


async def _decode(call: NodeCall, stage: Stage) -> Result:
    latent: Latent = call.inputs["samples"]
    if latent.channels != call.inputs["vae"].channels:
        stage.check()
        raise RuntimeError(f"expected input to have 4 channels, but got {latent.channels} channels instead")
    return Result((await asyncio.to_thread(_picture, latent),))


def _picture(latent: Latent) -> Images:
    keys = [f"{latent.key} {index}" for index in range(latent.batch)]
    if not latent.pictures:
        return Images(tuple(pictures.paint(key, latent.width, latent.height) for key in keys))
    given = (latent.pictures[index % len(latent.pictures)] for index in range(latent.batch))
    sized = (pictures.resize(picture, latent.width, latent.height) for picture in given)
    strength = latent.strength if latent.key else 0.0
    return Images(tuple(pictures.blend(p, key, strength) for p, key in zip(sized, keys, strict=True)))


async def _encode(call: NodeCall, _stage: Stage) -> Result:
    images: Images = call.inputs["pixels"]
    width, height = (max(CELL, side // CELL * CELL) for side in (images.width, images.height))
    return Result((Latent(width, height, len(images.pictures), pictures=images.pictures),))


async def _latent_size(call: NodeCall, _stage: Stage) -> Result:
    latent: Latent = call.inputs["samples"]
    width, height = _wanted_size(call, latent.width, latent.height)
    size = (max(CELL, side // CELL * CELL) for side in (width, height))
    width, height = size
    return Result((dataclasses.replace(latent, width=width, height=height),))


async def _repeat_latent(call: NodeCall, _stage: Stage) -> Result:
    latent: Latent = call.inputs["samples"]
    return Result((dataclasses.replace(latent, batch=latent.batch * call.inputs["amount"]),))


def _wanted_size(call: NodeCall, width: int, height: int) -> tuple[int, int]:
    """Explicit sides (0 keeps the proportions, both 0 the size) or a factor."""
    i = call.inputs
    if "scale_by" in i:
        return max(1, round(width * i["scale_by"])), max(1, round(height * i["scale_by"]))
    if not i["width"] and not i["height"]:
        return width, height
    wide = i["width"] or max(1, round(width * i["height"] / height))
    high = i["height"] or max(1, round(height * i["width"] / width))
    return wide, high


async def _load_image(call: NodeCall, stage: Stage) -> Result:
    path = stage.folders.readable(call.inputs["image"])
    if path is None:
        raise FileNotFoundError(f"[Errno 2] No such file or directory: {call.inputs['image']!r}")
    picture = await asyncio.to_thread(pictures.read, str(path))
    return Result((Images((picture,)), Mask(picture.width, picture.height)))


async def _empty_image(call: NodeCall, _stage: Stage) -> Result:
    i = call.inputs
    return Result((Images((pictures.flat(i["color"], i["width"], i["height"]),) * i["batch_size"]),))


async def _image_size(call: NodeCall, _stage: Stage) -> Result:
    images: Images = call.inputs["image"]
    width, height = _wanted_size(call, images.width, images.height)
    crop = call.inputs.get("crop") == "center"
    resized = await asyncio.to_thread(
        lambda: tuple(pictures.resize(p, width, height, crop=crop) for p in images.pictures)
    )
    return Result((Images(resized),))


async def _invert(call: NodeCall, _stage: Stage) -> Result:
    return Result((Images(tuple(pictures.invert(p) for p in call.inputs["image"].pictures)),))


async def _get_size(call: NodeCall, stage: Stage) -> Result:
    images: Images = call.inputs["image"]
    count = len(images.pictures)
    stage.text(f"width: {images.width}, height: {images.height}\n batch size: {count}")
    return Result((images.width, images.height, count))


async def _save(call: NodeCall, stage: Stage) -> Result:
    images: Images = call.inputs["images"]
    if call.class_type == "SaveImage":
        place = stage.folders.place(call.inputs["filename_prefix"], "output", images.width, images.height)
    else:
        place = stage.folders.place("ComfyUI_temp_demo", "temp")
    items = []
    for index, picture in enumerate(images.pictures):
        data = await asyncio.to_thread(pictures.png, picture, call.prompt, call.extra_pnginfo)
        items.append(place.write(data, "png", index))
    return Result(ui={"images": items})


async def _save_websocket(call: NodeCall, stage: Stage) -> Result:
    images: Images = call.inputs["images"]
    for index, picture in enumerate(images.pictures):
        png = await asyncio.to_thread(pictures.encode, picture, "png")
        stage.full_picture(index, len(images.pictures), png)
    return Result()


async def _preview_any(call: NodeCall, _stage: Stage) -> Result:
    source = call.inputs["source"]
    return Result(ui={"text": [source if isinstance(source, str) else str(source)]})


async def _sim_fail(call: NodeCall, _stage: Stage) -> Result:
    raise RuntimeError(call.inputs["message"])


async def _sim_sleep(call: NodeCall, stage: Stage) -> Result:
    await stage.pause(call.inputs["seconds"])
    return Result((call.inputs["image"],))


async def _sim_block(call: NodeCall, _stage: Stage) -> Result:
    return Result((Blocked(call.inputs["message"] or None),))


async def _sim_text(call: NodeCall, _stage: Stage) -> Result:
    return Result(ui={"text": [call.inputs["text"]]})


async def _sim_video(call: NodeCall, stage: Stage) -> Result:
    kind = call.inputs["kind"]
    place = stage.folders.place(call.inputs["filename_prefix"], "output")
    head = struct.pack(">I", 20) + b"ftypisom" + struct.pack(">I", 512) + b"isom"
    data = head + struct.pack(">I", 8 + 64) + b"mdat" + bytes(64)
    item: dict[str, object] = dict(place.write(data, "mp4"))
    if kind == "images":
        return Result(ui={"images": [item], "animated": [True]})
    return Result(ui={kind: [{**item, "format": "video/h264-mp4", "frame_rate": 8.0}]})


async def _sim_audio(call: NodeCall, stage: Stage) -> Result:
    rate, out = 8000, io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        turn = math.tau * call.inputs["hertz"] / rate
        file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(turn * n))) for n in range(rate)))
    place = stage.folders.place(call.inputs["filename_prefix"], "output")
    return Result(ui={"audio": [place.write(out.getvalue(), "wav")]})


async def _sim_3d(call: NodeCall, stage: Stage) -> Result:
    scene = b'{"asset":{"version":"2.0"},"scenes":[{}] }  '
    data = b"glTF" + struct.pack("<IIII", 2, 20 + len(scene), len(scene), 0x4E4F534A) + scene
    place = stage.folders.place(call.inputs["filename_prefix"], "output")
    return Result(ui={"3d": [place.write(data, "glb")]})


NODES: Mapping[str, Node] = MappingProxyType(
    {
        "CheckpointLoaderSimple": _checkpoint,
        "UNETLoader": _unet,
        "CLIPLoader": _clip_loader,
        "VAELoader": _vae_loader,
        "LoraLoader": _lora,
        "LoraLoaderModelOnly": _lora,
        "CLIPSetLastLayer": _clip_layer,
        "CLIPTextEncode": _encode_text,
        "EmptyLatentImage": _empty_latent,
        "EmptySD3LatentImage": _empty_latent,
        "KSampler": _sample,
        "KSamplerAdvanced": _sample,
        "VAEDecode": _decode,
        "VAEEncode": _encode,
        "LatentUpscale": _latent_size,
        "LatentUpscaleBy": _latent_size,
        "RepeatLatentBatch": _repeat_latent,
        "LoadImage": _load_image,
        "EmptyImage": _empty_image,
        "ImageScale": _image_size,
        "ImageScaleBy": _image_size,
        "ImageInvert": _invert,
        "GetImageSize": _get_size,
        "SaveImage": _save,
        "PreviewImage": _save,
        "SaveImageWebsocket": _save_websocket,
        "PreviewAny": _preview_any,
        "SimFail": _sim_fail,
        "SimSleep": _sim_sleep,
        "SimBlock": _sim_block,
        "SimText": _sim_text,
        "SimVideo": _sim_video,
        "SimAudio": _sim_audio,
        "Sim3D": _sim_3d,
    },
)

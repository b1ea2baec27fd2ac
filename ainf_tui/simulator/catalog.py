"""The node classes the simulator knows.

Types, option names, limits, defaults, input order and output names of the core classes are facts of
ComfyUI 0.8.0.
"""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.simulator.node_info import NodeInfo, float_spec, int_spec
from ainf_tui.simulator.options import SimulatorOptions
from ainf_tui.simulator.sim_nodes import own_nodes

SEED_MAX = 2**64 - 1
SIDE_MAX = 16384

_SAMPLER_NAMES = """
euler euler_cfg_pp euler_ancestral euler_ancestral_cfg_pp heun heunpp2 exp_heun_2_x0 exp_heun_2_x0_sde dpm_2
dpm_2_ancestral lms dpm_fast dpm_adaptive dpmpp_2s_ancestral dpmpp_2s_ancestral_cfg_pp dpmpp_sde
dpmpp_sde_gpu dpmpp_2m dpmpp_2m_cfg_pp dpmpp_2m_sde dpmpp_2m_sde_gpu dpmpp_2m_sde_heun dpmpp_2m_sde_heun_gpu
dpmpp_3m_sde dpmpp_3m_sde_gpu ddpm lcm ipndm ipndm_v deis res_multistep res_multistep_cfg_pp
res_multistep_ancestral res_multistep_ancestral_cfg_pp gradient_estimation gradient_estimation_cfg_pp er_sde
seeds_2 seeds_3 sa_solver sa_solver_pece ddim uni_pc uni_pc_bh2
"""
SAMPLERS = _SAMPLER_NAMES.split()
_SCHEDULER_NAMES = """
simple sgm_uniform karras exponential ddim_uniform beta normal linear_quadratic kl_optimal
"""
SCHEDULERS = _SCHEDULER_NAMES.split()
LATENT_SCALERS = ["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]
IMAGE_SCALERS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
CROPS = ["disabled", "center"]


BATCH = int_spec(1, 1, 4096)
SEED = int_spec(0, 0, SEED_MAX, control_after_generate=True)
CFG = float_spec(8.0, 0.0, 100.0, step=0.1, round=0.01)
STRENGTH = float_spec(1.0, -100.0, 100.0, step=0.01)
SAVED = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
CLIP_TYPES = """
stable_diffusion stable_cascade sd3 stable_audio mochi ltxv pixart cosmos lumina2 wan hidream chroma ace
omnigen2 qwen_image hunyuan_image flux2 ovis
"""

TEXTS: tuple[NodeInfo, ...] = (
    NodeInfo(
        "CLIPSetLastLayer",
        "CLIP Set Last Layer",
        "conditioning",
        ("CLIP",),
        required={"clip": ["CLIP"], "stop_at_clip_layer": int_spec(-1, -24, -1, step=1)},
    ),
    NodeInfo(
        "CLIPTextEncode",
        "CLIP Text Encode (Prompt)",
        "conditioning",
        ("CONDITIONING",),
        required={"text": ["STRING", {"multiline": True, "dynamicPrompts": True}], "clip": ["CLIP", {}]},
    ),
)

LATENTS: tuple[NodeInfo, ...] = (
    NodeInfo(
        "EmptyLatentImage",
        "Empty Latent Image",
        "latent",
        ("LATENT",),
        required={
            "width": int_spec(512, 16, SIDE_MAX, step=8),
            "height": int_spec(512, 16, SIDE_MAX, step=8),
            "batch_size": BATCH,
        },
    ),
    NodeInfo(
        "EmptySD3LatentImage",
        None,
        "latent/sd3",
        ("LATENT",),
        required={
            "width": int_spec(1024, 16, SIDE_MAX, step=16),
            "height": int_spec(1024, 16, SIDE_MAX, step=16),
            "batch_size": BATCH,
        },
        module="comfy_extras.nodes_sd3",
    ),
    NodeInfo(
        "VAEDecode",
        "VAE Decode",
        "latent",
        ("IMAGE",),
        required={"samples": ["LATENT", {}], "vae": ["VAE", {}]},
    ),
    NodeInfo(
        "VAEEncode", "VAE Encode", "latent", ("LATENT",), required={"pixels": ["IMAGE"], "vae": ["VAE"]}
    ),
    NodeInfo(
        "LatentUpscale",
        "Upscale Latent",
        "latent",
        ("LATENT",),
        required={
            "samples": ["LATENT"],
            "upscale_method": [LATENT_SCALERS],
            "width": int_spec(512, 0, SIDE_MAX, step=8),
            "height": int_spec(512, 0, SIDE_MAX, step=8),
            "crop": [CROPS],
        },
    ),
    NodeInfo(
        "LatentUpscaleBy",
        "Upscale Latent By",
        "latent",
        ("LATENT",),
        required={
            "samples": ["LATENT"],
            "upscale_method": [LATENT_SCALERS],
            "scale_by": float_spec(1.5, 0.01, 8.0, step=0.01),
        },
    ),
    NodeInfo(
        "RepeatLatentBatch",
        "Repeat Latent Batch",
        "latent/batch",
        ("LATENT",),
        required={"samples": ["LATENT"], "amount": int_spec(1, 1, 64)},
    ),
)

SAMPLING: tuple[NodeInfo, ...] = (
    NodeInfo(
        "KSampler",
        "KSampler",
        "sampling",
        ("LATENT",),
        required={
            "model": ["MODEL", {}],
            "seed": SEED,
            "steps": int_spec(20, 1, 10000),
            "cfg": CFG,
            "sampler_name": [SAMPLERS, {}],
            "scheduler": [SCHEDULERS, {}],
            "positive": ["CONDITIONING", {}],
            "negative": ["CONDITIONING", {}],
            "latent_image": ["LATENT", {}],
            "denoise": float_spec(1.0, 0.0, 1.0, step=0.01),
        },
    ),
    NodeInfo(
        "KSamplerAdvanced",
        "KSampler (Advanced)",
        "sampling",
        ("LATENT",),
        required={
            "model": ["MODEL"],
            "add_noise": [["enable", "disable"]],
            "noise_seed": SEED,
            "steps": int_spec(20, 1, 10000),
            "cfg": CFG,
            "sampler_name": [SAMPLERS],
            "scheduler": [SCHEDULERS],
            "positive": ["CONDITIONING"],
            "negative": ["CONDITIONING"],
            "latent_image": ["LATENT"],
            "start_at_step": int_spec(0, 0, 10000),
            "end_at_step": int_spec(10000, 0, 10000),
            "return_with_leftover_noise": [["disable", "enable"]],
        },
    ),
)

IMAGES: tuple[NodeInfo, ...] = (
    NodeInfo(
        "EmptyImage",
        "EmptyImage",
        "image",
        ("IMAGE",),
        required={
            "width": int_spec(512, 1, SIDE_MAX, step=1),
            "height": int_spec(512, 1, SIDE_MAX, step=1),
            "batch_size": BATCH,
            "color": int_spec(0, 0, 0xFFFFFF, step=1, display="color"),
        },
    ),
    NodeInfo(
        "ImageScale",
        "Upscale Image",
        "image/upscaling",
        ("IMAGE",),
        required={
            "image": ["IMAGE"],
            "upscale_method": [IMAGE_SCALERS],
            "width": int_spec(512, 0, SIDE_MAX, step=1),
            "height": int_spec(512, 0, SIDE_MAX, step=1),
            "crop": [CROPS],
        },
    ),
    NodeInfo(
        "ImageScaleBy",
        "Upscale Image By",
        "image/upscaling",
        ("IMAGE",),
        required={
            "image": ["IMAGE"],
            "upscale_method": [IMAGE_SCALERS],
            "scale_by": float_spec(1.0, 0.01, 8.0, step=0.01),
        },
    ),
    NodeInfo("ImageInvert", "Invert Image", "image", ("IMAGE",), required={"image": ["IMAGE"]}),
    NodeInfo(
        "GetImageSize",
        "Get Image Size",
        "image",
        ("INT", "INT", "INT"),
        ("width", "height", "batch_size"),
        required={"image": ["IMAGE", {}]},
        hidden={"unique_id": "UNIQUE_ID"},
        module="comfy_extras.nodes_images",
    ),
)

OUTPUTS: tuple[NodeInfo, ...] = (
    NodeInfo(
        "SaveImage",
        "Save Image",
        "image",
        required={"images": ["IMAGE", {}], "filename_prefix": ["STRING", {"default": "ComfyUI"}]},
        hidden=SAVED,
        output_node=True,
    ),
    NodeInfo(
        "PreviewImage",
        "Preview Image",
        "image",
        required={"images": ["IMAGE"]},
        hidden=SAVED,
        output_node=True,
    ),
    NodeInfo(
        "PreviewAny",
        "Preview as Text",
        "utils",
        required={"source": ["*", {}]},
        output_node=True,
        module="comfy_extras.nodes_preview_any",
    ),
    NodeInfo(
        "SaveImageWebsocket",
        "SaveImageWebsocket",
        "api/image",
        required={"images": ["IMAGE"]},
        output_node=True,
        module="custom_nodes.websocket_image_save",
    ),
)


def catalog(options: SimulatorOptions, images: Sequence[str]) -> dict[str, NodeInfo]:
    """All classes with the file names offered now. `images` are the names in the input folder."""
    named = [*_files(options), *_loras(options), _load_image(images)]
    infos = [*named, *TEXTS, *LATENTS, *SAMPLING, *IMAGES, *OUTPUTS, *own_nodes()]
    return {info.name: info for info in infos}


def _files(options: SimulatorOptions) -> list[NodeInfo]:
    return [
        NodeInfo(
            "CheckpointLoaderSimple",
            "Load Checkpoint",
            "loaders",
            ("MODEL", "CLIP", "VAE"),
            required={"ckpt_name": [list(options.checkpoints), {}]},
        ),
        NodeInfo(
            "UNETLoader",
            "Load Diffusion Model",
            "advanced/loaders",
            ("MODEL",),
            required={
                "unet_name": [list(options.checkpoints)],
                "weight_dtype": [["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"]],
            },
        ),
        NodeInfo(
            "CLIPLoader",
            "Load CLIP",
            "advanced/loaders",
            ("CLIP",),
            required={"clip_name": [list(options.checkpoints)], "type": [CLIP_TYPES.split()]},
            optional={"device": [["default", "cpu"], {"advanced": True}]},
        ),
        NodeInfo(
            "VAELoader",
            "Load VAE",
            "loaders",
            ("VAE",),
            required={"vae_name": [[*options.vaes, "pixel_space"]]},
        ),
    ]


def _loras(options: SimulatorOptions) -> list[NodeInfo]:
    return [
        NodeInfo(
            "LoraLoader",
            "Load LoRA",
            "loaders",
            ("MODEL", "CLIP"),
            required={
                "model": ["MODEL", {}],
                "clip": ["CLIP", {}],
                "lora_name": [list(options.loras), {}],
                "strength_model": STRENGTH,
                "strength_clip": STRENGTH,
            },
        ),
        NodeInfo(
            "LoraLoaderModelOnly",
            "LoraLoaderModelOnly",
            "loaders",
            ("MODEL",),
            required={
                "model": ["MODEL"],
                "lora_name": [list(options.loras)],
                "strength_model": STRENGTH,
            },
        ),
    ]


def _load_image(images: Sequence[str]) -> NodeInfo:
    return NodeInfo(
        "LoadImage",
        "Load Image",
        "image",
        ("IMAGE", "MASK"),
        required={"image": [list(images), {"image_upload": True}]},
    )

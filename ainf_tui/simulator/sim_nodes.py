"""The classes that exist on no real server: they fail, wait, block and write odd files for tests."""

from __future__ import annotations

from collections.abc import Mapping

from ainf_tui.simulator.node_info import NodeInfo, Spec, float_spec


def _sim(
    name: str, about: str, required: Mapping[str, Spec], *outputs: str, output: bool = False
) -> NodeInfo:
    return NodeInfo(
        name,
        f"{name} (DEMO)",
        "simulator",
        outputs,
        required=required,
        output_node=output,
        module="ainf_simulator",
        description=f"A test node of the ainf simulator: {about}",
    )


def own_nodes() -> list[NodeInfo]:
    image: Mapping[str, Spec] = {"image": ["IMAGE"]}
    prefix: Spec = ["STRING", {"default": "sim"}]
    return [
        _sim("SimFail", "raises.", {**image, "message": ["STRING", {"default": "it failed"}]}, "IMAGE"),
        _sim("SimSleep", "is busy for a while.", {**image, "seconds": float_spec(1.0, 0.0, 3600.0)}, "IMAGE"),
        _sim("SimBlock", "blocks what follows.", {**image, "message": ["STRING", {"default": ""}]}, "IMAGE"),
        _sim("SimText", "shows a text.", {"text": ["STRING", {"multiline": True}]}, output=True),
        _sim(
            "SimVideo",
            "writes a small file that is named like a video.",
            {"images": ["IMAGE"], "filename_prefix": prefix, "kind": [["gifs", "images", "video"]]},
            output=True,
        ),
        _sim(
            "SimAudio",
            "writes a second of a tone.",
            {"filename_prefix": prefix, "hertz": float_spec(440.0, 20.0, 4000.0)},
            output=True,
        ),
        _sim("Sim3D", "writes an empty glTF scene.", {"filename_prefix": prefix}, output=True),
    ]

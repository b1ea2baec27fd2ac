"""The settings of the box: the machine, its disks and its ComfyUI, a class a section of config.toml."""

from __future__ import annotations

from dataclasses import dataclass

from ainf_tui.settings_field import setting


def _check_arguments(raw: str) -> str:
    from shlex import split  # noqa: PLC0415 - few set it

    try:
        split(raw)
    except ValueError as error:
        raise ValueError(f"is no command line: {str(error).lower()}") from None
    return raw


@dataclass(frozen=True, slots=True)
class ComfyUISettings:
    """The ComfyUI of this box."""

    folder: str = setting(
        "",
        "Where ComfyUI is on this box; the disk of its models is watched. Empty: ~/ainf/comfyui, or comfyui/ "
        "under AINF_HOME.",
        path=True,
    )
    repository: str = setting(
        "https://github.com/comfyanonymous/ComfyUI.git", "The git repository that it is installed from."
    )
    version: str = setting(
        "",
        "Tag, branch or commit to install and update to. Empty: the newest release tag (the default branch "
        "if none).",
    )
    python: str = setting("", "Python for its virtual environment. Empty: the one that runs ainf.")
    torch: str = setting(
        "auto",
        "Which PyTorch to install. auto looks at the GPU. keep installs what requirements.txt asks for.",
        choices=("auto", "cuda", "rocm", "cpu", "apple", "keep"),
    )
    torch_index: str = setting("", "Package index for PyTorch instead of the one that belongs to `torch`.")
    listen: str = setting(
        "127.0.0.1",
        "Address that ComfyUI listens on. It has no login: any other address needs allow_network too.",
    )
    allow_network: bool = setting(
        False, "ComfyUI may listen where other machines reach it. Whoever reaches it can run code."
    )
    port: int = setting(8188, "Port that ComfyUI listens on.", minimum=1, maximum=65_535)
    preview_method: str = setting(
        "auto", "Its --preview-method.", choices=("auto", "latent2rgb", "taesd", "none")
    )
    vram: str = setting(
        "auto",
        "How it uses the GPU's memory. auto leaves it to ComfyUI.",
        choices=("auto", "gpu-only", "highvram", "normalvram", "lowvram", "novram", "cpu"),
    )
    extra_model_paths: str = setting("", "A file for --extra-model-paths-config.", path=True)
    arguments: str = setting("", "Further arguments, as a shell would read them.", check=_check_arguments)

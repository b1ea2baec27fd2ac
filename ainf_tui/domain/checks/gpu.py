"""Verdicts on GPUs: driver, CUDA and torch must fit."""

from __future__ import annotations

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.checks.verdict import ERROR, GIB, INFO, OK, WARNING, check_of, not_seen, version_of

VRAM = 4 * GIB
VRAM_GOOD = 8 * GIB


def driver(found: f.Gpus | f.Unknown) -> CheckDocument:
    check = "gpu.driver"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    cards = ", ".join(found.cards)
    if found.trouble:
        where = f"{cards}: " if cards else ""
        hint = "Load or install the driver again (a kernel update may need a restart), then: nvidia-smi."
        return check_of(check, ERROR, f"{where}the driver does not answer: {found.trouble}", hint=hint)
    if found.driver:
        cuda = f", CUDA up to {found.cuda}" if found.cuda else ""
        evidence = f"{found.vendor} {found.driver}{cuda}: {', '.join(found.memory) or cards}"
        return check_of(check, OK, evidence, driver=found.driver, cuda=found.cuda)
    if cards:
        hint = "Install the maker's driver; without it ComfyUI runs on the CPU."
        return check_of(check, ERROR, f"{cards}: there is a card and no driver for it", hint=hint)
    hint = "ComfyUI on this box runs on the CPU, which is slow; a ComfyUI elsewhere has its own GPU."
    return check_of(check, INFO, "no NVIDIA or AMD GPU in this box", hint=hint)


def torch(found: f.Torch | f.Unknown, gpus: f.Gpus | f.Unknown) -> CheckDocument:
    check = "gpu.torch"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.python:
        return check_of(check, INFO, "no ComfyUI of this box is known, so there is no torch to look at")
    if found.trouble:
        hint = "Install ComfyUI's requirements in its environment: pip install -r requirements.txt."
        return check_of(check, ERROR, f"{found.python}: torch does not load: {found.trouble}", hint=hint)
    if isinstance(gpus, f.Unknown):
        return not_seen(check, gpus)
    built = f"CUDA {found.cuda}" if found.cuda else f"ROCm {found.hip}" if found.hip else "the CPU alone"
    evidence = f"torch {found.version} for {built}"
    if gpus.cuda:
        evidence += f"; the driver runs CUDA up to {gpus.cuda}"
    severity, hint = _agreement(found, gpus)
    return check_of(check, severity, evidence, hint=hint, torch=found.version, cuda=found.cuda)


def _agreement(found: f.Torch, gpus: f.Gpus) -> tuple[str, str]:
    """Severity and hint. A driver runs what was built for its own major version of CUDA, and older ones."""
    if not gpus.cards and not gpus.driver:
        return OK, ""
    if not found.cuda and not found.hip:
        return ERROR, "There is a GPU, and this torch cannot use it: install the build for it (pytorch.org)."
    built, runs = version_of(found.cuda), version_of(gpus.cuda)
    if built and runs and built[0] > runs[0]:
        return ERROR, f"Update the driver, or install a torch for CUDA {runs[0]}.x."
    if not found.available:
        return ERROR, "torch sees no GPU: driver and torch do not fit, or the GPU is not handed to this user."
    if built and runs and built[:2] > runs[:2]:
        return INFO, "The driver is a little older than torch's CUDA; if kernels fail, update the driver."
    return OK, ""


def memory(found: f.Gpus | f.Unknown) -> CheckDocument:
    check = "gpu.memory"
    if isinstance(found, f.Unknown):
        return not_seen(check, found)
    if not found.memory:
        if found.driver or found.cards:
            return not_seen(check, f.Unknown("the driver does not tell how much there is"))
        return check_of(check, INFO, "no GPU in this box")
    evidence = "; ".join(f"{name}: {count / GIB:.1f} GiB" for name, count in found.memory.items())
    least = min(found.memory.values())
    if least < VRAM:
        hint = "Most image models need more: start ComfyUI with --lowvram, or use smaller models."
        return check_of(check, WARNING, evidence, hint=hint)
    if least < VRAM_GOOD:
        return check_of(check, INFO, evidence, hint="SDXL and larger models may need --lowvram.")
    return check_of(check, OK, evidence)

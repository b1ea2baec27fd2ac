"""Where a file came from: the sidecar beside it, and the models its graph names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ainf_tui import __version__
from ainf_tui.domain.comfy import Graph
from ainf_tui.domain.jobs import Job, JobGraph, NodeRef, Output
from ainf_tui.domain.naming import with_number
from ainf_tui.domain.present import JSON_EXACT

MODEL_ENDINGS = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx")


def models_of(graph: Graph) -> Iterator[Mapping[str, Any]]:
    """Every model file that the graph names: `{"input": "4.ckpt_name", "name": ..., "sha256": None}`.

    The hash is None: the files are on the server, whose API tells no hashes.
    """
    for node, entry in graph.items():
        inputs = entry.get("inputs") if isinstance(entry, Mapping) else None
        for name, value in (inputs or {}).items():
            if isinstance(value, str) and value.lower().endswith(MODEL_ENDINGS):
                yield {"input": f"{node}.{name}", "name": value, "sha256": None}


def sidecar(job: Job, output: Output, stored: JobGraph, node: NodeRef) -> dict[str, Any]:
    """The provenance of one file, as JSON beside it (`ainf.provenance/1`)."""
    attempt = next((a for a in job.attempts if a.prompt_id == output.prompt_id), job.attempt)
    return {
        "schema": "ainf.provenance/1",
        "ainf_version": __version__,
        "job": {"id": job.id, "number": job.number, "retry_of": job.retry_of, "batch": dict(job.batch)},
        "prompt_id": output.prompt_id,
        "file": {
            "path": output.path,
            "bytes": output.bytes,
            "sha256": output.sha256,
            "kind": output.source.kind,
            "node": {"id": node.id, "title": node.title, "class": node.cls},
            "server_name": output.source.filename,
            "server_type": output.source.type,
        },
        "pack": {"id": job.pack, "version": job.pack_version, "preset": job.preset or None},
        "character": job.character or None,
        "params": dict(job.params),
        "sweep": dict(job.sweep) or None,
        "seed": job.seed,
        "seed_text": str(job.seed) if job.seed is not None and job.seed > JSON_EXACT else None,
        "models": list(models_of(stored.graph)),
        "comfyui": {
            "backend": job.backend,
            "version": attempt.comfyui_version if attempt else "",
            "device": attempt.device if attempt else "",
            "peak_vram": attempt.peak_vram if attempt else None,
        },
        "times": {
            "created_at": job.created_at.isoformat(),
            "submitted_at": _iso(job.submitted_at),
            "started_at": _iso(job.started_at),
            "rendered_at": _iso(attempt.ended_at) if attempt else None,
            "fetched_at": _iso(output.fetched_at),
        },
        "graph": with_number(stored.graph, job.number),
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else str(moment.isoformat())

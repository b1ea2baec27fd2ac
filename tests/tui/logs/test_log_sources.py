"""Which log is opened for a service."""

from __future__ import annotations

import pytest

from ainf_tui.tui.logs.sources import source_of
from tests.fakes.box_documents import service
from tests.fakes.job_rows import backend

OURS = service("comfyui", log="/runs/1/comfyui.log")
STRANGE = service("comfyui", kind="adopted")
PRINTS = service("comfyui", kind="adopted", log="/home/anna/comfy.log")


@pytest.mark.parametrize(
    ("one", "url", "source"),
    [
        (OURS, "http://127.0.0.1:8188", "comfyui"),
        (PRINTS, "http://127.0.0.1:8188", "file:/home/anna/comfy.log"),
        (STRANGE, "http://127.0.0.1:8188", "backend:box"),
        (STRANGE, "http://localhost:8188/path", "backend:box"),
        (STRANGE, "http://elsewhere:8188", "comfyui"),
        (STRANGE, "http://127.0.0.1:8189", "comfyui"),
        (service("comfyui", kind="adopted", ports=(443,)), "https://localhost", "backend:box"),
        (STRANGE, "http://[::1", "comfyui"),
        (STRANGE, "http://127.0.0.1:99999", "comfyui"),
        (service("web"), "http://127.0.0.1:8188", "comfyui"),
    ],
)
def test_the_log_of_a_service_is_where_it_prints_or_in_memory(one, url, source):
    assert source_of("comfyui", (one,), (backend("box", url=url),)) == source

"""What the box's health says of its ComfyUI."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.service_documents import ServicesDocument
from ainf_tui.engine.health_comfyui import comfyui_reasons
from tests.fakes.services_asked import WEB

WELL = ComfyUIDocument("installed", folder="/srv/comfyui", arguments=("--listen", "127.0.0.1", "--port", "1"))
OPEN = replace(WELL, arguments=("--listen", "127.0.0.1,0.0.0.0"))
RUNS = ServicesDocument((WEB, replace(WEB, name="comfyui")))


@pytest.mark.parametrize(
    ("found", "services", "told"),
    [
        (WELL, RUNS, []),
        (OPEN, RUNS, [("comfyui.open_to_network", "error")]),
        (OPEN, ServicesDocument((WEB,)), []),
        (OPEN, ServicesDocument((replace(WEB, name="comfyui", state="stopped"),)), []),
        (OPEN, ServicesDocument((replace(WEB, name="comfyui", kind="adopted"),)), []),
        (replace(WELL, state="broken", reason="no PyTorch"), RUNS, [("comfyui.broken", "warning")]),
        (ComfyUIDocument("not-installed"), ServicesDocument(), []),
    ],
)
def test_what_is_told(found, services, told):
    reasons = list(comfyui_reasons(found, services))
    assert [(reason.code, reason.severity) for reason in reasons] == told
    assert all("0.0.0.0" in r.message and "127" not in r.message for r in reasons if r.severity == "error")

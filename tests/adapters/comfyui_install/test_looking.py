"""The GPU, ComfyUI's word on its start, and the record of a task: each as it may be met."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfyui_install.gpu import gpu_facts
from ainf_tui.adapters.comfyui_install.records import KEPT_LOGS, FileTaskRecords
from ainf_tui.adapters.comfyui_install.startlog import HttpStartLog
from ainf_tui.domain.comfyui_install import GpuKind
from ainf_tui.domain.comfyui_task import Step, Task


class Nvml:
    """What the driver's library answers."""

    def __init__(self, count=1, version=12_080):
        self._count, self._version = count, version
        self.closed = 0

        self.nvmlInit_v2 = lambda: 0
        self.nvmlDeviceGetCount_v2 = self._tell_count
        self.nvmlSystemGetCudaDriverVersion_v2 = self._tell_version
        self.nvmlShutdown = self._close

    def _tell_count(self, into):
        into._obj.value = self._count
        return 0

    def _tell_version(self, into):
        into._obj.value = self._version
        return 0

    def _close(self):
        self.closed += 1


def absent(name):
    raise OSError(name)


LINUX = ("linux", "x86_64")


def test_an_nvidia_gpu_and_what_its_driver_serves(tmp_path):
    library = Nvml()
    found = gpu_facts(lambda _name: library, tmp_path, LINUX)
    assert (found.kind, found.driver_cuda, found.evidence) == (GpuKind.CUDA, (12, 8), "libnvidia-ml.so.1")
    assert library.closed == 1
    assert gpu_facts(lambda _name: Nvml(version=0), tmp_path, LINUX).driver_cuda is None
    assert gpu_facts(lambda _name: Nvml(count=0), tmp_path, LINUX).kind is GpuKind.NONE


def test_an_amd_gpu(tmp_path):
    for node, count in (("0", 0), ("1", 256)):
        (tmp_path / node).mkdir()
        (tmp_path / node / "properties").write_text(f"cpu_cores_count 8\nsimd_count {count}\n")
    assert gpu_facts(absent, tmp_path, LINUX).kind is GpuKind.ROCM
    (tmp_path / "1" / "properties").write_text("simd_count 0\n")
    assert gpu_facts(absent, tmp_path, LINUX).kind is GpuKind.NONE


def test_a_mac(tmp_path):
    assert gpu_facts(absent, tmp_path, ("darwin", "arm64")).kind is GpuKind.APPLE
    assert gpu_facts(absent, tmp_path, ("darwin", "x86_64")).kind is GpuKind.NONE


@pytest.fixture
def comfyui():
    """A server with ComfyUI's log route; `told` is what it answers."""
    told: dict[str, Any] = {"status": 200, "lines": []}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            good = self.path == "/internal/logs/raw" and self.headers["Authorization"] == "Bearer t"
            self.send_response(told["status"] if good else 404)
            self.end_headers()
            entries = [{"t": "2026-11-26T10:00:00", "m": line} for line in told["lines"]]
            self.wfile.write(json.dumps({"entries": entries, "size": {}}).encode())

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield told, f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


async def test_what_a_running_comfyui_tells_of_its_start(comfyui):
    told, url = comfyui
    told["lines"] = [
        "Traceback (most recent call last):\n",
        "ModuleNotFoundError: No module named 'cv2'\n",
        "Cannot import /srv/custom_nodes/bad module for custom nodes: No module named 'cv2'\n",
        "\nImport times for custom nodes:\n",
        "   0.0 seconds: /srv/custom_nodes/good.py\n",
        "   0.3 seconds (IMPORT FAILED): /srv/custom_nodes/bad\n",
        "\n",
    ]
    log = HttpStartLog(BackendAddress(url, token="t"))
    found = await log.imports()
    assert [(n.name, n.failed) for n in found.values()] == [("good.py", False), ("bad", True)]
    assert found["bad"].reason == "ModuleNotFoundError: No module named 'cv2'"
    told["lines"] = ["got prompt\n"] * 300
    assert await log.imports() == found  # it no longer knows; we do
    told["status"] = 500
    assert await log.imports() == {}
    assert await HttpStartLog(BackendAddress("http://127.0.0.1:9")).imports() == {}


def task(task_id="20261126-100000-abcdef"):
    steps = (Step("clone", "Fetch ComfyUI"),)
    started = datetime(2026, 11, 26, 10, tzinfo=UTC)
    return Task(id=task_id, kind="install", title="Install", steps=steps, started_at=started)


async def test_a_record_is_read_again_and_a_bad_one_is_kept_aside(tmp_path, caplog):
    records = FileTaskRecords(tmp_path)
    assert await records.load() is None
    await records.save(task())
    assert await records.load() == task()
    (tmp_path / "comfyui-task.json").write_text('{"id": 3')
    assert await records.load() is None
    assert (tmp_path / "comfyui-task.bad").read_text() == '{"id": 3'
    assert "cannot be read" in caplog.text


async def test_old_logs_go(tmp_path):
    records = FileTaskRecords(tmp_path)
    for number in range(KEPT_LOGS + 3):
        await records.write(f"20261126-1000{number:02}-abcdef", ("one", "two"))
    logs = sorted((tmp_path / "comfyui-tasks").iterdir())
    assert len(logs) == KEPT_LOGS
    assert logs[-1].read_text() == "one\ntwo\n"

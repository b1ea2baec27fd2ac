"""The routes beside the prompt: bodies and headers as recorded."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.fakes.sim import SimTask
from tests.simulator.driving import Client, image_graph, txt2img
from tests.simulator.recordings import exchange

VIEW = {"filename": "example.png", "type": "input"}


@pytest.fixture
async def http(fast_sim: SimTask) -> Any:
    async with httpx.AsyncClient(base_url=fast_sim.url, trust_env=False) as client:
        yield client


def png(color: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (color, 0, 0)).save(out, format="PNG")
    return out.getvalue()


@pytest.mark.parametrize("name", ["history_id_unknown", "free_no_body", "view_missing"])
async def test_recorded_answers(http: httpx.AsyncClient, name: str) -> None:
    recorded = exchange(name)
    answer = await http.request(recorded["request"]["method"], recorded["request"]["path"])
    assert answer.status_code == recorded["status"]
    assert answer.headers.get("content-type") == recorded["headers"].get("content-type")
    assert (
        answer.json() == recorded["json"] if "json" in recorded else answer.text == recorded.get("text", "")
    )


async def test_a_file_with_all_that_http_has_for_it(http: httpx.AsyncClient) -> None:
    whole = await http.get("/view", params=VIEW)
    assert whole.headers["content-disposition"] == 'filename="example.png"'
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("image/png", "bytes")
    part = await http.get("/view", params=VIEW, headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, whole.content[:100])
    again = await http.get("/view", params=VIEW, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await http.head("/view", params=VIEW)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))
    annotated = await http.get("/view", params={"filename": "example.png [input]"})
    assert annotated.content == whole.content


@pytest.mark.parametrize(("preview", "media"), [("jpeg;75", "image/jpeg"), ("webp;80", "image/webp")])
async def test_a_preview_is_encoded_again(http: httpx.AsyncClient, preview: str, media: str) -> None:
    answer = await http.get("/view", params={**VIEW, "preview": preview})
    assert (answer.headers["content-type"], "etag" in answer.headers) == (media, False)
    assert Image.open(io.BytesIO(answer.content)).size == (512, 512)


@pytest.mark.parametrize(("channel", "mode"), [("rgb", "RGB"), ("a", "RGBA")])
async def test_a_channel_is_cut_out(http: httpx.AsyncClient, channel: str, mode: str) -> None:
    answer = await http.get("/view", params={**VIEW, "channel": channel})
    assert Image.open(io.BytesIO(answer.content)).mode == mode


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("filename=nope.png", 404),
        ("filename=a.png&type=wat", 400),
        ("filename=..%2Fa.png", 400),
        ("filename=%2Fetc%2Fpasswd", 400),
        ("filename=a.png&subfolder=..%2F..", 403),
        ("filename=a%00.png", 404),
    ],
)
async def test_names_that_lead_nowhere(http: httpx.AsyncClient, query: str, status: int) -> None:
    answer = await http.get(f"/view?{query}")
    assert (answer.status_code, answer.content) == (status, b"")


async def test_uploads_never_overwrite_unasked(http: httpx.AsyncClient, fast_sim: SimTask) -> None:
    async def upload(data: bytes, **form: str) -> Any:
        answer = await http.post("/upload/image", files={"image": ("tiny.png", data, "image/png")}, data=form)
        return answer.json() if answer.status_code == 200 else answer.status_code

    first = {"name": "tiny.png", "subfolder": "", "type": "input"}
    assert await upload(png(1)) == first
    assert await upload(png(1)) == first
    assert await upload(png(2)) == {**first, "name": "tiny (1).png"}
    assert await upload(png(2), overwrite="true") == first
    assert await upload(png(1), type="temp", subfolder="a/b") == {**first, "subfolder": "a/b", "type": "temp"}
    assert await upload(png(1), subfolder="../../x") == 400
    assert await upload(png(1), type="wat") == 500
    assert sorted(path.name for path in (fast_sim.folder / "input").iterdir()) == [
        "example.png",
        "tiny (1).png",
        "tiny.png",
    ]
    info = (await http.get("/object_info/LoadImage")).json()
    assert info["LoadImage"]["input"]["required"]["image"][0] == ["example.png", "tiny (1).png", "tiny.png"]


async def test_an_upload_without_a_file_or_out_of_its_folder(
    http: httpx.AsyncClient, fast_sim: SimTask
) -> None:
    assert (await http.post("/upload/image", data={"type": "input"})).status_code == 400
    evil = {"image": ("../../evil.png", png(1), "image/png")}
    answer = await http.post("/upload/image", files=evil)
    assert answer.status_code == 400
    assert list(fast_sim.folder.parent.rglob("evil.png")) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no/such/path", 404),
        ("GET", "/api/no/such", 404),
        ("GET", "/jobs", 404),
        ("DELETE", "/queue", 405),
        ("GET", "/models/nope", 404),
        ("GET", "/history?max_items=abc", 500),
        ("POST", "/queue", 500),
        ("OPTIONS", "/prompt", 200),
    ],
)
async def test_odd_requests(http: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    assert (await http.request(method, path)).status_code == status


async def test_an_unknown_path_has_an_empty_chunked_body(http: httpx.AsyncClient) -> None:
    answer = await http.get("/no/such/path")
    assert (answer.headers["transfer-encoding"], answer.headers["content-type"], answer.content) == (
        "chunked",
        "application/octet-stream",
        b"",
    )


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("https://evil.example", None, 403),
        ("null", None, 200),
        ("http://127.0.0.1:1", None, 403),
        ("http://localhost", None, 403),
        ("https://evil.example", "192.168.1.5:8188", 200),
        ("http://127.0.0.1:x", None, 403),
    ],
)
async def test_pages_of_other_origins(
    http: httpx.AsyncClient, origin: str, host: str | None, status: int
) -> None:
    headers = {"Origin": origin, **({"Host": host} if host else {})}
    assert (await http.get("/queue", headers=headers)).status_code == status


async def test_the_queue_by_both_addresses(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/queue")).json() == (await http.get("/queue")).json()


async def test_classes_say_what_the_real_server_says(http: httpx.AsyncClient) -> None:
    path = Path(__file__).parents[1] / "data" / "comfyui" / "http" / "object_info.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    offered = (await http.get("/object_info")).json()
    common = sorted(set(recorded) & set(offered))
    assert len(common) > 5
    for name in common:
        assert facts(offered[name]) == facts(recorded[name]), name


FILES = {"ckpt_name", "lora_name", "vae_name", "unet_name", "clip_name", "image"}


def facts(info: dict[str, Any]) -> dict[str, Any]:
    """Without texts and without names of files."""
    kept = {key: info[key] for key in ("output", "output_name", "input_order", "output_node", "display_name")}
    inputs = {
        name: [*spec[:1], {k: v for k, v in (spec[1] if len(spec) > 1 else {}).items() if k != "tooltip"}]
        for group in ("required", "optional")
        for name, spec in info["input"].get(group, {}).items()
        if not (name in FILES and isinstance(spec[0], list))
    }
    return {**kept, "inputs": inputs, "hidden": list(info["input"].get("hidden", {}))}


async def test_models_and_what_else_a_page_asks_for(http: httpx.AsyncClient) -> None:
    assert (await http.get("/models/checkpoints")).json() == [
        "sim_sdxl_base.safetensors",
        "sim_v1-5.safetensors",
    ]
    assert "checkpoints" in (await http.get("/models")).json()
    assert (await http.get("/embeddings")).json() == ["sim-embedding"]
    assert (await http.get("/users")).json() == {"storage": "server", "migrated": False}
    assert (await http.get("/object_info/NoSuchNode")).json() == {}
    await http.post("/settings", json={"a": 1})
    await http.post("/settings/b", json=True)
    assert (await http.get("/settings")).json() == {"a": 1, "b": True}
    assert (await http.get("/settings/c")).json() is None
    assert "DEMO" in (await http.get("/")).text


async def test_system_stats_have_the_recorded_keys(http: httpx.AsyncClient) -> None:
    path = Path(__file__).parents[1] / "data" / "comfyui" / "http" / "system_stats.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    recorded = recorded.get("json", recorded)
    found = (await http.get("/system_stats")).json()
    assert list(found["system"]) == list(recorded["system"])
    assert [list(device) for device in found["devices"]] == [list(device) for device in recorded["devices"]]
    assert found["system"]["comfyui_version"] == "0.8.0"


async def test_jobs_are_the_queue_and_the_history(fast_sim: SimTask) -> None:
    await fast_sim.faults(hold_at_step=1)
    async with Client(fast_sim.url, "me") as client:
        info = {"extra_pnginfo": {"workflow": {"id": "w"}}}
        await client.submit(image_graph(), prompt_id="done", extra_data=info)
        await client.submit(txt2img(steps=2), prompt_id="running")
        await client.submit(image_graph(), prompt_id="waiting")
        await client.until_step(1)
        listed = (await client.get("/api/jobs")).json()
        assert {job["id"]: job["status"] for job in listed["jobs"]} == {
            "waiting": "pending",
            "running": "in_progress",
            "done": "completed",
        }
        one = (await client.get("/api/jobs", params={"limit": 1, "status": "completed"})).json()
        assert one["pagination"] == {"offset": 0, "limit": 1, "total": 1, "has_more": False}
        assert one["jobs"][0]["preview_output"]["mediaType"] == "images"
        assert (one["jobs"][0]["workflow_id"], one["jobs"][0]["outputs_count"]) == ("w", 1)
        await client.post("/interrupt")
        await client.until_end("waiting")
        job = (await client.get("/api/jobs/running")).json()
        assert (job["status"], "execution_error" in job, list(job["workflow"])) == (
            "failed",
            False,
            ["prompt", "extra_data"],
        )
        assert (await client.get("/api/jobs/none")).json() == {"error": "Job not found"}
        assert (await client.get("/api/jobs?status=wat")).json() == {
            "error": "Invalid status value(s): wat. Valid values: pending, in_progress, completed, failed"
        }
        await client.submit(image_graph(9), prompt_id="null", extra_data={"extra_pnginfo": None})
        await client.until_end("null")
        assert (await client.get("/api/jobs")).status_code == 500


async def test_history_by_pages_and_its_deletion(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        for number in range(3):
            await client.submit(image_graph(number), prompt_id=str(number))
            await client.until_end(str(number))

        async def ids(query: str = "") -> list[str]:
            return list((await client.get(f"/history{query}")).json())

        assert await ids() == ["0", "1", "2"]
        assert await ids("?max_items=1") == ["2"]
        assert await ids("?max_items=2&offset=1") == ["1", "2"]
        await client.post("/history", {"delete": ["1", "unknown"]})
        assert await ids() == ["0", "2"]
        await client.post("/history", {"clear": True})
        assert await ids() == []


async def test_the_order_of_front_and_numbers(fast_sim: SimTask) -> None:
    await fast_sim.faults(dead_worker=True)
    async with Client(fast_sim.url, "me") as client:
        wanted: list[tuple[str, dict[str, Any]]] = [
            ("normal", {}),
            ("front-1", {"front": True}),
            ("front-2", {"front": True}),
            ("number", {"number": 1.5}),
        ]
        numbers = [
            (await client.submit(image_graph(), prompt_id=name, **more))["number"] for name, more in wanted
        ]
        assert numbers == [0, -1, -2, 1.5]
        await fast_sim.faults(release=True)
        await client.until_end("number")
        assert [data["prompt_id"] for data in client.data("execution_start")] == [
            "front-2",
            "front-1",
            "normal",
            "number",
        ]


async def test_deleting_the_only_pending_prompt_tells_twice(fast_sim: SimTask) -> None:
    await fast_sim.faults(dead_worker=True)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(image_graph(), prompt_id="a")
        await client.post("/queue", {"delete": ["a"]})
        await client.until(lambda: len(client.frames) == 4)
        told = [data["status"]["exec_info"]["queue_remaining"] for data in client.data("status")]
    assert told == [0, 1, 0, 0]


async def test_log_frames_for_who_subscribed(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client, httpx.AsyncClient(base_url=fast_sim.url) as http:
        body = {"clientId": "me", "enabled": True}
        assert (await http.patch("/internal/logs/subscribe", json=body)).status_code == 200
        for _ in range(2):
            await client.post("/interrupt", {"prompt_id": "liveness-probe"})
        await client.until(lambda: len(client.data("logs")) == 2)
        first, second = client.data("logs")
        assert first["entries"][0]["m"] == (
            "Prompt liveness-probe is not currently running, skipping interrupt\n"
        )
        assert (first["size"], second["size"]) == ({"cols": 80, "rows": 24}, None)
        await http.patch("/internal/logs/subscribe", json={**body, "enabled": False})
        await client.post("/interrupt")
        raw = (await http.get("/internal/logs/raw")).json()
        assert raw["entries"][-1]["m"].startswith("Global interrupt")
        assert len(client.data("logs")) == 2
        assert (await http.get("/api/internal/logs")).status_code == 404


async def test_an_older_server_lacks_what_is_new(tmp_path: Path) -> None:
    async with (
        SimTask(tmp_path, version="0.3.64", preview_method="latent2rgb") as sim,
        Client(sim.url, "me") as client,
    ):
        assert (await client.get("/api/jobs")).status_code == 404
        assert "extension" not in (await client.get("/features")).json()
        system = (await client.get("/system_stats")).json()["system"]
        assert (system["os"], system["comfyui_version"]) == ("posix", "0.3.64")
        asked = {"preview_method": "none", "api_key_comfy_org": "k"}
        await client.submit(txt2img(steps=1), prompt_id="a", extra_data=asked)
        await client.until_end("a")
        extra = (await client.get("/history/a")).json()["a"]["prompt"][3]
        assert "create_time" not in extra
        assert any(isinstance(frame, bytes) for frame in client.frames)


async def test_secrets_of_a_prompt_are_not_shown(fast_sim: SimTask) -> None:
    await fast_sim.faults(dead_worker=True)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(image_graph(), prompt_id="a", extra_data={"api_key_comfy_org": "s3cret"})
        assert "s3cret" not in (await client.get("/queue")).text


async def test_a_body_over_the_limit(tmp_path: Path) -> None:
    async with SimTask(tmp_path, max_upload_size=1024) as sim, httpx.AsyncClient(base_url=sim.url) as http:
        answer = await http.post("/prompt", content=b" " * 2048)
    assert (answer.status_code, answer.text[:34]) == (413, "Maximum request body size 1024 exc")

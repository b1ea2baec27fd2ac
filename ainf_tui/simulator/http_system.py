"""Routes about the server itself: classes, models, settings, log."""

from __future__ import annotations

import sys
from typing import Any

from aiohttp import web

from ainf_tui.simulator.machine import Machine

_FOLDER_NAMES = """
checkpoints configs loras vae text_encoders diffusion_models clip_vision style_models embeddings diffusers
vae_approx controlnet gligen upscale_models latent_upscale_models custom_nodes hypernetworks photomaker
classifiers model_patches audio_encoders
"""
FOLDERS = _FOLDER_NAMES.split()
GIB = 2**30
INDEX = (
    "<!doctype html><title>ainf simulator (DEMO)</title><p>A simulated ComfyUI. There is no page here.</p>\n"
)


class SystemRoutes:
    """Handlers of everything that is neither queue nor file nor websocket."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._options = machine.options

    def table(self) -> list[web.RouteDef]:
        return [
            web.get("/object_info", self.object_info),
            web.get("/object_info/{name}", self.one_object_info),
            web.get("/models", self.model_folders),
            web.get("/models/{folder}", self.models),
            web.get("/embeddings", self.embeddings),
            web.get("/system_stats", self.system_stats),
            web.get("/features", self.features),
            web.get("/users", self.users),
            web.get("/settings", self.settings),
            web.post("/settings", self.set_settings),
            web.get("/settings/{id}", self.setting),
            web.post("/settings/{id}", self.set_setting),
        ]

    def plain_table(self) -> list[web.RouteDef]:
        """Routes without a second `/api` address."""
        return [
            web.get("/", self.index),
            web.get("/internal/logs", self.logs),
            web.get("/internal/logs/raw", self.raw_logs),
            web.patch("/internal/logs/subscribe", self.subscribe),
        ]

    async def object_info(self, _request: web.Request) -> web.Response:
        infos = self._machine.executor.infos()
        return web.json_response({name: info.document() for name, info in infos.items()})

    async def one_object_info(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        info = self._machine.executor.infos().get(name)
        return web.json_response({} if info is None else {name: info.document()})

    async def model_folders(self, _request: web.Request) -> web.Response:
        return web.json_response(FOLDERS)

    async def models(self, request: web.Request) -> web.Response:
        folder = request.match_info["folder"]
        if folder not in FOLDERS:
            return web.Response(status=404)
        options = self._options
        named = {"checkpoints": options.checkpoints, "loras": options.loras, "vae": options.vaes}
        return web.json_response(list(named.get(folder, ())))

    async def embeddings(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self._options.embeddings))

    async def system_stats(self, _request: web.Request) -> web.Response:
        system = {
            "os": "posix" if self._options.old else "linux",
            "ram_total": 64 * GIB,
            "ram_free": 48 * GIB,
            "comfyui_version": self._options.version,
            "required_frontend_version": "1.35.9",
            "installed_templates_version": "0.7.67",
            "required_templates_version": "0.7.67",
            "python_version": sys.version.replace("\n", ""),
            "pytorch_version": "none (DEMO)",
            "embedded_python": False,
            "argv": ["ainf simulator (DEMO)"],
        }
        busy = 8 * GIB if self._machine.queue.running is not None else GIB
        device = {
            "name": "cuda:0 simulated GPU (DEMO)",
            "type": "cuda",
            "index": 0,
            "vram_total": 24 * GIB,
            "vram_free": 24 * GIB - busy,
            "torch_vram_total": busy,
            "torch_vram_free": busy // 8,
        }
        return web.json_response({"system": system, "devices": [device]})

    async def features(self, _request: web.Request) -> web.Response:
        return web.json_response(self._machine.features())

    async def users(self, _request: web.Request) -> web.Response:
        return web.json_response({"storage": "server", "migrated": False})

    async def settings(self, _request: web.Request) -> web.Response:
        return web.json_response(self._machine.settings)

    async def set_settings(self, request: web.Request) -> web.Response:
        self._machine.settings.update(await request.json())
        return web.Response()

    async def setting(self, request: web.Request) -> web.Response:
        return web.json_response(self._machine.settings.get(request.match_info["id"]))

    async def set_setting(self, request: web.Request) -> web.Response:
        self._machine.settings[request.match_info["id"]] = await request.json()
        return web.Response()

    async def index(self, _request: web.Request) -> web.Response:
        return web.Response(text=INDEX, content_type="text/html")

    async def logs(self, _request: web.Request) -> web.Response:
        return web.json_response(self._machine.logs.text())

    async def raw_logs(self, _request: web.Request) -> web.Response:
        return web.json_response(self._machine.logs.raw())

    async def subscribe(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        self._machine.logs.subscribe(body["clientId"], enabled=bool(body["enabled"]))
        return web.Response()

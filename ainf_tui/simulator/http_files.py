"""Routes of files: view and upload."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from ainf_tui.simulator import pictures
from ainf_tui.simulator.folders import TYPES, inside, split_annotation
from ainf_tui.simulator.machine import Machine

SCRIPTS = {"text/html", "text/html-sandboxed", "application/xhtml+xml", "text/javascript", "text/css"}


class FileRoutes:
    """Handlers; file names are foreign and never leave their folder."""

    def __init__(self, machine: Machine) -> None:
        self._folders = machine.folders
        self._faults = machine.faults

    def table(self) -> list[web.RouteDef]:
        return [web.get("/view", self.view), web.post("/upload/image", self.upload)]

    async def view(self, request: web.Request) -> web.StreamResponse:
        query = request.rel_url.query
        if "filename" not in query or self._faults.take("view_404"):
            return web.Response(status=404)
        path = self._named(query)
        if isinstance(path, int):
            return web.Response(status=path)
        headers = {"Content-Disposition": f'filename="{path.name}"'}
        if self._faults.take("truncate_view"):
            return await self._cut(request, path)
        if "preview" in query or query.get("channel", "rgba") != "rgba":
            kind, data = await asyncio.to_thread(
                _reencoded, path, query.get("preview"), query.get("channel", "rgba")
            )
            return web.Response(body=data, headers={**headers, "Content-Type": kind})
        content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if content_type in SCRIPTS:
            content_type = "application/octet-stream"
        return web.FileResponse(path, headers={**headers, "Content-Type": content_type})

    def _named(self, query: Mapping[str, str]) -> Path | int:
        """The file asked for, or the HTTP status of the refusal."""
        name, kind = split_annotation(query["filename"], query.get("type", "output"))
        if not name or name.startswith("/") or ".." in name or kind not in TYPES:
            return 400
        folder = inside(self._folders.of(kind), query.get("subfolder", ""))
        if folder is None:
            return 403
        path = inside(folder, Path(name).name)
        return path if path is not None and path.is_file() else 404

    async def _cut(self, request: web.Request, path: Path) -> web.StreamResponse:
        """Promise the whole file, send half of it and hang up."""
        data = await asyncio.to_thread(path.read_bytes)
        response = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        if request.transport is not None:
            request.transport.close()
        return response

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        image = form.get("image")
        if not isinstance(image, web.FileField) or not image.filename:
            return web.Response(status=400)
        kind, subfolder = str(form.get("type", "input")), str(form.get("subfolder", ""))
        root = self._folders.of(kind)
        folder = inside(root, subfolder)
        path = None if folder is None else inside(folder, image.filename)
        if path is None:
            return web.Response(status=400)
        data = image.file.read()
        if str(form.get("overwrite", "")) not in ("true", "1"):
            path = _free_name(path, data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return web.json_response({"name": path.name, "subfolder": subfolder, "type": kind})


def _free_name(path: Path, data: bytes) -> Path:
    """The name itself if it is free or holds the same, else `name (1)` and so on."""
    count, tried = 1, path
    while tried.exists() and tried.read_bytes() != data:
        tried = path.with_name(f"{path.stem} ({count}){path.suffix}")
        count += 1
    return tried


def _reencoded(path: Path, preview: str | None, channel: str) -> tuple[str, bytes]:
    """Content type and bytes: `preview` is `webp` or `jpeg` with an optional `;quality`."""
    if preview is None:
        return "image/png", pictures.channel(str(path), channel)
    words = preview.split(";")
    kind = words[0] if words[0] in ("webp", "jpeg") else "webp"
    quality = int(words[-1]) if words[-1].isdigit() else 90
    return f"image/{kind}", pictures.encode(pictures.read(str(path)), kind, quality)

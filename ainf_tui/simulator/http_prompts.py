"""Routes of the queue: prompt, queue, interrupt, free, history, jobs."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import Any

from aiohttp import web

from ainf_tui.simulator import jobs
from ainf_tui.simulator.machine import Machine
from ainf_tui.simulator.prompts import Item
from ainf_tui.simulator.validation import complaint, validate

SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")


class PromptRoutes:
    """Handlers; what they do not catch is answered with 500, as on the server."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._queue = machine.queue
        self._faults = machine.faults

    def table(self) -> list[web.RouteDef]:
        """Routes that exist with and without the `/api` prefix."""
        return [
            web.post("/prompt", self.submit),
            web.get("/prompt", self.remaining),
            web.get("/queue", self.show_queue),
            web.post("/queue", self.change_queue),
            web.post("/interrupt", self.interrupt),
            web.post("/free", self.free),
            web.get("/history", self.show_history),
            web.get("/history/{prompt_id}", self.show_entry),
            web.post("/history", self.change_history),
        ]

    def job_table(self) -> list[web.RouteDef]:
        """Routes of 0.8.0 that carry their prefix themselves."""
        return [web.get("/api/jobs", self.show_jobs), web.get("/api/jobs/{job_id}", self.show_job)]

    async def submit(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await asyncio.sleep(self._faults.take_seconds("delay_accept"))
        self._machine.logs.write("got prompt\n")
        number = self._number(body)
        if "prompt" not in body:
            error = complaint("no_prompt", "No prompt provided", "No prompt provided")
            return web.json_response({"error": error, "node_errors": {}}, status=400)
        prompt_id = str(body.get("prompt_id", uuid.uuid4()))
        infos = self._machine.executor.infos()
        targets = body.get("partial_execution_targets")
        verdict = validate(body["prompt"], infos, self._machine.folders, targets)
        extra = body.get("extra_data", {})
        if "client_id" in body:
            extra["client_id"] = body["client_id"]
        if verdict.error is not None:
            self._machine.logs.write(f"invalid prompt: {verdict.error}\n")
            answer = {"error": verdict.error, "node_errors": dict(verdict.node_errors)}
            return web.json_response(answer, status=400)
        self._queue.put(self._item(number, prompt_id, body["prompt"], extra, list(verdict.outputs)))
        await self._machine.perish("after_accept")
        accepted = {"prompt_id": prompt_id, "number": number, "node_errors": dict(verdict.node_errors)}
        return await self._answer(request, accepted)

    def _number(self, body: Any) -> float:
        if "number" in body:
            return float(body["number"])
        front = "front" in body and bool(body["front"])
        return self._queue.next_number(front=front)

    def _item(self, number: float, prompt_id: str, graph: Any, extra: Any, outputs: list[str]) -> Item:
        secrets: dict[str, Any] = {}
        if not self._machine.options.old:
            secrets = {name: extra.pop(name) for name in SECRETS if name in extra}
            extra["create_time"] = int(time.time() * 1000)
        return (number, prompt_id, graph, extra, outputs, secrets)

    async def _answer(self, request: web.Request, answer: dict[str, Any]) -> web.StreamResponse:
        """The answer of an accepted prompt, unless a fault eats it."""
        await asyncio.sleep(self._faults.take_seconds("delay_answer"))
        if self._faults.take("post_drop") and request.transport is not None:
            request.transport.abort()
        if self._faults.take("post_500"):
            raise web.HTTPInternalServerError(
                text="500 Internal Server Error\n\nServer got itself in trouble"
            )
        return web.json_response(answer)

    async def remaining(self, _request: web.Request) -> web.Response:
        return web.json_response({"exec_info": {"queue_remaining": self._queue.remaining}})

    async def show_queue(self, _request: web.Request) -> web.Response:
        return web.json_response(self._queue.document())

    async def change_queue(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            self._queue.clear()
        for prompt_id in body.get("delete", ()):
            self._queue.delete(prompt_id)
        return web.Response()

    async def interrupt(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except json.JSONDecodeError:
            body = {}
        self._machine.interrupt(body.get("prompt_id"))
        return web.Response()

    async def free(self, request: web.Request) -> web.Response:
        body = await request.json()
        wanted = {name: body.get(name, False) for name in ("unload_models", "free_memory")}
        self._machine.free(wanted)
        return web.Response()

    async def show_history(self, request: web.Request) -> web.Response:
        limit = request.rel_url.query.get("max_items")
        offset = int(request.rel_url.query.get("offset", "-1"))
        return web.json_response(self._queue.history(None if limit is None else int(limit), offset))

    async def show_entry(self, request: web.Request) -> web.Response:
        return web.json_response(self._queue.entry(request.match_info["prompt_id"]))

    async def change_history(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            self._queue.clear_history()
        for prompt_id in body.get("delete", ()):
            self._queue.delete_history(prompt_id)
        return web.Response()

    async def show_jobs(self, request: web.Request) -> web.Response:
        every = jobs.all_jobs(self._queue.document(), self._queue.history())
        status, body = jobs.page(every, request.rel_url.query)
        return web.json_response(body, status=status)

    async def show_job(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["job_id"]
        found = jobs.detail(prompt_id, self._queue.document(), self._queue.entry(prompt_id))
        if found is None:
            return web.json_response({"error": "Job not found"}, status=404)
        return web.json_response(found)

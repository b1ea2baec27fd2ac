"""A backend of the adapter's against a small server: what most HTTP tests begin with."""

from __future__ import annotations

import contextlib

import pytest

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.http import HttpComfyServer
from ainf_tui.adapters.comfy.transport import Deadlines
from ainf_tui.domain.comfy import PromptRequest
from ainf_tui.errors import BackendError
from tests.adapters.comfy.servers import json_reply, serving

GRAPH = {"3": {"class_type": "KSampler", "inputs": {}, "_meta": {"title": "Sampler"}}}
REQUEST = PromptRequest("p-1", "c-1", GRAPH)
QUICK = Deadlines(connect=0.5, prompt=0.3, queue=0.3, history=0.3, stats=0.3, action=0.3, view=0.3)
PATIENT = Deadlines()
EMPTY_QUEUE = json_reply({"queue_running": [], "queue_pending": []})
LOGIN = "<!doctype html><title>Sign in</title>"


@contextlib.asynccontextmanager
async def client(url, deadlines=PATIENT, **options):
    server = HttpComfyServer(BackendAddress(url, **options), deadlines)
    try:
        yield server
    finally:
        await server.aclose()


@contextlib.asynccontextmanager
async def talking(respond, deadlines=PATIENT, *, path="", **options):
    async with serving(respond) as served, client(served.url + path, deadlines, **options) as server:
        yield server, served


async def failure(call):
    with pytest.raises(BackendError) as caught:
        await call
    return caught.value

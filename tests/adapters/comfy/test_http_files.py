from __future__ import annotations

import asyncio
import gzip

import pytest

from ainf_tui.domain.comfy import ServerFile
from ainf_tui.errors import BackendRejectedError, InDoubtError, NotFoundError, UsageError
from tests.adapters.comfy.servers import json_reply, reply
from tests.adapters.comfy.talk import LOGIN, QUICK, talking

FILE = ServerFile("9", "images", 0, "a b&.png", "sub/x", "temp")


async def viewed(server, file=FILE):
    async with server.view(file) as stream:
        return stream.length, stream.media_type, b"".join([c async for c in stream.chunks])


async def test_a_file_is_streamed_with_its_length():
    body = bytes(range(256)) * 4000
    async with talking(reply(200, body, "image/png")) as (server, served):
        assert await viewed(server) == (len(body), "image/png", body)
        (request,) = served.requests
        assert request.target == "/view?filename=a+b%26.png&subfolder=sub%2Fx&type=temp"
        assert request.headers["accept-encoding"] == "identity"


async def test_a_compressed_file_has_no_known_length():
    packed = gzip.compress(b"x" * 1000)
    async with talking(reply(200, packed, "image/png", Content_Encoding="gzip")) as (server, _):
        assert await viewed(server) == (None, "image/png", b"x" * 1000)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (reply(404, kind="application/octet-stream"), NotFoundError, "output.gone"),
        (reply(400), NotFoundError, "output.refused"),
        (reply(403), NotFoundError, "output.refused"),
        (reply(403, "no login", "text/plain"), BackendRejectedError, "backend.auth"),
        (reply(404, LOGIN, "text/html"), BackendRejectedError, "backend.not_comfyui"),
        (reply(200, LOGIN, "text/html"), BackendRejectedError, "backend.not_comfyui"),
        (reply(302, Location="/login"), BackendRejectedError, "backend.redirected"),
        (reply(500), InDoubtError, "backend.server_error"),
    ],
)
async def test_a_file_that_cannot_be_had(answer, kind, code):
    async with talking(answer) as (server, _):
        with pytest.raises(kind) as caught:
            await viewed(server)
        assert caught.value.code == code


@pytest.mark.parametrize("silent", [False, True])
async def test_a_file_that_breaks_off_is_an_error_of_the_chunks(silent):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n"

    async def respond(request, writer):
        writer.write(head + b"x" * 10)
        await writer.drain()
        if silent:
            await asyncio.Event().wait()
        writer.transport.close()

    async with talking(respond, QUICK) as (server, _), server.view(FILE) as stream:
        assert stream.length == 1000
        assert await anext(stream.chunks) == b"x" * 10
        with pytest.raises(InDoubtError):
            await anext(stream.chunks)


async def test_what_the_caller_raises_while_reading_passes_untouched():
    full = OSError(28, "No space left on device")
    async with talking(reply(200, b"x", "image/png")) as (server, _):
        with pytest.raises(OSError, match="No space"):
            async with server.view(FILE):
                raise full


async def test_an_upload_says_under_which_name_the_server_has_it(tmp_path):
    image = tmp_path / "tiny.png"
    image.write_bytes(b"\x89PNG\r\n")
    async with talking(json_reply({"name": "tiny (1).png", "subfolder": "in", "type": "input"})) as (
        server,
        served,
    ):
        assert await server.upload_image(image, subfolder="in", overwrite=True) == "in/tiny (1).png"
        body = served.requests[0].body
        assert b'name="image"; filename="tiny.png"' in body
        assert b"image/png" in body
        assert b'name="overwrite"\r\n\r\ntrue' in body
        with pytest.raises(UsageError) as caught:
            await server.upload_image(tmp_path / "none.png")
        assert caught.value.code == "upload.unreadable"

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace

import pytest

from ainf_tui.adapters.comfy import transport
from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.domain.comfy import PromptRequest
from ainf_tui.errors import (
    BackendRejectedError,
    InDoubtError,
    NotFoundError,
    NotSentError,
    PromptRefusedError,
    UsageError,
)
from tests.adapters.comfy.recordings import http
from tests.adapters.comfy.servers import CERTIFICATE, closed_port, json_reply, reply, serving
from tests.adapters.comfy.talk import EMPTY_QUEUE, LOGIN, QUICK, REQUEST, client, failure, talking


# -- prompts ---------------------------------------------------------------------------------------
async def test_a_prompt_is_sent_once_with_its_ids_and_accepted():
    async with talking(json_reply({"prompt_id": "p-1", "number": 7, "node_errors": {}})) as (server, served):
        accepted = await server.submit(REQUEST)
        assert (accepted.prompt_id, accepted.number, accepted.problems) == ("p-1", 7.0, ())
        (request,) = served.requests
        assert (request.method, request.target) == ("POST", "/prompt")
        assert request.json()["prompt_id"] == "p-1"
        assert request.json()["client_id"] == "c-1"
        assert "number" not in request.json()


async def test_dropped_branches_are_told():
    data = http("prompt_ok_partial_node_errors")["json"]
    request = replace(REQUEST, prompt_id=data["prompt_id"])
    async with talking(json_reply(data)) as (server, _):
        (problem,) = (await server.submit(request)).problems
        assert (problem.node, problem.input) == ("11", "images")


@pytest.mark.parametrize("runs", [True, False])
async def test_a_server_that_gives_ids_of_its_own_is_too_old_and_keeps_nothing(runs):
    """As ComfyUI 0.3.41: its prompt would be taken for one that somebody has deleted."""
    running = [[0, "its-own", {}, {}, []]] if runs else []

    async def respond(request, writer):
        answers = {
            "/prompt": {"prompt_id": "its-own", "number": 7, "node_errors": {}},
            "/queue": {"queue_running": running, "queue_pending": []},
        }
        writer.write(json_reply(answers.get(request.target, {})))

    async with talking(respond) as (server, served):
        with pytest.raises(PromptRefusedError) as caught:
            await server.submit(REQUEST)
        assert caught.value.code == "prompt.own_ids"
        asked = [(r.target, r.json()) for r in served.requests[1:] if r.method == "POST"]
        interrupt = [("/interrupt", {"prompt_id": "its-own"})] if runs else []
        assert asked == [("/queue", {"delete": ["its-own"]}), *interrupt]


async def test_a_refusal_is_explained_with_what_the_server_left_out():
    refusal = http("prompt_err_bad_sampler")
    info = {"KSampler": http("object_info")["KSampler"]}

    async def respond(request, writer):
        writer.write(json_reply(refusal["json"], 400) if request.method == "POST" else json_reply(info))

    async with talking(respond) as (server, served):
        with pytest.raises(PromptRefusedError) as caught:
            await server.submit(PromptRequest("p", "c", refusal["request"]["body"]["prompt"]))
        assert "euler, euler_cfg_pp" in caught.value.message
        assert served.requests[1].target == "/object_info/KSampler"


async def test_a_refusal_is_told_without_the_declaration_too():
    async def respond(request, writer):
        writer.write(json_reply(http("prompt_err_bad_sampler")["json"], 400))

    async with talking(respond) as (server, _):
        with pytest.raises(PromptRefusedError) as caught:
            await server.submit(REQUEST)
        assert "'nope' is not among" in caught.value.message


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (reply(500, "500 Internal Server Error", "text/plain"), InDoubtError, "backend.server_error"),
        (reply(502, LOGIN, "text/html"), InDoubtError, "backend.server_error"),
        (reply(504), InDoubtError, "backend.server_error"),
        (reply(429), InDoubtError, "backend.server_error"),
        (reply(200, '{"prompt_id": "p-', "application/json"), InDoubtError, "backend.no_answer"),
        (json_reply({"ok": True}), InDoubtError, "backend.no_answer"),
        (reply(200, LOGIN, "text/html"), BackendRejectedError, "backend.not_comfyui"),
        (reply(200, "\n" + LOGIN, "text/plain"), BackendRejectedError, "backend.not_comfyui"),
        (reply(400, "Bad Request", "text/plain"), BackendRejectedError, "backend.not_comfyui"),
        (json_reply({"detail": "no"}, 400), BackendRejectedError, "backend.not_comfyui"),
        (reply(401), BackendRejectedError, "backend.auth"),
        (reply(403, LOGIN, "text/html"), BackendRejectedError, "backend.auth"),
        (reply(404), BackendRejectedError, "backend.not_comfyui"),
        (reply(405, "405: Method Not Allowed", "text/plain"), BackendRejectedError, "backend.not_comfyui"),
        (
            reply(413, "Maximum request body size 1048576 exceeded."),
            BackendRejectedError,
            "backend.too_large",
        ),
        (
            reply(302, Location="https://u:p@login.example/?token=geheim"),
            BackendRejectedError,
            "backend.redirected",
        ),
    ],
)
async def test_answers_to_a_prompt_are_sorted_by_whether_it_may_be_queued(answer, kind, code):
    async with talking(answer) as (server, served):
        error = await failure(server.submit(REQUEST))
        assert (type(error), error.code) == (kind, code)
        assert error.hint
        assert "geheim" not in error.message
        assert len(served.requests) == 1


async def test_a_redirect_names_the_host_it_leads_to_and_is_not_followed():
    async with serving(EMPTY_QUEUE) as login:
        target = f"http://user:geheim@127.0.0.1:{login.port}/login?next=/prompt"
        async with talking(reply(302, Location=target)) as (server, _):
            error = await failure(server.queue())
        assert f"127.0.0.1:{login.port}" in error.message
        assert "geheim" not in error.message + error.hint
        assert login.connections == 0


async def test_a_redirect_to_tls_says_so():
    async with talking(reply(301, Location="https://127.0.0.1/queue")) as (server, _):
        assert "https://" in (await failure(server.queue())).hint


# -- connections -----------------------------------------------------------------------------------
async def test_nobody_listens():
    async with client(f"http://user:geheim@127.0.0.1:{closed_port()}") as server:
        error = await failure(server.submit(REQUEST))
        assert (type(error), error.code) == (NotSentError, "backend.unreachable")
        assert "refused" in error.message
        assert "geheim" not in error.message


async def test_an_unknown_host():
    async with client("http://no-such-host.invalid:8188") as server:
        assert type(await failure(server.queue())) is NotSentError


@pytest.mark.parametrize("call", ["submit", "queue"])
async def test_no_answer_in_time_is_a_doubt(call):
    async def never(request, writer):
        await asyncio.Event().wait()

    async with talking(never, QUICK) as (server, served):
        error = await failure(server.submit(REQUEST) if call == "submit" else server.queue())
        assert (type(error), error.code) == (InDoubtError, "backend.no_answer")
        assert "0.3 s" in error.message
        assert len(served.requests) == 1


async def test_a_drip_of_bytes_does_not_outlast_the_deadline():
    async def drip(request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with talking(drip, QUICK) as (server, _):
        assert type(await failure(server.queue())) is InDoubtError


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"]
)
async def test_a_connection_cut_after_sending_is_a_doubt(cut):
    async def respond(request, writer):
        writer.write(cut)
        await writer.drain()
        writer.transport.abort()

    async with talking(respond) as (server, served):
        assert type(await failure(server.submit(REQUEST))) is InDoubtError
        assert len(served.requests) == 1


async def test_a_get_on_a_kept_connection_that_died_is_asked_again():
    async def once_a_connection(request, writer):
        if len(served.requests) == 2:
            writer.transport.abort()
        else:
            writer.write(EMPTY_QUEUE)

    async with talking(once_a_connection) as (server, served):
        await server.queue()
        await server.queue()
        assert (len(served.requests), served.connections) == (3, 2)


async def test_what_speaks_no_http_is_a_doubt_with_a_hint_at_tls():
    tls = serving(EMPTY_QUEUE, tls=True)
    async with tls as served, client(served.url.replace("https", "http")) as server:
        error = await failure(server.queue())
    assert type(error) is InDoubtError
    assert "https://" in error.hint


async def test_tls_trusts_what_it_is_told_to():
    async with serving(EMPTY_QUEUE, tls=True) as served:
        async with client(served.url) as server:
            error = await failure(server.submit(REQUEST))
            assert (type(error), error.code) == (NotSentError, "backend.tls_untrusted")
        for options in ({"tls_ca": str(CERTIFICATE)}, {"tls_verify": False}):
            async with client(served.url, **options) as server:
                assert (await server.queue()).pending == ()


async def test_an_answer_is_bounded(monkeypatch):
    monkeypatch.setattr(transport, "MAX_BODY", 1 << 20)
    bomb = gzip.compress(b" " * (64 << 20))
    async with talking(reply(200, bomb, Content_Encoding="gzip")) as (server, _):
        error = await failure(server.queue())
        assert error.code == "backend.answer_too_large"


async def test_a_broken_encoding_is_a_doubt():
    async with talking(reply(200, b"no gzip", Content_Encoding="gzip")) as (server, _):
        assert type(await failure(server.queue())) is InDoubtError


# -- addresses -------------------------------------------------------------------------------------
async def test_prefix_query_headers_and_token_are_on_every_call():
    options = {"headers": {"X-Team": "a"}, "token": "t0ken"}
    async with talking(EMPTY_QUEUE, path="/proxy/comfy/?key=k", **options) as (server, served):
        await server.queue()
        (request,) = served.requests
        assert request.target == "/proxy/comfy/queue?key=k"
        assert request.headers["x-team"] == "a"
        assert request.headers["authorization"] == "Bearer t0ken"
        assert "origin" not in request.headers


async def test_the_environments_proxies_and_logins_are_not_used(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    async with talking(EMPTY_QUEUE) as (server, _):
        assert (await server.queue()).running == ()


def test_userinfo_becomes_basic_authorization_and_is_never_shown():
    address = BackendAddress("https://us%40er:ge%3Aheim@gpu.example/x/")
    assert address.request_headers() == {"Authorization": "Basic dXNAZXI6Z2U6aGVpbQ=="}
    assert address.endpoint("queue") == "https://gpu.example/x/queue"
    assert address.websocket("a b") == "wss://gpu.example/x/ws?clientId=a+b"
    assert "heim" not in repr(address) + address.shown
    assert (address.port, address.loopback) == (443, False)
    assert BackendAddress("http://[::1]:8188").loopback
    assert BackendAddress("http://127.9.9.9").loopback


@pytest.mark.parametrize(
    ("url", "options", "code"),
    [
        ("127.0.0.1:8188", {}, "backend.bad_url"),
        ("ftp://h", {}, "backend.bad_url"),
        ("http://", {}, "backend.bad_url"),
        ("http://h:99999", {}, "backend.bad_url"),
        ("http://[x", {}, "backend.bad_url"),
        ("http://h", {"headers": {"A": "b\r\nX: y"}}, "backend.bad_header"),
        ("http://h", {"headers": {"A b": "c"}}, "backend.bad_header"),
        ("http://h", {"headers": {"Origin": "c"}}, "backend.bad_header"),
        ("http://h", {"token": "a b"}, "backend.bad_header"),
    ],
)
def test_addresses_that_cannot_be_used(url, options, code):
    with pytest.raises(UsageError) as caught:
        BackendAddress(url, **options)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_certificate_file_that_cannot_be_read(tmp_path):
    address = BackendAddress("https://h", tls_ca=str(tmp_path / "none.pem"))
    with pytest.raises(UsageError, match="certificates"):
        address.ssl_context()


# -- queue, history, actions -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda s: s.queue(), json_reply({"rows": []})),
        (lambda s: s.queue(), reply(200, "pong", "text/plain")),
        (lambda s: s.queue(), reply(200, LOGIN, "text/html")),
        (lambda s: s.history("x"), json_reply([])),
        (lambda s: s.object_info(), json_reply([])),
        (lambda s: s.system_stats(), json_reply({})),
        (lambda s: s.interrupt("x"), reply(200, LOGIN, "text/html")),
        (lambda s: s.queue(), reply(404)),
    ],
)
async def test_what_is_no_comfyui_is_told_so(call, answer):
    async with talking(answer) as (server, _):
        error = await failure(call(server))
        assert (type(error), error.code) == (BackendRejectedError, "backend.not_comfyui")


async def test_history_of_one_prompt_and_of_the_newest():
    data = http("history_max2_offset1")["json"]
    first, last = data

    async def respond(request, writer):
        writer.write(json_reply(data if "max_items" in request.target else {first: data[first]}))

    async with talking(respond) as (server, served):
        entry = await server.history(first)
        assert entry is not None
        assert entry.prompt_id == first
        assert await server.history("a/b") is None
        assert [e.prompt_id for e in await server.recent_history(2)] == [first, last]
        assert [r.target for r in served.requests] == [
            f"/history/{first}",
            "/history/a%2Fb",
            "/history?max_items=2",
        ]


async def test_actions_send_what_comfyui_expects():
    async with talking(reply(200)) as (server, served):
        await server.delete_pending([])
        await server.delete_pending(["a", "b"])
        await server.interrupt("a")
        await server.free(unload_models=True, free_memory=False)
        assert [(r.target, r.json()) for r in served.requests] == [
            ("/queue", {"delete": ["a", "b"]}),
            ("/interrupt", {"prompt_id": "a"}),
            ("/free", {"unload_models": True, "free_memory": False}),
        ]


async def test_object_info_models_and_stats():
    async def respond(request, writer):
        answers = {"/object_info": http("object_info"), "/system_stats": http("system_stats")}
        known = answers.get(request.target, ["a.safetensors", "sub/b.safetensors"])
        writer.write(reply(404) if request.target.endswith("none") else json_reply(known))

    async with talking(respond) as (server, _):
        assert "KSampler" in await server.object_info()
        assert (await server.system_stats()).version == "0.8.0"
        assert await server.models("loras") == ("a.safetensors", "sub/b.safetensors")
        with pytest.raises(NotFoundError) as caught:
            await server.models("none")
        assert caught.value.code == "backend.no_model_folder"


# -- the process -----------------------------------------------------------------------------------
async def test_a_server_that_is_not_the_owner_of_its_port_has_no_identity():
    async with talking(json_reply(http("system_stats"))) as (server, _):
        assert await server.process_identity() == ""
    async with client("http://gpu.example:8188") as server:
        assert await server.process_identity() == ""


async def test_details_of_errors_can_be_sent_as_json():
    async with talking(reply(302, Location="http://x/")) as (server, _):
        error = await failure(server.queue())
        assert json.loads(json.dumps(error.document()))["code"] == "backend.redirected"

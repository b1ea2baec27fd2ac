"""One check at a time: what is healthy, what answers wrongly, what does not answer, and what each costs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import time

import pytest

from ainf_tui.adapters.services.probes import MAX_BODY, SystemProber
from ainf_tui.domain.services import Health, HealthSpec
from tests.adapters.comfy.recordings import DATA
from tests.adapters.comfy.servers import reply, serving
from tests.fakes.services import program

STATS = json.dumps({"system": {"comfyui_version": "0.8.0", "os": "posix"}, "devices": []})
HEALTHY, UNHEALTHY, UNREACHABLE, UNKNOWN = (
    Health.HEALTHY,
    Health.UNHEALTHY,
    Health.UNREACHABLE,
    Health.UNKNOWN,
)


@pytest.fixture
async def prober(services):
    made = SystemProber(services.processes)
    yield made
    await made.aclose()


async def look(prober, kind, target="", *, port=None, log="", since=0, **more):
    spec = HealthSpec(kind, target, **more)
    return await prober.check(spec, port=port, cwd="/", env={}, log=str(log), since=since)


def unused():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


# -- http ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "health"), [(200, HEALTHY), (204, HEALTHY), (302, HEALTHY), (404, UNHEALTHY), (503, UNHEALTHY)]
)
async def test_a_status_below_400_is_healthy(prober, status, health):
    async with serving(reply(status, b"", Location="http://127.0.0.1:1/")) as served:
        verdict = await look(prober, "http", served.url)
    assert verdict.health is health
    assert verdict.latency is not None
    assert (str(status) in verdict.message) is (health is UNHEALTHY)
    assert len(served.requests) == 1


async def test_nothing_listens(prober):
    verdict = await look(prober, "http", f"http://127.0.0.1:{unused()}/")
    assert (verdict.health, verdict.message) == (UNREACHABLE, "nothing listens there")


async def test_what_speaks_no_http(prober):
    async with serving(b"220 mail.example ESMTP\r\n\r\n") as served:
        verdict = await look(prober, "http", served.url)
    assert verdict.health is UNHEALTHY
    assert "no HTTP" in verdict.message


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://127.0.0.1/", "http://[::1", "http://127.0.0.1:99999/"]
)
async def test_what_is_no_url_is_not_known(prober, url):
    assert (await look(prober, "http", url)).health in {UNKNOWN, UNREACHABLE}


async def test_secrets_of_the_url_are_not_told(prober):
    async with serving(reply(500)) as served:
        url = served.url.replace("//", "//user:pass@") + "/?token=hidden"
        verdict = await look(prober, "http", url)
    assert "HTTP 500" in verdict.message
    assert "pass" not in verdict.message
    assert "hidden" not in verdict.message


async def test_a_certificate_of_its_own_is_good_enough_on_this_machine(prober):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(DATA / "tls" / "test-only-cert.pem", DATA / "tls" / "test-only-key.pem")

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(200))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await look(prober, "http", f"https://127.0.0.1:{port}/")).health is HEALTHY


@pytest.mark.parametrize("path", ["", "/system_stats"])
async def test_a_comfyui_is_known_by_what_it_says_of_itself(prober, path):
    async with serving(reply(200, STATS)) as served:
        verdict = await look(prober, "http", served.url + path, identity="comfyui")
    assert (verdict.health, verdict.version, verdict.comfyui) == (HEALTHY, "0.8.0", True)
    assert served.requests[-1].target == "/system_stats"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"system": 1}', b'{"system": {}}', b"\xff"])
async def test_another_server_is_no_comfyui(prober, body):
    async with serving(reply(200, body)) as served:
        verdict = await look(prober, "http", served.url, identity="comfyui")
    assert (verdict.health, verdict.comfyui) == (UNHEALTHY, False)


async def test_an_answer_without_an_end_costs_no_memory(prober):
    sent = 0

    async def endless(_request, writer):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 20 * MAX_BODY:
                writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
                sent += 65536
                await writer.drain()

    async with serving(endless) as served:
        for identity in ("", "comfyui"):
            verdict = await look(prober, "http", served.url + "/system_stats", identity=identity)
            assert verdict.health is (UNHEALTHY if identity else HEALTHY)
    assert sent < 20 * MAX_BODY


async def test_those_that_never_answer_cost_their_own_timeout_and_nobody_elses(prober):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hung:
        url = f"http://127.0.0.1:{hung.getsockname()[1]}/"
        began = time.monotonic()
        waiting = [asyncio.create_task(look(prober, "http", url, timeout=0.6)) for _ in range(20)]
        async with serving(reply(200)) as served:
            quick = await look(prober, "http", served.url, timeout=0.6)
        assert not any(task.done() for task in waiting)
        verdicts = await asyncio.gather(*waiting)
    assert quick.health is HEALTHY
    assert {verdict.health for verdict in verdicts} == {UNREACHABLE}
    assert verdicts[0].message == "no answer within 0.6 s"
    assert time.monotonic() - began < 20 * 0.6  # side by side


# -- tcp, exec, process ----------------------------------------------------------------------------
async def test_a_port_that_takes_a_connection_is_healthy(prober):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert (await look(prober, "tcp", f"127.0.0.1:{port}")).health is HEALTHY
        assert (await look(prober, "tcp", port=port)).health is HEALTHY
    closed = await look(prober, "tcp", f"127.0.0.1:{port}")
    assert (closed.health, closed.message) == (UNREACHABLE, "nothing listens there")
    assert (await look(prober, "tcp", "127.0.0.1:x")).health is UNKNOWN
    assert (await look(prober, "tcp")).health is UNKNOWN
    assert (await look(prober, "tcp", "127.0.0.1:99999999999")).health is UNREACHABLE


async def test_a_port_of_the_other_address_family(prober):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        assert (await look(prober, "tcp", f"[::1]:{server.getsockname()[1]}")).health is HEALTHY


@pytest.mark.parametrize(
    ("command", "health", "words"),
    [
        (program("pass"), HEALTHY, ""),
        (program("raise SystemExit(3)"), UNHEALTHY, "exit code 3"),
        (program("raise SystemExit(124)"), UNHEALTHY, "exit code 124"),
        (("no-such-program",), UNHEALTHY, "no-such-program is not found"),
        (("/",), UNHEALTHY, "cannot be executed"),
        (program("import time; time.sleep(60)"), UNREACHABLE, "did not end within 0.5 s"),
    ],
)
async def test_a_command_tells_by_its_code(prober, command, health, words):
    verdict = await look(prober, "exec", command=command, timeout=0.5 if health is UNREACHABLE else 10.0)
    assert verdict.health is health
    assert words in verdict.message


async def test_a_process_that_lives_is_healthy_and_an_unknown_check_is_not_known(prober):
    assert (await look(prober, "process")).health is HEALTHY
    assert (await look(prober, "telepathy")).health is UNKNOWN


# -- a line of the log -----------------------------------------------------------------------------
async def test_a_line_counts_from_where_the_service_began_and_only_whole(prober, tmp_path):
    log = tmp_path / "web.log"
    log.write_text("listening on 1\n")
    since = log.stat().st_size

    async def found():
        return (await look(prober, "log_line", r"^listening on \d+$", log=log, since=since)).health

    assert await found() is UNHEALTHY
    with log.open("a") as stream:
        stream.write("50%\r100%\rlistening on 2")
    assert await found() is UNHEALTHY
    with log.open("a") as stream:
        stream.write("2\n")
    assert await found() is HEALTHY
    log.write_text("")
    assert await found() is HEALTHY  # once is enough


async def test_why_a_line_cannot_be_found(prober, tmp_path):
    missing = await look(prober, "log_line", "x", log=tmp_path / "none.log")
    assert missing.health is UNHEALTHY
    assert "No such file" in missing.message
    assert "no regular expression" in (await look(prober, "log_line", "(", log=tmp_path)).message


# -- who answers there -----------------------------------------------------------------------------
async def test_who_answers_on_a_port(prober):
    async with serving(reply(200, STATS)) as comfyui, serving(reply(404, Server="nginx")) as web:
        found = await prober.identify("127.0.0.1", comfyui.port)
        assert (found.health, found.comfyui, found.version) == (HEALTHY, True, "0.8.0")
        found = await prober.identify("0.0.0.0", web.port)
        assert (found.health, found.comfyui, found.message) == (HEALTHY, False, "another HTTP server (nginx)")
    async with serving(b"220 mail\r\n\r\n") as mail:
        assert (await prober.identify("localhost", mail.port)).health is UNHEALTHY
    assert (await prober.identify("127.0.0.1", unused())).health is UNREACHABLE
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as hung:
        assert (await prober.identify("::1", hung.getsockname()[1], 0.2)).health is UNREACHABLE

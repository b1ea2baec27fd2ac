"""Every call, on both transports: what goes in comes out, and errors keep their class and words."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.client.codec import decode, error_of
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.documents import QueueDocument
from ainf_tui.domain.requests import (
    ClearRequest,
    JobQuery,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
    SweepAxis,
)
from ainf_tui.domain.wire import API_REVISION, sparse
from ainf_tui.errors import (
    AinfError,
    ConflictError,
    InDoubtError,
    NotFoundError,
    PromptRefusedError,
    UnreachableError,
    UsageError,
)
from tests.api.fakes import PACK, PRESET, FakeService, app_of, job, served
from tests.client.conftest import Pair
from tests.fakes.rows import row_of

HOSTILE = "\x1b]52;c;ZXZpbA==\x07[/red]\u202e \x00 \U0001f600 'a\"b\\n %2F?&#"


async def test_version_names_who_answers(pair: Pair) -> None:
    found = await pair.client.engine.version()
    assert (found.version, found.api, found.home, found.busy) == ("0.1.0", API_REVISION, "/home/me", False)
    pair.service.store.update(queue=QueueDocument(queued=1))
    assert (await pair.client.engine.version()).busy


async def test_requests_arrive_as_they_were_made(pair: Pair) -> None:
    jobs, service = pair.client.jobs, pair.service
    run = RunRequest(
        request_id="r1",
        graph={"1": {"inputs": {"seed": 2**64 - 1, "text": HOSTILE}}},
        values={"prompt": HOSTILE, "cfg": 7.5, "none": None},
        sweep=(SweepAxis("cfg", (5, 7.5, "9")),),
        count=3,
        held=True,
    )
    assert (await jobs.submit(run)).jobs[0].prompt == HOSTILE
    await jobs.cancel(JobsRequest(("12", HOSTILE)))
    await jobs.hold(JobsRequest(("1",)))
    await jobs.release(JobsRequest(("1",)))
    retry = RetryRequest("r2", all_failed=True, seed="new", priority=0)
    await jobs.retry(retry)
    await jobs.move(MoveRequest(("1",), before="2"))
    assert (await jobs.clear(ClearRequest(states=("failed",)))).count == 3
    assert (await pair.client.queue.pause()).paused
    assert not (await pair.client.queue.resume()).paused
    spec = BackendSpec("box", "https://gpu/x", headers={"X-Key": "v"}, token="secret", tls_verify=False)
    added = await pair.client.engine.ensure_backend(spec)
    assert (added.name, added.added) == ("box", True)
    assert service.asked == [
        ("submit", run),
        ("cancel", JobsRequest(("12", HOSTILE))),
        ("hold", JobsRequest(("1",))),
        ("release", JobsRequest(("1",))),
        ("retry", retry),
        ("move", MoveRequest(("1",), before="2")),
        ("clear", ClearRequest(states=("failed",))),
        ("pause", None),
        ("resume", None),
        ("ensure_backend", spec),
    ]


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_the_jobs_of_a_request_come_back_whatever_the_pieces(pair: Pair, count: int) -> None:
    """The engine hands them over two at a time here; several pieces make one document."""
    made = await pair.client.jobs.submit(RunRequest(request_id="r", pack="p", count=count))
    assert [found.number for found in made.jobs] == list(range(1, count + 1))
    assert made.notices == ()


async def test_queries_arrive_as_they_were_made(pair: Pair) -> None:
    queries = [
        JobQuery(),
        JobQuery(kind="changed", changed_since=0, refs=tuple(f"id-{n}" for n in range(1000)), limit=1000),
        JobQuery(
            kind="ended", states=("failed", "cancelled"), held=False, text=HOSTILE, batch="b&c=d", after="e:1"
        ),
        JobQuery(pack="a b", character="é", backend="gpu&1"),
    ]
    for query in queries:
        await pair.client.jobs.list(query)
        await pair.client.jobs.rows(query)
    assert [value for _, value in pair.service.asked[::2]] == queries
    assert pair.service.asked[1::2] == pair.service.asked[::2]


async def test_rows_come_back_whole(pair: Pair) -> None:
    pair.service.put(
        job(1, prompt=HOSTILE), job(2, "succeeded", seed=2**64 - 1, batch={"id": "b", "index": 1})
    )
    page = await pair.client.jobs.rows()
    assert pair.service.asked == [("jobs", JobQuery(limit=200))]
    assert page.rows == tuple(row_of(known) for known in pair.service.known.values())
    assert (page.rows[1].seed_text, page.rows[1].batch_index, page.revision) == (str(2**64 - 1), 1, 2)


async def test_documents_come_back_whole(pair: Pair) -> None:
    pair.service.put(
        job(1), job(2, "succeeded", prompt=HOSTILE, seed=2**64 - 1, params={"a": [1, {"b": None}]})
    )
    page = await pair.client.jobs.list()
    assert page.jobs == tuple(pair.service.known.values())
    assert page.revision == 2
    assert (await pair.client.jobs.show("id-2")).job == pair.service.known["id-2"]
    assert (await pair.client.jobs.show("id-2")).graph == PACK.graph
    assert (await pair.client.jobs.show("id-2", brief=True)).graph == {}
    assert (await pair.client.status()).overall == "ok"
    assert await pair.client.workflows.list() == (PACK,)
    assert await pair.client.workflows.show(PACK.id) == PACK
    assert await pair.client.presets.list() == (PRESET,)
    assert await pair.client.presets.show("noir") == PRESET


@pytest.mark.parametrize("ref", ["../../etc/passwd", "a/b", "x?y=1", "%2e%2e", HOSTILE.replace("\x00", "")])
async def test_a_hostile_reference_stays_a_reference(pair: Pair, ref: str) -> None:
    with pytest.raises(AinfError) as caught:
        await pair.client.jobs.show(ref)
    if pair.service.asked:
        assert pair.service.asked == [("job", ref)]
        assert caught.value.details == {"ref": ref}
    else:
        assert caught.value.code == "api.not_found"


@pytest.mark.parametrize(
    "error",
    [
        UsageError("x.usage", "m", hint="h", details={"a": [1]}),
        NotFoundError("x.found", HOSTILE),
        ConflictError("x.conflict", "m"),
        PromptRefusedError("x.refused", "m", details={"problems": []}),
        InDoubtError("x.doubt", "m"),
        AinfError("x.other", "m"),
    ],
)
async def test_an_error_keeps_class_code_and_words(pair: Pair, error: AinfError) -> None:
    pair.service.failure = error
    with pytest.raises(AinfError) as caught:
        await pair.client.status()
    assert caught.value.document() == error.document()
    assert caught.value.exit_code == error.exit_code
    # A connection that carried an error serves on.
    pair.service.failure = None
    await pair.client.status()


async def test_a_bug_is_told_by_reference_only(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    pair.service.failure = RuntimeError("password=hunter2")
    with pytest.raises(AinfError) as caught:
        await pair.client.status()
    assert caught.value.code == "engine.bug"
    assert "hunter2" not in str(caught.value.document())
    assert f"reference={caught.value.details['reference']}" in caplog.text
    assert "hunter2" in caplog.text


async def test_an_output_comes_in_pieces_with_its_length(pair: Pair, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4000
    file = tmp_path / "a \u202e.png"
    file.write_bytes(data)
    pair.service.files = {0: file, 1: tmp_path / "gone.png"}
    async with pair.client.jobs.output("id-1", 0) as answer:
        assert answer.headers["content-length"] == str(len(data))
        assert await answer.read() == data
    with pytest.raises(NotFoundError) as caught:
        async with pair.client.jobs.output("id-1", 1):
            pass
    assert caught.value.code == "outputs.file_gone"


async def test_a_slow_answer_is_given_up(pair: Pair) -> None:
    pair.service.patience = asyncio.Event()
    with pytest.raises(UnreachableError) as caught:
        await pair.client.call("GET", "/v1/status", deadline=0.05)
    assert caught.value.code == "engine.timeout"
    pair.service.patience.set()
    assert (await pair.client.status()).overall == "ok"


async def test_many_calls_at_once(pair: Pair) -> None:
    pair.service.put(*(job(n) for n in range(20)))
    found = await asyncio.gather(*(pair.client.jobs.show(f"id-{n}") for n in range(20)))
    assert [detail.job.number for detail in found] == list(range(20))


async def test_text_that_is_not_unicode_is_named_before_it_is_sent(pair: Pair) -> None:
    with pytest.raises(UsageError) as caught:
        await pair.client.jobs.cancel(JobsRequest(("caf\udce9",)))
    assert caught.value.code == "api.bad_text"
    assert pair.service.asked == []


@given(data=st.binary(max_size=200), status=st.integers(300, 599))
def test_no_answer_breaks_the_decoder(data: bytes, status: int) -> None:
    assert isinstance(error_of(status, data), AinfError)
    with pytest.raises(UnreachableError):
        decode(data, RunRequest)


def test_what_is_default_is_not_sent() -> None:
    assert sparse(RetryRequest("r")) == {"request_id": "r"}
    assert sparse(JobsRequest(())) == {"refs": ()}


async def test_half_answers_are_told_as_lost(tmp_path: Path) -> None:
    answers = iter(
        [
            b"",
            b"HTTP/1.1 200 OK\r\ncontent-le",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{",
            b"\x00\xff garbage\r\n\r\n",
        ]
    )

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers))
        writer.close()

    path = tmp_path / "half.sock"
    async with await asyncio.start_unix_server(half, path), Client(UnixTransport(path)) as client:
        for _ in range(4):
            with pytest.raises(UnreachableError) as caught:
                await client.jobs.cancel(JobsRequest(("1",)))
            assert caught.value.code == "engine.lost"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"pid": "x"}', b"\xff"])
async def test_another_server_is_not_taken_for_an_engine(tmp_path: Path, body: bytes) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    path = tmp_path / "page.sock"
    async with await asyncio.start_unix_server(page, path), Client(UnixTransport(path)) as client:
        with pytest.raises(UnreachableError) as caught:
            await client.engine.version()
        assert caught.value.code == "engine.bad_answer"


async def test_a_kept_connection_of_a_dead_engine_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    first, second = FakeService(), FakeService()
    async with Client(UnixTransport(path)) as client:
        async with served(app_of(first), path):
            await client.queue.pause()
        with pytest.raises(UnreachableError) as caught:
            await client.queue.pause()
        assert caught.value.code == "engine.unreachable"
        async with served(app_of(second), path):
            await client.queue.pause()
    assert len(first.asked) == len(second.asked) == 1


async def test_the_app_that_ends_without_an_answer_is_lost() -> None:
    async def silent(_scope: object, _receive: object, _send: object) -> None:
        return

    async with Client(AsgiTransport(silent)) as client:
        with pytest.raises(UnreachableError) as caught:
            await client.status()
        assert caught.value.code == "engine.lost"

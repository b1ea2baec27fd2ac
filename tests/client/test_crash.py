"""A front end that crashes tells the engine if one answers at once, else it leaves word for the next."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from typing import Any

import pytest

from ainf_tui.client import crash
from ainf_tui.client.crash import report_crash
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.written import read

REPORT = ErrorReport("cli", "ainf status: KeyError: 'a'", kind="KeyError", code="cli.bug")


class Engine(UnixStreamServer):
    """Answers every request with one status, or never."""

    def __init__(self, path: Path, status: int) -> None:
        self.status, self.asked = status, list[tuple[str, Any]]()
        self.let_go = threading.Event()
        super().__init__(str(path), Answer)


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Engine

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        if not self.server.status:
            self.server.let_go.wait(10)
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the name of the base


@contextmanager
def engine(path: Path, status: int = 200) -> Iterator[Engine]:
    server = Engine(path, status)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "e.sock"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool.jsonl"


def test_an_engine_that_answers_gets_it(socket: Path, spool: Path) -> None:
    with engine(socket) as there:
        assert report_crash(REPORT, socket, spool) == "engine"
    ((path, body),) = there.asked
    assert path == "/v1/errors"
    (sent,) = body["reports"]
    assert sent == {"source": "cli", "message": REPORT.message, "kind": "KeyError", "code": "cli.bug"}
    assert not spool.exists()


@pytest.mark.parametrize("status", [404, 422, 500, 0])
def test_one_that_does_not_take_it_does_not_hold_us_up(
    socket: Path, spool: Path, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crash, "WITHIN", 0.2)
    with engine(socket, status):
        assert report_crash(REPORT, socket, spool) == "spool"
    assert read(spool.read_bytes()) == REPORT


def test_without_an_engine_it_is_left_for_the_next(socket: Path, spool: Path) -> None:
    assert report_crash(REPORT, socket, spool) == "spool"
    assert read(spool.read_bytes()) == REPORT


def test_where_nothing_can_be_kept_it_says_why(socket: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = report_crash(REPORT, socket, tmp_path / "file" / "spool.jsonl")
    assert "cannot be written" in told

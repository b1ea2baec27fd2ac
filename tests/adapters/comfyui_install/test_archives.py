"""Archives from strangers: what is taken, and what is refused whole."""

from __future__ import annotations

import io
import stat
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ainf_tui.adapters.comfyui_install.archives import Limits, download, unpack
from ainf_tui.errors import AinfError

SMALL = Limits(packed=50_000, unpacked=100_000, entries=20)


def zipped(path, *entries):
    """(name, data or None for a folder)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries:
            packed.writestr(name, b"" if data is None else data)
    return path


def taped(path, *members):
    with tarfile.open(path, "w:gz") as tape:
        for member, data in members:
            member.size = len(data)
            tape.addfile(member, io.BytesIO(data))
    return path


def member(name, kind=tarfile.REGTYPE, link=""):
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


def refused(archive, into, reason):
    with pytest.raises(AinfError) as caught:
        unpack(archive, into, SMALL)
    assert caught.value.code == "comfyui.bad_archive"
    assert reason in caught.value.message


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_around_everything_is_taken_off(tmp_path):
    archive = zipped(
        tmp_path / "n.zip", ("n-main/", None), ("n-main/__init__.py", b"1"), ("n-main/a/b", b"2")
    )
    unpack(archive, tmp_path / "n", SMALL)
    assert names(tmp_path / "n") == ["__init__.py", "a/b"]
    tape = taped(tmp_path / "n.tar.gz", (member("./x.py"), b"x"), (member("y.py"), b"y"))
    unpack(tape, tmp_path / "m", SMALL)
    assert names(tmp_path / "m") == ["x.py", "y.py"]


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/evil", "a/../../evil", "C:evil", "a\\..\\evil", ".git/hooks/post-checkout"]
)
def test_names_that_lead_out(tmp_path, name):
    refused(zipped(tmp_path / "n.zip", ("ok.py", b""), (name, b"x")), tmp_path / "n", "not allowed")
    refused(taped(tmp_path / "n.tgz", (member(name), b"x")), tmp_path / "m", "not allowed")
    assert not (tmp_path / "evil.py").exists()
    assert not (tmp_path.parent / "evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices(tmp_path, kind):
    refused(taped(tmp_path / "n.tgz", (member("l", kind, "/etc/passwd"), b"")), tmp_path / "n", "link")


def test_a_link_in_a_zip(tmp_path):
    info = zipfile.ZipInfo("l")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as packed:
        packed.writestr(info, "/etc/passwd")
    refused(tmp_path / "n.zip", tmp_path / "n", "a link")


def test_a_bomb_and_a_crowd(tmp_path):
    refused(zipped(tmp_path / "n.zip", ("a", bytes(200_000))), tmp_path / "n", "unpacks to more")
    crowd = [(f"f{number}", b"") for number in range(30)]
    refused(zipped(tmp_path / "m.zip", *crowd), tmp_path / "m", "more than 20 files")


def test_what_is_no_archive(tmp_path):
    (tmp_path / "n.zip").write_bytes(b"no archive")
    refused(tmp_path / "n.zip", tmp_path / "n", "cannot be read")


@pytest.fixture
def server():
    """Serves 40,000 bytes under /n.zip, more than is allowed under /large.zip, else 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sizes = {"/n.zip": 40_000, "/large.zip": 2_000_000}
            if self.path not in sizes:
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bytes(sizes[self.path]))

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


async def fetch(url, into):
    await download(url, into, lambda _line: None, SMALL)


async def test_fetched_with_a_limit(server, tmp_path):
    await fetch(f"{server}/n.zip", tmp_path / "n")
    assert (tmp_path / "n").stat().st_size == 40_000
    with pytest.raises(AinfError, match="larger than"):
        await fetch(f"{server}/large.zip", tmp_path / "l")
    assert (tmp_path / "l").stat().st_size <= 50_000
    with pytest.raises(AinfError, match="404") as caught:
        await fetch(f"{server}/none.zip", tmp_path / "x")
    assert caught.value.code == "comfyui.no_download"


async def test_not_over_plain_http(tmp_path):
    with pytest.raises(AinfError, match="https only") as caught:
        await fetch("http://example.org/n.zip", tmp_path / "x")
    assert caught.value.code == "comfyui.bad_source"

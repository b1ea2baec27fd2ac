"""What cannot be read twice (standard input) or not in the middle (archives), in a file without a name."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ainf_tui.adapters.logs.file import BLOCK, LogFile, no_file, unreadable
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
LIMIT = 16 * 1024**3
_SPARE = 1024**3
"""Bytes that are left free on the disk where it is kept."""


class Spool:
    """Reads a source to its end in a thread; what is there already can be read meanwhile."""

    def __init__(
        self,
        name: str,
        read: Callable[[int], bytes],
        *,
        close: Callable[[], None] = lambda: None,
        limit: int | None = None,
    ) -> None:
        self._read = read
        self._close = close
        folder = _folder()
        descriptor, path = tempfile.mkstemp(prefix="ainf-log-", dir=folder)
        os.unlink(path)  # noqa: PTH108 - it goes with its last descriptor, however we end
        self.log = LogFile(descriptor, Path(name))
        self._limit = limit if limit is not None else min(LIMIT, shutil.disk_usage(folder).free - _SPARE)
        self._thread = threading.Thread(target=self._run, name="log-spool", daemon=True)
        self.ended = False
        self.problem: AinfError | None = None
        """Why it ended before the source did; what was read until then is there."""

    @property
    def dropped(self) -> int:
        """Losses of the source."""
        return 0

    def stop(self) -> None:
        """Nobody reads it any more. A source that ends by itself is read to its end."""

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether the source has been read to its end within this time."""
        self._thread.join(seconds)
        return self.ended

    def _run(self) -> None:
        try:
            self._copy()
        except (OSError, EOFError, zlib.error, _zstd_error()) as error:
            self.problem = unreadable(self.log.path, str(error) or type(error).__name__)
        finally:
            self._close()
            self.ended = True

    def _copy(self) -> None:
        size = 0
        while data := self._read(BLOCK):
            if size + len(data) > self._limit:
                self.problem = _too_large(self.log.path, size)
                return
            _write(self.log.descriptor, data)
            size += len(data)


def open_log(path: Path) -> LogFile | Spool:
    """A file as it is, or an archive (gzip, zstandard, told by its first bytes) behind a spool that has begun
    to unpack it.

    Raises what `LogFile.open` raises.
    """
    log = LogFile.open(path)
    magic = log.read(0, 4)
    if magic[:2] != GZIP and magic != ZSTD:
        return log
    log.close()
    try:
        source = path.open("rb")
    except FileNotFoundError:
        raise no_file(path) from None
    read = gzip.GzipFile(fileobj=source).read1 if magic[:2] == GZIP else _unzstd(source)
    spool = Spool(str(path), read, close=source.close)
    spool.start()
    return spool


def _unzstd(source: BinaryIO) -> Callable[[int], bytes]:
    import zstandard  # noqa: PLC0415 - loaded by the first such file

    head = source.read(18)
    source.seek(0)
    try:
        promised = zstandard.get_frame_parameters(head).content_size
    except zstandard.ZstdError:  # Cut off within its head; reading it will say so.
        promised = 1
    reader = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True)
    return _Complete(reader.read, promised, zstandard.CONTENTSIZE_UNKNOWN).read


class _Complete:
    """The reader of zstandard ends quietly where an archive was cut off; its frame may say how much there
    was.
    """

    def __init__(self, read: Callable[[int], bytes], promised: int, unknown: int) -> None:
        self._read = read
        self._promised = 0 if promised == unknown else promised
        self._size = 0

    def read(self, size: int) -> bytes:
        """The next bytes; EOFError at an end that comes too early."""
        data = self._read(size)
        self._size += len(data)
        if not data and self._size < self._promised:
            raise EOFError("the archive was cut off")
        return data


def _zstd_error() -> type[Exception]:
    """What zstandard raises, without loading it for those who need it not."""
    import sys  # noqa: PLC0415 - same

    module = sys.modules.get("zstandard")
    found: type[Exception] = module.ZstdError if module is not None else zlib.error
    return found


def _folder() -> str:
    """A folder on a disk: /tmp is often memory."""
    usual = "/var/tmp"  # noqa: S108 - the file is made by mkstemp and has no name afterwards
    if not os.environ.get("TMPDIR") and os.access(usual, os.W_OK):
        return usual
    return tempfile.gettempdir()


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _too_large(path: Path, size: int) -> AinfError:
    return AinfError(
        "logs.spool_full",
        f"{visible(str(path), 300)}: only its first {size} bytes are shown; there is no room for more",
        hint="Unpack it to a file on a larger disk, or set TMPDIR to a folder there.",
    )

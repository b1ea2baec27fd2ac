"""A process that serves a fake engine as `ainf engine run --settings FILE` serves the real one.

`AINF_TEST_VERSION` is the version it claims, `AINF_TEST_BUSY` gives it a job; `AINF_TEST_FAIL` makes
it end at once with those words.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ainf_tui import __version__
from ainf_tui.api import serve as serving
from ainf_tui.domain.documents import QueueDocument
from ainf_tui.errors import AinfError
from ainf_tui.locations import Locations, locate
from ainf_tui.settings import Settings
from tests.api.fakes import FakeRuntime, opened


@asynccontextmanager
async def runtime(settings: Settings, locations: Locations) -> AsyncIterator[FakeRuntime]:
    async with opened(settings, locations) as found:
        if os.environ.get("AINF_TEST_BUSY"):
            found.store.update(queue=QueueDocument(queued=1))
        yield found


def main() -> int:
    if words := os.environ.get("AINF_TEST_FAIL"):
        sys.stderr.write(words)
        return 2
    setattr(serving, "__version__", os.environ.get("AINF_TEST_VERSION", __version__))  # noqa: B010 - not its own
    settings = Settings.from_private_file(Path(sys.argv[1]))
    locations = locate(os.environ)
    with (locations.state_dir / "starts").open("a") as stream:
        stream.write(f"{os.getpid()}\n")
    try:
        asyncio.run(serving.serve(settings, locations, opener=runtime))
    except AinfError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

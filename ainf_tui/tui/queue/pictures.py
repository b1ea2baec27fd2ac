"""Which picture of a job is shown, and bringing it: the newest preview while it is made, then its outputs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import PurePath
from typing import Protocol

from ainf_tui.display.format import size
from ainf_tui.domain.documents import JobDocument, OutputDocument
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import safe
from ainf_tui.tui.pictures.drawn import Drawing, Undrawable
from ainf_tui.tui.pictures.room import Room
from ainf_tui.tui.pictures.store import LARGEST, PictureStore
from ainf_tui.tui.ports import EngineClient

REST = 0.03
"""Seconds that the cursor rests before a picture that is here is drawn."""
REST_FETCH = 0.15
"""The same before one is fetched."""
PREVIEW_EVERY = 0.5
"""Seconds between two previews on the screen at least."""
PREVIEW_BYTES = 32_000
"""Bytes a second that previews take on the line; larger ones come less often."""
_CELL_BYTES = 40
"""Of a cell in half blocks, measured on previews that are all noise."""
_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"})


@frozen
class Way:
    """How a picture would be drawn now. `why`: not at all, and for what reason."""

    room: Room
    method: str
    cell: tuple[int, int] | None = None
    why: str = ""


@frozen
class _Target:
    """What is to be seen. `index` is None for the preview."""

    job_id: str
    index: int | None
    way: Way


class Stoppable(Protocol):
    """A timer."""

    def stop(self) -> None: ...


class JobPictures:
    """`later(seconds, call)` starts a timer; `run()` starts `bring` as a worker; `show(drawing, caption)`
    shows it: None with a caption keeps the room for what is on its way, without one takes it away.
    """

    def __init__(
        self,
        client: Callable[[], EngineClient | None],
        *,
        later: Callable[[float, Callable[[], None]], Stoppable],
        run: Callable[[], object],
        show: Callable[[Drawing | None, str], None],
        watch: Callable[[tuple[str, ...]], object],
        key: str = "",
    ) -> None:
        self._client = client
        self._later = later
        self._run = run
        self._show = show
        self._watch = watch
        self._key = key
        self.store = PictureStore()
        self._job: JobDocument | None = None
        self._target: _Target | None = None
        self._why = ""
        self._decided = False
        """What is shown was chosen for the job that is looked at."""
        self._watched: tuple[str, ...] = ()
        self._index: dict[str, int] = {}
        self._allowed: set[tuple[str, int]] = set()
        self._next_preview = 0.0
        """Monotonic seconds."""
        self._timer: Stoppable | None = None

    # -- what is to be seen -------------------------------------------------------------------
    def look_at(self, job: JobDocument | None, way: Way) -> None:
        """The job that is shown (None: none), as it is now."""
        self._job = job
        shown = job is not None and not way.why and way.room.enough
        making = job is not None and job.state in {"submitted", "running", "fetching"}
        self._watch_previews((job.id,) if shown and making and job is not None else ())
        target = self._wanted(job, way) if shown and job is not None else None
        why = way.why if job is not None and _drawable(job) and way.room.enough else ""
        if self._decided and target == self._target and (target is not None or why == self._why):
            return
        self._decided = True
        before, self._target = self._target, target
        self._why = why
        self._stop()
        if target is None:
            self._show(None, why)
            return
        if before is None or before.job_id != target.job_id:
            self._show(None, self._caption(target))
        self._plan(target)

    def rest(self) -> None:
        """Nothing is seen of it for now; what is shown next is looked at anew."""
        self._watch_previews(())
        self._stop()
        self._target = None
        self._decided = False

    def _wanted(self, job: JobDocument, way: Way) -> _Target | None:
        if job.state in {"running", "fetching"}:
            return _Target(job.id, None, way) if self.store.preview[0] == job.id else None
        return _Target(job.id, self._at(job), way) if any(out.fetched for out in job.outputs) else None

    def _at(self, job: JobDocument) -> int:
        return min(self._index.get(job.id, 0), len(job.outputs) - 1)

    def step(self, by: int) -> bool:
        """To the next output or the one before; False if there is no other."""
        job, target = self._job, self._target
        if job is None or target is None or target.index is None or len(job.outputs) < 2:
            return False
        self._index[job.id] = (target.index + by) % len(job.outputs)
        self.look_at(job, target.way)
        return True

    def allow(self) -> bool:
        """The output that is shown is fetched however large it is; False if there is none."""
        target = self._target
        if target is None or target.index is None:
            return False
        self._allowed.add((target.job_id, target.index))
        self._run()
        return True

    def preview_came(self, job_id: str, data: bytes) -> None:
        """A picture of the job in the making; of those that come together the newest is drawn."""
        if job_id not in self._watched or self._job is None:
            return
        self.store.preview = (job_id, data)
        if self._target is None:
            return
        if self._target.index is None and self._timer is None:
            self._timer = self._later(max(REST, self._next_preview - time.monotonic()), self._due)

    def _watch_previews(self, job_ids: tuple[str, ...]) -> None:
        if job_ids != self._watched:
            self._watched = job_ids
            self._watch(job_ids)

    # -- bringing it --------------------------------------------------------------------------
    def _plan(self, target: _Target) -> None:
        here = target.index is None or self.store.get((target.job_id, target.index)) is not None
        self._timer = self._later(REST if here else REST_FETCH, self._due)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        if self._target is not None:
            self._run()

    async def bring(self) -> None:
        """Fetches and draws what is wanted; the worker's work."""
        target = self._target
        if target is None:
            return
        try:
            data = await self._data(target)
        except AinfError as error:
            self._tell(target, safe(error.message, 300))
            return
        if data is None:
            return
        drawing = await asyncio.to_thread(_draw, data, target.way)
        if self._target != target:
            return
        if isinstance(drawing, Undrawable):
            self._tell(target, f"{self._name(target)}: {drawing.why}")
        else:
            self._next_preview = time.monotonic() + max(PREVIEW_EVERY, _cost(drawing) / PREVIEW_BYTES)
            self._show(drawing, self._caption(target, drawing))

    async def _data(self, target: _Target) -> bytes | None:
        """The picture's bytes; None where there are none to be had, which is told."""
        if target.index is None:
            return self.store.preview[1] if self.store.preview[0] == target.job_id else None
        key = (target.job_id, target.index)
        output, held = self._output(target), self.store.get(key)
        if held is not None or output is None:
            return held
        if not output.fetched or PurePath(output.path).suffix.lower() not in _ENDINGS:
            self._tell(
                target, f"{self._name(target)} is {'no picture' if output.fetched else 'not fetched yet'}"
            )
            return None
        limit = None if key in self._allowed else LARGEST
        if limit is not None and output.bytes is not None and output.bytes > limit:
            self._tell(target, self._large(target, output.bytes))
            return None
        data = await self._fetch(target, limit)
        if data is None:
            self._tell(target, self._large(target, None))
        else:
            self.store.put(key, data)
        return data

    async def _fetch(self, target: _Target, limit: int | None) -> bytes | None:
        """None if it is larger than it was said to be."""
        client = self._client()
        if client is None or target.index is None:
            return b""
        parts: list[bytes] = []
        held = 0
        async with client.jobs.output(target.job_id, target.index) as answer:
            async for part in answer.body:
                held += len(part)
                if limit is not None and held > limit:
                    return None
                parts.append(part)
        return b"".join(parts)

    def _tell(self, target: _Target, text: str) -> None:
        if self._target == target:
            self._show(None, text)

    # -- the line below it --------------------------------------------------------------------
    def _output(self, target: _Target) -> OutputDocument | None:
        job, index = self._job, target.index
        if job is None or index is None or job.id != target.job_id or index >= len(job.outputs):
            return None
        return job.outputs[index]

    def _name(self, target: _Target) -> str:
        output = self._output(target)
        return safe(PurePath(output.path).name, 200) if output is not None else "preview"

    def _large(self, target: _Target, count: int | None) -> str:
        how = size(count) if count is not None else f"more than {size(LARGEST)}"
        return (
            f"{self._name(target)} has {how}: {self._key} fetches it" if self._key else f"{how}, not fetched"
        )

    def _caption(self, target: _Target, drawing: Drawing | None = None) -> str:
        """`2/3  1024 x 1024  425.1K  name.png`; what does not fit is cut at the end."""
        job, output = self._job, self._output(target)
        parts = []
        if output is None:
            parts.append("preview")
        elif job is not None and len(job.outputs) > 1:
            parts.append(f"{(target.index or 0) + 1}/{len(job.outputs)}")
        if drawing is not None:
            parts.append(f"{drawing.size[0]} x {drawing.size[1]}")
        if output is not None:
            parts += [size(output.bytes) if output.bytes is not None else "", self._name(target)]
        return "  ".join(part for part in parts if part)


def _cost(drawing: Drawing) -> int:
    """About so many bytes go to the terminal for it."""
    if drawing.over or drawing.sequence:
        return len(drawing.over) + len(drawing.sequence)
    return drawing.box.width * drawing.box.height * _CELL_BYTES


def _drawable(job: JobDocument) -> bool:
    return any(PurePath(out.path).suffix.lower() in _ENDINGS for out in job.outputs) or job.state == "running"


def _draw(data: bytes, way: Way) -> Drawing | Undrawable:
    """In a thread: the first time it loads Pillow."""
    from ainf_tui.tui.pictures.drawing import draw  # noqa: PLC0415 - see there

    return draw(data, way.room, way.method, way.cell)

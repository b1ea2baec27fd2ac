"""Collected errors of a fake engine: what it is asked, and groups that a test gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ainf_tui.domain.error_documents import (
    ClearedErrorsDocument,
    ClearErrorsRequest,
    ErrorCardDocument,
    ErrorDetailDocument,
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorGroupPage,
    ErrorQuery,
    ErrorReport,
    ErrorsRequest,
    ErrorTotalsDocument,
    ImportedErrorsDocument,
    ImportErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    SplitErrorRequest,
)
from ainf_tui.errors import NotFoundError

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GROUP = ErrorGroupDocument(
    id=7,
    fingerprint="1.00000000000000aa",
    fingerprints=("1.00000000000000aa",),
    level="error",
    source="comfyui",
    title="CUDA out of memory in VAEDecode",
    code="cuda.out_of_memory",
    first_seen=THEN,
    last_seen=THEN,
    count=3,
    count_24h=2,
    trend=(0,) * 23 + (2,),
    unseen=True,
    job=142,
    service="comfyui",
    pack="portrait-basic",
    node="9",
    node_class="VAEDecode",
)
EXAMPLE = ErrorExampleDocument(
    id=1,
    at=THEN,
    fingerprint=GROUP.fingerprint,
    level="error",
    source="comfyui",
    message="CUDA out of memory. Tried to allocate 2.20 GiB",
    lines=(
        "!!! Exception during processing !!! CUDA out of memory",
        "Traceback (most recent call last):",
        '  File "/opt/ComfyUI/execution.py", line 1, in execute',
        "    out = run()",
        '  File "/venv/lib/python3.11/site-packages/torch/x.py", line 2, in go',
        "    boom()",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.20 GiB",
    ),
    context=("got prompt",),
    details={"node": "9"},
    job=142,
    service="comfyui",
    kind="OutOfMemoryError",
    file="/runs/1/comfyui.log",
    start=1234,
)
CARD = ErrorCardDocument(
    "cuda.out_of_memory", GROUP.title, "The GPU is full.", ("Free it.",), "ainf queue retry"
)


class ErrorsAsked:
    """An `ErrorReading` that notes what it is asked."""

    def __init__(self, note: Callable[[str, Any], None]) -> None:
        self._note = note
        self.groups: list[ErrorGroupDocument] = [GROUP]
        self.examples: tuple[ErrorExampleDocument, ...] = (EXAMPLE,)
        self.keys: set[str] = set()
        self.imported: list[ErrorReport] = []

    def _group(self, ref: str) -> ErrorGroupDocument:
        found = [g for g in self.groups if ref.removeprefix("#") == str(g.id) or ref in g.fingerprints]
        if not found:
            raise NotFoundError("errors.not_found", f"there is no error {ref}")
        return found[0]

    async def listed(self, query: ErrorQuery | None = None) -> ErrorGroupPage:
        query = query or ErrorQuery()
        self._note("errors.listed", query)
        start = int(query.after or 0)
        more = len(self.groups) > start + query.limit
        shown = self.groups[start : start + query.limit]
        return ErrorGroupPage(tuple(shown), str(start + query.limit) if more else None)

    async def show(self, error: str) -> ErrorDetailDocument:
        self._note("errors.show", error)
        return ErrorDetailDocument(self._group(error), CARD, self.examples)

    async def stats(self) -> ErrorTotalsDocument:
        self._note("errors.stats", None)
        return ErrorTotalsDocument(
            new=1,
            ongoing=2,
            groups=3,
            total=41,
            last_24h=12,
            by_level={"error": 40, "warning": 1},
            by_source={"comfyui": 41},
            by_level_24h={"error": 12},
            by_source_24h={"comfyui": 12},
            latest=tuple(self.groups[:3]),
        )

    async def log(self, reports: Sequence[ErrorReport]) -> ErrorGroupPage:
        self._note("errors.log", tuple(reports))
        return ErrorGroupPage(tuple(self.groups[:1]))

    async def import_(self, request: ImportErrorsRequest) -> ImportedErrorsDocument:
        self._note("errors.import", request)
        new = [
            report for key, report in zip(request.keys, request.reports, strict=True) if key not in self.keys
        ]
        self.keys.update(request.keys)
        self.imported += new
        return ImportedErrorsDocument(len(new), len(request.reports) - len(new))

    async def seen(self) -> ErrorTotalsDocument:
        self._note("errors.seen", None)
        return ErrorTotalsDocument()

    async def _changed(self, name: str, request: Any, *refs: str, **changes: Any) -> ErrorGroupPage:
        self._note(name, request)
        return ErrorGroupPage(tuple(replace(self._group(ref), **changes) for ref in refs))

    async def resolve(self, request: ErrorsRequest) -> ErrorGroupPage:
        return await self._changed("errors.resolve", request, *request.errors, state="resolved")

    async def reopen(self, request: ErrorsRequest) -> ErrorGroupPage:
        return await self._changed("errors.reopen", request, *request.errors, state="ongoing")

    async def mute(self, request: MuteErrorsRequest) -> ErrorGroupPage:
        muted = {"state": "muted", "muted_until": request.until}
        return await self._changed("errors.mute", request, *request.errors, **muted)

    async def note(self, request: NoteErrorRequest) -> ErrorGroupPage:
        return await self._changed("errors.note", request, request.error, note=request.note)

    async def merge(self, request: MergeErrorsRequest) -> ErrorGroupPage:
        return await self._changed("errors.merge", request, request.into)

    async def split(self, request: SplitErrorRequest) -> ErrorGroupPage:
        return await self._changed("errors.split", request, request.error)

    async def clear(self, request: ClearErrorsRequest) -> ClearedErrorsDocument:
        self._note("errors.clear", request)
        return ClearedErrorsDocument(1, 3, "/state/errors-cleared/errors-1.jsonl")

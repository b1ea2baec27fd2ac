"""`client.errors` without an engine: groups in memory that change as an engine would change them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ainf_tui.domain.error_documents import (
    LEVELS,
    STATES,
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

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
OPEN = frozenset({"new", "regressed", "ongoing"})


def group(number: int = 1, state: str = "new", **fields: Any) -> ErrorGroupDocument:
    """A group of `number` reports, the last `number` minutes ago."""
    given: dict[str, Any] = {
        "fingerprint": f"1.{number:016x}",
        "fingerprints": (f"1.{number:016x}",),
        "level": "error",
        "source": "comfyui",
        "title": f"failure {number}",
        "first_seen": datetime.now(UTC) - timedelta(days=1, minutes=number),
        "last_seen": datetime.now(UTC) - timedelta(minutes=number),
        "count": number,
        "count_24h": number,
        "trend": (*(0,) * 23, number),
        "unseen": state in {"new", "regressed"},
    }
    return ErrorGroupDocument(number, **{**given, "state": state, **fields})


def example(number: int = 1, **fields: Any) -> ErrorExampleDocument:
    """A report with a traceback through ComfyUI and PyTorch."""
    given: dict[str, Any] = {
        "fingerprint": "1.0000000000000001",
        "level": "error",
        "source": "comfyui",
        "message": "!!! Exception during processing !!! CUDA out of memory",
        "lines": TRACEBACK,
        "context": ("Requested to load AutoencoderKL", "loaded completely"),
    }
    return ErrorExampleDocument(number, NOW + timedelta(seconds=number), **{**given, **fields})


TRACEBACK = (
    "!!! Exception during processing !!! CUDA out of memory",
    "Traceback (most recent call last):",
    '  File "/srv/ComfyUI/execution.py", line 518, in execute',
    "    output_data = await get_output_data(obj)",
    '  File "/venv/lib/python3.11/site-packages/torch/nn/modules/module.py", line 1751, in _call',
    "    return self._call_impl(*args, **kwargs)",
    "           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    '  File "/venv/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 554, in forward',
    "    return self._conv_forward(input, self.weight, self.bias)",
    '  File "/srv/ComfyUI/comfy/ops.py", line 98, in forward',
    "    return super().forward(*args, **kwargs)",
    '  File "/venv/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 549, in _conv_forward',
    "    return F.conv2d(",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.20 GiB.",
)
CARD = ErrorCardDocument(
    "gpu.out_of_memory",
    "The GPU's memory is full",
    "The models and the picture together need more memory than the GPU has left.",
    ("See who holds it: `ainf host`.", "Use a smaller size or batch."),
    "ainf host",
)


class FakeErrors:
    """`act(name, argument)` keeps a call and may raise; `told(totals)` publishes the topic."""

    def __init__(
        self,
        act: Callable[[str, Any], None],
        told: Callable[[ErrorTotalsDocument], None],
        groups: Sequence[ErrorGroupDocument] = (),
    ) -> None:
        self._act = act
        self._told = told
        self.revision = 0
        self.groups: dict[int, ErrorGroupDocument] = {g.id: g for g in groups}
        self.details: dict[int, ErrorDetailDocument] = {}

    # -- as a test sets it up -----------------------------------------------------------------
    def put(self, *groups: ErrorGroupDocument) -> None:
        """New or changed groups, and the topic with them."""
        self.groups |= {group.id: group for group in groups}
        self.say()

    def say(self) -> None:
        self.revision += 1
        self._told(self.totals())

    def totals(self) -> ErrorTotalsDocument:
        groups = self.groups.values()
        by_level: dict[str, int] = {}
        by_source: dict[str, int] = {}
        for group in groups:
            by_level[group.level] = by_level.get(group.level, 0) + group.count
            by_source[group.source] = by_source.get(group.source, 0) + group.count
        return ErrorTotalsDocument(
            new=sum(group.unseen for group in groups),
            ongoing=sum(group.state in OPEN for group in groups),
            groups=len(groups),
            total=sum(by_level.values()),
            last_24h=sum(group.count_24h for group in groups),
            by_level=by_level,
            by_source=by_source,
            by_level_24h=by_level,
            by_source_24h=by_source,
            revision=self.revision,
            latest=tuple(self._ordered("inbox", lambda group: group.state in OPEN)[:3]),
        )

    # -- ErrorReading -------------------------------------------------------------------------
    async def listed(self, query: ErrorQuery | None = None) -> ErrorGroupPage:
        query = query or ErrorQuery()
        self._act("errors.listed", query)
        states = STATES if "all" in query.states else query.states or tuple(OPEN)
        least = LEVELS.index(query.level) if query.level else 0

        def fits(group: ErrorGroupDocument) -> bool:
            text = f"{group.title} {group.code} {group.source} {group.node} {group.pack}".lower()
            return (
                group.state in states
                and (group.level not in LEVELS or LEVELS.index(group.level) >= least)
                and query.source in {"", group.source}
                and all(word in text for word in query.text.lower().split())
            )

        found = self._ordered(query.order, fits)
        begin = int(query.after or 0)
        more = begin + query.limit < len(found)
        return ErrorGroupPage(
            tuple(found[begin : begin + query.limit]), str(begin + query.limit) if more else None
        )

    def _ordered(self, order: str, fits: Callable[[ErrorGroupDocument], bool]) -> list[ErrorGroupDocument]:
        found = [group for group in self.groups.values() if fits(group)]
        if order == "inbox":
            ranks = {state: number for number, state in enumerate(STATES)}
            return sorted(found, key=lambda group: (ranks.get(group.state, 9), group.id))
        if order in {"count", "count_24h"}:
            return sorted(found, key=lambda group: -getattr(group, order))
        return sorted(found, key=lambda group: getattr(group, order) or NOW, reverse=True)

    async def show(self, error: str) -> ErrorDetailDocument:
        self._act("errors.show", error)
        number = int(error)
        if number not in self.groups:
            raise NotFoundError("errors.not_found", f"there is no error {error}")
        found = self.details.get(number) or ErrorDetailDocument(
            self.groups[number], CARD, (example(2), example(1))
        )
        return replace(found, group=self.groups[number])

    async def stats(self) -> ErrorTotalsDocument:
        self._act("errors.stats", None)
        return self.totals()

    async def log(self, reports: Sequence[ErrorReport]) -> ErrorGroupPage:
        self._act("errors.log", reports)
        return ErrorGroupPage(())

    async def import_(self, request: ImportErrorsRequest) -> ImportedErrorsDocument:
        self._act("errors.import", request)
        return ImportedErrorsDocument(len(request.reports), 0)

    async def seen(self) -> ErrorTotalsDocument:
        self._act("errors.seen", None)
        self.groups = {number: replace(group, unseen=False) for number, group in self.groups.items()}
        self.say()
        return self.totals()

    async def resolve(self, request: ErrorsRequest) -> ErrorGroupPage:
        return self._change("resolve", request, request.errors, state="resolved", unseen=False)

    async def reopen(self, request: ErrorsRequest) -> ErrorGroupPage:
        return self._change("reopen", request, request.errors, state="ongoing", muted_until=None)

    async def mute(self, request: MuteErrorsRequest) -> ErrorGroupPage:
        return self._change("mute", request, request.errors, state="muted", muted_until=request.until)

    async def note(self, request: NoteErrorRequest) -> ErrorGroupPage:
        return self._change("note", request, (request.error,), note=request.note)

    async def merge(self, request: MergeErrorsRequest) -> ErrorGroupPage:
        self._act("errors.merge", request)
        into = self.groups[int(request.into)]
        others = [self.groups.pop(int(error)) for error in request.errors]
        prints = (*into.fingerprints, *(name for other in others for name in other.fingerprints))
        self.put(replace(into, fingerprints=prints, count=into.count + sum(other.count for other in others)))
        return ErrorGroupPage((self.groups[into.id],))

    async def split(self, request: SplitErrorRequest) -> ErrorGroupPage:
        self._act("errors.split", request)
        whole = self.groups[int(request.error)]
        part = group(max(self.groups) + 1, fingerprint=request.fingerprint)
        rest = tuple(name for name in whole.fingerprints if name != request.fingerprint)
        self.put(replace(whole, fingerprints=rest), part)
        return ErrorGroupPage((self.groups[whole.id], part))

    async def clear(self, request: ClearErrorsRequest) -> ClearedErrorsDocument:
        self._act("errors.clear", request)
        gone = [
            number
            for number, group in self.groups.items()
            if str(number) in request.errors or (not request.errors and group.state == "resolved")
        ]
        for number in gone:
            del self.groups[number]
        self.say()
        return ClearedErrorsDocument(len(gone), len(gone), "/state/errors/archive.jsonl" if gone else "")

    def _change(self, name: str, request: Any, refs: Sequence[str], **fields: Any) -> ErrorGroupPage:
        self._act(f"errors.{name}", request)
        changed = [replace(self.groups[int(ref)], **fields) for ref in refs]
        self.put(*changed)
        return ErrorGroupPage(tuple(changed))

"""Brings the detail of the job that is looked at. Its running node and its place in the queue are news."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from ainf_tui.domain.documents import JobDetailDocument, JobDocument, JobRow
from ainf_tui.frozen import frozen
from ainf_tui.tui.lists.detail import DetailFeed, Ways
from ainf_tui.tui.ports import EngineClient

Cache = OrderedDict[Hashable, JobDetailDocument]


@frozen
class JobState:
    """At which revision and running node a job is."""

    revision: int
    node: str
    queue: int
    """The queue's revision, of a job that waits: what moves before it is no change of its own. Else 0."""


class JobDetails(DetailFeed[JobRow, JobDetailDocument, JobState]):
    """`queue()` is the newest revision of the queue; `live` the topic's word of a job, if there is one."""

    def __init__(
        self,
        ways: Ways,
        cache: Cache | None = None,
        *,
        queue: Callable[[], int],
        live: Callable[[JobRow], JobDocument | None],
    ) -> None:
        super().__init__(ways, cache)
        self._queue = queue
        self._live = live

    def _key(self, row: JobRow) -> Hashable:
        return row.id

    def _state(self, row: JobRow) -> JobState:
        live = self._live(row)
        newest = max(row.revision, live.revision if live is not None else 0)
        node = live.node.id if live is not None and live.node is not None else ""
        return JobState(newest, node, self._queue() if row.state == "queued" else 0)

    def _moved(self, before: JobState, now: JobState) -> bool:
        waits = bool(now.queue) and now.queue != before.queue
        return waits or now.revision > before.revision or now.node != before.node

    def _outdated(self, known: JobDetailDocument, row: JobRow) -> bool:
        return row.state == "queued" or known.job.revision < self._state(row).revision

    async def _ask(self, client: EngineClient, row: JobRow) -> JobDetailDocument:
        return await client.jobs.show(row.id, brief=True)

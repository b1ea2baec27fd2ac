"""From what a user asks to stored jobs: pack or graph, values, seeds, sweeps, checks, one transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ainf_tui.domain.binding import LATE, Bound, bind_graph, bind_pack, seed_facts
from ainf_tui.domain.checkpoints import Choice, choose
from ainf_tui.domain.comfy import Graph, ObjectInfo, ServerFile
from ainf_tui.domain.errors.reports import of_refusal
from ainf_tui.domain.expansion import DRAWN_BELOW, Variant, expand
from ainf_tui.domain.graphcheck import asked_files, check_graph, missing_file
from ainf_tui.domain.graphfiles import LoadedGraph, load_graph
from ainf_tui.domain.graphs import graph_hash
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.jobs import Job, JobGraph, JobState, NewJob, Problem
from ainf_tui.domain.places import Places
from ainf_tui.domain.present import problem_document
from ainf_tui.domain.presets import SUBJECT, choose_pack
from ainf_tui.domain.requests import RunRequest
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.commands import Done, check_priority
from ainf_tui.engine.engine import Engine
from ainf_tui.errors import BackendError, NotFoundError, UnreachableError, UsageError

FIRST_ANSWER = 1.5
"""Seconds that a submission waits for a backend that has not been asked yet, as right after a start."""


def draw_seed() -> int:
    """A seed that every JSON reader and the web page hold exactly."""
    return secrets.randbelow(DRAWN_BELOW)


@dataclass(frozen=True, slots=True)
class Draft:
    """A request with everything looked up that making its jobs needs."""

    request: RunRequest
    pack: Pack | None
    preset: Preset | None
    info: ObjectInfo | None
    checkpoint: Choice | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """Ids of the jobs of a request, in their order, and what was chosen for the user."""

    ids: tuple[str, ...]
    notices: Sequence[Problem] = ()


class Submission:
    """Makes jobs of requests."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ctx = engine.ctx

    async def run(self, request: RunRequest) -> Submitted:
        """All jobs of the request, or none. UsageError and NotFoundError say what is wrong with it."""
        if (again := await self.repeated(request.request_id)) is not None:
            return Submitted(tuple(job.id for job in again.jobs))
        check_priority(request.priority)
        catalog = await asyncio.to_thread(self._engine.catalog)
        pack, preset = choose_pack(request, catalog.packs, catalog.presets)
        candidates = await self.candidates(request.backend)
        info = next((b.info for b in candidates if b.info is not None), None)
        named = names_checkpoint(request, preset)
        checkpoint = None if named else await self._checkpoint(request, pack, candidates)
        draft = Draft(request, pack, preset, info, checkpoint)
        making = await asyncio.to_thread(Making, draft, self._ctx.clock.now)
        samples = await asyncio.to_thread(making.samples)
        for sample in samples:
            await self.check(sample.graph, candidates, pack=request.pack)
        notices = _notices(samples, request, self._engine.registry.get(request.backend))
        return Submitted(await self._store_request(request.request_id, making.jobs()), notices)

    async def _store_request(self, request_id: str, jobs: Iterable[NewJob]) -> tuple[str, ...]:
        """One transaction, in which the jobs are made; then the backends are told."""
        ctx = self._ctx
        ctx.kill.reach("jobs.before_add")
        ids = await ctx.db.jobs.add_request(request_id, jobs)
        ctx.kill.reach("jobs.after_add")
        ctx.touch_queue()
        self._engine.registry.wake()
        return ids

    async def repeated(self, request_id: str) -> Done | None:
        """What the same request gave the first time, for a client whose answer was lost."""
        jobs = await self._ctx.db.jobs.requested(request_id) if request_id else None
        return None if jobs is None else Done(list(jobs), changed=len(jobs))

    async def store(self, jobs: Sequence[NewJob], notices: Sequence[Problem]) -> Done:
        """One transaction; then the backends are told."""
        ctx = self._ctx
        ctx.kill.reach("jobs.before_add")
        stored = await ctx.db.jobs.add(jobs)
        ctx.kill.reach("jobs.after_add")
        ctx.touch_queue()
        self._engine.registry.wake()
        return Done(list(stored), list(notices), len(stored))

    async def candidates(self, pin: str) -> list[Backend]:
        """Reachable backends that could take it, after those not asked yet have had their moment."""
        registry = self._engine.registry
        chosen = [b for b in registry.backends if not pin or b.name == pin]
        fresh = [b for b in chosen if b.health.checked_at is None or (b.health.reachable and b.info is None)]
        try:
            async with asyncio.timeout(FIRST_ANSWER):
                await asyncio.gather(*(b.greeted.wait() for b in fresh))
        except TimeoutError:
            pass  # what has not answered by now is treated as away: the job waits for it
        return [b for b in chosen if b.health.reachable]

    async def _checkpoint(
        self, request: RunRequest, pack: Pack | None, candidates: Sequence[Backend]
    ) -> Choice | None:
        """Chosen now where only one backend comes into question, so that it can be told at once."""
        if pack is None or pack.input(LATE) is None or len(candidates) != 1:
            return None
        if len(self._engine.registry.backends) > 1 and not request.backend:
            return None
        backend = candidates[0]
        try:
            async with backend.asking():
                available = await backend.server.models("checkpoints")
        except UnreachableError:
            return None
        return choose(available, pack.family, backend.memory.last_checkpoint)

    async def check(self, graph: JobGraph, candidates: Sequence[Backend], *, pack: str = "") -> None:
        """The server's own rules, before anything is stored; refused only if every backend refuses.

        Raises UsageError(`workflow.invalid`) with the list of complaints.
        """
        late = [place for name in graph.late for place in graph.bindings.get(name, ())]
        refusals: list[tuple[Problem, ...]] = []
        for backend in candidates:
            problems = await self._complaints(backend, graph.graph, late)
            if not problems:
                return
            refusals.append(problems)
        if refusals:
            error = _invalid(refusals[0])
            self._ctx.report(of_refusal(error, pack, self._ctx.clock.now()))
            raise error

    async def _complaints(self, backend: Backend, graph: Graph, late: Sequence[str]) -> tuple[Problem, ...]:
        """By what is known of the backend; asked anew once before saying no (a model may be new)."""
        if backend.info is None:
            return ()
        problems = check_graph(graph, backend.info, late=late)
        if problems:
            try:
                async with backend.asking():
                    backend.info = await backend.server.object_info()
            except UnreachableError:
                return problems
            problems = check_graph(graph, backend.info, late=late)
        return problems or await self._missing_files(backend, graph, backend.info)

    @staticmethod
    async def _missing_files(backend: Backend, graph: Graph, info: ObjectInfo) -> tuple[Problem, ...]:
        """Pictures to load that are not on the server: asked by name, its lists have only one folder."""
        missing = []
        for asked in asked_files(graph, info):
            file = ServerFile(asked.node, asked.input, 0, asked.filename, asked.subfolder, asked.type)
            try:
                async with backend.asking(), backend.server.view(file):
                    pass
            except NotFoundError as error:
                if error.code == "output.gone":
                    missing.append(missing_file(graph, info, asked))
            except BackendError:
                break  # no answer is no complaint: it will be told when the job is sent
        return tuple(missing)


@dataclass(frozen=True, slots=True)
class Made:
    """One job to be, its graph, and what was noticed while it was bound."""

    job: NewJob
    graph: JobGraph
    notices: tuple[Problem, ...]


class Making:
    """The jobs of one request, made one after the other: thousands are never together in memory.

    Slow for thousands: for threads. Everything that can be wrong with the request itself is raised here.
    """

    def __init__(self, draft: Draft, now: Callable[[], Any]) -> None:
        request, pack = draft.request, draft.pack
        loaded = load_graph(request.graph or {}) if pack is None else LoadedGraph(pack.graph)
        if request.workflow is None and loaded.workflow is not None:
            draft = replace(draft, request=replace(request, workflow=loaded.workflow))
        known = {item.name: item.places for item in pack.inputs} if pack is not None else None
        self._draft = draft
        self._now = now
        self._graph: Graph = loaded.graph
        self._places = Places(self._graph, draft.info, known)
        seeds = seed_facts(self._places)
        self._variants = expand(
            values=request.values,
            draw=draw_seed,
            new_id=new_id,
            count=request.count,
            seed=request.seed,
            sweep=request.sweep,
            allow_many=request.allow_many,
            own_seed=None if pack is not None else seeds.own,
            has_seed=seeds.present,
            max_seed=seeds.max,
        )

    def samples(self) -> list[Made]:
        """One for each combination of a sweep; those that differ in the seed alone are alike."""
        return [self._make(variant) for variant in self._variants[: self._variants.combinations]]

    def jobs(self) -> Iterator[NewJob]:
        """All of them, in the order in which they are to run. Raises UsageError `seed.twice`."""
        for variant in self._variants:
            yield self._make(variant).job

    def _make(self, variant: Variant) -> Made:
        bound = _bind(self._draft, variant, self._graph, self._places)
        _check_seed(self._draft.request, variant, bound)
        return _make(self._draft, variant, bound, self._now())


def _check_seed(request: RunRequest, variant: Variant, bound: Bound) -> None:
    """A seed set by its place contradicts a seed or a count: all jobs would be the same."""
    if (request.seed or request.count > 1) and variant.seed not in {None, bound.seed}:
        raise UsageError(
            "seed.twice",
            f"the seed is set to {bound.seed} by its place, and asked for as {variant.seed} besides",
            hint="set it once: with --seed, or with --set NODE.seed=N and without --seed and --count",
        )


def names_checkpoint(request: RunRequest, preset: Preset | None) -> bool:
    """Whether the user or the preset names one, so that none has to be chosen."""
    named = {*request.values, *(preset.values if preset is not None else ())}
    return LATE in named or any(axis.name == LATE for axis in request.sweep)


def _bind(draft: Draft, variant: Variant, graph: Graph, places: Places) -> Bound:
    if draft.pack is None:
        return bind_graph(
            graph, variant.values, info=draft.info, seed=variant.seed, preset=draft.preset, places=places
        )
    return bind_pack(
        draft.pack,
        variant.values,
        info=draft.info,
        seed=variant.seed,
        preset=draft.preset,
        checkpoint=draft.checkpoint,
        places=places,
    )


def _make(draft: Draft, variant: Variant, bound: Bound, now: Any) -> Made:
    request, pack = draft.request, draft.pack
    graph = JobGraph(bound.graph, request.workflow, bound.bindings, bound.late, bound.family)
    job = Job(
        id=new_id(),
        number=0,
        state=JobState.QUEUED,
        created_at=now,
        held=request.held,
        pack=pack.id if pack is not None else request.name.removesuffix(".png").removesuffix(".json"),
        pack_version=pack.version if pack is not None else "",
        preset=draft.preset.id if draft.preset is not None else "",
        prompt=_words(draft, variant, bound),
        params=bound.params,
        seed=bound.seed,
        seed_mode=variant.seed_mode,
        priority=request.priority,
        backend_pin=request.backend,
        batch=variant.batch,
        sweep=variant.sweep,
        graph_hash=graph_hash(bound.graph),
        output_folder=request.output_folder,
        warnings=tuple(n for n in bound.notices if n.code == "checkpoint.may_not_fit"),
    )
    return Made(NewJob(job, graph, request.request_id), graph, bound.notices)


def _words(draft: Draft, variant: Variant, bound: Bound) -> str:
    """What the user wrote: what a preset puts around it would be the same in every line of a list."""
    given = str(variant.values.get("prompt", "")).strip()
    framed = draft.preset is not None and SUBJECT in draft.preset.prompt_template
    return given if framed and given else bound.prompt_text


def _notices(made: Sequence[Made], request: RunRequest, pinned: Backend | None) -> list[Problem]:
    """What was chosen for the user, each thing once."""
    notices = list(dict.fromkeys(_key(n) for item in made for n in item.notices))
    known = {_key(n): n for item in made for n in item.notices}
    found = [known[key] for key in notices]
    if request.backend and pinned is None:
        found.append(
            Problem(
                "run.backend_unknown",
                f"no backend is named {request.backend!r}: the jobs wait until there is one",
                "`ainf status` shows the backends; [backends.NAME] in config.toml adds one",
            )
        )
    return found


def _key(problem: Problem) -> tuple[str, str]:
    return problem.code, problem.message


def _invalid(problems: Sequence[Problem]) -> UsageError:
    shown = "; ".join(p.message for p in problems[:3])
    more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
    return UsageError(
        "workflow.invalid",
        f"the workflow cannot run on this ComfyUI: {shown}{more}",
        hint=problems[0].hint,
        details={"problems": [_plain(p) for p in problems]},
    )


def _plain(problem: Problem) -> Mapping[str, Any]:
    document = problem_document(problem)
    node = document.node
    return {
        "code": document.code,
        "message": document.message,
        "hint": document.hint,
        "node": None if node is None else {"id": node.id, "title": node.title, "class": node.cls},
        **{key: value for key, value in document.details.items() if key not in {"code", "message", "hint"}},
    }


def copied(job: Job, **fields: Any) -> Job:
    """A new job like an old one, as not yet run."""
    return replace(
        job,
        id=new_id(),
        number=0,
        state=JobState.QUEUED,
        held=False,
        cancel_requested=False,
        backend="",
        batch={},
        attempts=(),
        outputs=(),
        warnings=(),
        error=None,
        blocked="",
        submitted_at=None,
        started_at=None,
        finished_at=None,
        revision=0,
        **fields,
    )

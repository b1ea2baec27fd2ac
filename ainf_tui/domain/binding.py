"""Values meet a graph: typed, checked, put in their places; and what is to be stored about it.

Order of precedence: what the user gives, the preset, the pack's defaults, the graph's own literals.
The graph that is given is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from ainf_tui.domain.checkpoints import Choice
from ainf_tui.domain.comfy import Graph, ObjectInfo
from ainf_tui.domain.graphs import inputs_of
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.places import Place, Places, place_text, split_place
from ainf_tui.domain.presets import with_preset
from ainf_tui.domain.values import MAX_SEED, WIDGET_TYPES, Coerced, coerce, coerce_pack, guess
from ainf_tui.domain.workflows import Pack, PackInput, Preset
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

LATE = "checkpoint"
"""The one input that may be left to the moment of sending: only a backend knows what it has."""


@frozen
class Bound:
    """A graph with its values in place, and what a job stores about them."""

    graph: Mapping[str, Any]
    params: Mapping[str, Any]
    """Every named input with the value that will be used, and every `NODE.INPUT` that was set."""
    seed: int | None
    """The literal at the first of `seed_places`, None if the graph has none."""
    seed_places: tuple[str, ...]
    notices: tuple[Problem, ...]
    prompt_text: str
    late: tuple[str, ...] = ()
    """`("checkpoint",)` when that is decided at dispatch (`bind_late`)."""
    bindings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where each name went: `{"steps": ("3.steps",)}`, for `JobGraph.bindings`."""
    family: str = ""

    @property
    def late_places(self) -> frozenset[str]:
        """Places that `check_graph` should not judge yet."""
        return frozenset(place for name in self.late for place in self.bindings[name])


class _Draft:
    """Collects what is written where, then makes the new graph."""

    def __init__(self, graph: Graph, places: Places) -> None:
        self.graph = graph
        self.places = places
        self.bindings: dict[str, tuple[str, ...]] = {}
        self.notices: list[Problem] = []
        self._written: dict[Place, Any] = {}
        self._given: dict[Place, str] = {}

    def write(self, name: str, targets: Sequence[Place], coerced: Coerced, *, given: bool) -> None:
        """`given`: by the user; two of those for one place are a contradiction (`set.twice`)."""
        for place in targets:
            if given and place in self._given:
                raise UsageError(
                    "set.twice",
                    f"{name} and {self._given[place]} are the same input, {place_text(place)}",
                    hint="Give only one of them.",
                    details={"names": [self._given[place], name], "place": place_text(place)},
                )
            if given:
                self._given[place] = name
            elif place in self._given:
                continue
            self._written[place] = coerced.value
        if coerced.notice is not None:
            self.notices.append(coerced.notice)
        self.bindings[name] = tuple(place_text(place) for place in targets)

    def all_given(self, targets: Sequence[Place]) -> bool:
        """Whether the user has set each of these, under whatever name."""
        return all(place in self._given for place in targets)

    def value(self, place: Place) -> Any:
        return self._written.get(place, inputs_of(self.graph, place[0]).get(place[1]))

    def coerced(self, name: str, raw: Any, place: Place) -> Coerced:
        """By the server's word for that input, else by the literal that stands there."""
        spec = self.places.spec(place)
        if spec is not None and spec.type in WIDGET_TYPES:
            return coerce(name, raw, spec)
        return guess(name, raw, inputs_of(self.graph, place[0]).get(place[1]))

    def set(self, name: str, raw: Any, *, given: bool) -> None:
        """One value by its name, wherever that is."""
        targets = self.places.find(name)
        self.write(name, targets, self.coerced(name, raw, targets[0]), given=given)

    def finish(self, named: Mapping[str, Sequence[Place]], late: tuple[str, ...], family: str) -> Bound:
        bindings = {n: tuple(place_text(p) for p in ps) for n, ps in named.items()} | self.bindings
        params = {
            name: self.value(split_place(self.graph, ps[0]))
            for name, ps in bindings.items()
            if name not in late
        }
        seed = params.get("seed")
        prompt = params.get("prompt")
        return Bound(
            graph=_replaced(self.graph, self._written),
            params=params,
            seed=seed if type(seed) is int else None,
            seed_places=bindings.get("seed", ()),
            notices=tuple(self.notices),
            prompt_text=prompt if isinstance(prompt, str) else "",
            late=late,
            bindings=bindings,
            family=family,
        )


def bind_graph(
    graph: Graph,
    values: Mapping[str, Any],
    *,
    info: ObjectInfo | None = None,
    seed: int | None = None,
    preset: Preset | None = None,
    places: Places | None = None,
) -> Bound:
    """Any API graph with these values; names as `places.Places` finds them.

    `seed` goes to every sampler, unless the user gave one in `values`. `places` saves the search when
    one graph is bound many times; `Places(graph, info, known=job bindings)` keeps a pack's own names.
    UsageError: `set.*`, `value.*`, `preset.*`, `seed.no_place`.
    """
    draft = _Draft(graph, places or Places(graph, info))
    given, ground = with_preset(preset, values)
    _refuse_misfits(preset, [name for name in ground if not draft.places.has(name)])
    for name, raw in given.items():
        draft.set(name, raw, given=True)
    for name, raw in ground.items():
        draft.set(name, raw, given=False)
    if seed is not None:
        _set_seed(draft, seed)
    return draft.finish(draft.places.common(), (), "")


def bind_pack(
    pack: Pack,
    values: Mapping[str, Any],
    *,
    info: ObjectInfo | None = None,
    seed: int | None = None,
    preset: Preset | None = None,
    checkpoint: Choice | None = None,
    places: Places | None = None,
) -> Bound:
    """A pack with these values: its own inputs by name, and any `NODE.INPUT` of its graph.

    The pack's bounds hold for its inputs, the server's (with `info`) for everything. A checkpoint that
    nobody named is `checkpoint`, else it is late. UsageError: `set.*`, `value.*`, `preset.*`.
    """
    known = {item.name: item.places for item in pack.inputs}
    draft = _Draft(pack.graph, places or Places(pack.graph, info, known))
    given, ground = with_preset(preset, values)
    _refuse_misfits(preset, [name for name in ground if pack.input(name) is None])
    for name, raw in given.items():
        if pack.input(name) is None:
            draft.set(name, raw, given=True)
    late: list[str] = []
    for item in pack.inputs:
        by_user = item.name in given
        raw = given[item.name] if by_user else ground.get(item.name, item.default)
        if item.type == "seed" and seed is not None and not by_user:
            raw = seed
        late += _bind_input(draft, item, raw, given=by_user, checkpoint=checkpoint)
    named = {item.name: [split_place(pack.graph, place) for place in item.places] for item in pack.inputs}
    return draft.finish(named, tuple(late), pack.family)


def _bind_input(
    draft: _Draft, item: PackInput, raw: Any, *, given: bool, checkpoint: Choice | None
) -> list[str]:
    """Binds one input of a pack; its name if it stays open."""
    targets = draft.places.find(item.name)
    if raw is None and item.name == LATE and item.type == "model" and not draft.all_given(targets):
        if checkpoint is None:
            return [LATE]
        raw = checkpoint.name
        draft.notices.append(checkpoint.notice)
    if raw is not None:
        found = coerce_pack(raw, item, draft.places.spec(targets[0]))
        draft.write(item.name, targets, found, given=given)
    elif item.required and not draft.all_given(targets):
        option = f"--{item.name}" if item.name in {"prompt", "negative"} else f"--set {item.name}=VALUE"
        raise UsageError(
            "value.missing",
            f"{item.name} has no value",
            hint=f"Give it with {option}.",
            details={"input": item.name},
        )
    return []


def _set_seed(draft: _Draft, seed: int) -> None:
    targets = draft.places.seeds()
    if not targets:
        raise UsageError(
            "seed.no_place",
            "the workflow has no seed that could be set",
            hint="Run it without a seed, or set the input that is meant: --set NODE.INPUT=VALUE",
        )
    draft.write("seed", targets, draft.coerced("seed", seed, targets[0]), given=False)


def _refuse_misfits(preset: Preset | None, missing: Iterable[str]) -> None:
    names = sorted(missing)
    if preset is not None and names:
        raise UsageError(
            "preset.does_not_fit",
            f"the preset {preset.id} sets {', '.join(names)}, which this workflow does not have",
            hint=f"It is made for the pack {preset.pack}.",
            details={"preset": preset.id, "missing": names},
        )


@frozen
class SeedFacts:
    """What `expansion.expand` wants to know of a graph."""

    own: int | None
    """The literal at the first seed."""
    present: bool
    max: int


def seed_facts(places: Places) -> SeedFacts:
    """The seed that a graph brings along, whether it has one, and how far seeds may go."""
    found = places.seeds()
    literals = [inputs_of(places.graph, node).get(name) for node, name in found]
    bounds = [spec.max for place in found if (spec := places.spec(place)) and spec.max is not None]
    own = next((value for value in literals if type(value) is int and value >= 0), None)
    return SeedFacts(own, bool(found), min([MAX_SEED, *(int(bound) for bound in bounds)]))


def bind_late(graph: Graph, places: Iterable[str], value: Any) -> dict[str, Any]:
    """The graph with one value written to these `NODE.INPUT` places. UsageError `set.unknown`."""
    return _replaced(graph, {split_place(graph, place): value for place in places})


def _replaced(graph: Graph, written: Mapping[Place, Any]) -> dict[str, Any]:
    result = dict(graph)
    for (node, name), value in written.items():
        entry = result[node]
        result[node] = {**entry, "inputs": {**inputs_of(result, node), name: value}}
    return result

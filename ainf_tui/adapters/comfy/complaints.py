"""One complaint of ComfyUI's validation in words, and what would have been allowed instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from ainf_tui.adapters.comfy.values import items, mapping, text
from ainf_tui.domain.comfy import Graph, InputSpec
from ainf_tui.domain.text import clip

_VALUE = 120
_CHOICES = 8
"""Most choices that are listed in full."""
_COMPARED = 2000
"""Most choices among which the nearest are sought: each comparison costs some 50 us."""

Said = Mapping[str, Any]


def complaint(node: str, name: str | None, error: Said, graph: Graph) -> str:
    """What is wrong with the input, as a sentence without the node's name.

    The error types are those of `execution.py` in 0.8.0; of any other, the server's own words.
    """
    write = _SENTENCES.get(text(error.get("type")))
    if write is None:
        return _own_words(error)
    return write(node, name or "", error, graph)


def _own_words(error: Said) -> str:
    message, details = text(error.get("message")), text(error.get("details"))
    return clip(f"{message}: {details}" if details and details != message else message, 500)


def _received(error: Said) -> str:
    return clip(repr(mapping(error.get("extra_info")).get("received_value")), _VALUE)


def _options(error: Said) -> Mapping[str, Any]:
    config = items(mapping(error.get("extra_info")).get("input_config"))
    return mapping(config[1]) if len(config) > 1 else {}


def _missing(_node: str, name: str, _error: Said, _graph: Graph) -> str:
    return f"needs an input {name!r}, which is neither connected nor given"


def _bad_link(_node: str, name: str, error: Said, _graph: Graph) -> str:
    return f"{name} = {_received(error)} is no link; a link is [node id, output number]"


def _mismatch(_node: str, name: str, error: Said, graph: Graph) -> str:
    extra = mapping(error.get("extra_info"))
    config, linked = items(extra.get("input_config")), items(extra.get("linked_node"))
    wanted = text(config[0], "another type") if config else "another type"
    source = text(linked[0]) if linked else ""
    cls = text(mapping(graph.get(source)).get("class_type"))
    origin = f" from node {source} ({cls})" if cls else ""
    return f"{name} wants {wanted} and gets {text(extra.get('received_type'), 'something else')}{origin}"


def _wrong_type(_node: str, name: str, error: Said, _graph: Graph) -> str:
    config = items(mapping(error.get("extra_info")).get("input_config"))
    return f"{name} = {_received(error)} is no {text(config[0], 'valid value') if config else 'valid value'}"


def _too_small(_node: str, name: str, error: Said, _graph: Graph) -> str:
    return f"{name} = {_received(error)} is below the least value {text(_options(error).get('min'))}".rstrip()


def _too_big(_node: str, name: str, error: Said, _graph: Graph) -> str:
    return (
        f"{name} = {_received(error)} is above the greatest value {text(_options(error).get('max'))}".rstrip()
    )


def _not_listed(_node: str, name: str, error: Said, _graph: Graph) -> str:
    return f"{name} = {_received(error)} is not among the server's choices"


def _custom(_node: str, name: str, error: Said, _graph: Graph) -> str:
    details = text(error.get("details")).removeprefix(f"{name} - ")
    return clip(f"{name}: {details}" if name else details, 500) or _own_words(error)


def _inner(node: str, name: str, error: Said, graph: Graph) -> str:
    """A link whose other end could not be checked: the server gives an exception, the graph tells more."""
    entry = mapping(graph.get(node))
    if "inputs" not in entry:
        return "the node has no inputs"
    links = [(n, v[0], v[1]) for n, v in mapping(entry["inputs"]).items() if _is_link(v)]
    for link, source, _ in links:
        if text(source) not in graph:
            return f"{link} is linked to node {text(source)}, which does not exist"
    said = mapping(error.get("extra_info"))
    if said.get("exception_type") == "IndexError" and links:
        ends = ", ".join(f"{n} to output {text(slot)} of node {text(source)}" for n, source, slot in links)
        return f"a link names an output that its node does not have: {ends}"
    words = text(said.get("exception_message")) or text(error.get("details"))
    return clip(f"{name or 'an input'} could not be checked: {words}", 500)


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and not isinstance(value[0], list | dict)


_SENTENCES: Mapping[str, Callable[[str, str, Said, Graph], str]] = {
    "required_input_missing": _missing,
    "bad_linked_input": _bad_link,
    "return_type_mismatch": _mismatch,
    "invalid_input_type": _wrong_type,
    "value_smaller_than_min": _too_small,
    "value_bigger_than_max": _too_big,
    "value_not_in_list": _not_listed,
    "custom_validation_failed": _custom,
    "exception_during_validation": _inner,
    "exception_during_inner_validation": _inner,
}


def allowed_text(extra: Said, spec: InputSpec | None) -> str:
    """What the input takes: `16 to 16384`, or choices with the nearest first; empty where unknown.

    `extra` is the complaint's `extra_info`; `spec` the declaration, for choices that it leaves out.
    """
    config = items(extra.get("input_config"))
    options = mapping(config[1]) if len(config) > 1 else {}
    choices = config[0] if config and isinstance(config[0], list) else options.get("options")
    if not isinstance(choices, list) and spec is not None and spec.options is not None:
        choices = list(spec.options)
    if isinstance(choices, list):
        return _choices_text(choices, extra.get("received_value"))
    low, high = options.get("min"), options.get("max")
    if low is None and high is None:
        return ""
    return f"{text(low)} to {text(high)}" if low is not None and high is not None else _one_bound(low, high)


def _one_bound(low: Any, high: Any) -> str:
    return f"at least {text(low)}" if low is not None else f"at most {text(high)}"


def _choices_text(choices: list[Any], received: Any) -> str:
    names = [text(c) for c in choices if isinstance(c, str | int | float)]
    if not names:
        return "the server has none"
    near = nearest(text(received), names)
    if len(names) <= _CHOICES:
        ordered = [*near, *(n for n in names if n not in near)]
        return "allowed: " + ", ".join(clip(n, _VALUE) for n in ordered)
    if near:
        return f"nearest: {', '.join(clip(n, _VALUE) for n in near)}; {len(names)} in all"
    return f"allowed: {', '.join(clip(n, _VALUE) for n in names[:_CHOICES])}, ...; {len(names)} in all"


def nearest(wanted: str, names: list[str], count: int = 3) -> list[str]:
    """Up to `count` names like the wanted one, case and folders aside, best first."""
    plain: dict[str, str] = {}
    for name in names[:_COMPARED]:
        plain.setdefault(_plain(name), name)
    return [plain[p] for p in get_close_matches(_plain(wanted)[:200], plain, count, 0.5)]


def _plain(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].lower()[:200]


def find_cycle(graph: Graph) -> tuple[str, ...]:
    """Ids of nodes that feed each other in a circle, in the direction of the links; empty if none do."""
    sources = {
        node: [text(v[0]) for v in mapping(mapping(entry).get("inputs")).values() if _is_link(v)]
        for node, entry in graph.items()
    }
    done: set[str] = set()
    for start in sources:
        cycle = _walk(start, sources, done)
        if cycle:
            return tuple(reversed(cycle))
    return ()


def _walk(start: str, sources: Mapping[str, list[str]], done: set[str]) -> list[str]:
    """Depth first without recursion: a graph may be a chain of thousands."""
    path: list[str] = []
    on_path: set[str] = set()
    stack: list[tuple[str, bool]] = [(start, True)]
    while stack:
        node, entering = stack.pop()
        if not entering:
            path.pop()
            on_path.discard(node)
            done.add(node)
        elif node in on_path:
            return path[path.index(node) :]
        elif node not in done and node in sources:
            path.append(node)
            on_path.add(node)
            stack.append((node, False))
            stack += [(source, True) for source in sources[node]]
    return []

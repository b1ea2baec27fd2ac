"""GET /object_info to node classes: the old form of choices, V3's COMBO, dynamic combos and growing
lists. The children of the last two are inputs of their own, named `parent.child` as in a graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ainf_tui.adapters.comfy.answers import NotComfyError
from ainf_tui.adapters.comfy.values import items, mapping, number, text, texts
from ainf_tui.domain.comfy import InputSpec, NodeClass
from ainf_tui.domain.text import storable, storable_json

DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"

_MAX_GROWN = 200
"""Most inputs that a growing list is expanded to."""


def node_classes(data: Any) -> dict[str, NodeClass]:
    """All classes by name. One that is no object is left out."""
    if not isinstance(data, dict):
        raise NotComfyError("no object of node classes")
    return {storable(name): _node_class(name, info) for name, info in data.items() if isinstance(info, dict)}


def _node_class(name: str, info: Mapping[str, Any]) -> NodeClass:
    return NodeClass(
        name=storable(name),
        display_name=text(info.get("display_name")) or storable(name),
        inputs=tuple(_inputs(info)),
        outputs=tuple(text(t, "COMBO" if isinstance(t, list) else "*") for t in items(info.get("output"))),
        output_node=info.get("output_node") is True,
        category=text(info.get("category")),
        python_module=text(info.get("python_module")),
    )


def _inputs(info: Mapping[str, Any]) -> Iterator[InputSpec]:
    declared, order = mapping(info.get("input")), mapping(info.get("input_order"))
    for section in ("required", "optional"):
        specs = mapping(declared.get(section))
        names = [n for n in texts(order.get(section)) if n in specs]
        for name in dict.fromkeys([*names, *specs]):
            yield from _expanded(storable(name), specs[name], required=section == "required")


def _expanded(name: str, spec: Any, *, required: bool) -> Iterator[InputSpec]:
    parts = items(spec)
    kind, options = (parts[0] if parts else "*"), mapping(parts[1] if len(parts) > 1 else None)
    if kind == DYNAMIC_COMBO:
        keys = tuple(text(mapping(o).get("key")) for o in items(options.get("options")))
        yield InputSpec(name, "COMBO", required, storable_json(options.get("default")), options=keys)
        yield from _choice_children(name, options)
    elif kind == AUTOGROW:
        # A graph names only the children, so the parent is never required itself.
        yield InputSpec(name, AUTOGROW, required=False)
        yield from _grown_children(name, mapping(options.get("template")))
    else:
        yield _plain(name, kind, options, required=required)


def _choice_children(parent: str, options: Mapping[str, Any]) -> Iterator[InputSpec]:
    """Inputs that exist only with some choice: never required; one that differs by choice is unbounded."""
    children: dict[str, InputSpec] = {}
    for option in items(options.get("options")):
        for spec in _inputs({"input": mapping(option).get("inputs")}):
            child = replace(spec, name=f"{parent}.{spec.name}", required=False)
            known = children.setdefault(child.name, child)
            if known != child:
                children[child.name] = InputSpec(child.name, known.type, required=False)
    yield from children.values()


def _grown_children(parent: str, template: Mapping[str, Any]) -> Iterator[InputSpec]:
    declared = mapping(template.get("input"))
    named = next((s for section in declared.values() for s in mapping(section).values()), ["*"])
    count = min(int(number(template.get("max"))), _MAX_GROWN)
    prefix = text(template.get("prefix"))
    names = texts(template.get("names")) or tuple(f"{prefix}{index}" for index in range(count))
    parts = items(named)
    for name in names[:_MAX_GROWN]:
        yield _plain(
            f"{parent}.{name}",
            parts[0] if parts else "*",
            mapping(parts[1] if len(parts) > 1 else None),
            required=False,
        )


def _plain(name: str, kind: Any, options: Mapping[str, Any], *, required: bool) -> InputSpec:
    choices = kind if isinstance(kind, list) else options.get("options")
    combo = isinstance(kind, list) or kind == "COMBO"
    # A multiple choice holds a list of its options, so that none of them alone is its value.
    listed = combo and isinstance(choices, list) and not options.get("multiselect")
    return InputSpec(
        name=name,
        type="COMBO" if combo else text(kind, "*"),
        required=required,
        default=storable_json(options.get("default")),
        min=_bound(options.get("min")),
        max=_bound(options.get("max")),
        step=_bound(options.get("step")),
        options=tuple(storable_json(c) for c in choices) if listed and choices is not None else None,
        multiline=options.get("multiline") is True,
    )


def _bound(value: Any) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    checked: float | int | None = storable_json(value)
    return checked if isinstance(checked, int | float) else None

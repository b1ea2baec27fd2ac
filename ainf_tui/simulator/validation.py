"""The checks of POST /prompt, with the bodies that ComfyUI 0.8.0 answers.

The order of the checks decides which of several complaints a client sees, so it follows the server:
class types first, then every output node backwards over its links. A graph is foreign data: whatever
Python raises over it inside one node becomes that node's complaint, as on the server.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from ainf_tui.simulator.node_info import Catalog, NodeInfo, Spec

LONGEST_LIST = 20
"""Longer option lists are not repeated in a complaint."""

_CONVERT: Mapping[str, Callable[[Any], Any]] = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}
_VALIDATES_ITSELF = {"LoadImage": ("image",)}

Complaint = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`error` None means accepted; `outputs` are the output nodes to run, `node_errors` by node id."""

    error: Complaint | None
    outputs: tuple[str, ...] = ()
    node_errors: Mapping[str, Any] = field(default_factory=dict)


def complaint(kind: str, message: str, details: str, extra: Mapping[str, Any] | None = None) -> Complaint:
    """The shape of every complaint."""
    return {"type": kind, "message": message, "details": details, "extra_info": dict(extra or {})}


def validate(prompt: Any, infos: Catalog, files: Container[str], targets: Any = None) -> Verdict:
    """Judge a graph and coerce its literal values in place.

    `files` are the names that LoadImage may read, `targets` the `partial_execution_targets`. Raises
    whatever the shape of `prompt` provokes outside of a node's own check (the server answers 500).
    """
    outputs: list[str] = []
    for node_id in prompt:
        node = prompt[node_id]
        if "class_type" not in node:
            return _refused("Cannot execute because a node is missing the class_type property.", node_id)
        info = infos.get(node["class_type"])
        if info is None:
            return _refused(f"Cannot execute because node {node['class_type']} does not exist.", node_id)
        if info.output_node and (targets is None or node_id in targets):
            outputs.append(node_id)
    if not outputs:
        return Verdict(complaint("prompt_no_outputs", "Prompt has no outputs", ""))
    return _judge_outputs(_Checker(prompt, infos, files), outputs)


def _refused(message: str, node_id: object) -> Verdict:
    return Verdict(complaint("invalid_prompt", message, f"Node ID '#{node_id}'"))


def _judge_outputs(checker: _Checker, outputs: list[str]) -> Verdict:
    good: list[str] = []
    sentences: list[str] = []
    node_errors: dict[str, Any] = {}
    for output in outputs:
        reasons = checker.output(output)
        if reasons is None:
            good.append(output)
            continue
        sentences += [f"{reason['message']}: {reason['details']}" for reason in reasons]
        for node_id, (valid, errors) in checker.judged.items():
            if not valid and errors:
                class_type = checker.prompt[node_id]["class_type"]
                entry = {"errors": errors, "dependent_outputs": [], "class_type": class_type}
                node_errors.setdefault(node_id, entry)["dependent_outputs"].append(output)
    if good:
        return Verdict(None, tuple(good), node_errors)
    failed = complaint(
        "prompt_outputs_failed_validation", "Prompt outputs failed validation", "\n".join(sentences)
    )
    return Verdict(failed, (), node_errors)


class _Checker:
    """Walks one graph; `judged` keeps (valid, complaints) of each node in the order they were decided."""

    def __init__(self, prompt: dict[str, Any], infos: Catalog, files: Container[str]) -> None:
        self.prompt = prompt
        self.judged: dict[str, tuple[bool, list[Complaint]]] = {}
        self._infos = infos
        self._files = files
        self._open: set[str] = set()

    def output(self, node_id: str) -> list[Complaint] | None:
        """None if the output node can run, else its own complaints (possibly none, with bad ancestors)."""
        try:
            valid = self.node(node_id)
        except Exception as error:  # noqa: BLE001 -- a graph is foreign data; any failure is the node's
            extra = {"exception_type": type(error).__name__, "traceback": _trace(error)}
            reasons = [
                complaint("exception_during_validation", "Exception when validating node", str(error), extra)
            ]
            self.judged[node_id] = (False, reasons)
            return reasons
        return None if valid else self.judged[node_id][1]

    def node(self, node_id: str) -> bool:
        if node_id in self.judged:
            return self.judged[node_id][0]
        if node_id in self._open:  # a circle is refused without a word, as on the server
            return False
        self._open.add(node_id)
        try:
            return self._judge(node_id)
        finally:
            self._open.discard(node_id)

    def _judge(self, node_id: str) -> bool:
        inputs = self.prompt[node_id]["inputs"]
        info = self._infos[self.prompt[node_id]["class_type"]]
        errors: list[Complaint] = []
        valid = True
        for name in (*info.required, *info.optional):
            spec, category = info.spec(name)
            if spec is None:
                continue
            if name not in inputs:
                if category == "required":
                    errors.append(
                        complaint(
                            "required_input_missing", "Required input is missing", name, {"input_name": name}
                        )
                    )
            elif isinstance(inputs[name], list):
                valid = self._link(name, spec, inputs[name], errors) and valid
            else:
                self._literal(info, name, spec, inputs, errors)
        self._own_check(info, inputs, errors)
        self.judged[node_id] = (valid and not errors, errors)
        return self.judged[node_id][0]

    def _link(self, name: str, spec: Spec, value: list[Any], errors: list[Complaint]) -> bool:
        """False if the node at the other end is bad; complaints about the link itself go to `errors`."""
        config = {"input_name": name, "input_config": _config(spec)}
        if len(value) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            errors.append(complaint("bad_linked_input", message, name, {**config, "received_value": value}))
            return True
        source, slot = value
        received = self._infos[self.prompt[source]["class_type"]].outputs[slot]
        wanted = spec[0]
        if not _fits(received, wanted):
            details = f"{name}, received_type({received}) mismatch input_type({wanted})"
            extra = {**config, "received_type": received, "linked_node": value}
            message = "Return type mismatch between linked nodes"
            errors.append(complaint("return_type_mismatch", message, details, extra))
            return True
        try:
            return self.node(source)
        except Exception as error:  # noqa: BLE001 -- a graph is foreign data; any failure is that node's
            extra = {
                **config,
                "exception_message": str(error),
                "exception_type": type(error).__name__,
                "traceback": _trace(error),
                "linked_node": value,
            }
            message = "Exception when validating inner node"
            reason = complaint("exception_during_inner_validation", message, str(error), extra)
            self.judged[source] = (False, [reason])
            return False

    def _literal(self, info: NodeInfo, name: str, spec: Spec, inputs: Any, errors: list[Complaint]) -> None:
        value = inputs[name]
        try:
            if isinstance(value, dict) and "__value__" in value:
                value = inputs[name] = value["__value__"]
            convert = _CONVERT.get(spec[0]) if isinstance(spec[0], str) else None
            if convert is not None:
                value = inputs[name] = convert(value)
        except Exception as error:  # noqa: BLE001 -- int() and float() of foreign data
            extra = {
                "input_name": name,
                "input_config": _config(spec),
                "received_value": value,
                "exception_message": str(error),
            }
            message = f"Failed to convert an input value to a {spec[0]} value"
            errors.append(complaint("invalid_input_type", message, f"{name}, {value}, {error}", extra))
            return
        if name not in _VALIDATES_ITSELF.get(info.name, ()):
            reason = _limits(name, spec, value) or _choice(name, spec, value)
            if reason is not None:
                errors.append(reason)

    def _own_check(self, info: NodeInfo, inputs: Any, errors: list[Complaint]) -> None:
        for name in _VALIDATES_ITSELF.get(info.name, ()):
            value = inputs.get(name) if isinstance(inputs, dict) else None
            if isinstance(value, str) and value not in self._files:
                errors.append(
                    complaint(
                        "custom_validation_failed",
                        "Custom validation failed for node",
                        f"{name} - Invalid image file: {value}",
                        {"input_name": name},
                    )
                )


def _config(spec: Spec) -> list[Any]:
    return [spec[0], spec[1] if len(spec) > 1 else {}]


def _fits(received: str, wanted: Any) -> bool:
    return "*" in (received, wanted) or received == wanted


def _limits(name: str, spec: Spec, value: Any) -> Complaint | None:
    options = _config(spec)[1]
    extra = {"input_name": name, "input_config": _config(spec), "received_value": value}
    if "min" in options and value < options["min"]:
        message = f"Value {value} smaller than min of {options['min']}"
        return complaint("value_smaller_than_min", message, name, extra)
    if "max" in options and value > options["max"]:
        return complaint(
            "value_bigger_than_max", f"Value {value} bigger than max of {options['max']}", name, extra
        )
    return None


def _choice(name: str, spec: Spec, value: Any) -> Complaint | None:
    choices = spec[0]
    if not isinstance(choices, list) or value in choices:
        return None
    long = len(choices) > LONGEST_LIST
    shown = f"(list of length {len(choices)})" if long else str(choices)
    extra = {"input_name": name, "input_config": None if long else _config(spec), "received_value": value}
    return complaint("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {shown}", extra)


def _trace(error: BaseException) -> list[str]:
    """Lines in Python's form with the paths of no real machine."""
    return [
        f'  File "/opt/simulator/validation.py", line {frame.lineno}, in {frame.name}\n    {frame.line}\n'
        for frame in traceback.extract_tb(error.__traceback__)[-2:]
    ]

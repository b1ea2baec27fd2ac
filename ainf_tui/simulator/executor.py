"""Runs one prompt: its nodes in order, the frames of each, and what the history keeps of it."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ainf_tui.simulator.catalog import catalog
from ainf_tui.simulator.node_info import NodeInfo
from ainf_tui.simulator.nodes import NODES
from ainf_tui.simulator.options import PREVIEW_METHODS
from ainf_tui.simulator.plan import RunOrder, inputs_of, is_link, signatures
from ainf_tui.simulator.prompts import Item
from ainf_tui.simulator.stage import Interrupted, OutOfMemoryError, Progress, Stage, World
from ainf_tui.simulator.values import Blocked, NodeCall, Result


@dataclass(slots=True)
class Run:
    """A prompt on its way. `sid` None means it came without a client id."""

    prompt_id: str
    graph: dict[str, Any]
    extra: dict[str, Any]
    sid: str | None
    progress: Progress
    previews: str
    signatures: dict[str, str] = field(default_factory=dict)
    infos: dict[str, NodeInfo] = field(default_factory=dict)
    messages: list[list[Any]] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    succeeded: bool = False

    def status(self) -> dict[str, Any]:
        """The `status` of the history entry."""
        word = "success" if self.succeeded else "error"
        return {"status_str": word, "completed": self.succeeded, "messages": self.messages}


class Executor:
    """Keeps the results of the last prompt, and knows which node runs for whom."""

    def __init__(self, world: World) -> None:
        self.client_id: str | None = None
        self.last_node: str | None = None
        self._world = world
        self._options = world.options
        self._folders = world.folders
        self._hub = world.hub
        self._faults = world.faults
        self._logs = world.logs
        self._cache: dict[str, Result] = {}
        self._interrupted = False

    def infos(self) -> dict[str, NodeInfo]:
        """The classes with the files that are there now."""
        return catalog(self._options, self._folders.inputs())

    def interrupt(self) -> None:
        """Ends the running prompt at its next step or node; forgotten when the next one starts."""
        self._interrupted = True
        self._faults.hold.open()

    def forget_results(self) -> None:
        """Drop the cache of node results."""
        self._cache.clear()

    async def run(self, item: Item) -> Run:
        """Run a prompt to its end, whatever it is; the end stands in `messages`."""
        run = self._begin(item)
        order = RunOrder(run.graph, item[4], lambda n: run.signatures[n] in self._cache, self._is_output(run))
        while order:
            node_id = order.next()
            if not await self._node(run, node_id):
                break
            order.done(node_id)
        else:
            run.succeeded = True
            self._tell(run, "execution_success", {"prompt_id": run.prompt_id})
        self.last_node = None
        return run

    def _begin(self, item: Item) -> Run:
        self._interrupted = False
        _, prompt_id, graph, extra, _, secrets = item
        sid = extra.get("client_id")
        self.client_id = sid
        run = Run(
            prompt_id,
            graph,
            {**extra, **secrets},
            sid,
            Progress(prompt_id, sid, self._hub),
            self._previews(extra),
        )
        run.infos = self.infos()
        self._tell(run, "execution_start", {"prompt_id": prompt_id})
        self._note_changed_files(run)
        run.signatures = signatures(graph, run.infos)
        wanted = set(run.signatures.values())
        self._cache = {key: result for key, result in self._cache.items() if key in wanted}
        cached = [node_id for node_id in graph if run.signatures[node_id] in self._cache]
        self._tell(run, "execution_cached", {"nodes": cached, "prompt_id": prompt_id})
        return run

    def _is_output(self, run: Run) -> Any:
        return lambda node_id: run.infos[run.graph[node_id]["class_type"]].output_node

    def _previews(self, extra: Mapping[str, Any]) -> str:
        """The prompt's own method where the version knows it, else the server's."""
        own = extra.get("preview_method")
        if own in PREVIEW_METHODS and not self._options.old:
            return str(own)
        return self._options.preview_method

    def _note_changed_files(self, run: Run) -> None:
        """The server writes a file's digest into the graph; one that is there already is believed."""
        for node in run.graph.values():
            name = inputs_of(node).get("image") if node["class_type"] == "LoadImage" else None
            if isinstance(name, str) and "is_changed" not in node:
                node["is_changed"] = [self._folders.digest(name) or uuid.uuid4().hex]

    async def _node(self, run: Run, node_id: str) -> bool:
        """False if the prompt ends with this node."""
        signature = run.signatures[node_id]
        if signature in self._cache:
            ui = self._cache[signature].ui
            self._show(run, node_id, ui, null=True)
            run.progress.finish(node_id)
            return True
        run.progress.start(node_id)
        self.last_node = node_id
        if run.sid is not None:
            data = {"node": node_id, "display_node": node_id, "prompt_id": run.prompt_id}
            self._hub.publish("executing", data, run.sid)
        call = self._call(run, node_id)
        try:
            result = await self._execute(run, call)
        except Interrupted:
            self._tell_interrupted(run, call)
            return False
        except Exception as error:  # noqa: BLE001 -- whatever a node raises ends its prompt, never the server
            self._tell_error(run, call, error)
            return False
        self._cache[signature] = result
        if result.ui is not None:
            self._show(run, node_id, result.ui)
        run.progress.finish(node_id)
        run.executed.append(node_id)
        return True

    def _call(self, run: Run, node_id: str) -> NodeCall:
        node = run.graph[node_id]
        inputs = {
            name: self._cache[run.signatures[value[0]]].values[value[1]] if is_link(value) else value
            for name, value in node["inputs"].items()
        }
        known = run.infos[node["class_type"]]
        inputs = {name: value for name, value in inputs.items() if known.spec(name)[0] is not None}
        return NodeCall(node_id, node["class_type"], inputs, run.graph, run.extra.get("extra_pnginfo"))

    async def _execute(self, run: Run, call: NodeCall) -> Result:
        if self._interrupted:
            raise Interrupted
        blocked = [value for value in call.inputs.values() if isinstance(value, Blocked)]
        if blocked:
            return self._block(run, call, blocked[0])
        if self._faults.set.busy_class == call.class_type:
            self._faults.busy.close()
            await self._faults.busy.wait()
        if self._faults.out_of_memory(call.class_type):
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. (simulated)")
        stage = Stage(call.node_id, run.progress, self._world, run.previews, lambda: self._interrupted)
        await stage.pause(self._options.node_seconds.get(call.class_type, 0.0))
        return await NODES[call.class_type](call, stage)

    def _block(self, run: Run, call: NodeCall, blocked: Blocked) -> Result:
        """A blocked node gives blocked values; with a message its owner hears an error that ends nothing."""
        if blocked.message is not None and run.sid is not None:
            data = {
                "prompt_id": run.prompt_id,
                "node_id": call.node_id,
                "node_type": call.class_type,
                "executed": list(run.executed),
                "exception_message": f"Execution Blocked: {blocked.message}",
                "exception_type": "ExecutionBlocked",
                "traceback": [],
                "current_inputs": [],
                "current_outputs": [],
            }
            self._hub.publish("execution_error", data, run.sid)
        return Result(tuple(Blocked() for _ in run.infos[call.class_type].outputs))

    def _show(self, run: Run, node_id: str, ui: Mapping[str, Any] | None, *, null: bool = False) -> None:
        if ui is not None:
            run.outputs[node_id] = dict(ui)
            run.meta[node_id] = {
                "node_id": node_id,
                "display_node": node_id,
                "parent_node": None,
                "real_node_id": node_id,
            }
        if run.sid is not None and (ui is not None or null):
            data = {"node": node_id, "display_node": node_id, "output": ui, "prompt_id": run.prompt_id}
            self._hub.publish("executed", data, run.sid)

    def _tell(self, run: Run, kind: str, data: dict[str, Any], *, everybody: bool = False) -> None:
        """A message of the history and a frame; without an owner only some frames go out, to all."""
        message = {**data, "timestamp": int(time.time() * 1000)}
        run.messages.append([kind, message])
        if run.sid is not None or everybody:
            self._hub.publish(kind, message, run.sid)

    def _tell_interrupted(self, run: Run, call: NodeCall) -> None:
        self._logs.write("Processing interrupted\n")
        data = {
            "prompt_id": run.prompt_id,
            "node_id": call.node_id,
            "node_type": call.class_type,
            "executed": list(run.executed),
        }
        self._tell(run, "execution_interrupted", data, everybody=True)

    def _tell_error(self, run: Run, call: NodeCall, error: Exception) -> None:
        self._logs.write(f"!!! Exception during processing !!! {error}\n")
        data = {
            "prompt_id": run.prompt_id,
            "node_id": call.node_id,
            "node_type": call.class_type,
            "executed": list(run.executed),
            "exception_message": f"{error}\n",
            "exception_type": getattr(error, "shown_as", type(error).__name__),
            "traceback": _trace(error),
            "current_inputs": {name: [str(value)] for name, value in call.inputs.items()},
            "current_outputs": list(run.graph),
        }
        self._tell(run, "execution_error", data)


def _trace(error: BaseException) -> list[str]:
    """Lines in Python's form with the paths of no real machine."""
    return [
        f'  File "/opt/simulator/{frame.filename.rpartition("/")[2]}", line {frame.lineno}, in {frame.name}\n'
        f"    {frame.line}\n"
        for frame in traceback.extract_tb(error.__traceback__)
    ]

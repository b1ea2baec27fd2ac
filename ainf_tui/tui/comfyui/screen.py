"""The ComfyUI manager: what is installed, the task that runs with its output, the custom nodes."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID
from ainf_tui.domain.comfyui_documents import (
    CustomNodesDocument,
)
from ainf_tui.errors import AinfError
from ainf_tui.tui.comfyui.lines import NODES, NodeList, comfyui_lines, title_line
from ainf_tui.tui.comfyui.managing import ManagingScreen
from ainf_tui.tui.dashboard.panels import ListPanel
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.lines import Line, safe
from ainf_tui.tui.widgets.listkeys import above
from ainf_tui.tui.widgets.painted import Bar, LineView
from ainf_tui.tui.widgets.table import Table


class ComfyUIScreen(ManagingScreen):
    """Follows the topic `comfyui`; the nodes are asked for when it changes."""

    AUTO_FOCUS = "#comfyui-nodes"

    def __init__(self) -> None:
        super().__init__()
        self.title_bar = Bar(id="comfyui-title")
        self.facts = LineView(id="comfyui-facts")
        self.node_list = NodeList(self.app.signs)
        self.nodes = ListPanel(NODES, self.node_list, id="comfyui-nodes")
        self._error = ""
        self._told: tuple[object, ...] = ()

    def body(self) -> Iterable[Widget]:
        with Vertical(id="body"):
            yield self.title_bar
            yield self.facts
            yield self.nodes

    def on_mount(self) -> None:
        keys = self.app.keymap.bindings("list")
        self.facts.bind_keys(keys)
        self.nodes.bind_keys(keys)
        self._bindings = above(self._bindings, keys)
        self.watch(self.app, "comfyui", self._changed, init=False)
        self.watch(self.app, "services", self.show_footer, init=False)
        self._changed()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_facts)

    # -- what is shown ------------------------------------------------------------------------
    def _changed(self) -> None:
        comfyui = self.app.comfyui
        self.show_facts()
        # Its output changes often; the nodes only with these.
        told = (comfyui.state, comfyui.nodes, comfyui.nodes_failed, comfyui.task and comfyui.task.state)
        if told != self._told:
            self._told = told
            in_background(self, self._ask_nodes(), group="comfyui.nodes", exclusive=True)

    async def _ask_nodes(self) -> None:
        client = self.app.engine_link.client
        if client is None:
            return
        try:
            self.take_nodes(await client.comfyui.nodes())
        except AinfError as error:
            self._error = error.message
            self._show_nodes()

    def take_nodes(self, found: CustomNodesDocument) -> None:
        self._error = ""
        self.node_list.take(found.nodes)
        self._show_nodes()

    def _show_nodes(self) -> None:
        self.nodes.pointer = self.app.signs.pointer
        key = self.app.keymap.shown(BY_ID["comfyui.add_node"])
        told: Line = ((safe(self._error, 300), "warning"),)
        none: Line = (("None is installed.  ", ""), (key, "key"), (" adds one", ""))
        self.nodes.empty = (told if self._error else none,)
        self.nodes.update()
        self.show_footer()

    def show_facts(self) -> None:
        wide, high = self.size
        if not wide:
            return
        signs, comfyui = self.app.signs, self.app.comfyui
        self.title_bar.show(title_line(comfyui, max(10, wide - 2), signs))
        lines = comfyui_lines(comfyui, max(10, wide - 3), signs)
        lines_high = max(1, min(len(lines), (high - 6) * 2 // 3))
        if self.facts.size.height != lines_high:
            self.facts.styles.height = lines_high
        self.facts.show(lines)
        self.show_footer()

    # -- keys -----------------------------------------------------------------------------------
    def hints(self) -> list[KeyHint]:
        return [*super().hints(), self.hint(BY_ID["app.back"])]

    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        self.show_footer()

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.action_open()

    def action_next_pane(self) -> None:
        (self.nodes if self.facts.has_focus else self.facts).focus()

    def action_previous_pane(self) -> None:
        self.action_next_pane()

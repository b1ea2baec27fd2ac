"""What the keys of the ComfyUI manager ask of the engine, and of the user before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ainf_tui.actions import BY_ID, Action
from ainf_tui.domain.comfyui_documents import CustomNodeDocument, CustomNodesDocument, InstallRequest
from ainf_tui.domain.service_documents import ServiceDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.comfyui.lines import NodeList, node_text
from ainf_tui.tui.dashboard.panels import ListPanel
from ainf_tui.tui.dashboard.steering import SteeringScreen
from ainf_tui.tui.failures import in_background

Work = Callable[[], Awaitable[object]]
_OF_IT = frozenset({"install", "update", "rollback", "cancel"})
_OF_A_NODE = frozenset({"enable_node", "disable_node", "update_node", "remove_node", "open"})


class ManagingScreen(SteeringScreen):
    """The part of the ComfyUI manager that acts. ComfyUIScreen is the whole."""

    areas = ("comfyui",)

    nodes: ListPanel
    node_list: NodeList

    def take_nodes(self, found: CustomNodesDocument) -> None:
        """Shows these."""
        raise NotImplementedError

    # -- what can be done ---------------------------------------------------------------------
    @property
    def chosen(self) -> ServiceDocument | None:
        name = self.app.comfyui.service
        return next((s for s in self.app.services.services if s.name == name), None)

    @property
    def node(self) -> CustomNodeDocument | None:
        """Under the cursor."""
        return self.node_list.of(self.nodes.cursor_id)

    def why_not(self, action: Action) -> str:
        comfyui = self.app.comfyui
        if action.name in _OF_IT:
            able = action.name in comfyui.actions or (
                action.name == "install" and "resume" in comfyui.actions
            )
            return "" if able else comfyui.reason or f"ComfyUI is {comfyui.state}"
        if action.name == "add_node" and comfyui.state in {"elsewhere", "not-installed"}:
            return comfyui.reason or f"ComfyUI is {comfyui.state}"
        if action.name in _OF_A_NODE:
            return "" if self.node is not None else "there is no node under the cursor"
        return super().why_not(action)

    def _able(self, name: str) -> bool:
        """Whether the key does something; else it is said why not."""
        why = self.why_not(BY_ID[f"comfyui.{name}"])
        if why:
            self.app.tell(why)
        return not why and self.may()

    def _begin(self, name: str, question: str, more: Sequence[str], work: Work) -> None:
        if self._able(name):
            asked = self._asked(question, more, work)
            in_background(self, asked, group=f"comfyui.{name}", opens=bool(question))

    async def _asked(self, question: str, more: Sequence[str], work: Work) -> None:
        if not question or await self.app.confirm(question, more, "Do it"):
            await self._done(work)

    async def _done(self, work: Work) -> None:
        try:
            found = await work()
        except AinfError as error:
            self.app.tell_error(error)
            return
        if isinstance(found, CustomNodesDocument):
            self.take_nodes(found)

    def action_install(self) -> None:
        comfyui = self.app.comfyui
        more = [f"Into {comfyui.folder}", f"from {comfyui.repository}", "It is told step by step here."]
        self._begin(
            "install", "Install ComfyUI?", more, lambda: self.app.orders.comfyui.install(InstallRequest())
        )

    def action_update(self) -> None:
        more = ["The commit of now is kept: it can be rolled back."]
        self._begin(
            "update", "Update ComfyUI?", more, lambda: self.app.orders.comfyui.update(InstallRequest())
        )

    def action_rollback(self) -> None:
        more = [f"Back to {self.app.comfyui.previous}"]
        work = self.app.orders.comfyui.rollback
        self._begin("rollback", "Roll ComfyUI back?", more, lambda: work(InstallRequest()))

    def action_cancel(self) -> None:
        self._begin("cancel", "End the task?", ["What is done stays."], self.app.orders.comfyui.cancel)

    def action_free(self) -> None:
        if self._able("free"):
            in_background(self, self._free(), group="comfyui.free")

    async def _free(self) -> None:
        try:
            found = await self.app.orders.comfyui.free()
        except AinfError as error:
            self.app.tell_error(error)
            return
        for name in found.backends:
            when = "when its prompt is done" if name in found.busy else "now"
            self.app.tell(f"{name} lets go of its models {when}.")
        for problem in found.notices:
            self.app.tell(problem.message, problem.hint, severity="error")

    # -- custom nodes -------------------------------------------------------------------------
    def action_add_node(self) -> None:
        if self._able("add_node"):
            in_background(self, self._add_node(), group="comfyui.add_node", exclusive=True, opens=True)

    async def _add_node(self) -> None:
        """Where from, then what it would run, then whether."""
        from ainf_tui.tui.dashboard.dialogs import AskText  # noqa: PLC0415 - inputs load when they are needed

        more = "A git URL, or an archive (zip, tar.gz). It is looked at first."
        source = await self.app.push_screen_wait(AskText("A custom node from where?", more))
        if not source:
            return
        orders = self.app.orders.comfyui
        try:
            plan = await orders.plan_node(source)
        except AinfError as error:
            self.app.tell_error(error)
            return
        if await self.app.confirm(plan.title, [*plan.steps, *plan.warnings], "Install it"):
            await self._done(lambda: orders.install_node(source, plan))

    def action_enable_node(self) -> None:
        self._of_node("enable_node", "", (), self.app.orders.comfyui.enable_node)

    def action_disable_node(self) -> None:
        self._of_node("disable_node", "", (), self.app.orders.comfyui.disable_node)

    def action_update_node(self) -> None:
        more = ["Its requirements are installed again."]
        self._of_node("update_node", "Update", more, self.app.orders.comfyui.update_node)

    def action_remove_node(self) -> None:
        more = ["It is moved to the trash folder."]
        self._of_node("remove_node", "Remove", more, self.app.orders.comfyui.remove_node)

    def _of_node(
        self, name: str, verb: str, more: Sequence[str], ask: Callable[[str], Awaitable[object]]
    ) -> None:
        node = self.node
        question = f"{verb} {node.name}?" if node is not None and verb else ""
        self._begin(name, question, more, lambda: ask(node.name if node is not None else ""))

    def action_open(self) -> None:
        node = self.node
        if node is not None:
            from ainf_tui.tui.frame.pane import TextPane  # noqa: PLC0415 - loaded when it is opened

            self.app.push_screen(TextPane(node.name, node_text(node)))

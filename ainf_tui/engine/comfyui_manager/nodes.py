"""Installing and updating custom nodes, as lists of steps."""

from __future__ import annotations

from ainf_tui.domain.ports_comfyui import CustomNodes, Report
from ainf_tui.engine.comfyui_manager.runner import Outcome, Work


class NodeFlows:
    """The steps for one custom node."""

    def __init__(self, nodes: CustomNodes) -> None:
        self._nodes = nodes

    def install(self, token: str, name: str) -> tuple[Work, ...]:
        """Requirements come first: until they are there, the plan can be carried out again."""

        async def requirements(report: Report) -> Outcome:
            await self._nodes.staged_requirements(token, report)
            return Outcome()

        async def settle(_report: Report) -> Outcome:
            return Outcome(await self._nodes.settle(token))

        async def script(report: Report) -> Outcome:
            await self._nodes.install_script(name, report)
            return Outcome("ComfyUI loads it at its next start")

        return (
            Work("requirements", "Requirements", 4.0, requirements),
            Work("settle", "Put it into custom_nodes", 0.2, settle),
            Work("script", "install.py", 1.0, script),
        )

    def update(self, name: str, *, run_script: bool) -> tuple[Work, ...]:
        """An install.py that has changed was seen by nobody: it is run on request only."""
        before = ""

        async def fetch(report: Report) -> Outcome:
            nonlocal before
            before, after = await self._nodes.update(name, report)
            return Outcome("no newer commit" if before == after else f"{before[:10]} -> {after[:10]}")

        async def requirements(report: Report) -> Outcome:
            await self._nodes.requirements(name, report)
            return Outcome()

        async def script(report: Report) -> Outcome:
            if await self._nodes.script_changed(name, before) and not run_script:
                return Outcome("install.py has changed and was not run: --run-script runs it", skipped=True)
            await self._nodes.install_script(name, report)
            return Outcome("ComfyUI loads it at its next start")

        return (
            Work("fetch", "Look for what is new", 2.0, fetch),
            Work("requirements", "Requirements", 4.0, requirements),
            Work("script", "install.py", 1.0, script),
        )

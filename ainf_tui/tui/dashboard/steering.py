"""What the keys of the Dashboard ask of the engine for a service, and what is asked of the user before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ainf_tui.actions import Action
from ainf_tui.domain.service_documents import ServiceDocument, ServicesDocument, ServicesRequest
from ainf_tui.errors import AinfError, ConflictError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.told import LogsWanted

Ask = Callable[[ServicesRequest], Awaitable[ServicesDocument]]
_OF_ONE = frozenset({"start", "stop", "restart", "adopt"})
_ASKED_OF_USER = frozenset({"service.confirm", "service.port_taken"})
_REASON = "the app"


class SteeringScreen(FrameScreen):
    """A screen with a service that its keys are about. Each key is one call of `tui.orders`, in a worker."""

    areas = ("dashboard",)
    tab = "app.dashboard"

    @property
    def chosen(self) -> ServiceDocument | None:
        """The service that the next key acts on."""
        raise NotImplementedError

    def why_not(self, action: Action) -> str:
        if action.area not in self.areas or action.name not in {*_OF_ONE, "logs"}:
            return ""
        service = self.chosen
        if service is None:
            return "there is no service under the cursor"
        if action.name == "logs" or action.name in service.actions:
            return ""
        if service.kind == "watched":
            return f"{service.name} is only watched"
        return f"{service.name} is {service.state}"

    # -- one service --------------------------------------------------------------------------
    def action_start(self) -> None:
        self._act("start")

    def action_adopt(self) -> None:
        self._act("adopt")

    def action_stop(self) -> None:
        self._act("stop")

    def action_restart(self) -> None:
        self._act("restart")

    def _act(self, verb: str) -> None:
        service = self.chosen
        if not self.may():
            return
        if service is None:
            self.app.tell("There is no service under the cursor.")
        elif verb not in service.actions:
            why = "is only watched" if service.kind == "watched" else f"is {service.state}"
            self.app.tell(f"{service.name} {why}: there is nothing to {verb}.", service.message)
        else:
            work = self._order(verb, service)
            in_background(self, work, group=f"dashboard.{verb}", opens=verb in {"stop", "restart"})

    async def _order(self, verb: str, service: ServiceDocument) -> None:
        request = ServicesRequest((service.name,), reason=_REASON)
        if verb in {"stop", "restart"}:
            if not await self._sure(verb, service):
                return
            if service.kind == "adopted" and service.identity:
                request = replace(request, confirmed=(service.identity,))
        await self.carry_out(getattr(self.app.orders.services, verb), request)

    async def _sure(self, verb: str, service: ServiceDocument) -> bool:
        """Asks; of a process that somebody else started, with what it is."""
        more = ["What it is doing is cut off."]
        if service.kind == "adopted":
            command = await self._command(service)
            more = [f"ainf did not start it. This process is ended: pid {service.pid}", command]
        dependants = [s.name for s in self.app.services.services if service.name in s.depends_on]
        if dependants and verb == "stop":
            more.append(f"These need it and are stopped before it: {', '.join(dependants)}")
        return await self.app.confirm(f"{verb.capitalize()} {service.name}?", more, f"{verb.capitalize()} it")

    async def _command(self, service: ServiceDocument) -> str:
        """Of the process that would be ended; the question is asked without it where nobody knows."""
        client = self.app.engine_link.client
        try:
            owners = (await client.services.show(service.name)).owners if client is not None else ()
        except AinfError as error:
            return f"Its command is not known: {error.message}"
        found = next((owner for owner in owners if owner.pid == service.pid), None)
        return f"{found.command}   user {found.user}" if found is not None else "Its command is not known."

    # -- all of them --------------------------------------------------------------------------
    def action_up(self) -> None:
        if self.may():
            work = self.carry_out(self.app.orders.services.up, ServicesRequest(reason=_REASON))
            in_background(self, work, group="dashboard.up")

    def action_down(self) -> None:
        if self.may():
            in_background(self, self._down(), group="dashboard.down", opens=True)

    async def _down(self) -> None:
        running = [s for s in self.app.services.services if "stop" in s.actions]
        ours = [s.name for s in running if s.kind != "adopted"]
        others = [s.name for s in running if s.kind == "adopted"]
        if not ours:
            kept = f"{', '.join(others)}: stop it by its own key." if others else ""
            self.app.tell("Nothing runs that ainf started.", kept)
            return
        more = [", ".join(ours)]
        if others:
            more.append(f"Not started by ainf, and left alone: {', '.join(others)}")
        if await self.app.confirm("Stop all services?", more, "Stop all"):
            await self.carry_out(self.app.orders.services.down, ServicesRequest(reason=_REASON))

    # -- what comes of it ---------------------------------------------------------------------
    async def carry_out(self, ask: Ask, request: ServicesRequest) -> None:
        """Asks the engine; a refusal that the user can answer is put to him, and asked again."""
        while True:
            try:
                found = await ask(request)
            except ConflictError as error:
                again = await self._answer(error, request) if error.code in _ASKED_OF_USER else None
                if again is None:
                    if error.code not in _ASKED_OF_USER:
                        self.app.tell_error(error)
                    return
                request = again
            except AinfError as error:
                self.app.tell_error(error)
                return
            else:
                for notice in found.notices:
                    self.app.tell(notice.message, notice.hint, severity="warning")
                return

    async def _answer(self, error: AinfError, request: ServicesRequest) -> ServicesRequest | None:
        """The request that the user makes of a refusal; None: it is left."""
        if error.code == "service.confirm":
            identity = str(error.details.get("identity") or "")
            if identity and await self.app.confirm(error.message, ["It was not started by ainf."], "End it"):
                return replace(request, confirmed=(*request.confirmed, identity))
            return None
        owner, offers = _owner(error), error.details.get("offers")
        ways = [way for way in _WAYS if isinstance(offers, list | tuple) and way.value in offers]
        chosen = await self.app.choose(error.message, [_LEAVE, *ways])
        if chosen == "adopt":
            return replace(request, adopt=True)
        if chosen == "port":
            port = await self._ask_port(request)
            return replace(request, port=port) if port is not None else None
        if chosen == "stop_owner" and await self._sure_of(owner):
            return replace(request, stop_owner=str(owner.get("identity") or ""))
        return None

    async def _ask_port(self, request: ServicesRequest) -> int | None:
        from ainf_tui.tui.dashboard.dialogs import AskPort  # noqa: PLC0415 - inputs load when they are needed

        return await self.app.push_screen_wait(AskPort(f"Start {', '.join(request.names)} on which port?"))

    async def _sure_of(self, owner: dict[str, Any]) -> bool:
        return await self.app.confirm(
            f"End the process with pid {owner.get('pid')}?",
            [str(owner.get("command") or ""), f"user {owner.get('user') or 'not known'}"],
            "End it",
        )

    def action_comfyui(self) -> None:
        from ainf_tui.tui.comfyui.screen import ComfyUIScreen  # noqa: PLC0415 - loaded when it is opened

        self.app.push_screen(ComfyUIScreen())

    # -- in full ------------------------------------------------------------------------------
    def action_logs(self) -> None:
        """On the Logs screen, at its end."""
        if self.chosen is not None:
            self.post_message(LogsWanted(self.chosen.name))

    def open_service(self, service: ServiceDocument | None) -> None:
        """On a screen of its own."""
        if service is not None:
            from ainf_tui.tui.dashboard.service import (  # noqa: PLC0415 - loaded when it is opened
                ServiceScreen,
            )

            self.app.push_screen(ServiceScreen(service.name))


_LEAVE = Option("", "leave it", "nothing is done")
_WAYS = (
    Option("adopt", "adopt it", "use what listens there as this service; it is never stopped unasked"),
    Option("port", "another port", "start on another port, this time"),
    Option("stop_owner", "end it", "end the process that holds the port, then start. Asks again."),
)


def _owner(error: AinfError) -> dict[str, Any]:
    found = error.details.get("owner")
    return dict(found) if isinstance(found, dict) else {}

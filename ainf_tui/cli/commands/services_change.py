"""`ainf services start|stop|restart|adopt`, `ainf up`, `ainf down`: asked, told, and seen through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.commands.services import print_services
from ainf_tui.cli.notices import tell
from ainf_tui.cli.output import show
from ainf_tui.cli.servicewait import Reached, is_down, is_up, wait_for
from ainf_tui.cli.session import call
from ainf_tui.client import Client
from ainf_tui.domain.service_documents import ServicesDocument, ServicesRequest
from ainf_tui.errors import ConflictError

F = TypeVar("F", bound=Callable[..., Any])
Act = Callable[[Client, ServicesRequest], Awaitable[ServicesDocument]]

JSON_HELP = "A document `ainf.services/1` on stdout."
PATIENCE = 330.0
"""Seconds: a first start of ComfyUI has 300."""


def _waiting(command: F) -> F:
    """The options of all that waits."""
    command = click.option("--json", "_json", is_flag=True, help=JSON_HELP)(command)
    command = click.option("--no-wait", is_flag=True, help="Ask for it and do not wait for it.")(command)
    return click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        metavar="S",
        default=PATIENCE,
        show_default=True,
        help="Wait S seconds at most, then exit 3; what was begun goes on.",
    )(command)


@click.command("start", short_help="Start services, with what they depend on.")
@click.argument("names", metavar="[SERVICE]...", nargs=-1)
@click.option("--port", type=click.IntRange(1, 65_535), metavar="N", help="On another port, this time.")
@click.option("--adopt", "use", is_flag=True, help="Use what listens on its port already.")
@click.option("--stop-owner", metavar="PID", help="End that process, which holds its port, first.")
@_waiting
@click.pass_obj
def start(
    app: App,
    /,
    *,
    names: tuple[str, ...],
    port: int | None,
    use: bool,
    stop_owner: str | None,
    vram: str = "",
    **waits: Any,
) -> int:
    """Start services (without a name: all), each after what it depends on. One that runs is left as it is."""
    request = ServicesRequest(
        names, port, vram or "", adopt=use, stop_owner=stop_owner or "", reason="ainf services start"
    )
    return _carry_out(app, lambda client, asked: client.services.start(asked), request, is_up, **waits)


@click.command("stop", short_help="Stop services.")
@click.argument("names", metavar="[SERVICE]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Also those that somebody else started.")
@_waiting
@click.pass_obj
def stop(app: App, /, *, names: tuple[str, ...], yes: bool, **waits: Any) -> int:
    """Stop services (without a name: all), each after what depends on it, which is stopped as well."""
    request = ServicesRequest(names, reason="ainf services stop")
    return _carry_out(
        app, lambda client, asked: client.services.stop(asked), request, is_down, yes=yes, **waits
    )


@click.command("restart", short_help="Stop services and start them again.")
@click.argument("names", metavar="[SERVICE]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Also those that somebody else started.")
@_waiting
@click.pass_obj
def restart(app: App, /, *, names: tuple[str, ...], yes: bool, vram: str | None = None, **waits: Any) -> int:
    """Stop services and start them again (without a name: all)."""
    request = ServicesRequest(names, vram=vram or "", reason="ainf services restart")
    return _carry_out(
        app, lambda client, asked: client.services.restart(asked), request, is_up, yes=yes, **waits
    )


@click.command("adopt", short_help="Use what listens on a service's port already.")
@click.argument("name", metavar="SERVICE")
@click.option("--port", type=click.IntRange(1, 65_535), metavar="N", help="Where it listens, if elsewhere.")
@_waiting
@click.pass_obj
def adopt(app: App, /, *, name: str, port: int | None, **waits: Any) -> int:
    """Use what listens on a service's port already, whoever started it. It is never stopped unasked."""
    request = ServicesRequest((name,), port, reason="ainf services adopt")
    return _carry_out(app, lambda client, asked: client.services.adopt(asked), request, is_up, **waits)


@click.command("up", short_help="Start everything that starts by itself.")
@_waiting
@click.pass_obj
def up(app: App, /, **waits: Any) -> int:
    """Start every service that is declared to start by itself, in order. What runs already is left alone."""
    request = ServicesRequest(reason="ainf up")
    return _carry_out(app, lambda client, asked: client.services.up(asked), request, is_up, **waits)


@click.command("down", short_help="Stop everything, in reverse order.")
@click.option("--yes", is_flag=True, help="Also what somebody else started.")
@_waiting
@click.pass_obj
def down(app: App, /, *, yes: bool, **waits: Any) -> int:
    """Stop every service, each after what depends on it. What somebody else started stays, unless --yes."""
    request = ServicesRequest(reason="ainf down")
    return _carry_out(
        app, lambda client, asked: client.services.down(asked), request, is_down, yes=yes, **waits
    )


def _carry_out(
    app: App,
    act: Act,
    request: ServicesRequest,
    reached: Reached,
    *,
    yes: bool = False,
    timeout: float = PATIENCE,
    no_wait: bool = False,
    _json: bool = False,
) -> int:
    async def work(client: Client) -> ServicesDocument:
        asked = replace(request, confirmed=await _adopted(client)) if yes else request
        begun = await _asked(app, client, act, asked)
        names = _concerned(begun)
        if not app.out.json:
            tell(app.out, begun.notices)
        if no_wait or not names:
            return begun
        seen = await wait_for(app, client, names, reached, timeout)
        return replace(seen, notices=begun.notices)

    done = call(app, work)
    print_services(app, done if app.out.json else replace(done, notices=()))
    return exits.OK if no_wait and not done.notices else _code(done, reached)


def _concerned(begun: ServicesDocument) -> list[str]:
    """Those that something is done to: what was refused stays as it was."""
    refused = {str(notice.details.get("service", "")) for notice in begun.notices}
    return [s.name for s in begun.services if s.name not in refused and s.kind != "watched"]


def _code(done: ServicesDocument, reached: Reached) -> int:
    refused = [
        notice for notice in done.notices if notice.code not in {"service.confirm", "comfyui.elsewhere"}
    ]
    failed = [service for service in done.services if reached(service) is False]
    return exits.FAILED if failed or refused else exits.OK


async def _adopted(client: Client) -> tuple[str, ...]:
    """The processes that --yes means: those that are adopted now, by their identity."""
    found = await client.services.listed()
    return tuple(s.identity for s in found.services if s.kind == "adopted" and s.identity)


async def _asked(app: App, client: Client, act: Act, request: ServicesRequest) -> ServicesDocument:
    """Asks; where a port is taken or a process is somebody else's, and there is a terminal, asks the user."""
    try:
        return await act(client, request)
    except ConflictError as conflict:
        answer = _answer(app, conflict, request)
        if answer is None:
            raise
        return await act(client, answer)


def _answer(app: App, conflict: ConflictError, request: ServicesRequest) -> ServicesRequest | None:
    """The request that the user makes of a refusal; None: it stays one."""
    if app.out.json or not app.out.interactive:
        return None
    if conflict.code == "service.confirm":
        app.out.note(show(conflict.message), "yellow")
        identity = str(conflict.details.get("identity", ""))
        if identity and app.out.confirm("End it?"):
            return replace(request, confirmed=(*request.confirmed, identity))
        return None
    if conflict.code != "service.port_taken":
        return None
    return _another_way(app, conflict, request)


def _another_way(app: App, conflict: ConflictError, request: ServicesRequest) -> ServicesRequest | None:
    offers = conflict.details.get("offers", ())
    owner = conflict.details.get("owner", {})
    words = {"adopt": "[a]dopt it", "port": "another [p]ort", "stop_owner": "[s]top it"}
    app.out.note(show(conflict.message), "yellow")
    offered = ", ".join(words[offer] for offer in offers if offer in words)
    app.out.draw(f"What now? {offered}, or nothing: ")
    said = app.out.stdin.readline().strip().lower()
    if said.startswith("a") and "adopt" in offers:
        return replace(request, adopt=True)
    if said.startswith("s") and "stop_owner" in offers:
        return replace(request, stop_owner=str(owner.get("identity", "")))
    if said.startswith("p") and "port" in offers:
        number = said[1:].strip()
        if not number:
            app.out.draw("Which port? ")
            number = app.out.stdin.readline().strip()
        return replace(request, port=int(number)) if number.isdigit() and 0 < int(number) < 65_536 else None
    return None

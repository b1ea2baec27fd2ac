"""The HTTP side: the routes at their two addresses, the checks before them, the simulator's own routes."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ainf_tui.errors import UnreachableError, UsageError
from ainf_tui.simulator.faults import Faults
from ainf_tui.simulator.folders import Folders
from ainf_tui.simulator.http_files import FileRoutes
from ainf_tui.simulator.http_prompts import PromptRoutes
from ainf_tui.simulator.http_socket import SocketRoutes
from ainf_tui.simulator.http_system import SystemRoutes
from ainf_tui.simulator.machine import Machine
from ainf_tui.simulator.options import LOOPBACK, SimulatorOptions

OWN = "/sim/"
LOGIN = (
    "<!doctype html><title>Log in</title><form method=post><input name=user><input name=password></form>\n"
)
CLOSING_SECONDS = 0.2


@contextlib.contextmanager
def _folder(options: SimulatorOptions) -> Iterator[Path]:
    """The one asked for, else a scratch one; a simulator that is killed could not take it away."""
    if options.folder is not None:
        yield options.folder
        return
    with tempfile.TemporaryDirectory(prefix="ainf-simulator-") as scratch:
        yield Path(scratch)


async def serve(options: SimulatorOptions, ready: Callable[[int], None]) -> None:
    """Run a simulator on the loopback address until cancelled; `ready` gets the port.

    Raises `UnreachableError` if the port is taken and `UsageError` for faults that do not exist.
    """
    with _folder(options) as folder:
        folders = Folders(folder)
        async with Machine(options, folders).running() as machine:
            runner = web.AppRunner(application(machine), access_log=None, shutdown_timeout=CLOSING_SECONDS)
            await runner.setup()
            try:
                ready(await _listen(runner, options.port))
                await machine.fatal
            finally:
                machine.faults.release()
                machine.hub.drop()
                await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> int:
    try:
        await web.TCPSite(runner, LOOPBACK, port, reuse_address=True).start()
    except OSError as error:
        raise UnreachableError(
            "simulator.port_taken",
            f"The simulator cannot listen on {LOOPBACK}:{port}: {error.strerror}.",
            hint="Take another port, or --port 0 for any free one.",
        ) from error
    bound: int = runner.addresses[0][1]
    return bound


def application(machine: Machine) -> web.Application:
    """All routes; the prompt, file and system ones at `/x` and `/api/x`."""
    app = web.Application(
        middlewares=[_gates(machine.faults), _same_origin], client_max_size=machine.options.max_upload_size
    )
    prompts, files, system = PromptRoutes(machine), FileRoutes(machine), SystemRoutes(machine)
    both = [*prompts.table(), *files.table(), *system.table(), *SocketRoutes(machine).table()]
    app.add_routes(both)
    app.add_routes([web.RouteDef(r.method, f"/api{r.path}", r.handler, r.kwargs) for r in both])
    app.add_routes(system.plain_table())
    if not machine.options.old:
        app.add_routes(prompts.job_table())
    app.add_routes(_own_routes(machine))
    app.add_routes([web.get("/{path:.*}", _nothing)])
    return app


def _own_routes(machine: Machine) -> list[web.RouteDef]:
    async def show(_request: web.Request) -> web.Response:
        return web.json_response(machine.faults.document())

    async def change(request: web.Request) -> web.Response:
        try:
            return web.json_response(machine.apply_faults(await request.json()))
        except UsageError as error:
            return web.json_response({"error": error.document()}, status=400)

    async def executions(_request: web.Request) -> web.Response:
        return web.json_response(machine.journal.executions())

    async def frames(_request: web.Request) -> web.Response:
        return web.json_response(machine.hub.sent)

    return [
        web.get(f"{OWN}frames", frames),
        web.get(f"{OWN}faults", show),
        web.post(f"{OWN}faults", change),
        web.get(f"{OWN}executions", executions),
    ]


async def _nothing(request: web.Request) -> web.StreamResponse:
    """The server's own 404: no body, chunked, no text."""
    response = web.StreamResponse(status=404, headers={"Content-Type": "application/octet-stream"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write_eof()
    return response


def _gates(faults: Faults) -> Middleware:
    """Before every route but our own: the stall, and answers that are no ComfyUI's."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(OWN):
            return await handler(request)
        await faults.stall.wait()
        if faults.take("html"):
            return web.Response(text=LOGIN, content_type="text/html")
        if faults.take("redirect"):
            return web.Response(status=302, headers={"Location": "/login?next=/"})
        if faults.take("bad_gateway"):
            return web.Response(status=502, text="<h1>502 Bad Gateway</h1>\n", content_type="text/html")
        return await handler(request)

    return gate


@web.middleware
async def _same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of another origin may not use a server on loopback."""
    origin, host = request.headers.get("Origin"), request.headers.get("Host")
    if origin and host and _foreign(host, origin):
        return web.Response(status=403)
    if request.method == "OPTIONS":
        return web.Response()
    return await handler(request)


def _foreign(host: str, origin: str) -> bool:
    """True if both are known and differ in the host, or in the port where both have one."""
    ours, theirs = urlsplit(f"//{host}"), urlsplit(origin)
    try:
        ports = (ours.port, theirs.port)
    except ValueError:  # a port that is no number belongs to nobody
        return True
    loopback = ours.hostname in ("127.0.0.1", "::1", "localhost")
    if not loopback or not theirs.hostname:
        return False
    return ours.hostname != theirs.hostname or (None not in ports and ports[0] != ports[1])

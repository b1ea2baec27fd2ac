"""Stands in for ssh: same words, same sockets, no network. Run as a program; `StandIn` sets it up.

It knows the part of ssh that ainf uses: a connection with a control socket (`-M -S`), commands over it, and
`-O forward` from one Unix socket to another. What it does wrong is in `mood.json` of its folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

FOLDER = "STAND_IN_FOLDER"
_WITH_VALUE = "SFoOLlp"


class StandIn:
    """The folder of a stand-in. `env` is the environment of whatever it runs "on the box"."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.program = folder / "ssh"
        self.program.write_text(
            f"#!/bin/sh\n{FOLDER}={shlex.quote(str(folder))} "
            f'exec {shlex.quote(sys.executable)} -I {shlex.quote(__file__)} "$@"\n'
        )
        self.program.chmod(0o755)
        (folder / "env.json").write_text(json.dumps(dict(env)))
        self.mood()

    def mood(self, **wanted: Any) -> None:
        """`refuse`: words it ends with. `batch_refuse`: the same, where nobody can be asked. `password`:
        asks for it on the terminal. `delay`: seconds before it connects. `mute`: passes nothing on and
        notices only by ServerAlive. `no_forward`: forwards nothing. `deny`: forwards, and each
        connection is refused by the server. `say`: a line on stderr when it connects.
        """
        fresh = self.folder / "mood.new"
        fresh.write_text(json.dumps(wanted))
        fresh.replace(self.folder / "mood.json")

    @property
    def calls(self) -> list[list[str]]:
        """The words of each run, in order."""
        try:
            return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        except FileNotFoundError:
            return []

    @property
    def connections(self) -> list[list[str]]:
        """Those of the calls that make a connection."""
        return [words for words in self.calls if "-M" in words]

    @property
    def pid(self) -> int:
        """Of the newest connection."""
        return int((self.folder / "pids").read_text().split()[-1])

    @property
    def running(self) -> list[str]:
        """Its processes that still run."""
        import psutil

        mark = {FOLDER: str(self.folder)}.items()
        facts = [process.info for process in psutil.process_iter(["cmdline", "environ", "status"])]
        alive = [info for info in facts if info["status"] != psutil.STATUS_ZOMBIE]
        return [str(info["cmdline"]) for info in alive if mark <= (info["environ"] or {}).items()]

    def cut(self, number: int = signal.SIGKILL) -> None:
        """The connection ends without a word."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class _Words:
    """ssh's words, taken apart."""

    def __init__(self, words: list[str]) -> None:
        self.flags: set[str] = set()
        self.values: dict[str, str] = {}
        self.options: dict[str, str] = {}
        rest = list(words)
        while rest and rest[0].startswith("-"):
            word = rest.pop(0)
            if word == "--":
                break
            if word[1] in _WITH_VALUE:
                value = rest.pop(0)
                self.values[word[1]] = value
                if word[1] == "o":
                    name, _, text = value.partition("=")
                    self.options[name] = text
            else:
                self.flags.add(word[1])
        self.host = rest.pop(0)
        self.command = " ".join(rest)


def _mood() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_folder() / "mood.json").read_text())
    return found


def _folder() -> Path:
    return Path(os.environ[FOLDER])


def _there() -> dict[str, str]:
    env: dict[str, str] = json.loads((_folder() / "env.json").read_text())
    return env


def _end(words: str, status: int = 255) -> NoReturn:
    sys.stderr.write(words + "\n" if words else "")
    sys.stderr.flush()
    os._exit(status)


def _append(name: str, line: str) -> None:
    with (_folder() / name).open("a") as stream:
        stream.write(line + "\n")


def main(words: list[str]) -> None:
    """Whatever of the three ways of use the words mean."""
    _append("calls", json.dumps(words))
    given = _Words(words)
    if "M" in given.flags:
        _connect(given)
    elif given.values.get("O") == "forward":
        with _control(given) as control:
            control.sendall(given.values["L"].encode() + b"\n")
            answer = control.recv(64)
        if answer != b"ok":
            _end("mux_client_forward: forwarding request failed: Port forwarding failed")
    else:
        _over(given)


def _control(given: _Words) -> socket.socket:
    control = socket.socket(socket.AF_UNIX)
    try:
        control.connect(given.values["S"])
    except OSError:
        _end("Connection closed by UNKNOWN port 65535")
    return control


def _over(given: _Words) -> None:
    """A command over the connection; it ends with it."""
    control = _control(given)
    control.sendall(b"command\n")
    child = subprocess.Popen(["/bin/sh", "-c", given.command], env=_there(), cwd="/", start_new_session=True)

    def watch() -> None:
        while control.recv(64):
            pass
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            _end("")

    threading.Thread(target=watch, daemon=True).start()
    status = child.wait()
    sys.stdout.flush()
    os._exit(status if status >= 0 else 255)


def _connect(given: _Words) -> None:
    mood = _mood()
    _append("pids", str(os.getpid()))
    time.sleep(mood.get("delay", 0))
    if mood.get("say"):
        sys.stderr.write(mood["say"] + "\n")
        sys.stderr.flush()
    if refuse := mood.get("refuse"):
        _end(refuse)
    if given.options.get("BatchMode") == "yes" and (refuse := mood.get("batch_refuse")):
        _end(refuse)
    if mood.get("password"):
        _ask(mood["password"])
    path = given.values["S"]
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(path)
    except OSError:
        sys.stderr.write(f"ControlSocket {path} already exists, disabling multiplexing\n")
    else:
        listener.listen()
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
    interval, count = (int(given.options[f"ServerAlive{name}"]) for name in ("Interval", "CountMax"))
    threading.Thread(target=_keep_alive, args=(interval * count,), daemon=True).start()
    session = subprocess.Popen(
        ["/bin/sh", "-c", given.command], env=_there(), cwd="/", stdin=subprocess.PIPE, start_new_session=True
    )
    assert session.stdin is not None
    while data := os.read(0, 4096):
        session.stdin.write(data)
        session.stdin.flush()
    session.stdin.close()
    session.wait()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 -- no pathlib in a program that is to start fast
    os._exit(0)


def _ask(password: str) -> None:
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        _end("Permission denied (password).")
    os.write(terminal, b"password: ")
    if os.read(terminal, 256).decode().strip() != password:
        _end("Permission denied (password).")


def _keep_alive(patience: float) -> None:
    heard = time.monotonic()
    while time.monotonic() - heard < patience:
        time.sleep(0.05)
        if not _mood().get("mute"):
            heard = time.monotonic()
    _end("Timeout, server box not responding.")


def _serve(listener: socket.socket) -> None:
    held = []
    while True:
        asker, _ = listener.accept()
        held.append(asker)  # A command's end of it closes when this process ends, and not before.
        asked = asker.makefile("rb").readline().decode().strip()
        if asked == "command":
            continue
        if _mood().get("no_forward"):
            asker.sendall(b"no")
            continue
        local, _, remote = asked.partition(":")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(local)  # noqa: PTH108 -- as above
        door = socket.socket(socket.AF_UNIX)
        door.bind(local)
        door.listen()
        threading.Thread(target=_lead, args=(door, remote), daemon=True).start()
        asker.sendall(b"ok")


def _lead(door: socket.socket, remote: str) -> None:
    while True:
        here, _ = door.accept()
        there = socket.socket(socket.AF_UNIX)
        try:
            if _mood().get("deny"):
                raise PermissionError("open failed: administratively prohibited: open failed")
            there.connect(remote)
        except OSError as error:
            sys.stderr.write(f"channel 2: {error}\n")
            sys.stderr.flush()
            here.close()
            continue
        for pair in ((here, there), (there, here)):
            threading.Thread(target=_copy, args=pair, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if not _mood().get("mute"):
                target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Where things are on this machine. Reading creates nothing; `prepare` creates the state folder."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from ainf_tui.errors import AinfError, UsageError
from ainf_tui.frozen import frozen
from ainf_tui.mounts import NETWORK_TYPES, mount_type
from ainf_tui.paths import absolute

_SOCKET_BYTES = 100
"""A Unix socket's path may have 104 bytes on macOS and 108 on Linux, with the closing zero."""


@frozen
class Locations:
    """The folders of one installation, absolute. Everything else follows from them."""

    config_dir: Path
    state_dir: Path
    cache_dir: Path
    outputs_dir: Path
    home: Path | None = None
    """AINF_HOME or `--home`, when that is what put them there."""

    @property
    def config_file(self) -> Path:
        return self.config_dir / "config.toml"

    @property
    def user_workflows_dir(self) -> Path:
        """Packs of the user's own."""
        return self.config_dir / "workflows"

    @property
    def user_presets_dir(self) -> Path:
        return self.config_dir / "presets"

    @property
    def user_services_file(self) -> Path:
        """Services of the user's own, and changes to the built-in ones."""
        return self.config_dir / "services.toml"

    @property
    def user_themes_dir(self) -> Path:
        """Colours of the user's own for the app, a TOML file each."""
        return self.config_dir / "themes"

    @property
    def app_session_file(self) -> Path:
        """What the app remembers from one time to the next: cursor, filter, theme, history."""
        return self.state_dir / "app-session.json"

    @property
    def services_dir(self) -> Path:
        """What the next engine must know of each service."""
        return self.state_dir / "services"

    @property
    def runs_dir(self) -> Path:
        """Run logs, unless a setting says otherwise."""
        return self.state_dir / "runs"

    @property
    def error_archive_dir(self) -> Path:
        """Groups of errors that were cleared."""
        return self.state_dir / "errors-cleared"

    @property
    def comfyui_dir(self) -> Path:
        """Where this box's own ComfyUI is, unless a setting says otherwise: beside the outputs."""
        return self.outputs_dir.parent / "comfyui"

    @property
    def database_file(self) -> Path:
        return self.state_dir / "ainf.db"

    @property
    def engine_lock(self) -> Path:
        """Held by flock for the engine's whole life; holds its pid as text, for people."""
        return self.state_dir / "engine.lock"

    @property
    def engine_log(self) -> Path:
        return self.state_dir / "engine.log"

    @property
    def engine_output(self) -> Path:
        """What the engine's process itself prints: what ended it, when it could not log."""
        return self.state_dir / "engine.out"

    @property
    def error_spool(self) -> Path:
        """Errors that no engine could take, 0600: the next engine does."""
        return self.state_dir / "errors-spool.jsonl"

    @property
    def engine_settings_file(self) -> Path:
        """Settings from the starter to the engine, 0600."""
        return self.state_dir / "engine-settings.json"

    @property
    def engine_socket(self) -> Path:
        """In the state folder; in a short folder of our own when that path is too long for a socket.

        It depends on the user and the state folder alone, never on the shell's variables, so that
        every front end finds it. Under the user's run-time folder it would go with the last login
        session, and the engine outlives those.
        """
        usual = self.state_dir / "engine.sock"
        if len(os.fsencode(usual)) <= _SOCKET_BYTES:
            return usual
        from hashlib import blake2b  # noqa: PLC0415 - 3 ms that few need

        key = blake2b(os.fsencode(os.path.realpath(self.state_dir)), digest_size=8).hexdigest()
        return Path(f"/tmp/ainf-{os.geteuid()}-{key}/engine.sock")  # noqa: S108 - checked before use

    def prepare(self) -> None:
        """Creates the state folder and the socket's, both 0700, and checks that they can be used.

        UsageError `state.network_fs`, `state.no_access` or `state.socket_dir`.
        """
        refuse_network(self.state_dir)
        _private_folder(self.state_dir)
        if self.engine_socket.parent != self.state_dir:
            self.engine_socket.parent.mkdir(mode=0o700, exist_ok=True)
        self.check_socket_dir()

    def check_socket_dir(self) -> None:
        """Call before connecting: who owns the socket's folder gets our tokens.

        UsageError `state.socket_dir` when it is a link, not a folder, of another user or open to
        others. A folder that does not exist is fine: there is no engine.
        """
        folder = self.engine_socket.parent
        try:
            facts = folder.lstat() if folder != self.state_dir else folder.stat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise _no_access(folder, error.strerror or "cannot be read") from error
        if _is_private(facts):
            return
        raise UsageError(
            "state.socket_dir",
            f"{folder} is not a folder that this user alone can use, so the engine's socket cannot be there",
            hint=f"Look who made it; then remove it, or: chmod 700 {folder}",
            details={"path": str(folder)},
        )


def locate(env: Mapping[str, str], home: Path | None = None) -> Locations:
    """The places by `home` (`--home DIR`), else `AINF_HOME`, else the platform's own folders."""
    chosen = str(home) if home is not None else env.get("AINF_HOME", "")
    if chosen:
        root = Path(absolute(chosen))
        return Locations(root / "config", root / "state", root / "cache", root / "outputs", root)
    from platformdirs import PlatformDirs  # noqa: PLC0415 - 6 ms that AINF_HOME saves

    folders = PlatformDirs("ainf", appauthor=False)
    return Locations(
        config_dir=folders.user_config_path.absolute(),
        state_dir=folders.user_state_path.absolute(),
        cache_dir=folders.user_cache_path.absolute(),
        outputs_dir=Path(absolute("~/ainf/outputs")),
    )


def refuse_network(folder: Path) -> None:
    """UsageError `state.network_fs` when the folder lies (or would lie) on a network file system."""
    kind = mount_type(folder)
    if kind not in NETWORK_TYPES:
        return
    raise UsageError(
        "state.network_fs",
        f"{folder} is on a network file system ({kind}), where locks and SQLite are not safe",
        hint="Set AINF_HOME to a folder on a local disk; outputs may stay on the network: [outputs] folder.",
        details={"path": str(folder), "type": kind},
    )


def _private_folder(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.stat()
        if facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise _no_access(folder, error.strerror or "cannot be created") from error
    if facts.st_uid not in {os.geteuid(), 0} and os.geteuid() != 0:
        raise _no_access(folder, f"belongs to another user (uid {facts.st_uid})")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _no_access(folder, "may not be written")


def _is_private(facts: os.stat_result) -> bool:
    if sys.platform == "win32":
        return stat.S_ISDIR(facts.st_mode)
    ours = facts.st_uid == os.geteuid()
    return stat.S_ISDIR(facts.st_mode) and ours and not stat.S_IMODE(facts.st_mode) & 0o077


def _no_access(folder: Path, reason: str) -> AinfError:
    return UsageError(
        "state.no_access",
        f"{folder}: {reason}",
        hint=f"Make it yours (chown -R $USER {folder}; chmod 700 {folder}), or set AINF_HOME elsewhere.",
        details={"path": str(folder)},
    )

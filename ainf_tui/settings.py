"""Settings: flags over AINF_* variables over config.toml over defaults, each with its source.

`resolve` reads them; `Settings.to_private_file` hands them to the engine's process. What they are
is declared in `settings_schema`; `settings_text` shows and documents them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Self

from ainf_tui.domain.backends import BackendSpec
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen
from ainf_tui.paths import write_private
from ainf_tui.settings_backends import DEFAULT_URL
from ainf_tui.settings_box import (
    CheckSettings,
    ComfyUISettings,
    ErrorSettings,
    HostSettings,
    LogSettings,
    ProbeSettings,
    RedisSettings,
    RunLogSettings,
)
from ainf_tui.settings_field import Value
from ainf_tui.settings_keys import KeyProblem, Keys
from ainf_tui.settings_resolve import Resolver
from ainf_tui.settings_schema import SECTIONS
from ainf_tui.settings_sections import (
    AppSettings,
    ConnectSettings,
    DatabaseSettings,
    EngineSettings,
    OutputSettings,
    PreviewSettings,
    QueueSettings,
    RunSettings,
    TimeoutSettings,
)

HIDDEN = "***"
"""What stands where a secret would."""

_USER_INFO = r"(?<=://)[^\s/@]*@"
_PRIVATE_QUERY = r"(?i)([?&](?:[\w-]*(?:password|passwd|secret|token|key))=)[^&#\s]*"
_PRIVATE_HEADER = r"(?i)auth|token|key|secret|cookie|password"


@frozen
class Settings:
    """All settings, resolved and checked. `Settings()` is the defaults.

    `sources` maps a setting's id (`queue.max_attempts`, `backends.NAME`) to where its value came
    from: `flag`, the variable's name, `FILE:LINE`, or `default`.
    """

    engine: EngineSettings = field(default_factory=EngineSettings)
    queue: QueueSettings = field(default_factory=QueueSettings)
    outputs: OutputSettings = field(default_factory=OutputSettings)
    previews: PreviewSettings = field(default_factory=PreviewSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings, repr=False)
    timeouts: TimeoutSettings = field(default_factory=TimeoutSettings)
    run: RunSettings = field(default_factory=RunSettings)
    connect: ConnectSettings = field(default_factory=ConnectSettings)
    app: AppSettings = field(default_factory=AppSettings)
    probes: ProbeSettings = field(default_factory=ProbeSettings)
    runs: RunLogSettings = field(default_factory=RunLogSettings)
    comfyui: ComfyUISettings = field(default_factory=ComfyUISettings)
    host: HostSettings = field(default_factory=HostSettings)
    redis: RedisSettings = field(default_factory=RedisSettings, repr=False)
    checks: CheckSettings = field(default_factory=CheckSettings)
    errors: ErrorSettings = field(default_factory=ErrorSettings)
    logs: LogSettings = field(default_factory=LogSettings)
    keys: Keys = field(default_factory=dict)
    """The changed keys that are in force."""
    key_problems: tuple[KeyProblem, ...] = field(default=(), compare=False)
    """What is wrong with `[keys]`; nothing refuses to start for it."""
    backends: tuple[BackendSpec, ...] = (BackendSpec(name="default", url=DEFAULT_URL),)
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def value(self, setting_id: str) -> Value:
        """The value of `section.name`. KeyError for an id that is not declared."""
        section, _, name = setting_id.partition(".")
        if section not in SECTIONS or name not in SECTIONS[section].__dataclass_fields__:
            raise KeyError(setting_id)
        found: Value = getattr(getattr(self, section), name)
        return found

    def backend(self, name: str) -> BackendSpec | None:
        """The backend of that name."""
        return next((spec for spec in self.backends if spec.name == name), None)

    def outputs_folder(self, default: Path) -> Path:
        """Where finished files go: the setting, else `default` (`Locations.outputs_dir`). Absolute."""
        return Path(self.outputs.folder) if self.outputs.folder else default

    def runs_folder(self, default: Path) -> Path:
        """Where run logs go: the setting, else `default` (`Locations.runs_dir`). Absolute."""
        return Path(self.runs.folder) if self.runs.folder else default

    def database_url(self, default: Path) -> str:
        """`sqlite:///PATH` or `postgresql://...`; `default` is `Locations.database_file`."""
        return self.database.url or f"sqlite:///{default}"

    def secrets(self) -> frozenset[str]:
        """Every text in the settings that must not be shown."""
        found = set()
        for spec in self.backends:
            found.add(spec.token)
            for name, value in spec.headers.items():
                if re.search(_PRIVATE_HEADER, name) or len(value) >= 16:
                    found |= {value, value.rpartition(" ")[2]}
        for url in (self.database.url, self.redis.url):
            if user_info := re.search(_USER_INFO, url):
                found.add(user_info.group()[:-1].partition(":")[2])
        # Shorter ones would blot out ordinary words; by key they are hidden all the same.
        return frozenset(text for text in found if len(text) >= 4)

    def redact(self, text: str) -> str:
        """The text with every secret of these settings replaced, and user info taken out of URLs."""
        for secret in sorted(self.secrets(), key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return redact_urls(text)

    def to_private_file(self, path: Path) -> None:
        """Writes them as JSON that only this user can read, whole or not at all."""
        import json  # noqa: PLC0415 - only a starter of engines needs it, 4 ms

        document = {
            "schema": "ainf.settings/1",
            "values": {f"{s}.{n}": getattr(getattr(self, s), n) for s, n in _names()},
            "backends": [_backend_document(spec) for spec in self.backends],
            "keys": {action: list(keys) for action, keys in self.keys.items()},
            "sources": dict(self.sources),
        }
        write_private(path, json.dumps(document, indent=1).encode())

    @classmethod
    def from_private_file(cls, path: Path) -> Self:
        """What `to_private_file` wrote. UsageError `config.bad_handover` for anything else."""
        from ainf_tui import settings_handover  # noqa: PLC0415 - only the engine's process reads it

        parts = settings_handover.read(path)
        return cls(**parts.sections, backends=parts.backends, keys=parts.keys, sources=parts.sources)


def resolve(flags: Mapping[str, Any], env: Mapping[str, str], file: Path) -> Settings:
    """Settings from a command's flags, the environment and a config.toml that may be missing.

    `flags` maps setting ids to values, typed or as text; None means not given. `AINF_COMFYUI_URL`
    names the backend `default` (or the configured one of that address). Relative paths count from
    the file's folder, in flags and environment from the current one.

    UsageError `config.unknown_key`, `config.bad_value`, `config.bad_toml` or `config.unreadable`;
    `details["problems"]` lists all that is wrong: code, key, source, file, line, message, hint.
    """
    resolver = Resolver(flags, env, file)
    sections = resolver.sections()
    backends = resolver.backends(sections["comfyui"].port)
    keys, key_problems = resolver.keys()
    resolver.raise_problems()
    return Settings(
        **sections, backends=backends, keys=keys, key_problems=key_problems, sources=resolver.sources
    )


def check_keys(settings: Settings) -> None:
    """UsageError `config.bad_key` or `config.key_conflict` that lists every key that is not in force."""
    serious = [problem for problem in settings.key_problems if problem.serious]
    if serious:
        raise UsageError(
            serious[0].code,
            "\n".join(problem.message for problem in serious),
            hint=" ".join(problem.hint for problem in serious[:3]),
            details={"problems": [{"code": p.code, "key": f"keys.{p.action}"} for p in serious]},
        )


def redact_urls(text: str) -> str:
    """The text without user info and secret-looking query values in its URLs."""
    return re.sub(_PRIVATE_QUERY, rf"\g<1>{HIDDEN}", re.sub(_USER_INFO, f"{HIDDEN}@", text))


def _names() -> list[tuple[str, str]]:
    return [(section, name) for section, cls in SECTIONS.items() for name in cls.__dataclass_fields__]


def _backend_document(spec: BackendSpec) -> dict[str, Any]:
    names = ("name", "url", "token", "tls_verify", "tls_ca")
    document: dict[str, Any] = {name: getattr(spec, name) for name in names}
    return document | {"headers": dict(spec.headers), "tags": list(spec.tags)}

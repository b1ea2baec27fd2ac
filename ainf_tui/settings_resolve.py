"""Puts flags, environment and config.toml together and collects everything that is wrong in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ainf_tui import settings_backends
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.errors import UsageError
from ainf_tui.paths import absolute
from ainf_tui.settings_field import Value
from ainf_tui.settings_keys import KeyProblem, Keys, entries, judge, parse_keys
from ainf_tui.settings_schema import SECTIONS, SETTINGS, Setting
from ainf_tui.settings_toml import read_toml

COMFYUI_URL = "AINF_COMFYUI_URL"


class Resolver:
    """One reading of all sources. Use `sections`, `backends`, then `raise_problems`."""

    def __init__(self, flags: Mapping[str, Any], env: Mapping[str, str], file: Path) -> None:
        self._flags = {key: value for key, value in flags.items() if value is not None}
        self._env = env
        self._toml = read_toml(file)
        self._problems: list[dict[str, Any]] = []
        self._by_id = {setting.id: setting for setting in SETTINGS}
        self.sources: dict[str, str] = {}

    def sections(self) -> dict[str, Any]:
        """The section objects by name; what is wrong keeps its default."""
        values: dict[str, Value] = {setting.id: setting.default for setting in SETTINGS}
        self.sources = dict.fromkeys(values, "default")
        self._check_file_keys()
        self._check_env_names()
        for setting in SETTINGS:
            self._take_file(setting, values)
            # An empty variable is how shells and compose files say that it is not set.
            if raw := self._env.get(setting.env, ""):
                self._take(setting, raw, setting.env, values)
        for key, raw in self._flags.items():
            if key in self._by_id:
                self._take(self._by_id[key], raw, "flag", values)
            else:
                self._unknown(key, "flag", None, self._by_id)
        return {
            section: cls(**{name: values[f"{section}.{name}"] for name in cls.__dataclass_fields__})
            for section, cls in SECTIONS.items()
        }

    def backends(self, port: int) -> tuple[BackendSpec, ...]:
        """The configured servers, `default` from the environment first; this box's ComfyUI, on `port`, if
        none.
        """
        found = self._file_backends()
        raw = self._env.get(COMFYUI_URL, "")
        if raw:
            return self._with_environment(raw, found)
        if found or self._problems:
            return tuple(found)
        self.sources["backends.default"] = "default"
        return (BackendSpec(name="default", url=f"http://127.0.0.1:{port}"),)

    def keys(self) -> tuple[Keys, tuple[KeyProblem, ...]]:
        """The changed keys that can be in force, and what is wrong with the others."""
        table = self._toml.data.get("keys")
        if not isinstance(table, Mapping):
            return {}, ()
        from ainf_tui.actions import BY_ID  # noqa: PLC0415 - few change keys; 2 ms of each command

        given: dict[str, tuple[str, ...]] = {}
        places: dict[str, str] = {}
        for path, raw in entries(table):
            action, place = ".".join(path), ("keys", *path)
            if action not in BY_ID:
                self._unknown(action, self._place(place), place, BY_ID)
                continue
            try:
                given[action] = parse_keys(raw)
            except ValueError as error:
                self._bad(f"keys.{action}", self._place(place), str(error), hint="")
                continue
            places[action] = self._place(place)
        usable, problems = judge(given, places)
        self.sources |= {f"keys.{action}": places[action] for action in usable}
        return usable, tuple(problems)

    def raise_problems(self) -> None:
        """UsageError with all problems, if there are any."""
        if not self._problems:
            return
        first = self._problems[0]
        more = len(self._problems) - 1
        raise UsageError(
            first["code"],
            "\n".join(_told(problem, alone=not more) for problem in self._problems),
            hint=first["hint"] if not more else "`ainf config validate` checks again; docs: configuration.md",
            details={"problems": self._problems},
        )

    def _take_file(self, setting: Setting, values: dict[str, Value]) -> None:
        section, _, name = setting.id.partition(".")
        table = self._toml.data.get(section)
        if isinstance(table, Mapping) and name in table:
            self._take(setting, table[name], self._place((section, name)), values)

    def _take(self, setting: Setting, raw: object, source: str, values: dict[str, Value]) -> None:
        textual = source in {"flag", setting.env}
        try:
            value = setting.parse(raw, textual=textual)
        except ValueError as error:
            self._bad(setting.id, source, str(error), hint=_bound_hint(setting))
            return
        if setting.path and value:
            value = absolute(str(value), None if textual else self._toml.path.parent)
        values[setting.id] = value
        self.sources[setting.id] = source

    def _check_file_keys(self) -> None:
        known_tables = {*SECTIONS, "backends", "keys"}
        for section, table in self._toml.data.items():
            if section not in known_tables:
                self._unknown(section, self._place((section,)), (section,), known_tables)
            elif not isinstance(table, Mapping):
                self._bad(section, self._place((section,)), f"must be a table: [{section}]", hint="")
            elif section not in {"backends", "keys"}:
                for name in table:
                    if f"{section}.{name}" not in self._by_id:
                        key = (section, name)
                        self._unknown(f"{section}.{name}", self._place(key), key, self._by_id)

    def _check_env_names(self) -> None:
        known = {COMFYUI_URL, *(setting.env for setting in SETTINGS)}
        prefixes = tuple(f"AINF_{section.upper()}_" for section in SECTIONS)
        for name in self._env:
            if name.startswith(prefixes) and name not in known:
                self._unknown(name, "environment", None, known)

    def _file_backends(self) -> list[BackendSpec]:
        tables = self._toml.data.get("backends")
        found: list[BackendSpec] = []
        if not isinstance(tables, Mapping):
            return found
        for name, table in tables.items():
            spec = self._file_backend(name, table)
            if spec is None:
                continue
            twin = next((other for other in found if other.url == spec.url), None)
            if twin:
                self._bad_backend((name, "url"), f"is the address of the backend {twin.name!r} too")
                continue
            self.sources[f"backends.{name}"] = self._place(("backends", name))
            found.append(spec)
        return found

    def _file_backend(self, name: str, table: object) -> BackendSpec | None:
        if not isinstance(table, Mapping):
            self._bad_backend((name,), f"must be a table: [backends.{name}]")
            return None
        before = len(self._problems)
        try:
            settings_backends.check_name(name)
        except ValueError as error:
            self._bad_backend((name,), f"the name {error}")
        values = self._backend_values(name, table)
        if "url" not in table:
            self._bad_backend((name,), "has no url", hint='url = "http://127.0.0.1:8188"')
        if len(self._problems) > before:
            return None
        try:
            return settings_backends.build(name, values)
        except ValueError as error:
            self._bad_backend((name,), str(error))
            return None

    def _backend_values(self, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, raw in table.items():
            parser = settings_backends.PARSERS.get(key)
            if parser is None:
                place = ("backends", name, key)
                self._unknown(f"backends.{name}.{key}", self._place(place), place, settings_backends.PARSERS)
                continue
            try:
                values[key] = parser(raw)
            except ValueError as error:
                self._bad_backend((name, key), str(error))
        if values.get("tls_ca"):
            values["tls_ca"] = absolute(values["tls_ca"], self._toml.path.parent)
        return values

    def _with_environment(self, raw: str, found: list[BackendSpec]) -> tuple[BackendSpec, ...]:
        try:
            spec = settings_backends.build("default", {"url": settings_backends.parse_url(raw)})
        except ValueError as error:
            self._bad(COMFYUI_URL, COMFYUI_URL, str(error), hint="For example http://127.0.0.1:8188")
            return tuple(found)
        # The same server under two names would be given work twice over. A `default` of the file with
        # another address is replaced whole: its token must not go to another server.
        if not spec.headers and any(other.url == spec.url for other in found):
            return tuple(found)
        self.sources["backends.default"] = COMFYUI_URL
        return (spec, *(other for other in found if other.name != "default" and other.url != spec.url))

    def _place(self, key: tuple[str, ...]) -> str:
        line = self._toml.line(key)
        return f"{self._toml.path}:{line}" if line else str(self._toml.path)

    def _unknown(self, key: str, source: str, place: tuple[str, ...] | None, known: Iterable[str]) -> None:
        from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

        last = key.rpartition(".")[2] if place and place[0] == "backends" else key
        near = get_close_matches(last, known, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]}?" if near else "`ainf config init` writes a file with all settings."
        self._problem("config.unknown_key", key, source, "unknown setting", hint)

    def _bad(self, key: str, source: str, reason: str, *, hint: str) -> None:
        self._problem("config.bad_value", key, source, reason, hint)

    def _bad_backend(self, key: tuple[str, ...], reason: str, hint: str = "") -> None:
        place = ("backends", *key)
        self._bad(".".join(place), self._place(place), reason, hint=hint)

    def _problem(self, code: str, key: str, source: str, reason: str, hint: str) -> None:
        in_file = source.startswith(str(self._toml.path))
        line = source.rpartition(":")[2] if in_file else ""
        self._problems.append(
            {
                "code": code,
                "key": key,
                "source": source,
                "file": str(self._toml.path) if in_file else None,
                "line": int(line) if line.isdecimal() else None,
                "message": f"{source}: {key}: {reason}" if source != key else f"{key}: {reason}",
                "hint": hint,
            }
        )


def _told(problem: Mapping[str, Any], *, alone: bool) -> str:
    """Among others a problem carries its hint itself."""
    hint = "" if alone or not problem["hint"] else f" ({problem['hint'].rstrip('.')})"
    return f"{problem['message']}{hint}"


def _bound_hint(setting: Setting) -> str:
    allowed = f" ({setting.allowed})" if setting.allowed else ""
    return f"{setting.id} takes: {setting.kind}{allowed}"

"""Settings for people: `ainf config show`, the template of `ainf config init`, the docs' tables."""

from __future__ import annotations

import os
from pathlib import Path

from ainf_tui.actions import AREAS, BY_ID, of_area
from ainf_tui.errors import ConflictError, UsageError
from ainf_tui.frozen import frozen
from ainf_tui.settings import HIDDEN, Settings, redact_urls
from ainf_tui.settings_field import Value
from ainf_tui.settings_pattern import FIELDS
from ainf_tui.settings_schema import BACKEND_KEYS, SECTIONS, SETTINGS


@frozen
class ShownSetting:
    """A setting as `ainf config show` prints it; secrets are already hidden."""

    id: str
    value: Value | tuple[str, ...]
    source: str
    """`default`, `flag`, the variable's name, or FILE:LINE."""
    help: str
    env: str


def shown(settings: Settings) -> tuple[ShownSetting, ...]:
    """Every setting with its value and source, in the order of the docs, then the backends' keys."""
    rows = []
    for setting in SETTINGS:
        value = settings.value(setting.id)
        if isinstance(value, str):
            value = redact_urls(value) if setting.secret else settings.redact(value)
        source = settings.sources.get(setting.id, "default")
        rows.append(ShownSetting(setting.id, value, source, setting.help, setting.env))
    for spec in settings.backends:
        prefix = f"backends.{spec.name}"
        source = settings.sources.get(prefix, "default")
        values: dict[str, Value | tuple[str, ...]] = {
            "url": settings.redact(spec.url),
            "headers": tuple(f"{name}: {HIDDEN}" for name in spec.headers),
            "token": HIDDEN if spec.token else "",
            "tags": spec.tags,
            "tls_verify": spec.tls_verify,
            "tls_ca": spec.tls_ca,
        }
        env = {"url": "AINF_COMFYUI_URL"} if spec.name == "default" else {}
        for key in BACKEND_KEYS:
            shown_key = f"{prefix}.{key.name}"
            rows.append(ShownSetting(shown_key, values[key.name], source, key.help, env.get(key.name, "")))
    for action, keys in settings.keys.items():
        source = settings.sources.get(f"keys.{action}", "default")
        rows.append(ShownSetting(f"keys.{action}", keys, source, BY_ID[action].help, ""))
    return tuple(rows)


def template() -> str:
    """A config.toml with every setting, its meaning and its default, all commented out."""
    lines = ["# Settings of ainf. Take the # away before a line to set it.", ""]
    for section, cls in SECTIONS.items():
        lines += [f"# {(cls.__doc__ or '').strip()}", f"[{section}]"]
        for setting in SETTINGS:
            if setting.id.startswith(f"{section}."):
                allowed = f" ({setting.allowed})" if setting.allowed else ""
                lines += [f"# {setting.help}{allowed}"]
                lines += [f"# {setting.id.partition('.')[2]} = {_toml(setting.default)}"]
        lines.append("")
    lines += [
        "# The ComfyUI servers, each under a name of yours. None: http://127.0.0.1:8188",
        "# [backends.box]",
    ]
    examples = {
        "url": '"http://127.0.0.1:8188"',
        "headers": '{ "X-Name" = "value" }',
        "token": '""',
        "tags": '["fast"]',
        "tls_verify": "true",
        "tls_ca": '"~/ca.pem"',
    }
    for key in BACKEND_KEYS:
        lines += [f"# {key.help}", f"# {key.name} = {examples[key.name]}"]
    lines += [
        "",
        "# Keys of the app by action (docs: keys.md): a text or a list; [] takes the keys away.",
        "# [keys]",
    ]
    lines += ['# "queue.copy" = "y"']
    return "\n".join(lines) + "\n"


def write_template(file: Path) -> None:
    """Creates config.toml, readable by this user alone because tokens go into it.

    ConflictError `config.exists` when there is one; UsageError `config.unwritable`.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConflictError(
            "config.exists",
            f"{file} is there already",
            hint="Edit it, or move it away first. `ainf config show` says what it sets.",
        ) from error
    except OSError as error:
        raise UsageError(
            "config.unwritable",
            f"{file} cannot be written: {error.strerror}",
            hint="Give yourself the right to write there, or choose another place with AINF_HOME.",
        ) from error
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(template())


def settings_tables() -> str:
    """Markdown: a table a section, then the backends' keys and the fields of file names."""
    blocks = []
    for section, cls in SECTIONS.items():
        rows = [
            f"| `{setting.id.partition('.')[2]}` | {setting.kind} | `{_toml(setting.default)}` "
            f"| {setting.allowed} | `{setting.env}` | {setting.help} |"
            for setting in SETTINGS
            if setting.id.startswith(f"{section}.")
        ]
        head = "| key | type | default | allowed | variable | meaning |\n|---|---|---|---|---|---|"
        blocks.append(f"### [{section}]\n\n{(cls.__doc__ or '').strip()}\n\n{head}\n" + "\n".join(rows))
    keys = [
        f"| `{key.name}` | {key.kind} | {key.default and f'`{key.default}`'} | {key.help} |"
        for key in BACKEND_KEYS
    ]
    blocks.append(
        "### [backends.NAME]\n\n| key | type | default | meaning |\n|---|---|---|---|\n" + "\n".join(keys)
    )
    fields = [f"| `{{{name}}}` | {text} |" for name, text in FIELDS.items()]
    blocks.append("### File names\n\n| field | meaning |\n|---|---|\n" + "\n".join(fields))
    return "\n\n".join(blocks) + "\n"


def key_tables() -> str:
    """Markdown: a table an area with every action, its keys, and what does the same on the command line."""
    head = "| action | keys | what it does | command line |\n|---|---|---|---|"
    blocks = []
    for area, title in AREAS.items():
        rows = []
        for action in of_area(area):
            keys = " ".join(f"`{key}`" for key in action.keys)
            verb = f"`ainf {action.verb}`" if action.verb else ""
            rows.append(f"| `{action.id}` | {keys} | {action.help} | {verb} |")
        blocks.append(f"## {title}\n\n{head}\n" + "\n".join(rows))
    return "\n\n".join(blocks) + "\n"


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)

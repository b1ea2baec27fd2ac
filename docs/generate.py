"""Writes the generated parts of the docs; `--check` compares instead and fails when one is stale.

A generated part is a whole file, or a block of a page between two markers:
`<!-- generated: NAME -->` and `<!-- end: NAME -->`.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
# Run as a file, the script finds itself in docs/ and the package nowhere, unless it is installed.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from ainf_tui.api.app import openapi_document  # noqa: E402 - after the path
from ainf_tui.cli.reference import cli_reference, json_schemas  # noqa: E402 - same
from ainf_tui.domain.checks.verdict import CATALOG  # noqa: E402 - same
from ainf_tui.playbook import playbook  # noqa: E402 - same
from ainf_tui.resources import data_dir  # noqa: E402 - same
from ainf_tui.settings_text import key_tables, settings_tables, template  # noqa: E402 - same


def error_table() -> str:
    """Markdown: every registered code with its title and hint, a table an area."""
    with (data_dir() / "errors.toml").open("rb") as stream:
        codes: Mapping[str, Mapping[str, str]] = tomllib.load(stream)
    areas: dict[str, list[str]] = {}
    for code, facts in sorted(codes.items()):
        row = f"| `{code}` | {_cell(facts['title'])} | {_cell(facts['hint'])} |"
        areas.setdefault(code.partition(".")[0], []).append(row)
    head = "| code | what happened | next step |\n|---|---|---|"
    return "\n\n".join(f"## {area}\n\n{head}\n" + "\n".join(rows) for area, rows in areas.items()) + "\n"


def route_table() -> str:
    """Markdown: every route of the API, from its OpenAPI document."""
    rows = [
        f"| `{method.upper()}` | `{path}` | {_cell(_summary(operation))} |"
        for path, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
    ]
    return "| method | path | what it does |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def config_example() -> str:
    """The template of `ainf config init`."""
    return f"```toml\n{template()}```\n"


def check_table() -> str:
    """Markdown: every check of `ainf doctor`, in the order in which it shows them."""
    rows = [
        f"| `{code}` | {info.area} | {_cell(info.looks_at)} | {_cell(info.fix)} |"
        for code, info in CATALOG.items()
    ]
    head = "| code | area | what it looks at | what `--fix` does |\n|---|---|---|---|"
    return "\n".join([head, *rows]) + "\n"


def playbook_page() -> str:
    """Markdown: every entry of the playbook, an area a section."""
    areas: dict[str, list[str]] = {}
    for entry in playbook().entries:
        steps = "<br>".join(_cell(step) for step in entry.steps)
        action = f"<br>`{entry.action}`" if entry.action else ""
        title = _cell(entry.title.replace("{what}", "NAME"))
        row = f"| `{entry.code}` | {title} | {_cell(entry.cause)} | {steps}{action} |"
        areas.setdefault(entry.code.partition(".")[0], []).append(row)
    head = "| code | what happened | why | what to do |\n|---|---|---|---|"
    tables = [f"## {area}\n\n{head}\n" + "\n".join(rows) for area, rows in areas.items()]
    return "\n\n".join([_PLAYBOOK, *tables]) + "\n"


_PLAYBOOK = """\
# Playbook

<!-- Written by `make docs` from data/playbook.toml; change it there. -->

Failures of ComfyUI, PyTorch, drivers, networks and disks that others have had before. `ainf logs --explain`
shows the entry under an error that it knows, and a service that failed is told with it. A line of the log
tells each."""

BLOCKS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "configuration.md": {"settings": settings_tables, "template": config_example},
    "errors.md": {"codes": error_table},
    "keys.md": {"keys": key_tables},
    "api.md": {"routes": route_table},
    "doctor.md": {"checks": check_table},
}


def generated_files() -> dict[str, str]:
    """Path under docs/ -> text, of the files that are generated whole."""
    files = {
        "cli.md": cli_reference(),
        "playbook.md": playbook_page(),
        "openapi.json": _json(openapi_document()),
    }
    return files | {f"schemas/{name}.json": _json(schema) for name, schema in json_schemas().items()}


def filled(page: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """The page with each block's text between its markers. ValueError when a marker is missing."""
    for name, produce in blocks.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        head, found, rest = page.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"no markers for {name!r}")
        page = f"{head}{begin}\n{produce().strip()}\n\n{end}{tail}"
    return page


def wanted() -> dict[Path, str]:
    """Every file that holds a generated part, as it should be."""
    pages = {DOCS / name: filled((DOCS / name).read_text(), blocks) for name, blocks in BLOCKS.items()}
    return pages | {DOCS / name: text for name, text in generated_files().items()}


def stale(files: Mapping[Path, str]) -> list[Path]:
    """Those that differ on disk, and schemas that nothing generates any more."""
    differing = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    return differing + [path for path in (DOCS / "schemas").glob("*.json") if path not in files]


def _write(files: Mapping[Path, str]) -> None:
    for path in stale(files):
        if path not in files:
            path.unlink()
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(files[path])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _summary(operation: Mapping[str, Any]) -> str:
    text = str(operation.get("description") or operation.get("summary", ""))
    return text.partition("\n\n")[0]


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    files = wanted()
    names = [str(path.relative_to(ROOT)) for path in stale(files)]
    if "--check" in arguments:
        if names:
            print("stale, run `make docs`: " + ", ".join(names), file=sys.stderr)
        return 1 if names else 0
    _write(files)
    print("written: " + (", ".join(names) or "nothing had changed"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

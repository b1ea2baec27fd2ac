from __future__ import annotations

import json

import click
import jsonschema
import pytest

from ainf_tui.cli import exits
from ainf_tui.cli.main import cli
from ainf_tui.cli.reference import cli_reference, file_stem, json_schemas, walk
from ainf_tui.cli.schemas import DOCUMENTS
from ainf_tui.domain.documents import NodeDocument, ProblemDocument
from tests.cli.fakes import THEN, make_job

SCHEMAS = json_schemas()
COMMANDS = {ctx.command_path: ctx.command for ctx in walk(click.Context(cli, info_name="ainf"))}
VERBS = {path: command for path, command in COMMANDS.items() if not isinstance(command, click.Group)}


def check(document: dict) -> None:
    schema = SCHEMAS[file_stem(document["schema"])]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)


def test_every_command_loads_and_has_its_declared_help():
    assert {"ainf run", "ainf queue list", "ainf db backup", "ainf completion"} <= set(VERBS)
    for path, command in COMMANDS.items():
        if isinstance(command, click.Group) and hasattr(command, "_lazy"):
            for name, (_, told) in command._lazy.items():
                assert COMMANDS[f"{path} {name}"].get_short_help_str(200) == told


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_is_explained(path):
    for param in COMMANDS[path].params:
        if isinstance(param, click.Option) and not param.hidden:
            assert param.help, f"{path} {param.name}"


def test_the_page_names_every_command_option_schema_and_exit_code():
    page = cli_reference()
    for path, command in COMMANDS.items():
        assert f" `{path}`\n" in page
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert param.opts[0] in page
    for name in DOCUMENTS:
        assert f"`{name}`](schemas/{file_stem(name)}.json) | `ainf" in page or name == "ainf.error/1"
    for code in exits.MEANING:
        assert f"| {code} |" in page


def test_the_page_is_the_same_every_time():
    assert cli_reference() == cli_reference()


@pytest.mark.parametrize(
    "args",
    [
        ["status"],
        ["queue", "list"],
        ["queue", "show", "142"],
        ["queue", "cancel", "142"],
        ["queue", "clear", "142"],
        ["queue", "pause"],
        ["run", "portrait-basic", "--no-wait"],
        ["workflows"],
        ["workflows", "show", "portrait-basic"],
        ["presets"],
        ["presets", "show", "fashion"],
        ["engine", "status"],
        ["config", "show"],
        ["config", "path"],
        ["comfyui"],
        ["comfyui", "install", "--no-wait"],
        ["comfyui", "nodes"],
        ["comfyui", "nodes", "install", "https://h/n.git", "--plan"],
    ],
    ids=" ".join,
)
def test_documents_fit_their_schemas(ainf, engine, args):
    problem = ProblemDocument("a.b", "c", "d", NodeDocument("1", "t", "c"), {"x": [1]})
    engine.put(make_job(142, state="failed", finished_at=THEN, error=problem, warnings=(problem,)))
    check(json.loads(ainf(*args, "--json").out))


def test_lines_and_errors_fit_their_schemas(ainf, engine):
    engine.put(make_job(142))

    async def script() -> None:
        await ainf.until('"job":142')
        warning = ProblemDocument("run.note", "A branch was dropped.")
        engine.change(
            142, state="running", progress=0.5, node=NodeDocument("3", "a", "b"), warnings=(warning,)
        )
        await ainf.until('"progress":0.5')
        engine.succeed(142)

    ainf.script = script
    lines = [json.loads(line) for line in ainf("queue", "wait", "142", "--json").out.splitlines()]
    assert {line["type"] for line in lines} == {"state", "progress", "output", "warning", "result"}
    for line in lines:
        check(line)
    check(json.loads(ainf("queue", "show", "7", "--json").err))


def test_a_schema_refuses_what_is_incomplete(ainf):
    document = json.loads(ainf("status", "--json").out)
    del document["overall"]
    with pytest.raises(jsonschema.ValidationError):
        check(document)

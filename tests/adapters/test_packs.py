"""Packs and presets on disk: the built-in ones are right, a flaw costs its file only."""

from __future__ import annotations

import json
import logging

import pytest

from ainf_tui.adapters.packs import read_packs, read_presets
from ainf_tui.domain.binding import bind_pack
from ainf_tui.domain.graphcheck import check_graph
from ainf_tui.domain.graphs import class_of, graph_hash, total_steps, work
from ainf_tui.domain.jobs import Problem
from ainf_tui.resources import presets_dir, workflows_dir
from tests.domain.graphdata import node, object_info

COMMON = {
    "prompt",
    "negative",
    "checkpoint",
    "seed",
    "width",
    "height",
    "steps",
    "cfg",
    "sampler",
    "scheduler",
    "batch_size",
}
CLEAN = "blurry, low quality, distorted"
# The catalog of the presets: pack, prompt, negative, width, height, steps, cfg.
PRESETS = {
    "portrait": (
        "portrait-basic",
        "portrait of X, professional photography, high quality, detailed",
        "blurry, low quality, distorted, deformed",
        (1024, 1024, 30, 7.0),
    ),
    "fashion": (
        "portrait-basic",
        "fashion photography, X, stylish outfit, professional lighting, high quality",
        "casual clothing, low quality, amateur",
        (1024, 1536, 30, 7.5),
    ),
    "product": (
        "portrait-basic",
        "product photography of X, white background, studio lighting, professional, high quality",
        "cluttered background, shadows, low quality",
        (1024, 1024, 25, 7.0),
    ),
    "landscape": (
        "landscape-basic",
        "landscape photography, X, scenic view, natural lighting, high quality, detailed",
        CLEAN,
        (1536, 1024, 30, 7.0),
    ),
    "artistic": (
        "portrait-basic",
        "artistic style, X, creative, unique composition, high quality",
        "generic, boring, low quality",
        (1024, 1024, 35, 8.0),
    ),
    "realistic": (
        "portrait-basic",
        "photorealistic, X, ultra realistic, highly detailed, 8k, professional photography",
        "cartoon, anime, painting, drawing, illustration, low quality",
        (1024, 1024, 40, 7.0),
    ),
    "instagram": (
        "portrait-basic",
        "X, instagram style, vibrant colors, high quality, social media",
        CLEAN,
        (1024, 1024, 25, 7.0),
    ),
    "story": (
        "portrait-basic",
        "X, instagram story format, vertical, vibrant, high quality",
        CLEAN,
        (1024, 1920, 25, 7.0),
    ),
}


@pytest.fixture
def problems():
    return []


@pytest.fixture
def builtin(problems):
    packs = read_packs(workflows_dir(), None, problems.append)
    assert problems == []
    return {pack.id: pack for pack in packs}


# -- the built-in ones -----------------------------------------------------------------------------
def test_there_are_two_packs_with_the_same_inputs(builtin):
    assert set(builtin) == {"portrait-basic", "landscape-basic"}
    for pack in builtin.values():
        assert {item.name for item in pack.inputs} == COMMON
        assert all(item.title and item.help for item in pack.inputs)
        assert pack.builtin


@pytest.mark.parametrize("name", ["portrait-basic", "landscape-basic"])
def test_a_real_server_would_take_them(builtin, name):
    bound = bind_pack(builtin[name], {"prompt": "a red bicycle"}, info=object_info(), seed=7)
    assert check_graph(bound.graph, object_info(), late=bound.late_places) == ()
    assert bound.notices == ()
    expected = {"prompt": "a red bicycle", "negative": "", "seed": 7, "steps": 25, "cfg": 7.0}
    assert {name: bound.params[name] for name in expected} == expected
    assert (bound.params["sampler"], bound.params["scheduler"], bound.params["batch_size"]) == (
        "euler",
        "normal",
        1,
    )


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("width", "256", "4096"),
        ("height", "256", "4096"),
        ("steps", "1", "200"),
        ("cfg", "0", "30"),
        ("batch_size", "1", "8"),
    ],
)
def test_bounds_are_those_of_the_catalog(builtin, name, least, most):
    for pack in builtin.values():
        declared = pack.input(name)
        assert (declared.min, declared.max) == (float(least), float(most))
        for value in (least, most):
            assert bind_pack(pack, {"prompt": "x", name: value}, info=object_info()).params[name] == float(
                value
            )


def test_texts_are_bounded(builtin):
    for pack in builtin.values():
        lengths = {i.name: (i.min_length, i.max_length) for i in pack.inputs if i.max_length}
        assert lengths == {
            "prompt": (1, 2000),
            "negative": (None, 2000),
            "checkpoint": (None, 512),
            "sampler": (None, 64),
            "scheduler": (None, 64),
        }


def test_they_differ_in_structure(builtin):
    portrait, landscape = builtin["portrait-basic"], builtin["landscape-basic"]
    classes = sorted(class_of(landscape.graph, name) for name in landscape.graph)
    assert classes.count("KSampler") == 2
    assert "LatentUpscaleBy" in classes
    assert graph_hash(portrait.graph) != graph_hash(landscape.graph)
    bound = bind_pack(landscape, {"prompt": "x", "steps": 10, "width": 1024, "height": 1024}, seed=4)
    assert total_steps(bound.graph) == 20
    assert work(bound.graph) == pytest.approx(1.048576 * (10 + 10 * 2.25))
    assert [bound.graph[n]["inputs"]["seed"] for n in ("40", "60")] == [4, 4]


def test_the_presets_are_exactly_those_of_the_catalog(builtin, problems):
    presets = {p.id: p for p in read_presets(presets_dir(), None, problems.append)}
    assert problems == []
    assert set(presets) == set(PRESETS)
    for name, (pack, prompt, negative, numbers) in PRESETS.items():
        assert presets[name].pack == pack
        bound = bind_pack(builtin[pack], {"prompt": "X"}, preset=presets[name], info=object_info(), seed=1)
        params = bound.params
        assert (bound.prompt_text, params["negative"]) == (prompt, negative)
        assert tuple(params[key] for key in ("width", "height", "steps", "cfg")) == numbers
        assert (params["sampler"], params["scheduler"], params["batch_size"]) == ("euler", "normal", 1)
        assert bound.notices == ()
    categories = {p.category for p in presets.values()}
    assert categories == {"art", "commercial", "photography", "social"}


# -- the user's ------------------------------------------------------------------------------------
GRAPH = {"1": node("EmptyImage", width=64, height=64, batch_size=1), "2": node("SaveImage", images=["1", 0])}
MANIFEST = """name = "Mine"

[inputs.width]
type = "int"
places = ["1.width"]
default = 64
"""


@pytest.fixture
def own(tmp_path):
    def write(name="mine", manifest=MANIFEST, graph=None):
        folder = tmp_path / "own" / name
        folder.mkdir(parents=True)
        (folder / "pack.toml").write_text(manifest)
        (folder / "graph.json").write_text(json.dumps(GRAPH) if graph is None else graph)
        return tmp_path / "own"

    return write


def test_a_pack_of_the_user_s_own(own, problems):
    pack = read_packs(workflows_dir(), own(), problems.append)[-1]
    assert problems == []
    assert (pack.id, pack.name, pack.version, pack.builtin) == ("mine", "Mine", "1", False)
    assert pack.source.endswith("pack.toml")
    assert bind_pack(pack, {"width": "128"}).graph["1"]["inputs"]["width"] == 128


def test_folders_that_are_not_there_are_empty(tmp_path, problems):
    assert read_packs(tmp_path / "a", tmp_path / "b", problems.append) == ()
    assert read_presets(tmp_path / "a", tmp_path / "b", problems.append) == ()
    (tmp_path / "file").write_text("")
    assert read_packs(tmp_path / "file", None, problems.append) == ()
    assert [p.code for p in problems] == ["pack.unreadable"]


def changed(old, new):
    assert old in MANIFEST
    return MANIFEST.replace(old, new)


@pytest.mark.parametrize(
    ("manifest", "line", "told"),
    [
        ("name = \n", 1, "Invalid value"),
        ("\n[inputs]", 1, "name is missing"),
        (changed('"Mine"', '""'), 1, "name is no text"),
        (changed('"Mine"', '"Mine"\nnmae = 1'), 2, "nmae is not known here"),
        (changed('"Mine"', '"Mine"\nid = "No Good"'), 2, "No Good is no id"),
        (changed('"Mine"', '"Mine"\ngraph = "../graph.json"'), 2, "graph is no plain file name"),
        (changed('"Mine"', '"Mine"\ntags = "a"'), 2, "tags is no list"),
        (changed("inputs.width", "inputs.Width"), 3, "Width is no name"),
        (changed('"int"', '"integer"'), 4, "integer is not known"),
        (changed('["1.width"]', "[]"), 5, "names no place"),
        (changed("1.width", "9.width"), 5, "9.width"),
        (changed("1.width", "2.images"), 5, "holds no value"),
        (changed("64", '"x"'), 6, "default does not fit"),
        (changed("64", "64\nmin = 100"), 6, "less than the pack's minimum 100"),
        (changed("64", "64\nmin = nan"), 7, "min is no number"),
        (changed("64", "64\nmax_length = -1"), 7, "max_length is no whole number"),
        (changed("64", "64\nrequired = 1"), 7, "required is neither"),
        (changed("64", "64\nstepp = 8"), 7, "stepp is not known here"),
    ],
)
def test_a_flaw_costs_that_pack_only_and_names_file_and_line(own, problems, manifest, line, told):
    own("good")
    packs = read_packs(workflows_dir(), own("flawed", manifest), problems.append)
    assert [p.id for p in packs] == ["landscape-basic", "portrait-basic", "good"]
    (problem,) = problems
    assert problem.code == "pack.bad_manifest"
    assert f"flawed/pack.toml:{line}: " in problem.message
    assert told in problem.message
    assert problem.hint
    assert problem.details["line"] == line


@pytest.mark.parametrize(
    ("graph", "told"),
    [("{", "line 1, column 2"), ('{"nodes": [], "links": []}', "UI format"), ('{"1": {}}', "no class_type")],
)
def test_a_bad_graph_costs_its_pack(own, problems, graph, told):
    assert read_packs(own(graph=graph), None, problems.append) == ()
    (problem,) = problems
    assert problem.code == "pack.bad_graph"
    assert "graph.json" in problem.message
    assert told in problem.message


def test_a_missing_file_costs_its_pack(own, problems):
    folder = own()
    (folder / "mine" / "graph.json").unlink()
    (folder / "empty").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "note.txt").write_text("")
    assert read_packs(folder, None, problems.append) == ()
    assert [p.code for p in problems] == ["pack.bad_manifest", "pack.bad_graph"]


def test_a_built_in_id_is_not_overridden(own, problems):
    folder = own("copy", 'id = "portrait-basic"\n' + MANIFEST)
    packs = read_packs(workflows_dir(), folder, problems.append)
    assert [p.builtin for p in packs] == [True, True]
    assert [p.code for p in problems] == ["pack.reserved_id"]


def test_presets_of_the_user_s_own(tmp_path, problems):
    (tmp_path / "night.toml").write_text('name = "Night"\npack = "portrait-basic"\n[values]\nsteps = 12\n')
    (tmp_path / "portrait.toml").write_text('name = "P"\npack = "portrait-basic"\n')
    (tmp_path / "bad.toml").write_text('name = "B"\npack = "p"\n[values]\nsteps = [1]\n')
    (tmp_path / "worse.toml").write_bytes(b'name = "\xff"\n')
    (tmp_path / "notes.txt").write_text("")
    presets = read_presets(presets_dir(), tmp_path, problems.append)
    assert len(presets) == 9
    assert (presets[-1].id, presets[-1].values, presets[-1].builtin) == ("night", {"steps": 12}, False)
    told = [(p.code, p.details.get("line")) for p in problems]
    assert told == [("preset.bad_file", 4), ("preset.reserved_id", None), ("preset.bad_file", 1)]


def test_problems_go_to_the_log_unless_taken(own, caplog):
    with caplog.at_level(logging.WARNING, "ainf.packs"):
        read_packs(own(graph="\x1b[31m{"), None)
    assert "pack.bad_graph" in caplog.text
    assert "\x1b" not in caplog.text


def test_an_unreadable_folder_name_is_shown_safely(tmp_path, problems):
    folder = tmp_path / "a\x1b[31m"
    folder.mkdir()
    read_packs(tmp_path, None, problems.append)
    assert isinstance(problems[0], Problem)
    assert problems[0].message.isprintable()

from __future__ import annotations

import json


def test_lists(ainf):
    done = ainf("workflows")
    assert done.code == 0
    assert "portrait-basic" in done.out
    assert "Text to image." in done.out
    found = json.loads(ainf("workflows", "list", "--json").out)
    assert [pack["id"] for pack in found["workflows"]] == ["portrait-basic", "landscape-basic"]
    assert found["next"] is None
    assert "fashion" in ainf("presets").out
    [preset] = json.loads(ainf("presets", "list", "--json").out)["presets"]
    assert preset["values"] == {
        "steps": 30,
        "cfg": 7.0,
    }


def test_show_a_pack(ainf):
    text = ainf("workflows", "show", "portrait-basic").out
    rows = {line.split()[0]: line for line in text.splitlines() if line.split()}
    assert "required" in rows["prompt"]
    assert "1 to 2000 characters" in rows["prompt"]
    assert "1 to 150" in rows["steps"]
    assert "3.steps" in rows["steps"]
    assert "18446744073709551615" in rows["seed"]
    assert (
        json.loads(ainf("workflows", "show", "portrait-basic", "--json").out)["workflow"]["version"]
        == "1.0.0"
    )


def test_show_a_preset(ainf):
    text = ainf("presets", "show", "fashion").out
    for part in ("fashion photo of {subject}", "blurry", "steps=30 cfg=7.0", "portrait-basic"):
        assert part in text
    assert json.loads(ainf("presets", "show", "fashion", "--json").out)["preset"]["id"] == "fashion"


def test_near_names(ainf):
    done = ainf("workflows", "show", "portait-basic")
    assert done.code == 4
    assert "portrait-basic" in done.err
    done = ainf("presets", "show", "fasion", "--json")
    assert done.code == 4
    assert json.loads(done.err)["error"]["details"]["near"] == ["fashion"]

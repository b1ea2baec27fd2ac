"""Text chunks of pictures: every form, cut at every byte, and bombs."""

from __future__ import annotations

import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.graphs import from_png
from ainf_tui.domain.naming import with_number, without_number
from ainf_tui.domain.pngmeta import SIGNATURE, text_chunks
from ainf_tui.errors import UsageError
from tests.domain.graphdata import txt2img


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*texts: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return SIGNATURE + header + b"".join(texts) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND")


def text(name: str, value: str) -> bytes:
    return chunk(b"tEXt", name.encode() + b"\0" + value.encode("latin-1"))


def ztext(name: str, value: bytes) -> bytes:
    return chunk(b"zTXt", name.encode() + b"\0\0" + zlib.compress(value))


def itext(name: str, value: str, *, packed: bool = False) -> bytes:
    body = value.encode()
    flags = b"\1\0" if packed else b"\0\0"
    return chunk(
        b"iTXt", name.encode() + b"\0" + flags + b"en\0name\0" + (zlib.compress(body) if packed else body)
    )


def code_of(call, *args, **kwargs) -> str:
    with pytest.raises(UsageError) as caught:
        call(*args, **kwargs)
    return caught.value.code


@pytest.mark.parametrize(
    "made",
    [
        lambda v: text("prompt", v),
        lambda v: ztext("prompt", v.encode("latin-1")),
        lambda v: itext("prompt", v),
        lambda v: itext("prompt", v, packed=True),
    ],
    ids=["tEXt", "zTXt", "iTXt", "iTXt packed"],
)
@given(value=st.text(st.characters(max_codepoint=255, exclude_characters="\0"), max_size=200))
def test_a_text_comes_back_from_every_form(made, value):
    assert text_chunks(png(text("other", "x"), made(value)), {"prompt"}) == {"prompt": value}


def test_international_texts_hold_everything_and_the_last_of_a_name_wins():
    data = png(itext("a", "\N{SNOWMAN} \N{PILE OF POO}"), text("b", "1"), text("b", "2"))
    assert text_chunks(data, {"a", "b"}) == {"a": "\N{SNOWMAN} \N{PILE OF POO}", "b": "2"}


def test_cut_anywhere_it_is_an_error_and_never_a_crash():
    data = png(text("prompt", json.dumps(txt2img())))
    codes = {code_of(text_chunks, data[:length], {"prompt"}) for length in range(len(data))}
    assert codes == {"png.not_a_png", "png.corrupt"}
    assert "prompt" in text_chunks(data + b"behind the end", {"prompt"})


@pytest.mark.parametrize(
    "bad",
    [
        text("prompt", "x")[:-1] + b"\xff",
        chunk(b"tEXt", b"no keyword"),
        chunk(b"tEXt", b"k" * 80 + b"\0x"),
        chunk(b"zTXt", b"prompt\0\0not packed"),
        chunk(b"zTXt", b"prompt\0\1" + zlib.compress(b"x")),
        chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"x" * 1000)[:-6]),
        chunk(b"iTXt", b"prompt\0\0"),
        chunk(b"iTXt", b"prompt\0\1\1\0\0x"),
        chunk(b"iTXt", b"prompt\0\0\0\0\0\xff"),
    ],
)
def test_damaged_texts_are_named(bad):
    assert code_of(text_chunks, png(bad), {"prompt"}) == "png.corrupt"


def test_a_picture_without_header_is_damaged():
    assert code_of(text_chunks, SIGNATURE + chunk(b"IEND"), set()) == "png.corrupt"


@pytest.mark.parametrize(
    "made", [text("p", "x" * 101), ztext("p", b"x" * 10_000_000), itext("p", "x" * 10_000, packed=True)]
)
def test_a_bomb_is_not_unpacked(made):
    assert code_of(text_chunks, png(made), {"p"}, limit=100) == "png.too_large"
    assert text_chunks(png(made), {"other"}, limit=100) == {}


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(junk):
    codes = set()
    for data in (junk, SIGNATURE + junk, png()[:33] + junk):
        try:
            text_chunks(data, {"prompt"})
        except UsageError as error:
            codes.add(error.code)
    assert codes <= {"png.not_a_png", "png.corrupt"}


def test_the_prompt_of_a_picture_is_a_graph():
    graph = txt2img()
    noted = {**graph, "4": {**graph["4"], "is_changed": [float("nan")]}}
    data = png(text("prompt", json.dumps(noted)), text("workflow", '{"nodes": [], "links": []}'))
    loaded = from_png(data)
    assert loaded.graph == graph
    assert loaded.workflow == {"nodes": [], "links": []}


@pytest.mark.parametrize("workflow", ["not json", "[]", "[" * 100_000])
def test_a_bad_workflow_costs_itself_only(workflow):
    loaded = from_png(png(text("prompt", json.dumps(txt2img())), text("workflow", workflow)))
    assert loaded.graph == txt2img()
    assert loaded.workflow is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (png(), "workflow.no_prompt"),
        (png(text("workflow", "{}")), "workflow.no_prompt"),
        (png(text("prompt", "{")), "workflow.bad_json"),
        (png(text("prompt", '{"1": 2}')), "workflow.not_a_graph"),
        (b"\xff\xd8\xff\xe0 a jpeg", "png.not_a_png"),
    ],
)
def test_pictures_without_a_graph(data, code):
    assert code_of(from_png, data) == code


def test_a_picture_of_ours_runs_again_without_the_number_of_its_job():
    graph = txt2img(_9__filename_prefix="cat_202401")
    sent = with_number(graph, 12)
    assert sent["9"]["inputs"]["filename_prefix"] == "cat_202401_000012"
    again = from_png(png(text("prompt", json.dumps(sent)))).graph
    assert again == graph
    assert with_number(again, 1_000_000)["9"]["inputs"]["filename_prefix"] == "cat_202401_1000000"


@pytest.mark.parametrize("others", [("dog_000013",), ("dog",), ("dog_00012",)])
def test_prefixes_that_do_not_end_alike_are_left_as_they_are(others):
    graph = txt2img(_9__filename_prefix="cat_000012")
    for n, prefix in enumerate(others):
        graph[str(100 + n)] = {**graph["9"], "inputs": {**graph["9"]["inputs"], "filename_prefix": prefix}}
    assert without_number(graph) == graph

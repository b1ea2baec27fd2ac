from __future__ import annotations

import json
import math
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.domain.text import MAX_DEPTH, clip, host_of, redact_url, storable, storable_json, visible

any_text = st.text(st.characters(), max_size=60) | st.text(
    st.sampled_from("a\0\x1b\x07\x9b\n\t\ud800\udfff\u202e\u2066\u200b\u200d\u2028é\U000e0041"), max_size=40
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(any_text)
def test_storable_text_is_utf8_without_nul_and_stays_so(text):
    result = storable(text)
    assert "\0" not in result
    assert len(result) == len(text)
    result.encode("utf-8")
    assert storable(result) == result


def test_storable_leaves_good_text_alone_and_shows_what_it_replaced():
    assert storable("Ein Bär \U0001f43b\n\x1b") == "Ein Bär \U0001f43b\n\x1b"
    assert storable("a\0b") == "a\u2400b"
    assert storable("a\ud800b\0") == "a\ufffdb\u2400"


@settings(deadline=None)
@given(any_json)
def test_storable_json_is_strict_json_that_reads_back_the_same(value):
    result = storable_json(value)
    encoded = json.dumps(result, allow_nan=False)
    assert "\\u0000" not in encoded
    assert json.loads(encoded) == result
    json.dumps(result, ensure_ascii=False).encode()


def test_storable_json_keeps_meaning():
    assert storable_json({"a": (1, 2.5, None, True), 3: math.nan, "i": [math.inf]}) == {
        "a": [1, 2.5, None, True],
        "3": None,
        "i": [None],
    }
    assert storable_json(2**64 - 1) == 2**64 - 1
    assert storable_json(1 << 9000) == hex(1 << 9000)
    assert storable_json(b"x") == "b'x'"


def test_storable_json_cuts_what_nests_too_deep():
    deep: list[object] = []
    for _ in range(20_000):
        deep = [deep]
    result, depth = storable_json(deep), 0
    while result:
        result, depth = result[0], depth + 1
    assert depth == MAX_DEPTH


@settings(deadline=None)
@given(any_text, st.integers(0, 50), st.booleans())
def test_visible_text_holds_nothing_that_a_terminal_obeys(text, limit, lines):
    result = visible(text, limit, lines=lines)
    assert len(result) <= limit
    for char in result:
        if char == "\n":
            assert lines
        else:
            assert unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
            assert char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \U0001f469\u200d\U0001f680", "plain \U0001f469\u200d\U0001f680"),
        ("\x1b]52;c;aGk=\x07", "\u241b]52;c;aGk=\u2407"),
        ("a\nb\tc\r", "a\u240ab\u2409c\u240d"),
        ("\u202eevil\u202c \x9b31m \x7f", "\\u202eevil\\u202c \\u009b31m \u2421"),
        ("a\u00a0b\u3000c", "a\u00a0b\u3000c"),
    ],
)
def test_visible_shows_controls(text, shown):
    assert visible(text, 100) == shown


def test_visible_keeps_lines_on_request_and_marks_a_cut():
    assert visible("a\n\tb\r", 100, lines=True) == "a\n    b\u240d"
    assert visible("abcdef", 4) == "abc\u2026"
    assert visible("abc", 0) == ""
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdef", 1) == "\u2026"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188"),
        ("http://[::1]:8188/comfy/", "http://[::1]:8188/comfy/"),
        ("https://user:pass@gpu.example/x", "https://***@gpu.example/x"),
        ("https://abc123token@gpu.example", "https://***@gpu.example"),
        ("postgresql+asyncpg://ainf:p@ss/wo@db:5432/ainf", "postgresql+asyncpg://***@db:5432/ainf"),
        ("postgresql://ainf:pa/ss@db/ainf", "postgresql://***@db/ainf"),
        ("postgresql://ainf:pa?ss@db/ainf", "postgresql://***@db/ainf"),
        ("postgresql://ainf:pa#ss@db/ainf", "postgresql://***@db/ainf"),
        ("https://h/view?filename=a.png&token=geheim", "https://h/view?filename=a.png&token=***"),
        ("https://h/?Api%4bey=geheim&x=1", "https://h/?Api%4bey=***&x=1"),
        ("https://h/?next=" + "a1B2" * 10, "https://h/?next=***"),
        ("https://h/#access_token=geheim", "https://h/#access_token=***"),
        (
            "ws://h/ws?clientId=11111111-1111-4111-8111-111111111111",
            "ws://h/ws?clientId=11111111-1111-4111-8111-111111111111",
        ),
        ("sqlite+aiosqlite:////state/ainf.db", "sqlite+aiosqlite:////state/ainf.db"),
        ("http://h/mail/a@b.c", "http://h/mail/a@b.c"),
        ("not a url", "not a url"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_redact_url(url, shown):
    assert redact_url(url) == shown


@settings(deadline=None)
@given(st.text(st.sampled_from("ab/?#:@[].%&=1"), max_size=40))
def test_redact_url_never_raises_and_never_leaves_a_userinfo(rest):
    assert "secret" not in redact_url(f"http://user:secret@{rest}")


@settings(deadline=None)
@given(any_text)
def test_host_of_never_raises(text):
    host_of(text)


def test_host_of():
    assert host_of("https://u:p@login.example:8443/x?y") == "login.example:8443"
    assert host_of("/login") == ""
    assert host_of("http://[broken") == ""

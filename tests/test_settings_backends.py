"""Which ComfyUI servers there are: URLs, headers, the environment's default."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.errors import UsageError
from ainf_tui.settings import resolve
from ainf_tui.settings_backends import parse_url


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


def one_problem(file, text):
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, file)
    assert len(caught.value.details["problems"]) == 1
    return caught.value.details["problems"][0]


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188"),
        ("HTTPS://Gpu.Example/comfy/", "https://gpu.example/comfy"),
        (" http://[::1]:8188/ ", "http://[::1]:8188"),
        ("http://gpu_1:08188", "http://gpu_1:8188"),
    ],
)
def test_urls(raw, url):
    assert parse_url(raw) == (url, "")


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "",
            "127.0.0.1:8188",
            "ftp://x",
            "http://",
            "http:///x",
            "http://x:0",
            "http://x:65536",
            "http://x:y",
        ),
        *(
            "http://x?y=1",
            "http://x#y",
            "http://a b",
            "http://x/ y",
            "http://x\x00",
            "http://x/\x1b",
            "http://ü",
        ),
        *("http://[::1", "http://a@b@c", "http://-x", "file:///etc/passwd", "http://x\\@y"),
        *(3, None, ["http://x"]),
    ],
)
def test_urls_that_are_refused(raw):
    with pytest.raises(ValueError, match=r"^(must|is|has)"):
        parse_url(raw)


def test_user_info_becomes_a_header():
    url, header = parse_url("https://me:p%40ss%2F@gpu:1/x")
    assert url == "https://gpu:1/x"
    assert header == "Basic bWU6cEBzcy8="


@given(st.text(alphabet=string.printable, max_size=40))
def test_a_url_is_clean_or_refused(text):
    try:
        url, _ = parse_url("http://" + text)
    except ValueError:
        return
    assert url.isprintable()
    assert not set(" ?#@\\") & set(url.partition("/")[0])
    assert parse_url(url) == (url, "")


def test_environment_defines_default_and_keeps_the_others(file):
    file.write_text(
        "[backends.default]\nurl='http://old'\ntoken='secret'\n[backends.b]\nurl='http://b'\ntoken='x'\n"
    )
    settings = resolve({}, {"AINF_COMFYUI_URL": "http://new/"}, file)
    assert [(spec.name, spec.url, spec.token) for spec in settings.backends] == [
        ("default", "http://new", ""),
        ("b", "http://b", "x"),
    ]
    assert settings.sources["backends.default"] == "AINF_COMFYUI_URL"
    same = resolve({}, {"AINF_COMFYUI_URL": "http://B/"}, file)
    assert [(spec.name, spec.token) for spec in same.backends] == [("default", "secret"), ("b", "x")]
    assert settings.backend("b") == settings.backends[1]
    assert settings.backend("none") is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[backends.a]\n", "backends.a"),
        ("[backends]\na = 1\n", "backends.a"),
        ("[backends.'a/b']\nurl='http://x'", "backends.a/b"),
        ("[backends.a]\nurl='http://x'\ntags='x'", "backends.a.tags"),
        ("[backends.a]\nurl='http://x'\ntags=['a b']", "backends.a.tags"),
        ("[backends.a]\nurl='http://x'\ntls_verify='no'", "backends.a.tls_verify"),
        ("[backends.a]\nurl='http://x'\ntls_ca=1", "backends.a.tls_ca"),
        ("[backends.a]\nurl='http://x'\nheaders=1", "backends.a.headers"),
        ("[backends.a]\nurl='http://x'\nheaders={'a b'='x'}", "backends.a.headers"),
        ("[backends.a]\nurl='http://x'\nheaders={Host='x'}", "backends.a.headers"),
        ("[backends.a]\nurl='http://x'\nheaders={A=1}", "backends.a.headers"),
        ("[backends.a]\nurl='http://x'\ntoken='a b'", "backends.a.token"),
        ("[backends.a]\nurl='http://u:p@x'\ntoken='ab'", "backends.a"),
        ("[backends.a]\nurl='http://x'\n[backends.b]\nurl='http://X/'", "backends.b.url"),
    ],
)
def test_wrong_backends(file, text, key):
    found = one_problem(file, text)
    assert (found["key"], found["code"]) == (key, "config.bad_value")
    assert found["line"]

"""Addresses of boxes, and what ssh is told."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.cli.app import App
from ainf_tui.cli.session import open_screen
from ainf_tui.client.box import Box, parse_box
from ainf_tui.client.ssh import Program, can_be_forwarded, refused
from ainf_tui.client.tunnel import Tunnel
from ainf_tui.errors import UsageError

CONTROL = Path("/tmp/x/ssh")


@pytest.mark.parametrize(
    ("url", "box"),
    [
        ("ssh://box", Box("box")),
        ("ssh://box/", Box("box")),
        ("ssh://me@gpu-1.lan:2222/srv/ainf", Box("gpu-1.lan", "me", 2222, "/srv/ainf")),
        ("ssh://a@realm@box", Box("box", "a@realm")),
        ("ssh://[fe80::1%eth0]:22", Box("fe80::1%eth0", "", 22)),
        ("ssh://box/~/my%20home", Box("box", home="~/my home")),
        ("ssh://box/srv/$(reboot)", Box("box", home="/srv/$(reboot)")),
        ("ssh://büro", Box("büro")),
    ],
)
def test_addresses(url, box):
    assert parse_box(url) == box
    assert parse_box(box.url) == box


@pytest.mark.parametrize(
    "url",
    [
        "",
        "box",
        "http://box",
        "ssh:box",
        "ssh://",
        "ssh:///srv",
        "ssh://-oProxyCommand=reboot",
        "ssh://-oProxyCommand=reboot@box",
        "ssh://me@-F/etc/x",
        "ssh://box;reboot",
        "ssh://bo x",
        "ssh://$(reboot)",
        "ssh://me:secret@box",
        "ssh://@box",
        "ssh://box:0",
        "ssh://box:65536",
        "ssh://box:x",
        "ssh://box:²",
        "ssh://box:",
        "ssh://[::1",
        "ssh://[::1]x",
        "ssh://[-o]",
        "ssh://box/a\nb",
        "ssh://box/a%00b",
        "ssh://box/%ff",
        "ssh://box\n",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(UsageError) as caught:
        parse_box(url)
    assert caught.value.code == "connect.bad_url"
    assert "secret" not in caught.value.message + caught.value.hint


@given(st.text(max_size=40))
def test_whatever_is_written_no_option_reaches_ssh(text):
    try:
        box = parse_box(f"ssh://{text}")
    except UsageError:
        return
    words = Program().master(box, CONTROL, ask=False)
    tail = words[words.index("--", words.index("-M")) :]
    assert tail[:2] == ["--", box.host]
    assert len(tail) == 3
    assert not box.host.startswith("-")
    assert not box.user.startswith("-")


@given(st.text(alphabet=st.characters(exclude_categories=["C"]), max_size=30))
def test_the_home_is_one_word_of_the_command_there(name):
    home = f"/srv/{name}"
    command = Program(command="ainf").question(Box("box", home=home), CONTROL, ["engine", "start"])[-1]
    assert shlex.split(command) == ["ainf", "--connect", "", "--home", home, "engine", "start"]


def test_the_first_connection_may_ask_and_later_ones_may_not():
    program, box = Program(), Box("box", "me", 2222)
    assert "BatchMode=yes" not in program.master(box, CONTROL, ask=True)
    words = program.master(box, CONTROL, ask=False)
    assert "BatchMode=yes" in words
    assert words[words.index("-l") + 1] == "me"
    assert words[words.index("-p") + 1] == "2222"


@pytest.mark.parametrize(
    ("path", "well"),
    [
        ("/srv/a b/engine.sock", True),
        ("/srv/über/engine.sock", True),
        ("engine.sock", False),
        ("", False),
        ("/srv/a:b", False),
        ("/srv/100%", False),
        ("/srv/${HOME}", False),
        ("/srv/a\\b", False),
        ("/srv/a\nb", False),
    ],
)
def test_paths_that_ssh_takes_as_they_stand(path, well):
    assert can_be_forwarded(path) is well


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("me@box: Permission denied (publickey,password).", "connect.auth"),
        ("Received disconnect from 10.0.0.1: Too many authentication failures", "connect.auth"),
        ("Host key verification failed.", "connect.host_key"),
        ("No ED25519 host key is known for box and you have requested strict checking.", "connect.host_key"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @", "connect.host_key"),
        ("ssh: connect to host box port 22: Connection refused", "connect.failed"),
        ("ssh: Could not resolve hostname box: Name or service not known", "connect.failed"),
        ("", "connect.failed"),
    ],
)
def test_why_there_is_no_connection(words, code):
    error = refused(Box("box", port=22), words)
    assert error.code == code
    assert error.exit_code == 3
    assert words in error.message
    assert "ssh -p 22 box" in error.hint


@pytest.mark.parametrize(("url", "label"), [("ssh://me@gpu:2222/~/x", "me@gpu"), ("ssh://gpu", "gpu")])
def test_the_app_is_labelled_with_the_name_of_the_box(url, label):
    """Not with its whole address, for which the header has no room."""
    labels = []
    app = App(open_screen=lambda _app, _opener, label: labels.append(label) or 0)
    app.tunnel = Tunnel(parse_box(url))
    assert open_screen(app) == 0
    assert labels == [label]

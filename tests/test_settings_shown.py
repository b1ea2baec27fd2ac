"""What is done with settings: the hand-over to the engine, and what people see of them."""

from __future__ import annotations

import os
import stat
import tomllib

import pytest

from ainf_tui.errors import ConflictError, UsageError
from ainf_tui.settings import Settings, redact_urls, resolve
from ainf_tui.settings_schema import BACKEND_KEYS, SECTIONS, SETTINGS
from ainf_tui.settings_text import settings_tables, shown, template, write_template


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


SECRET = """
[database]
url = "postgresql://ainf:dbpassword@host/db?sslpassword=another"
[backends.a]
url = "https://me:urlpassword@gpu/x"
[backends.b]
url = "https://gpu2"
token = "tokentoken"
[backends.c]
url = "https://gpu3"
headers = { "X-Api-Key" = "headersecret", "Cookie" = "session=cookievalue" }
"""
SECRETS = ("dbpassword", "another", "urlpassword", "tokentoken", "headersecret", "cookievalue", "bWU6dXJs")


def test_private_file_gives_the_same_settings_back(file, tmp_path):
    file.write_text(SECRET + "[queue]\nmax_attempts = 3\n[outputs]\nsidecar = false\n")
    settings = resolve({}, {"AINF_COMFYUI_URL": "http://user:word@127.0.0.1:1"}, file)
    target = tmp_path / "handover.json"
    previous = os.umask(0)
    try:
        settings.to_private_file(target)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = Settings.from_private_file(target)
    assert again == settings
    assert again.sources == settings.sources
    assert len(again.backends) == 4
    settings.to_private_file(target)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"values": {}, "backends": [{}], "sources": {}}', "\xff"])
def test_private_file_that_is_none(tmp_path, text):
    target = tmp_path / "handover.json"
    target.write_text(text)
    target.chmod(0o600)
    with pytest.raises(UsageError) as caught:
        Settings.from_private_file(target)
    assert caught.value.code == "config.bad_handover"


def test_private_file_open_to_others_or_a_link_is_refused(tmp_path):
    target = tmp_path / "handover.json"
    Settings().to_private_file(target)
    link = tmp_path / "link.json"
    link.symlink_to(target)
    for path, mode in ((target, 0o640), (link, 0o600), (tmp_path / "none", 0)):
        if mode:
            target.chmod(mode)
        with pytest.raises(UsageError) as caught:
            Settings.from_private_file(path)
        assert caught.value.code == "config.bad_handover"


def test_no_secret_is_shown(file):
    file.write_text(SECRET)
    settings = resolve({}, {}, file)
    texts = [repr(settings), *(f"{row}" for row in shown(settings))]
    texts.append(
        settings.redact("tokentoken dbpassword headersecret https://x:urlpassword@y bWU6dXJscGFzc3dvcmQ=")
    )
    assert [(secret, text) for text in texts for secret in SECRETS if secret in text] == []
    rows = {row.id: row for row in shown(settings)}
    assert rows["backends.b.token"].value == "***"
    assert rows["backends.a.url"].value == "https://gpu/x"
    assert rows["database.url"].value == "postgresql://***@host/db?sslpassword=***"
    assert rows["queue.poll_busy"].value == 2.0


def test_mistakes_do_not_repeat_secrets(file):
    file.write_text(
        "[backends.a]\nurl = 'https://me:urlpassword@gpu/?x'\n"
        "[backends.b]\nurl = 'https://b'\ntoken = 'token token'\nheaders = { 'X-Key' = 'header\\nsecret' }\n"
        "[backends.c]\nurl = 'ftp://x'\nheaders = { K = \"header\\u0007secret\" }\n"
    )
    with pytest.raises(UsageError) as caught:
        resolve({}, {"AINF_DATABASE_URL": "mysql://me:dbpassword@x"}, file)
    text = str(caught.value.document())
    assert [word for word in ("urlpassword", "token token", "secret", "dbpassword") if word in text] == []


def test_redact_urls_leaves_ordinary_text_alone():
    assert redact_urls("see http://a.b/c?token=x&y=1 and http://u:p@h") == (
        "see http://a.b/c?token=***&y=1 and http://***@h"
    )
    assert redact_urls("a@b.c, 12:30, http://h/p@x") == "a@b.c, 12:30, http://h/p@x"


def test_template_is_all_defaults_and_valid_when_uncommented(file):
    file.write_text(template())
    assert resolve({}, {}, file) == Settings()
    lines = [line.removeprefix("# ") for line in template().splitlines()]
    file.write_text("\n".join(line for line in lines if " = " in line or line.startswith("[")))
    assert tomllib.loads(file.read_text()).keys() == {*SECTIONS, "backends", "keys"}
    settings = resolve({}, {}, file)
    assert {setting.id for setting in SETTINGS if settings.sources[setting.id] == "default"} == set()
    assert settings.queue == Settings().queue
    assert settings.backends[0].tags == ("fast",)


def test_init_writes_once_and_privately(tmp_path):
    file = tmp_path / "new" / "config.toml"
    write_template(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("# mine")
    with pytest.raises(ConflictError) as caught:
        write_template(file)
    assert caught.value.code == "config.exists"
    assert file.read_text() == "# mine"
    with pytest.raises(UsageError) as unwritable:
        write_template(file / "below" / "config.toml")
    assert unwritable.value.code == "config.unwritable"


def test_tables_name_every_setting_and_key():
    tables = settings_tables()
    assert all(f"`{setting.env}`" in tables for setting in SETTINGS)
    assert all(f"| `{key.name}` |" in tables for key in BACKEND_KEYS)

"""Settings: precedence, places of mistakes, secrets, the hand-over, what is shown of them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ainf_tui.domain.backends import BackendSpec
from ainf_tui.errors import UsageError
from ainf_tui.settings import Settings, resolve
from ainf_tui.settings_backends import PARSERS
from ainf_tui.settings_schema import BACKEND_KEYS, SECTIONS, SETTINGS

ALL_KEYS = {
    "engine.idle_timeout": 0.0,
    "engine.log_level": "debug",
    "engine.log_max_bytes": 65536,
    "engine.label": "DEMO",
    "queue.max_attempts": 1,
    "queue.waiting_per_backend": 0,
    "queue.poll_busy": 0.5,
    "queue.stalled_after": 900.0,
    "queue.poll_idle": 30.0,
    "outputs.folder": "/tmp/pictures",
    "outputs.pattern": "{number}-{index}",
    "outputs.sidecar": False,
    "previews.method": "none",
    "database.url": "sqlite:////tmp/x.db",
    "timeouts.prompt": 5.0,
    "timeouts.http": 6.0,
    "timeouts.view": 7.0,
    "timeouts.object_info": 8.0,
    "run.wait": "no",
    "connect.url": "ssh://box",
    "connect.command": "/opt/ainf",
    "connect.ssh": "/opt/ssh",
    "app.theme": "ansi",
    "app.images": "blocks",
    "app.mouse": "off",
    "app.ascii": "yes",
    "app.low_bandwidth": "no",
    "app.title": False,
    "app.bell": True,
    "app.desktop_notifications": False,
    "app.notify_hook": "notify-send ended",
    "probes.every": 1.5,
    "probes.unwatched": 20.0,
    "redis.url": "redis://127.0.0.1:6379",
    "runs.folder": "/mnt/runs",
    "runs.keep": 5,
    "runs.keep_bytes": 10_000_000,
    "runs.log_max_bytes": 1_000_000,
    "comfyui.folder": "/opt/comfyui",
    "host.sample_every": 5.0,
    "host.gpus": "off",
    "checks.disk_free": 1_000_000,
    "errors.keep_days": 7,
    "errors.examples": 3,
    "comfyui.repository": "/srv/comfyui.git",
    "comfyui.version": "v0.8.0",
    "comfyui.python": "/usr/bin/python3.12",
    "comfyui.torch": "cpu",
    "comfyui.torch_index": "http://127.0.0.1/torch",
    "comfyui.listen": "0.0.0.0",
    "comfyui.allow_network": True,
    "comfyui.port": 8189,
    "comfyui.preview_method": "taesd",
    "comfyui.vram": "lowvram",
    "comfyui.extra_model_paths": "/opt/models.yaml",
    "comfyui.arguments": "--fast",
    "logs.files": "/var/log/x.log '/var/log/y z/*.log'",
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


def problems(flags, env, file):
    with pytest.raises(UsageError) as caught:
        resolve(flags, env, file)
    assert caught.value.exit_code == 2
    return caught.value.details["problems"]


def one_problem(file, text, env=None):
    file.write_text(text)
    found = problems({}, env or {}, file)
    assert len(found) == 1, found
    return found[0]


def write_all(file, values):
    sections: dict[str, list[str]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        shown_value = f'"{value}"' if isinstance(value, str) else str(value).lower()
        sections.setdefault(section, []).append(f"{name} = {shown_value}")
    file.write_text("\n".join(f"[{section}]\n" + "\n".join(rows) for section, rows in sections.items()))


def test_defaults_without_a_file(file, tmp_path):
    settings = resolve({}, {}, file)
    assert settings == Settings()
    assert settings.backends == (BackendSpec(name="default", url="http://127.0.0.1:8188"),)
    moved = resolve({"comfyui.port": 8190}, {}, tmp_path / "no").backends
    assert moved == (BackendSpec(name="default", url="http://127.0.0.1:8190"),)
    assert set(settings.sources.values()) == {"default"}
    assert not file.exists()


def test_every_setting_can_be_set_in_every_way(file):
    assert ALL_KEYS.keys() == {setting.id for setting in SETTINGS}
    assert all(ALL_KEYS[setting.id] != setting.default for setting in SETTINGS)
    write_all(file, ALL_KEYS)
    from_file = resolve({}, {}, file)
    from_env = resolve({}, {s.env: str(ALL_KEYS[s.id]) for s in SETTINGS}, file.with_name("none"))
    from_flags = resolve(ALL_KEYS, {}, file.with_name("none"))
    assert {key: from_file.value(key) for key in ALL_KEYS} == ALL_KEYS
    assert from_file == from_env == from_flags
    assert from_env.sources["queue.max_attempts"] == "AINF_QUEUE_MAX_ATTEMPTS"
    assert from_flags.sources["queue.max_attempts"] == "flag"
    assert from_file.sources["queue.max_attempts"] == f"{file}:7"


def test_flag_beats_environment_beats_file(file):
    file.write_text("[queue]\nmax_attempts = 3\npoll_busy = 3\npoll_idle = 3\n")
    env = {"AINF_QUEUE_MAX_ATTEMPTS": "4", "AINF_QUEUE_POLL_BUSY": "4", "AINF_QUEUE_POLL_IDLE": ""}
    settings = resolve({"queue.max_attempts": 5, "queue.poll_busy": None}, env, file)
    assert (settings.queue.max_attempts, settings.queue.poll_busy, settings.queue.poll_idle) == (5, 4.0, 3.0)
    assert [settings.sources[f"queue.{name}"] for name in ("max_attempts", "poll_busy", "poll_idle")] == [
        "flag",
        "AINF_QUEUE_POLL_BUSY",
        f"{file}:4",
    ]


def test_sections_and_declarations_are_the_same_things():
    declared = [f"{section}.{item.name}" for section, cls in SECTIONS.items() for item in fields(cls)]
    assert [setting.id for setting in SETTINGS] == declared
    assert len({setting.env for setting in SETTINGS}) == len(SETTINGS)
    assert [key.name for key in BACKEND_KEYS] == list(PARSERS)
    assert {item.name for item in fields(Settings)} == {
        *SECTIONS,
        "backends",
        "keys",
        "key_problems",
        "sources",
    }
    with pytest.raises(KeyError):
        Settings().value("queue.nothing")


def test_unknown_key_names_file_line_and_nearest(file):
    found = one_problem(file, "[engine]\nlog_level = 'info'\n\n[queue]\n  max_atempts = 3\n")
    assert found["code"] == "config.unknown_key"
    assert (found["file"], found["line"], found["key"]) == (str(file), 5, "queue.max_atempts")
    assert found["message"].startswith(f"{file}:5: queue.max_atempts")
    assert "queue.max_attempts" in found["hint"]


@pytest.mark.parametrize(
    ("text", "line", "near"),
    [
        ("[queu]\nx = 1\n", 1, "queue"),
        ("queue = 3\n", 1, ""),
        ("\n[backends.box]\nurl = 'http://x'\ntokn = 'x'\n", 4, "token"),
        ("backends.box = { url = 'http://x', tokn = 'x' }\n", 1, "token"),
    ],
)
def test_wrong_tables_and_keys(file, text, line, near):
    found = one_problem(file, text)
    assert found["line"] == line
    assert near in found["hint"]


@pytest.mark.parametrize(
    "entry",
    [
        'queue.max_attempts = "2"',
        "queue.max_attempts = 2.0",
        "queue.max_attempts = true",
        "queue.max_attempts = 0",
        "queue.max_attempts = 11",
        "queue.waiting_per_backend = 2",
        "queue.poll_busy = nan",
        "queue.poll_busy = inf",
        "queue.poll_busy = 0",
        "engine.idle_timeout = -1",
        f"engine.idle_timeout = 1{'0' * 400}",
        'engine.log_level = "loud"',
        "engine.log_level = 3",
        'outputs.sidecar = "yes"',
        "outputs.sidecar = 1",
        'outputs.folder = "a\\u0000b"',
        'outputs.folder = "a\\u001b]52;b"',
        'database.url = "mysql://x"',
        'run.wait = "maybe"',
        "outputs.folder = ['x']",
    ],
)
def test_bad_value_names_its_line(file, entry):
    found = one_problem(file, f"# first\n{entry}\n")
    assert found["code"] == "config.bad_value"
    assert found["line"] == 2
    assert found["key"] == entry.partition(" ")[0]


@pytest.mark.parametrize("raw", ["x", "1e999", "nan", "9" * 5000, "2.5", "0x10", "true"])
def test_bad_number_in_the_environment(file, raw):
    found = problems({}, {"AINF_QUEUE_MAX_ATTEMPTS": raw}, file)
    assert [item["source"] for item in found] == ["AINF_QUEUE_MAX_ATTEMPTS"]
    assert found[0]["file"] is None


def test_mistyped_variable_is_found_and_foreign_ones_are_left_alone(file):
    found = problems({}, {"AINF_QUEUE_POL_BUSY": "1"}, file)
    assert found[0]["hint"] == "Did you mean AINF_QUEUE_POLL_BUSY?"
    assert resolve({}, {"AINF_HOME": "/x", "AINF_KILL_AT": "x", "AINFX": "1"}, file) == Settings()


def test_unknown_flag(file):
    assert problems({"queue.nope": 1}, {}, file)[0]["code"] == "config.unknown_key"


def test_all_problems_at_once(file):
    file.write_text("[queue]\nmax_attempts = 0\nfoo = 1\n[backends.a]\nurl = 'x'\n[backends.'b c']\n")
    found = problems({"run.wait": "x"}, {"AINF_QUEUE_POLL_BUSY": "x", "AINF_COMFYUI_URL": "y"}, file)
    assert sorted((item["key"], item["line"]) for item in found if item["file"]) == [
        ("backends.a.url", 5),
        ("backends.b c", 6),
        ("backends.b c", 6),
        ("queue.foo", 3),
        ("queue.max_attempts", 2),
    ]
    assert {item["source"] for item in found if not item["file"]} == {
        "flag",
        "AINF_QUEUE_POLL_BUSY",
        "AINF_COMFYUI_URL",
    }


@pytest.mark.parametrize(
    ("raw", "line"),
    [(b"[queue]\nx = \n", 2), (b"a = 1\na = 2\n", 2), (b"[queue]\n\nx = '\xff'\n", 3), (b"a = [" * 5000, 1)],
)
def test_broken_toml_names_its_line(file, raw, line):
    file.write_bytes(raw)
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, file)
    assert caught.value.code == "config.bad_toml"
    assert caught.value.details == {"file": str(file), "line": line}


def test_unreadable_file(tmp_path):
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, tmp_path)
    assert caught.value.code == "config.unreadable"


def test_byte_order_mark_and_windows_lines(file):
    file.write_bytes(b"\xef\xbb\xbf[queue]\r\n\r\nmax_attempts = 3\r\n")
    settings = resolve({}, {}, file)
    assert settings.queue.max_attempts == 3
    assert settings.sources["queue.max_attempts"] == f"{file}:3"


def test_relative_paths_count_from_the_file(file, monkeypatch, tmp_path):
    file.write_text('[outputs]\nfolder = "pictures/../out"\n[backends.a]\nurl="https://x"\ntls_ca="ca.pem"\n')
    settings = resolve({}, {}, file)
    assert settings.outputs.folder == str(tmp_path / "out")
    assert settings.backends[0].tls_ca == str(tmp_path / "ca.pem")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert resolve({"outputs.folder": "x"}, {}, file).outputs.folder == str(elsewhere / "x")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve({"outputs.folder": "~/x"}, {}, file).outputs.folder == str(tmp_path / "x")


def test_folders_and_database_fall_back_to_their_places(tmp_path):
    assert Settings().outputs_folder(tmp_path) == tmp_path
    assert Settings().runs_folder(tmp_path) == tmp_path
    assert resolve({"runs.folder": "/r"}, {}, tmp_path / "no").runs_folder(tmp_path) == Path("/r")
    assert Settings().database_url(tmp_path / "ainf.db") == f"sqlite:///{tmp_path}/ainf.db"
    chosen = resolve({"database.url": "postgresql://u:p@h/d"}, {}, tmp_path / "no")
    assert chosen.database_url(tmp_path) == "postgresql://u:p@h/d"

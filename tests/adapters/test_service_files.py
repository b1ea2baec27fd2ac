"""services.toml: the user's keys over the built-in ones, and what a flaw costs and says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ainf_tui.adapters.service_files import ServiceFiles, read_services
from ainf_tui.domain.services import Condition, Dependency, HealthSpec, Restart, ServiceSpec
from ainf_tui.resources import services_file
from ainf_tui.runtime_services import named_by_settings
from ainf_tui.settings import Settings, resolve


@pytest.fixture
def read(tmp_path):
    """Reads the built-in services and this text of a user's."""

    def of(text: str, more: tuple[ServiceSpec, ...] = ()):
        user = tmp_path / "services.toml"
        user.write_text(text)
        return read_services(services_file(), user, more)

    return of


def test_what_is_built_in_can_be_used_as_it_is(tmp_path):
    named = named_by_settings(Settings(), "sqlite:////x.db")
    found = read_services(services_file(), tmp_path / "none.toml", named)
    assert found.problems == ()
    assert list(found.specs) == ["comfyui"]
    comfyui = found.specs["comfyui"]
    assert (comfyui.provider, comfyui.ports, comfyui.watched) == ("comfyui", (8188,), False)
    assert comfyui.health.identity == "comfyui"
    assert comfyui.health.target == "http://{host}:{port}/system_stats"
    assert comfyui.source == "built in"


def test_the_settings_say_where_comfyui_is_and_what_is_watched(read, tmp_path):
    given = {"comfyui.port": 8190, "redis.url": "redis://:pw@10.0.0.2"}
    named = named_by_settings(resolve(given, {}, tmp_path / "no"), "postgresql://u:p@db:5433/x")
    found = read("", named)
    assert found.problems == ()
    comfyui, postgres, redis = (found.specs[name] for name in ("comfyui", "postgres", "redis"))
    assert (comfyui.ports, comfyui.provider, comfyui.source) == ((8190,), "comfyui", "built in")
    assert (postgres.ports, postgres.host, postgres.watched) == ((5433,), "db", True)
    assert (redis.ports, redis.host, redis.watched) == ((6379,), "10.0.0.2", True)
    assert read("[services.comfyui]\nports = [9000]\n", named).specs["comfyui"].ports == (9000,)


def test_a_key_of_the_users_replaces_one_and_leaves_the_others(read):
    found = read("[services.comfyui]\nports = [9000]\n[services.comfyui.health]\nperiod = 5\n")
    comfyui = found.specs["comfyui"]
    assert (comfyui.ports, comfyui.health.period, comfyui.title) == ((9000,), 5.0, "ComfyUI")
    assert (comfyui.health.kind, comfyui.health.start_timeout) == ("http", 300.0)
    assert comfyui.source.endswith("services.toml")


def test_a_command_of_the_users_takes_the_providers_place(read):
    comfyui = read('[services.comfyui]\ncommand = ["serve", "{port}"]\n').specs["comfyui"]
    assert (comfyui.command, comfyui.provider) == (("serve", "{port}"), "")


EVERY_KEY = """
[services.db]
command = ["postgres"]
[services.web]
title = "Web"
command = ["serve", "--port", "{port}"]
cwd = "~/web"
env = { MODE = "fast" }
ports = [3000, 3001]
host = "127.0.0.2"
depends_on = { db = "started" }
autostart = false
log_file = "/tmp/web.log"
[services.web.restart]
policy = "always"
delay = 0.5
max_delay = 4
reset_after = 10
max_restarts = 0
[services.web.health]
exec = ["check", "{port}"]
delay = 1
period = 3
timeout = 1.5
failures = 2
successes = 4
start_timeout = 60
[services.web.stop]
signal = "SIGINT"
timeout = 3
command = ["stop"]
"""


def test_every_key(read):
    found = read(EVERY_KEY)
    assert found.problems == ()
    web = found.specs["web"]
    assert web.cwd == str(Path("~/web").expanduser())
    assert web.depends_on == (Dependency("db", Condition.STARTED),)
    assert (web.title, web.env["MODE"], web.ports, web.host) == ("Web", "fast", (3000, 3001), "127.0.0.2")
    assert web.health == HealthSpec(
        "exec",
        command=("check", "{port}"),
        delay=1.0,
        period=3.0,
        timeout=1.5,
        failures=2,
        successes=4,
        start_timeout=60.0,
    )
    assert (web.restart.policy, web.restart.max_restarts, web.restart.delay) == (Restart.ALWAYS, 0, 0.5)
    assert (web.stop.signal, web.stop.timeout, web.stop.command) == ("INT", 3.0, ("stop",))
    assert (web.autostart, web.log_file) == (False, "/tmp/web.log")


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ('http = "/health"', "http", "http://{host}:{port}/health"),
        ('http = "https://a.example/x"', "http", "https://a.example/x"),
        ('tcp = "localhost:5432"', "tcp", "localhost:5432"),
        ('log_line = "ready in [0-9]+"', "log_line", "ready in [0-9]+"),
        ("", "tcp", "{host}:{port}"),
    ],
)
def test_checks(read, text, kind, target):
    found = read(f'[services.a]\ncommand = ["a"]\nports = [1]\n[services.a.health]\n{text}\n')
    assert (found.specs["a"].health.kind, found.specs["a"].health.target) == (kind, target)


def test_without_port_and_check_living_is_enough(read):
    assert read('[services.a]\ncommand = ["a"]\n').specs["a"].health.kind == "process"


def test_a_port_without_a_command_is_watched(read):
    redis = ServiceSpec("redis", ports=(6379,), health=HealthSpec("tcp", target="{host}:{port}"))
    found = read("[services.mail]\nports = [25]\n", (redis,))
    assert found.specs["mail"].watched
    assert found.specs["redis"] == redis
    assert read("[services.redis]\nports = [7000]\n", (redis,)).specs["redis"].ports == (7000,)


@pytest.mark.parametrize(
    ("text", "line", "told", "hint"),
    [
        ('command = ["a"]\nportz = [1]', 3, "portz is not known here", "Did you mean ports?"),
        ('command = "a b"', 2, "command is no list of texts", 'Write command = ["...", "..."].'),
        ("", 1, "command is missing", "ports = [5432]"),
        ('command = ["a"]\nports = [70000]', 3, "70000 is no port", "from 1 to 65535"),
        ('command = ["a"]\nports = ["x"]', 3, "ports is no list of numbers", "[1, 2]"),
        ('command = ["a"]\nports = [1, 1]', 3, "names a port twice", "once"),
        ('command = ["a"]\nrestart = "often"', 3, "often is none of never, on-failure, always", "one of"),
        ('command = ["a"]\ncwd = "web"', 3, "web is not absolute", "~/folder"),
        ('command = ["a"]\nprovider = "x"', 3, "x is none of comfyui", "one of"),
        ('command = ["a"]\n[services.x.health]\ntcp = "5432"', 4, "is not HOST:PORT", "{host}:{port}"),
        ('command = ["a"]\n[services.x.health]\nhttp = "x"', 4, "neither a path nor a URL", "/health"),
        ('command = ["a"]\n[services.x.health]\nlog_line = "("', 4, "no regular expression", "Plain words"),
        ('command = ["a"]\n[services.x.health]\nexec = []', 4, "exec is empty", "program"),
        ('command = ["a"]\n[services.x.health]\nfailures = 0', 4, "must be at least 1", "1"),
        ('command = ["a"]\n[services.x.health]\ntimeout = -1', 4, "no time from 0 to 86400", "seconds"),
        (
            'command = ["a"]\n[services.x.health]\nhttp = "/a"\ntcp = "a:1"',
            5,
            "tcp and http are both given",
            "one health check",
        ),
        ('command = ["a"]\n[services.x.stop]\nsignal = "STOP"', 4, "STOP is none of TERM", "one of"),
        ('command = ["a"]\ndepends_on = { a = "soon" }', 3, "soon is none of started", "one of"),
        ('command = ["a"]\ndepends_on = ["nobody"]', 0, "depends on nobody, which there is not", "there is"),
    ],
)
def test_a_flaw_costs_its_service_alone_and_names_its_place(read, text, line, told, hint):
    found = read(f'[services.x]\n{text}\n[services.good]\ncommand = ["good"]\n')
    assert set(found.specs) == {"comfyui", "good"}
    (problem,) = found.problems
    assert problem.code == "service.bad_definition"
    assert "service x" in problem.message
    assert told in problem.message
    assert hint in problem.hint
    assert problem.details["service"] == "x"
    if line:
        assert f"services.toml:{line}: " in problem.message


def test_a_name_that_is_none(read):
    found = read('[services."Bad Name"]\ncommand = ["a"]\n')
    assert "is no name for a service" in found.problems[0].message


def test_a_flawed_change_of_a_built_in_service_takes_it_away(read):
    """Starting it as built in would do what the user did not want."""
    found = read('[services.comfyui]\ncomand = ["mine"]\n')
    assert "comfyui" not in found.specs
    assert "Did you mean command?" in found.problems[0].hint


@pytest.mark.parametrize("text", ["[services", "services = 3", "[other]\nx = 1"])
def test_a_file_that_is_none_leaves_what_is_built_in(read, text):
    found = read(text)
    assert list(found.specs) == ["comfyui"]
    assert found.problems[0].details["service"] == ""


def test_a_changed_file_is_read_anew_and_an_unchanged_one_is_not(tmp_path):
    user = tmp_path / "services.toml"
    files = ServiceFiles(services_file(), user)
    first = files.read()
    assert files.read() is first
    user.write_text('[services.a]\ncommand = ["a"]\n')
    assert "a" in files.read().specs
    user.unlink()
    assert files.read() == replace(first)

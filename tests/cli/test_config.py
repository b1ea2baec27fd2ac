from __future__ import annotations

import json
from pathlib import Path


def test_show_has_values_sources_and_no_secrets(ainf):
    ainf.environ |= {
        "AINF_QUEUE_MAX_ATTEMPTS": "3",
        "AINF_DATABASE_URL": "postgresql://me:hunter22@db/ainf",
        "AINF_COMFYUI_URL": "http://me:hunter22@box:8188",
    }
    done = ainf("config")
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if "max_attempts" in line)
    assert line.split() == ["queue.max_attempts", "3", "AINF_QUEUE_MAX_ATTEMPTS"]
    assert "hunter22" not in done.out
    found = json.loads(ainf("config", "show", "--json").out)
    assert "hunter22" not in json.dumps(found)
    values = {item["id"]: item["value"] for item in found["settings"]}
    assert values["queue.max_attempts"] == 3
    assert values["outputs.sidecar"] is True


def test_path_creates_nothing(ainf, tmp_path):
    found = json.loads(ainf("config", "path", "--json").out)
    assert found["paths"]["config"] == str(tmp_path / "home" / "config" / "config.toml")
    assert not (tmp_path / "home").exists()
    assert str(tmp_path / "home" / "state") in ainf("config", "path").out


def test_home_flag_wins(ainf, tmp_path):
    found = json.loads(ainf("--home", str(tmp_path / "other"), "config", "path", "--json").out)
    assert found["paths"]["state"] == str(tmp_path / "other" / "state")


def test_init_writes_once_and_validate_reads_it(ainf):
    first = ainf("config", "init")
    assert first.code == 0
    file = Path(first.out.strip())
    assert file.stat().st_mode & 0o777 == 0o600
    assert ainf("config", "validate").code == 0
    again = ainf("config", "init")
    assert again.code == 1
    assert str(file) in again.err


def test_all_problems_at_once(ainf, tmp_path):
    file = tmp_path / "home" / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[queue]\nmax_atempts = 3\n[engine]\nidle_timeout = -1\n")
    done = ainf("config", "validate", "--home-is-not-here")
    assert done.code == 2
    done = ainf("config", "validate")
    assert done.code == 2
    assert "max_atempts" in done.err
    assert "idle_timeout" in done.err
    assert f"{file}:2" in done.err


def test_a_wrong_setting_stops_every_command_before_the_engine(ainf, tmp_path, engine):
    ainf.environ["AINF_QUEUE_MAX_ATTEMPTS"] = "many"
    done = ainf("config", "show", "--json")
    assert done.code == 2
    assert json.loads(done.err)["error"]["code"] == "config.bad_value"
    assert engine.calls == []

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import jsonschema
import pytest

from ainf_tui.adapters.db import engine as database
from ainf_tui.cli.reference import file_stem, json_schemas


@pytest.fixture
def file(ainf):
    path = Path(ainf.home) / "state" / "ainf.db"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
async def made(file):
    await (await database.open(f"sqlite:///{file}")).aclose()
    return file


def document(text):
    found = json.loads(text)
    jsonschema.validate(found, json_schemas()[file_stem(found["schema"])])
    return found


def test_nothing_is_created(ainf, file):
    for verb in ("info", "upgrade", "backup"):
        done = ainf("db", verb, "--json")
        assert done.code == 4
        assert json.loads(done.err)["error"]["code"] == "database.none"
    assert list(file.parent.iterdir()) == []


def test_info(ainf, made):
    found = document(ainf("db", "--json").out)
    assert found["url"] == f"sqlite:///{made}"
    assert found["revision"] == found["head"]
    assert found["rows"]["jobs"] == 0
    text = ainf("db", "info").out
    assert str(made) in text
    assert found["revision"] in text


def test_upgrade_with_nothing_to_do(ainf, made):
    found = document(ainf("db", "upgrade", "--json").out)
    assert found["before"] == found["after"]
    assert "already" in ainf("db", "upgrade").out


def test_a_newer_database_is_refused_by_name(ainf, made):
    with sqlite3.connect(made) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = ainf("db", "upgrade", "--json")
    assert done.code != 0
    error = json.loads(done.err)["error"]
    assert error["code"] == "database.newer"
    assert "9999" in error["message"]


def test_backup_is_a_whole_database_and_overwrites_nothing(ainf, made, tmp_path):
    target = tmp_path / "copy of it.db"
    found = document(ainf("db", "backup", str(target), "--json").out)
    assert found["path"] == str(target)
    assert found["bytes"] == target.stat().st_size
    with sqlite3.connect(target) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    connection.close()
    again = ainf("db", "backup", str(target))
    assert again.code == 2
    assert str(target) in again.err


def test_backup_chooses_a_name(ainf, made):
    done = ainf("db", "backup")
    assert done.code == 0
    target = Path(done.out.strip())
    assert target.parent == made.parent / "backups"
    assert target.exists()

"""Where things are: AINF_HOME, the state folder's rights and file system, the socket's short way."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui import locations
from ainf_tui.errors import UsageError
from ainf_tui.locations import Locations, locate
from ainf_tui.mounts import longest_match, mount_type, parse_mac_mounts, parse_proc_mounts

PROC = (
    "/dev/vda / ext4 rw 0 0\n"
    "proc /proc proc rw 0 0\n"
    "box:/export /home nfs4 rw,vers=4.2 0 0\n"
    "/dev/vdb /home/me ext4 rw 0 0\n"
    "//nas/my\\040share /mnt/my\\040share cifs rw 0 0\n"
    "tmpfs /over tmpfs rw 0 0\n"
    "me@box: /over fuse.sshfs rw 0 0\n"
    "half a line\n\n"
)
MAC = (
    "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n"
    "map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)\n"
    "//me@nas/share on /Volumes/my on share (1) (smbfs, nodev, nosuid, mounted by me)\n"
    "box:/x on /Volumes/x (nfs)\n"
)


@pytest.fixture
def home(tmp_path):
    return locate({"AINF_HOME": str(tmp_path / "home")})


def test_home_holds_everything(tmp_path):
    found = locate({"AINF_HOME": str(tmp_path)})
    assert found.config_file == tmp_path / "config" / "config.toml"
    assert found.database_file == tmp_path / "state" / "ainf.db"
    assert found.cache_dir == tmp_path / "cache"
    assert found.outputs_dir == tmp_path / "outputs"
    assert found.home == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_flag_beats_variable_and_paths_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert locate({"AINF_HOME": "/a"}, Path("b")).state_dir == tmp_path / "b" / "state"
    assert locate({"AINF_HOME": "~/x/../y"}).state_dir == tmp_path / "me" / "y" / "state"


def test_platform_folders_without_a_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    found = locate({"AINF_HOME": ""})
    assert found.home is None
    assert found.outputs_dir == tmp_path / "ainf" / "outputs"
    folders = (found.config_dir, found.state_dir, found.cache_dir)
    assert all(tmp_path in folder.parents and "ainf" in folder.parts for folder in folders)
    assert list(tmp_path.iterdir()) == []


def test_prepare_makes_the_state_folder_private(home):
    home.prepare()
    assert stat.S_IMODE(home.state_dir.stat().st_mode) == 0o700
    home.state_dir.chmod(0o755)
    home.prepare()
    assert stat.S_IMODE(home.state_dir.stat().st_mode) == 0o700


def test_state_folder_that_is_a_file(home):
    home.state_dir.parent.mkdir()
    home.state_dir.write_text("in the way")
    with pytest.raises(UsageError) as caught:
        home.prepare()
    assert caught.value.code == "state.no_access"
    assert str(home.state_dir) in caught.value.message
    assert home.state_dir.read_text() == "in the way"


def test_state_folder_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        locate({}, tmp_path / "file" / "x").prepare()
    assert caught.value.code == "state.no_access"
    assert "AINF_HOME" in caught.value.hint


def test_state_folder_without_rights(home, monkeypatch):
    home.prepare()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError) as caught:
        home.prepare()
    assert caught.value.code == "state.no_access"


def test_state_folder_of_another_user(home, monkeypatch):
    home.prepare()
    if os.geteuid() == 0:
        os.chown(home.state_dir, 4242, 4242)
    monkeypatch.setattr(os, "geteuid", lambda: 4243)
    with pytest.raises(UsageError) as caught:
        home.prepare()
    assert caught.value.code == "state.no_access"


def test_network_file_system_is_refused_before_anything_is_made(home, monkeypatch):
    monkeypatch.setattr(locations, "mount_type", lambda _: "nfs4")
    with pytest.raises(UsageError) as caught:
        home.prepare()
    assert caught.value.code == "state.network_fs"
    assert "nfs4" in caught.value.message
    assert "AINF_HOME" in caught.value.hint
    assert not home.state_dir.exists()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/homes", "ext4"),
        ("/home", "nfs4"),
        ("/home/you/x", "nfs4"),
        ("/home/me/x", "ext4"),
        ("/home/me2", "nfs4"),
        ("/mnt/my share/x", "cifs"),
        ("/over", "fuse.sshfs"),
    ],
)
def test_longest_mount_wins(path, kind):
    assert longest_match(path, parse_proc_mounts(PROC)) == kind


def test_mac_mounts():
    assert parse_mac_mounts(MAC) == [
        ("/", "apfs"),
        ("/System/Volumes/Data/home", "autofs"),
        ("/Volumes/my on share (1)", "smbfs"),
        ("/Volumes/x", "nfs"),
    ]


@given(st.text())
def test_any_mount_table_is_read(text):
    assert isinstance(longest_match("/a/b", [*parse_proc_mounts(text), *parse_mac_mounts(text)]), str)


def test_this_machine_knows_its_own(tmp_path):
    assert mount_type(tmp_path / "not" / "there") == mount_type(tmp_path)


def long_home(tmp_path):
    return Locations(tmp_path, tmp_path / ("x" * 100) / "state", tmp_path, tmp_path)


def test_short_path_keeps_the_socket_in_the_state_folder():
    assert locate({}, Path("/h")).engine_socket == Path("/h/state/engine.sock")


def test_long_path_gets_a_short_private_folder(tmp_path):
    where = long_home(tmp_path)
    path = where.engine_socket
    assert path == long_home(tmp_path).engine_socket
    assert path != long_home(tmp_path / "other").engine_socket
    where.prepare()
    try:
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    finally:
        path.unlink(missing_ok=True)
        path.parent.rmdir()


def test_link_to_the_state_folder_means_the_same_socket(tmp_path):
    where = long_home(tmp_path)
    link = tmp_path / ("y" * 100)
    link.symlink_to(where.state_dir.parent)
    other = Locations(tmp_path, link / "state", tmp_path, tmp_path)
    assert other.engine_socket == where.engine_socket


def test_prepared_socket_folder_of_somebody_else_is_refused(tmp_path):
    where = long_home(tmp_path)
    folder = where.engine_socket.parent
    trap = tmp_path / "trap"
    trap.mkdir(mode=0o700)
    folder.symlink_to(trap)
    try:
        for attempt in (where.prepare, where.check_socket_dir):
            with pytest.raises(UsageError) as caught:
                attempt()
            assert caught.value.code == "state.socket_dir"
    finally:
        folder.unlink()
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        with pytest.raises(UsageError) as caught:
            where.prepare()
        assert str(folder) in caught.value.message
    finally:
        folder.rmdir()


def test_check_without_a_folder_is_fine(home):
    home.check_socket_dir()
    assert not home.state_dir.exists()

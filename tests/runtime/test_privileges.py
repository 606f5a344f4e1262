"""As root, servers run as somebody else, and no permission outside their own folder is changed."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from marketplace.runtime.privileges import ORDINARY, Privilege, choose, own_tree

ROOT = os.geteuid() == 0
PROGRAM = Path(shutil.which("true") or "/bin/true")


@pytest.mark.skipif(ROOT, reason="root has rights to give up")
def test_an_ordinary_user_has_nothing_to_give_up(tmp_path: Path) -> None:
    assert choose(PROGRAM, tmp_path) == ORDINARY


@pytest.mark.skipif(not ROOT, reason="only root has rights to give up")
def test_root_changes_user_where_that_user_can_reach_the_folder(tmp_path: Path) -> None:
    # Parents of temporary folders are closed to other users; open ones stand in for a project's.
    folder = Path("/tmp", f"sanpo-test-{os.getpid()}")  # noqa: S108
    folder.mkdir(mode=0o755)
    try:
        privilege = choose(PROGRAM, folder)
        assert privilege.method == "setuid"
        assert folder.stat().st_uid == privilege.uid != 0
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(not ROOT, reason="only root has rights to give up")
def test_root_opens_no_closed_parent_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    folder = closed / "a folder"
    folder.mkdir(parents=True)
    closed.chmod(0o700)
    privilege = choose(PROGRAM, folder)
    assert privilege.method in ("capability", "namespace")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert closed.stat().st_uid == 0
    assert (folder.stat().st_uid, folder.stat().st_gid) == privilege.file_owner()


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_own_tree_gives_away_everything_within(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").touch()
    own_tree(tmp_path / "a", (65534, 65534))
    owners = {path.stat().st_uid for path in [tmp_path / "a", *(tmp_path / "a").rglob("*")]}
    assert owners == {65534}
    assert tmp_path.stat().st_uid == 0


def test_files_belong_to_whom_the_server_is_outside_a_namespace() -> None:
    assert Privilege("setuid", 65534, 65533).file_owner() == (65534, 65533)
    assert Privilege("capability", 65534, 65533).file_owner() == (65534, 65533)
    assert Privilege("namespace", 65534, 65533).file_owner() == (os.geteuid(), os.getegid())

"""What pruning keeps of the log, and that a copy of stored files is whole or fails."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from marketplace.runtime.layout import PROJECT
from marketplace.runtime.postgres import binary


def make_base(folder: Path, name: str, first: str) -> None:
    """A base backup whose recovery starts in the file ``first`` of the log."""
    label = f"START WAL LOCATION: 0/0 (file {first})\nSTART TIMELINE: 1\n".encode()
    (folder / "base" / name).mkdir(parents=True)
    with tarfile.open(folder / "base" / name / "base.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("backup_label")
        member.size = len(label)
        archive.addfile(member, io.BytesIO(label))


def test_pruning_keeps_the_log_of_a_base_backup_that_a_restoration_put_before_an_older_one(tmp_path):
    """The second base backup was abandoned; the third starts where the restoration went back to."""
    segments = {
        number: f"{timeline:08X}{number:016X}" for number, timeline in ((1, 1), (3, 1), (5, 2), (9, 1))
    }
    make_base(tmp_path, "20260101T000000Z", segments[1])
    make_base(tmp_path, "20260102T000000Z", segments[9])
    make_base(tmp_path, "20260103T000000Z", segments[5])
    (tmp_path / "wal").mkdir()
    for name in segments.values():
        (tmp_path / "wal" / name).write_bytes(b"log")
    subprocess.run(
        [PROJECT / "deploy" / "backup.sh", "prune", "2"],
        env={
            "PATH": f"{binary('postgres').parent}{os.pathsep}{os.environ['PATH']}",
            "BACKUP_DIRECTORY": str(tmp_path),
        },
        check=True,
    )
    assert sorted(path.name for path in (tmp_path / "base").iterdir()) == [
        "20260102T000000Z",
        "20260103T000000Z",
    ]
    assert {path.name for path in (tmp_path / "wal").iterdir()} == {segments[5], segments[9]}


NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture
def stored():
    """Stored files in two folders, one of which is closed to others. Not in pytest's folder, which is closed to all."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        for folder, name in (("a", "one"), ("b/c", "two")):
            (root / "storage" / folder).mkdir(parents=True)
            (root / "storage" / folder / name).write_text(name)
        (root / "storage" / "a" / "draft-three").write_text("not yet")
        (root / "storage" / "b").chmod(0o750)
        (root / "backups").mkdir()
        yield root


def copy_files(folder: Path, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-s", "files"],
        # Read here, because who copies may have no right on the project.
        input=(PROJECT / "deploy" / "backup.sh").read_text(),
        env={
            "PATH": os.environ["PATH"],
            "BACKUP_DIRECTORY": str(folder / "backups"),
            "STORAGE_DIRECTORY": str(folder / "storage"),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **options,
    )


def copied(folder: Path) -> list[str]:
    root = folder / "backups"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_stored_files_are_copied_with_the_rights_of_their_folders(stored):
    (stored / "backups" / "files" / "a").mkdir(parents=True)
    (stored / "backups" / "files" / "a" / "one.partial").write_text("broken off")
    done = copy_files(stored)
    assert (done.returncode, done.stderr) == (0, "")
    assert copied(stored) == ["files-copied", "files/a/one", "files/b/c/two"]
    assert stat.S_IMODE((stored / "backups" / "files" / "b").stat().st_mode) == 0o750
    assert copy_files(stored).returncode == 0


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_folder_that_cannot_be_made_fails_the_copy_whichever_it_is(stored, name):
    """A file stands in its place: not even root makes it."""
    (stored / "backups" / "files").mkdir()
    (stored / "backups" / "files" / name).write_text("in the way")
    failed = copy_files(stored)
    assert failed.returncode == 1
    assert f"backup: the folder ./{name} of stored files could not be made" in failed.stderr
    assert copied(stored) == [f"files/{name}"]


@pytest.mark.parametrize("name", ["a/one", "b/c/two"])
def test_a_file_that_cannot_be_copied_fails_the_copy_whichever_it_is(stored, name):
    (stored / "backups" / "files" / f"{name}.partial").mkdir(parents=True)
    (stored / "backups" / "files" / f"{name}.partial" / Path(name).name).mkdir()
    failed = copy_files(stored)
    assert failed.returncode == 1
    assert f"backup: the stored file ./{name} could not be copied" in failed.stderr
    assert f"files/{name}" not in copied(stored)
    assert not list((stored / "backups").glob(".listed*"))


@needs_root
def test_without_root_what_is_copied_belongs_to_who_copies(stored):
    """As on Kubernetes: the folder of the volume is another's, and the rest the market's."""
    for path in [stored, *stored.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    os.chown(stored / "storage", 0, NOBODY)
    done = copy_files(stored, user=NOBODY, group=NOBODY, extra_groups=[])
    assert (done.returncode, done.stderr) == (0, "")
    assert copied(stored) == ["files-copied", "files/a/one", "files/b/c/two"]
    assert (stored / "backups" / "files" / "a").stat().st_uid == NOBODY


@needs_root
def test_root_gives_folders_to_their_owner(stored):
    os.chown(stored / "storage" / "a", NOBODY, NOBODY)
    assert copy_files(stored).returncode == 0
    assert (stored / "backups" / "files" / "a").stat().st_uid == NOBODY

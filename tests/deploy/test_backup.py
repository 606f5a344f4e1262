"""What pruning keeps of the log."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

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

"""The archive of the log, beside what PostgreSQL itself names its files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from marketplace.runtime.layout import PROJECT


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "wal"
    folder.mkdir()
    return folder


def put(archive: Path, name: str, content: bytes) -> None:
    """Archive a file of the log as PostgreSQL has it done."""
    source = archive.parent / "source"
    source.write_bytes(content)
    subprocess.run([PROJECT / "deploy" / "archive_wal.sh", archive, source, name], check=True)


def files(archive: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in archive.iterdir()}


@pytest.mark.parametrize("names", [("0001.partial", "0001"), ("0001", "0001.partial")])
def test_the_last_file_of_a_timeline_is_kept_beside_the_whole_one(archive, names):
    """PostgreSQL archives the file in which a timeline ended under its name with .partial."""
    for name in names:
        put(archive, name, name.encode())
    assert files(archive) == {name: name.encode() for name in names}


def test_a_copy_that_was_interrupted_is_made_again(archive):
    (archive / "0001.copying").write_bytes(b"wh")
    put(archive, "0001", b"whole")
    assert files(archive) == {"0001": b"whole"}

"""Which base backup a restoration starts from, when earlier restorations have ended timelines."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from marketplace.runtime.layout import PROJECT

EARLY, MIDDLE, LATE = "20260101T000000Z", "20260102T000000Z", "20260103T000000Z"
# Of which timeline, and where in the log, each of the three ended.
BASES = {EARLY: (1, "0/2000120"), MIDDLE: (1, "0/9000120"), LATE: (2, "0/6000120")}


def history(*left: tuple[int, str]) -> str:
    """A timeline's history file, as PostgreSQL writes it: each earlier timeline, and where it was left."""
    return "\n".join(
        f"{timeline}\t{location}\tbefore 2026-01-01 00:00:00+00\n" for timeline, location in left
    )


def prepare(
    folder: Path, bases: dict[str, tuple[int, str]], histories: dict[int, str], *moment: str
) -> subprocess.CompletedProcess[str]:
    (folder / "wal").mkdir()
    (folder / "empty").mkdir()
    for name, (timeline, end) in bases.items():
        base = folder / "base" / name
        base.mkdir(parents=True)
        (base / "backup_manifest").write_text(
            '{ "PostgreSQL-Backup-Manifest-Version": 2,\n"WAL-Ranges": [\n'
            f'{{ "Timeline": {timeline}, "Start-LSN": "0/2000028", "End-LSN": "{end}" }}\n],\n'
        )
        with tarfile.open(base / "base.tar.gz", "w:gz") as archive:
            archive.add(folder / "empty", arcname=".")
    for timeline, text in histories.items():
        (folder / "wal" / f"{timeline:08X}.history").write_text(text)
    return subprocess.run(
        [PROJECT / "deploy" / "restore.sh", "prepare", *moment],
        env={"PATH": os.environ["PATH"], "BACKUP_DIRECTORY": str(folder), "PGDATA": str(folder / "data")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("names", "histories", "moment", "chosen"),
    [
        ([EARLY, MIDDLE], {}, [], MIDDLE),
        # Restored to between the two: the later one is of the future that was abandoned.
        ([EARLY, MIDDLE], {2: history((1, "0/5000000"))}, [], EARLY),
        ([EARLY, MIDDLE], {2: history((1, "0/5000000"))}, ["2026-01-02T12:00:00Z"], EARLY),
        # Restored to the end of the log, or to a moment after both.
        ([EARLY, MIDDLE], {2: history((1, "0/A000000"))}, [], MIDDLE),
        ([EARLY, MIDDLE], {2: history((1, "1/0"))}, [], MIDDLE),
        ([EARLY, MIDDLE, LATE], {2: history((1, "0/5000000"))}, [], LATE),
        ([EARLY, MIDDLE, LATE], {2: history((1, "0/5000000"))}, ["2026-01-02T12:00:00Z"], EARLY),
        # Restored twice, the second time on from the first, or to before it.
        ([EARLY, MIDDLE, LATE], {3: history((1, "0/5000000"), (2, "0/7000000"))}, [], LATE),
        ([EARLY, MIDDLE, LATE], {3: history((1, "0/5000000"), (2, "0/6000000"))}, [], EARLY),
        ([EARLY, MIDDLE, LATE], {2: history((1, "0/A000000")), 3: history((1, "0/4000000"))}, [], EARLY),
        ([EARLY, MIDDLE], {3: history((1, "0/A000000"), (2, "0/8000000"))}, [], EARLY),
        # Sixteen restorations and more: timelines are hexadecimal in names, decimal in a history.
        ([EARLY], {15: "", 16: history(*((number, "0/3000000") for number in range(1, 16)))}, [], EARLY),
    ],
)
def test_a_base_backup_of_an_abandoned_future_is_skipped(tmp_path, names, histories, moment, chosen):
    done = prepare(tmp_path, {name: BASES[name] for name in names}, histories, *moment)
    assert (done.returncode, f"from the base backup {chosen};" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("bases", [{MIDDLE: BASES[MIDDLE]}, {LATE: (3, "0/2000120")}])
def test_without_a_base_backup_in_the_past_nothing_is_prepared(tmp_path, bases):
    done = prepare(tmp_path, bases, {2: history((1, "0/5000000"))})
    assert (done.returncode, "that leads to the newest timeline" in done.stderr) == (1, True)
    assert list((tmp_path / "data").iterdir()) == []

"""What somebody must run every day is noticed when it fails, finds something, or is not run at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from marketplace.kernel.alarms import ALARMS
from marketplace.kernel.invariants import REGISTER, Invariant
from marketplace.kernel.metrics import GAUGES
from marketplace.kernel.models import CommandRun
from marketplace.kernel.retention import OLD_ROWS, OldRows
from marketplace.kernel.upkeep import record_run
from tests.roles import as_owner

pytestmark = pytest.mark.django_db

HOURS = 3600


def sample(gauge: str, *labels: str) -> float:
    return GAUGES[gauge].samples()[labels]


def is_raised(alarm: str) -> bool:
    return ALARMS[alarm].is_true_of(ALARMS[alarm].worst(ALARMS[alarm].gauge.samples()))


def set_up_ago(hours: float) -> None:
    """The market was set up so many hours ago."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET applied = now() - %s", [timedelta(hours=hours)])


def age_runs(hours: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_commandrun SET good_at = good_at - %(age)s, ended_at = ended_at - %(age)s",
            {"age": timedelta(hours=hours)},
        )


@pytest.fixture
def broken() -> Iterator[list[dict[str, int]]]:
    """An invariant that does not hold as long as there are rows in the list."""
    rows = [{"row": 1}]
    Invariant(name="kernel.trial", promise=4, statement="Never.", check=lambda: rows)
    yield rows
    del REGISTER["kernel.trial"]


@pytest.fixture
def daily(settings) -> None:
    """A market that expects its commands, as in production, and was just set up."""
    settings.DAILY_COMMANDS = ("archive_old_rows", "check_invariants")
    set_up_ago(0)


def test_a_whole_run_that_finds_nothing_is_kept(daily):
    call_command("check_invariants")
    run = CommandRun.objects.get()
    assert (run.command, run.faults, run.good_at) == ("check_invariants", 0, run.ended_at)
    assert (sample("kernel_broken_invariants"), is_raised("invariants_broken")) == (0.0, False)


def test_a_broken_invariant_raises_an_alarm_until_a_run_finds_nothing(broken, daily):
    with pytest.raises(SystemExit):
        call_command("check_invariants")
    run = CommandRun.objects.get()
    assert (run.faults, run.good_at) == (1, None)
    assert (sample("kernel_broken_invariants"), is_raised("invariants_broken")) == (1.0, True)
    broken.clear()
    call_command("check_invariants")
    run.refresh_from_db()
    assert (run.faults, run.good_at) == (0, run.ended_at)
    assert is_raised("invariants_broken") is False


def test_a_run_over_a_part_says_nothing_of_the_whole(broken, daily):
    with pytest.raises(SystemExit):
        call_command("check_invariants", "--app", "kernel")
    assert CommandRun.objects.count() == 0


def test_a_command_that_nobody_runs_is_overdue(daily):
    assert is_raised("command_overdue") is False
    set_up_ago(37)
    assert is_raised("command_overdue") is True
    assert 37 * HOURS <= sample("kernel_command_age_seconds", "check_invariants") < 37 * HOURS + 60
    record_run("check_invariants")
    record_run("archive_old_rows")
    assert is_raised("command_overdue") is False
    age_runs(37)
    assert is_raised("command_overdue") is True


def test_a_run_with_faults_does_not_count_as_one_that_ended_well(daily):
    for command in ("check_invariants", "archive_old_rows"):
        record_run(command)
    age_runs(37)
    record_run("archive_old_rows", faults=1)
    record_run("check_invariants")
    assert sample("kernel_command_age_seconds", "archive_old_rows") >= 37 * HOURS
    assert sample("kernel_command_age_seconds", "check_invariants") < 60


def test_old_rows_that_cannot_be_removed_are_a_fault(daily, monkeypatch):
    def refuse(before: datetime) -> int:
        raise ValueError("told to fail")

    with as_owner():
        call_command("archive_old_rows")
        assert CommandRun.objects.get().faults == 0
        monkeypatch.delitem(OLD_ROWS, "tokens")
        OldRows(name="tokens", remove=refuse)
        with pytest.raises(CommandError, match="tokens"):
            call_command("archive_old_rows")
    assert CommandRun.objects.get().faults == 1


def test_a_market_that_expects_no_command_misses_none():
    set_up_ago(1000)
    assert (GAUGES["kernel_command_age_seconds"].samples(), is_raised("command_overdue")) == ({}, False)


@pytest.mark.parametrize(
    "values",
    ["now(), now() + interval '1 hour', 0", "now(), NULL, 0"],
    ids=["good after its end", "neither good nor faulty"],
)
def test_the_database_refuses_a_run_that_contradicts_itself(values):
    with (
        pytest.raises(IntegrityError, match="command_run_good_before_end"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO kernel_commandrun (command, ended_at, good_at, faults) VALUES ('x', {values})"
        )
    assert CommandRun.objects.count() == 0


def test_the_age_of_backups_is_read_from_their_folder(settings, tmp_path):
    assert [GAUGES[f"backup_{what}_age_seconds"].samples() for what in ("base", "files")] == [{}, {}]
    settings.BACKUP_DIRECTORY = str(tmp_path)
    set_up_ago(40)
    # A folder without backups: none since the market was set up.
    assert [is_raised(code) for code in ("base_backup_old", "stored_files_not_copied")] == [True, True]
    now = datetime.now(UTC)
    for hours in (30, 60):
        (tmp_path / "base" / f"{now - timedelta(hours=hours):%Y%m%dT%H%M%SZ}").mkdir(parents=True)
    (tmp_path / "base" / "partial").mkdir()
    mark = tmp_path / "files-copied"
    mark.touch()
    assert [is_raised(code) for code in ("base_backup_old", "stored_files_not_copied")] == [False, False]
    assert 30 * HOURS <= sample("backup_base_age_seconds") < 30 * HOURS + 60
    os.utime(mark, (mark.stat().st_mtime - 2000,) * 2)
    assert is_raised("stored_files_not_copied") is True


def test_a_server_that_archives_nothing_says_nothing():
    """The tests' server has no archive; one that has is in tests/deploy/test_restore_drill.py."""
    assert GAUGES["database_unarchived_log_seconds"].samples() == {}

"""The restore drill: a market is backed up while it trades, and restored to a moment between two trades."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections

from clearing.models import Restoration, SettlementInstruction, Trade, TransferFile
from clearing.settlement.errors import RestorationUncounted, SendingIsShut
from clearing.settlement.services.restorations import record_restoration
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.metrics import GAUGES
from marketplace.runtime.layout import PROJECT, VAR
from marketplace.runtime.postgres import DATABASE, OWNER_ROLE
from tests.archiving import ArchivingServer, archiving_server, filled, run_script
from tests.clearing import factories

SCRATCH = VAR / "test" / f"drill-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
"""A folder of this test process."""

LOOK = """
import django; django.setup()
import json
from datetime import timedelta
from clearing.bank.errors import StatementsOutstanding
from clearing.bank.reopening import open_sending
from fixtures.day.bank import carry_in, statement
from clearing.models import Restoration, SettlementInstruction, Trade, TransferFile
from clearing.settlement.restorations import shut_currencies
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.services import seal
from marketplace.evidence.verification import verify_log
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import operator_organisation
while seal(): pass
records, log_verified = EvidenceRecord.objects.count(), verify_log().verified
operator = operator_organisation()
actor = Actor(
    "usr_drill", Role.OPERATOR, operator.id, operator.public_id, frozenset(Permission), proved_at=clock.real_now()
)
old = clock.today()
clock.move_to(clock.now() + timedelta(days=10), running=False)
carry_in(actor, actor, statement(old, []), file_name="old.csv")
try:
    open_sending(actor=actor, restoration=Restoration.objects.get().public_id, currency="JPY")
    opened = "opened"
except StatementsOutstanding as refusal:
    opened = refusal.code
print(json.dumps({
    "trades": list(Trade.objects.order_by("pk").values_list("public_id", flat=True)),
    "payments": dict(SettlementInstruction.objects.values_list("reference", "state")),
    "transfer_files": TransferFile.objects.count(),
    "records": records,
    "restorations": list(Restoration.objects.values_list("number", flat=True)),
    "shut": sorted(shut_currencies(["JPY"])),
    "log_verified": log_verified,
    "opened_by_old_statement": opened,
}))
"""


@pytest.fixture
def archiving() -> Iterator[ArchivingServer]:
    """A server with an empty database."""
    with archiving_server(SCRATCH, durable=False) as server:
        yield server


@pytest.fixture
def live(archiving: ArchivingServer, migrated_database: str, django_db_blocker) -> Iterator[ArchivingServer]:
    """The migrated database on a server of its own; this process is connected to it as the owner."""
    with django_db_blocker.unblock(), filled(archiving):
        yield archiving


@contextlib.contextmanager
def trading(market: factories.Market) -> Iterator[list[str]]:
    """Conclude trades in a thread for the length of the block, at least two; yields their identifiers."""
    made: list[str] = []
    ended = threading.Event()

    def work() -> None:
        try:
            while len(made) < 2 or not ended.is_set():
                made.append(factories.conclude(market, "buyer", "seller", 1_000 + len(made)).public_id)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield made
    finally:
        ended.set()
        thread.join(60)
        assert not thread.is_alive()


def processor_seconds() -> float:
    """What the programs that this one waited for took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def drill(live: ArchivingServer, moment: str) -> dict[str, Any]:
    """The report of a drill that restores the market to the moment and looks at it."""
    program = [sys.executable, "deploy/drill.py", "--to", moment, "--scratch", str(SCRATCH)]
    told: dict[str, Any] = json.loads(
        live.run(*program, "--", sys.executable, "-c", LOOK, DATABASE_URL=live.address(OWNER_ROLE))
    )
    return told


def test_a_market_is_restored_to_a_moment_and_sends_nothing(live):
    market = factories.market()
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    with trading(market) as made:
        while len(made) < 1:
            time.sleep(0.01)
        live.run("deploy/backup.sh", "base")
    kept = list(Trade.objects.order_by("pk").values_list("public_id", flat=True))
    assert set(made) < set(kept)
    records = EvidenceRecord.objects.count()
    # Base backups are named by the second of their end.
    time.sleep(1.1)
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.1)
    # What is lost: a payment that was sent, and a trade.
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    lost = factories.conclude(market, "buyer", "seller", 5_000).public_id
    assert set(SettlementInstruction.objects.values_list("state", flat=True)) == {"sending"}
    live.archive_log()
    archived = {path.name for path in (live.backups / "wal").iterdir()}

    # Time of the processor, of all programs of the drill: what else the machine does must not decide.
    begun = processor_seconds()
    told = drill(live, moment)
    assert processor_seconds() - begun < 60

    found = json.loads(told["command"])
    assert (found["trades"], lost in found["trades"]) == (kept, False)
    assert set(found["payments"].values()) == {"planned"}
    assert (found["transfer_files"], found["restorations"], found["shut"]) == (0, [1], ["JPY"])
    # An old statement agrees with the restored ledger, but does not reach the day of what was sent.
    assert found["opened_by_old_statement"] == "statements_outstanding"
    # The record of the restoration itself.
    assert (found["records"], found["log_verified"]) == (records + 1, True)
    assert any("all" in line and "hold" in line for line in told["finish"])
    # The market itself went on, and its archive is as it was.
    assert TransferFile.objects.count() == 1
    assert {path.name for path in (live.backups / "wal").iterdir()} == archived


def test_a_restored_server_pays_nothing_before_the_restoration_is_counted(live):
    """The data are restored, the market is started, and everybody forgets the last step."""
    market = factories.market()
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    live.run("deploy/backup.sh", "base")
    time.sleep(1.1)
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.1)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    live.archive_log()
    connections.close_all()
    live.recover(moment)
    deadline = time.monotonic() + 30
    while is_in_recovery():
        assert time.monotonic() < deadline, "the server is still in recovery"
        time.sleep(0.1)

    assert set(SettlementInstruction.objects.values_list("state", flat=True)) == {"planned"}
    with pytest.raises(RestorationUncounted):
        create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert GAUGES["clearing_uncounted_restorations"].samples() == {(): 1.0}
    assert (TransferFile.objects.count(), Restoration.objects.count()) == (0, 0)

    assert record_restoration().number == 1
    with pytest.raises(SendingIsShut):
        create_transfer_file(actor=market.actor, cycle=cycle.public_id)


def test_a_log_that_is_not_archived_and_a_backup_are_seen(live, settings):
    settings.BACKUP_DIRECTORY = str(live.backups)
    live.archive_log()
    assert GAUGES["database_unarchived_log_seconds"].samples() == {(): 0.0}
    live.run("deploy/backup.sh", "base")
    stored = SCRATCH / "stored"
    stored.mkdir()
    live.run("deploy/backup.sh", "files", STORAGE_DIRECTORY=str(stored))
    ages = [GAUGES[f"backup_{what}_age_seconds"].samples()[()] for what in ("base", "files")]
    assert max(ages) < 60

    (live.backups / "wal").rename(live.backups / "gone")
    with live.server.connect_as_superuser(DATABASE) as server:
        server.execute("SELECT pg_create_restore_point('lost'), pg_switch_wal()")
    deadline = time.monotonic() + 60
    while GAUGES["database_unarchived_log_seconds"].samples()[()] == 0:
        assert time.monotonic() < deadline, "the server did not say that archiving fails"
        time.sleep(0.2)

    (live.backups / "gone").rename(live.backups / "wal")
    live.archive_log()
    while GAUGES["database_unarchived_log_seconds"].samples()[()] > 0:
        assert time.monotonic() < deadline, "the server did not say that archiving goes on"
        time.sleep(0.2)


def is_in_recovery() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        return bool(cursor.fetchone()[0])


def test_old_backups_leave_with_the_log_that_only_they_need(archiving):
    for _ in range(2):
        archiving.run("deploy/backup.sh", "base")
        archiving.archive_log()
        time.sleep(1.1)
    older, newer = sorted(path.name for path in (archiving.backups / "base").iterdir())
    before = {path.name for path in (archiving.backups / "wal").iterdir()}
    archiving.run("deploy/backup.sh", "prune", "1")
    assert [path.name for path in (archiving.backups / "base").iterdir()] == [newer]
    left = {path.name for path in (archiving.backups / "wal").iterdir()}
    assert (left < before, older < newer) == (True, True)
    # A timeline that a restoration began after both: their manifests tell that they lead to it.
    (archiving.backups / "wal" / "00000002.history").write_text(
        "1\tFFFF/00000000\tno recovery target specified\n"
    )
    target = SCRATCH / "restored"
    archiving.run("deploy/restore.sh", "prepare", PGDATA=str(target))
    assert (target / "recovery.signal").exists()


def test_stored_files_are_copied_once_and_come_back(tmp_path):
    backups = {"BACKUP_DIRECTORY": str(tmp_path / "backups")}
    stored = tmp_path / "stored"
    (stored / "ab").mkdir(parents=True)
    (stored / "ab" / "one").write_bytes(b"1")
    (stored / "draft-x").write_bytes(b"half")
    owner = 10001 if os.geteuid() == 0 else os.geteuid()
    for folder in (stored, stored / "ab"):
        os.chown(folder, owner, -1)
        folder.chmod(0o750)
    run_script("deploy/backup.sh", "files", STORAGE_DIRECTORY=str(stored), **backups)
    (stored / "ab" / "two").write_bytes(b"22")
    run_script("deploy/backup.sh", "files", STORAGE_DIRECTORY=str(stored), **backups)
    again = tmp_path / "again"
    run_script("deploy/restore.sh", "files", STORAGE_DIRECTORY=str(again), **backups)
    found = {str(path.relative_to(again)): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    assert found == {"ab/one": b"1", "ab/two": b"22"}
    # The market can write into the folders again.
    kept = [(path.stat().st_uid, path.stat().st_mode & 0o777) for path in (again, again / "ab")]
    assert kept == [(owner, 0o750)] * 2


def test_watching_makes_no_base_backup_before_its_time_and_copies_files_when_one_fails(tmp_path):
    (tmp_path / "stored").mkdir()
    (tmp_path / "stored" / "one").write_bytes(b"1")
    newest = tmp_path / "backups" / "base" / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    newest.mkdir(parents=True)
    copy = tmp_path / "backups" / "files" / "one"

    def watch(**variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PROJECT / "deploy" / "backup.sh", "watch"],
            env={
                "PATH": os.environ["PATH"],
                "BACKUP_DIRECTORY": str(tmp_path / "backups"),
                "BACKUP_URL": "postgresql://nobody@127.0.0.1:1",
                "STORAGE_DIRECTORY": str(tmp_path / "stored"),
                **variables,
            },
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    for variables, fails in (({}, False), ({"BASE_SECONDS": "0"}, True)):
        copy.unlink(missing_ok=True)
        watching = watch(**variables)
        try:
            deadline = time.monotonic() + 20
            while not copy.exists():
                assert time.monotonic() < deadline, "the stored file was not copied"
                time.sleep(0.05)
            if fails:
                assert watching.wait(20) == 1
            else:
                time.sleep(1)
                assert watching.poll() is None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(watching.pid, signal.SIGKILL)
            watching.communicate(timeout=20)
    assert list((tmp_path / "backups" / "base").iterdir()) == [newest]


@pytest.mark.parametrize(
    ("moment", "because"),
    [("2026-12-08T15:00:00", "no time zone"), ("2001-01-01T00:00:00Z", "no base backup ended before")],
)
def test_a_moment_that_no_backup_reaches_is_refused(tmp_path, moment, because):
    (tmp_path / "base" / "20260101T000000Z").mkdir(parents=True)
    done = subprocess.run(
        [PROJECT / "deploy" / "restore.sh", "prepare", moment],
        env={"PATH": os.environ["PATH"], "BACKUP_DIRECTORY": str(tmp_path), "PGDATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, because in done.stderr) == (1, True)
    assert list((tmp_path / "data").iterdir()) == [] if (tmp_path / "data").exists() else True


def test_a_folder_with_data_is_never_restored_over(tmp_path):
    (tmp_path / "base" / "20260101T000000Z").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("18\n")
    done = subprocess.run(
        [PROJECT / "deploy" / "restore.sh", "prepare"],
        env={"PATH": os.environ["PATH"], "BACKUP_DIRECTORY": str(tmp_path), "PGDATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "not empty" in done.stderr) == (1, True)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["PG_VERSION"]


def test_the_log_is_archived_whole_or_not_at_all(tmp_path):
    script = str(PROJECT / "deploy" / "archive_wal.sh")
    (tmp_path / "wal").mkdir()
    (tmp_path / "one").write_bytes(b"x" * 1000)
    command = [script, str(tmp_path / "wal"), str(tmp_path / "one"), "0001"]
    assert [subprocess.run(command, check=False).returncode for _ in range(2)] == [0, 0]
    assert (tmp_path / "wal" / "0001").read_bytes() == b"x" * 1000
    (tmp_path / "one").write_bytes(b"y" * 1000)
    assert subprocess.run(command, check=False).returncode == 1
    assert (tmp_path / "wal" / "0001").read_bytes() == b"x" * 1000
    missing = [script, str(tmp_path / "nowhere"), str(tmp_path / "one"), "0002"]
    assert subprocess.run(missing, check=False, stderr=subprocess.DEVNULL).returncode != 0

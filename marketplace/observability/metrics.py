"""Gauges of what every application stands on: the database, the broker, the disk and the processes."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import connection

from marketplace.kernel.alarms import Alarm
from marketplace.kernel.aside import FAILURES_MAX
from marketplace.kernel.clock import real_now
from marketplace.kernel.labels import Label
from marketplace.kernel.metrics import Gauge, Reading, by_number, by_rows
from marketplace.kernel.upkeep import broken_invariants

from .readiness import broker, unserved_queues

# Only transactions that write or hold a snapshot; the reader's own does not count.
OLDEST_TRANSACTION = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
       AND xact_start IS NOT NULL
"""
# The transaction that holds the commit horizon back is the oldest that has written something.
HORIZON_HOLDER = """
    SELECT coalesce(nullif(application_name, ''), 'unnamed'), usename,
           extract(epoch FROM clock_timestamp() - xact_start)
      FROM pg_stat_activity
     WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
     ORDER BY age(backend_xid) DESC LIMIT 1
"""
HEARTBEATS = """
    SELECT kind, name, extract(epoch FROM clock_timestamp() - seen_at) FROM observability_heartbeat
"""
CONNECTIONS = """
    SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""


def queue_lengths() -> Reading:
    """Messages that wait in the broker, by queue."""
    with broker() as client:
        return {(name,): int(client.llen(name)) for name in sorted(current_app.amqp.queues)}


def storage_used_share() -> Reading:
    """The used share of the disk that holds the stored files, from 0 to 1."""
    folder = settings.STORAGE_DIRECTORY
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return 1 - usage.free / usage.total


def queues_unserved() -> Reading:
    """The number of queues that no living worker takes from."""
    return len(unserved_queues())


OLDEST_TRANSACTION_SECONDS = Gauge(
    name="database_oldest_transaction_seconds",
    description="Age in seconds of the oldest running transaction.",
    read=by_number(OLDEST_TRANSACTION),
)
Gauge(
    name="database_horizon_holder_seconds",
    description="Age in seconds of the transaction that holds the commit horizon back, with who it is.",
    read=by_rows(HORIZON_HOLDER),
    labels=("application", "role"),
)
Gauge(
    name="database_connections",
    description="Connections to the database by state.",
    read=by_rows(CONNECTIONS),
    labels=("state",),
)
Gauge(
    name="broker_queue_messages",
    description="Messages that wait in the broker, by queue.",
    read=queue_lengths,
    labels=("queue",),
)
STORAGE_USED_RATIO = Gauge(
    name="storage_used_ratio",
    description="Used share of the disk that holds stored files, from 0 to 1.",
    read=storage_used_share,
)
Gauge(
    name="process_heartbeat_age_seconds",
    description="Seconds since a worker or beat was seen.",
    read=by_rows(HEARTBEATS),
    labels=("kind", "name"),
)
QUEUES_UNSERVED = Gauge(
    name="process_unserved_queues",
    description="Queues that no worker seen lately takes from.",
    read=queues_unserved,
)

Alarm(
    code="queue_unserved",
    gauge=QUEUES_UNSERVED,
    above=0,
    title=Label("A queue has no worker", "ワーカーのないキューがあります"),
    action=Label(
        "Ask /readyz which queue it is, read that worker's log, and start it.",
        "/readyz でキューを特定し、該当するワーカーのログを確認して起動してください。",
    ),
)
Alarm(
    code="transaction_long",
    gauge=OLDEST_TRANSACTION_SECONDS,
    above=120,
    title=Label("A transaction runs for minutes", "トランザクションが数分間続いています"),
    action=Label(
        "Find it in pg_stat_activity. It holds back every event; end it with pg_terminate_backend if it is not ours.",
        "pg_stat_activity で特定してください。すべてのイベントを遅らせます。市場のものでなければ pg_terminate_backend"
        " で終了させてください。",
    ),
)
Alarm(
    code="storage_nearly_full",
    gauge=STORAGE_USED_RATIO,
    above=0.9,
    title=Label("The disk of the stored files is nearly full", "保存先ディスクの空きが残りわずかです"),
    action=Label(
        "Enlarge the disk, or move archives off it, before uploads are refused.",
        "アップロードができなくなる前に、ディスクを拡張するか、アーカイブを移動してください。",
    ),
)

ALARM_REFUSED = "alarm_refused"
ALARMS_REFUSED = Gauge(
    name="observability_refused_alarms",
    description="Standing alarms whose message the server of a channel refused at least once, by channel.",
    read=by_rows(
        "SELECT c.channel, count(*) FILTER (WHERE CASE c.channel WHEN 'mail' THEN a.mail_refusals"  # noqa: S608
        "  ELSE a.webhook_refusals END > 0) FROM (VALUES ('mail'), ('webhook')) c (channel)"
        f" LEFT JOIN observability_raisedalarm a ON a.ended_at IS NULL AND a.code <> '{ALARM_REFUSED}' GROUP BY 1"
    ),
    labels=("channel",),
)

Alarm(
    code=ALARM_REFUSED,
    gauge=ALARMS_REFUSED,
    above=0,
    title=Label("An alarm's message was refused", "警報の通知が拒否されました"),
    action=Label(
        "Beat's log names the alarm and the answer of the mail server (ALARM_EMAIL) or receiver (ALARM_WEBHOOK_URL). Repair the"
        " receiver, and read your tasks meanwhile: each alarm is one. A message is given up after ten refusals.",
        "beat のログで、該当の警報とメールサーバー（ALARM_EMAIL）または受信先（ALARM_WEBHOOK_URL）の応答を確認し、受信先を修正"
        "してください。その間も警報はタスクで確認できます。10回拒否された通知は送信を打ち切ります。",
    ),
)

ROWS_ASIDE = Gauge(
    name="kernel_aside_rows",
    description="Rows that a loop could not process and that stand aside, by loop.",
    read=by_rows(
        f"SELECT loop, count(*) FROM kernel_asiderow WHERE ended_at IS NULL AND failures >= {FAILURES_MAX} GROUP BY 1"  # noqa: S608
    ),
    labels=("loop",),
)

Alarm(
    code="rows_aside",
    gauge=ROWS_ASIDE,
    above=0,
    title=Label("Rows stand aside", "処理できない行を保留しています"),
    action=Label(
        "Read the operator's tasks, which name each row and its error, and repair the cause; the row is tried again within"
        " the hour.",
        "運営者のタスクで対象の行とエラーを確認し、原因を解消してください。1時間以内に再試行されます。",
    ),
    opens_task=False,
)

MARKET_SINCE = "(SELECT min(m.applied) FROM django_migrations m)"
# While archive_timeout is set a file of the log is due that often, whether or not anything failed.
UNARCHIVED_LOG = """
    SELECT CASE WHEN a.last_failed_time > coalesce(a.last_archived_time, '-infinity')
                  OR (SELECT s.setting::int FROM pg_settings s WHERE s.name = 'archive_timeout') > 0
                THEN extract(epoch FROM clock_timestamp() - greatest(a.last_archived_time, pg_postmaster_start_time()))
                ELSE 0 END
      FROM pg_stat_archiver a WHERE current_setting('archive_mode') <> 'off' AND NOT pg_is_in_recovery()
"""
COMMAND_AGES = f"""
    SELECT e.command, extract(epoch FROM clock_timestamp() - coalesce(r.good_at, {MARKET_SINCE}))
      FROM unnest(%s::text[]) e (command) LEFT JOIN kernel_commandrun r USING (command)
"""  # noqa: S608  our own words
BASE_BACKUP_NAME = "%Y%m%dT%H%M%SZ"


def command_ages() -> Reading:
    """Seconds since each of ``DAILY_COMMANDS`` came to its end without a fault, or since the market was set up."""
    with connection.cursor() as cursor:
        cursor.execute(COMMAND_AGES, [list(settings.DAILY_COMMANDS)])
        return {(str(command),): max(float(seconds), 0.0) for command, seconds in cursor.fetchall()}


def base_backup_age() -> Reading:
    """Seconds since the newest base backup ended, by its name; None where backups are not readable from here."""
    if not settings.BACKUP_DIRECTORY:
        return None
    folder = Path(settings.BACKUP_DIRECTORY) / "base"
    moments = []
    for path in folder.iterdir() if folder.exists() else ():
        with contextlib.suppress(ValueError):  # one that is being made
            moments.append(datetime.strptime(path.name, BASE_BACKUP_NAME).replace(tzinfo=UTC))
    return _seconds_since(max(moments, default=None))


def files_backup_age() -> Reading:
    """Seconds since the stored files were last copied; None where backups are not readable from here."""
    if not settings.BACKUP_DIRECTORY:
        return None
    mark = Path(settings.BACKUP_DIRECTORY) / "files-copied"
    return _seconds_since(datetime.fromtimestamp(mark.stat().st_mtime, UTC) if mark.exists() else None)


def _seconds_since(moment: datetime | None) -> float:
    """In real time; since the market was set up without a moment."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {MARKET_SINCE}")
        set_up_at: datetime = cursor.fetchone()[0]
    return max((real_now() - (moment or set_up_at)).total_seconds(), 0.0)


UNARCHIVED_LOG_SECONDS = Gauge(
    name="database_unarchived_log_seconds",
    description="Seconds since the server archived a file of its log, while archiving fails or archive_timeout is set.",
    read=by_number(UNARCHIVED_LOG),
)
BASE_BACKUP_SECONDS = Gauge(
    name="backup_base_age_seconds",
    description="Seconds since the newest base backup ended, where BACKUP_DIRECTORY is set.",
    read=base_backup_age,
)
FILES_BACKUP_SECONDS = Gauge(
    name="backup_files_age_seconds",
    description="Seconds since the stored files were last copied, where BACKUP_DIRECTORY is set.",
    read=files_backup_age,
)
BROKEN_INVARIANTS = Gauge(
    name="kernel_broken_invariants",
    description="Invariants that the last whole run of check_invariants found broken.",
    read=broken_invariants,
)
COMMAND_AGE_SECONDS = Gauge(
    name="kernel_command_age_seconds",
    description="Seconds since a command of every day last ended without a fault, by command.",
    read=command_ages,
    labels=("command",),
)

Alarm(
    code="log_not_archived",
    gauge=UNARCHIVED_LOG_SECONDS,
    above=600,
    title=Label("The database's log is not archived", "データベースのログがアーカイブされていません"),
    action=Label(
        "Read the server's log for archive_command: its folder is full, gone or not writable. What is not archived cannot be"
        " restored, and the server keeps its log until its own disk is full.",
        "サーバーのログで archive_command の失敗を確認してください（保存先の容量不足・消失・書込不可）。アーカイブされない変更は"
        "復旧できず、サーバーのディスクもログで満杯になります。",
    ),
)
Alarm(
    code="base_backup_old",
    gauge=BASE_BACKUP_SECONDS,
    above=36 * 3600,
    title=Label("The newest base backup is old", "最新のベースバックアップが古くなっています"),
    action=Label(
        "Read the log of the backup process (backup.sh watch), repair it, and run backup.sh base.",
        "バックアップのプロセス（backup.sh watch）のログを確認して原因を解消し、backup.sh base を実行してください。",
    ),
)
Alarm(
    code="stored_files_not_copied",
    gauge=FILES_BACKUP_SECONDS,
    above=1800,
    title=Label("Stored files are not backed up", "保存ファイルがバックアップされていません"),
    action=Label(
        "Read the log of the backup process (backup.sh watch), repair it, and run backup.sh files.",
        "バックアップのプロセス（backup.sh watch）のログを確認して原因を解消し、backup.sh files を実行してください。",
    ),
)
Alarm(
    code="invariants_broken",
    gauge=BROKEN_INVARIANTS,
    above=0,
    title=Label("An invariant is broken", "不変条件が破られています"),
    action=Label(
        "Run manage.py check_invariants: it names the rows. Stop what writes them, keep a base backup of the state, and repair"
        " before the next cycle; the alarm ends with a run that finds nothing.",
        "manage.py check_invariants を実行して該当行を確認してください。原因となる処理を止め、現状のベースバックアップを取得し、"
        "次のサイクルの前に修復してください。違反のない実行で警報は終了します。",
    ),
)
Alarm(
    code="command_overdue",
    gauge=COMMAND_AGE_SECONDS,
    above=36 * 3600,
    title=Label("A command of every day has not ended well", "日次コマンドが正常終了していません"),
    action=Label(
        "The gauge names it. Read the log of what runs it (service daily, or its CronJob), run it by hand as the owner, and see"
        " that it runs daily.",
        "指標でコマンドを確認し、実行元（daily サービスまたは CronJob）のログを調べ、所有者ロールで手動実行のうえ、日次の実行を"
        "確認してください。",
    ),
)

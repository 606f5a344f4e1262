"""The whole trading day through a real PgBouncer in transaction mode, as the application's role."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from marketplace.kernel.limits import ROLE_LIMITS
from marketplace.runtime.facts import read_facts, read_secrets
from marketplace.runtime.layout import VAR
from marketplace.runtime.ports import free_port
from tests.conftest import cloned_database
from tests.processes import market, worker
from tests.stories.conftest import Market

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
POOL_SIZE = 12
CONFIGURATION = """
[databases]
{database} = host={host} port={port} dbname={database}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 300
logfile = {folder}/pgbouncer.log
"""


@contextlib.contextmanager
def pool(folder: Path, role: str, password: str) -> Iterator[int]:
    """PgBouncer in front of this test's database; yields its port. Nothing but its defaults is set beside the pool."""
    facts = connection.settings_dict
    port = free_port(None)
    (folder / "users.txt").write_text(f'"{role}" "{password}"\n', encoding="ascii")
    (folder / "pgbouncer.ini").write_text(
        CONFIGURATION.format(
            database=facts["NAME"],
            host=facts["HOST"],
            port=facts["PORT"],
            listen_port=port,
            folder=folder,
            pool_size=POOL_SIZE,
        ),
        encoding="ascii",
    )
    command = [str(PROGRAM), "-q", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:
        # It does not run as root.
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody")
        command[1:1] = ["-u", "nobody"]
    child = subprocess.Popen(command, start_new_session=True)
    try:
        deadline = time.monotonic() + 20
        while True:
            assert (child.poll(), time.monotonic() < deadline) == (None, True), "PgBouncer did not start"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port
    finally:
        child.kill()
        child.wait(20)


@contextlib.contextmanager
def connected_through(port: int, role: str, password: str) -> Iterator[None]:
    """This process and its children work through the pool, as the role."""
    facts = connection.settings_dict
    before = dict(facts)
    options = {
        name: value for name, value in facts["OPTIONS"].items() if name not in ("options", "assume_role")
    }
    connections.close_all()
    facts.update(
        HOST="127.0.0.1",
        PORT=port,
        USER=role,
        PASSWORD=password,
        OPTIONS=options | {"prepare_threshold": None},
        DISABLE_SERVER_SIDE_CURSORS=True,
    )
    try:
        yield
    finally:
        connections.close_all()
        facts.update(before)


@pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed: apt-get install pgbouncer")
def test_a_trading_day_passes_through_a_pool_in_transaction_mode(
    migrated_database, django_db_blocker, tmp_path_factory, monkeypatch
):
    if read_facts(VAR / "test") is None:
        pytest.skip("needs the password of the application's role on the embedded server")
    role, password = settings.APPLICATION_ROLE, read_secrets(VAR / "test")["application"]
    monkeypatch.setenv("DATABASE_POOLED", "true")
    folder = Path(tmp_path_factory.mktemp("market"))
    with (
        django_db_blocker.unblock(),
        tempfile.TemporaryDirectory(prefix="pgbouncer-") as place,
        cloned_database(migrated_database) as database,
    ):
        straight = dict(connection.settings_dict)
        with pool(Path(place), role, password) as port, connected_through(port, role, password):
            with connection.cursor() as cursor:
                for name, value in ROLE_LIMITS.items():
                    cursor.execute(f"SHOW {name}")
                    assert cursor.fetchone() == (value,)
            process = worker(folder)
            try:
                with market(folder) as base_url:
                    report = Market(base_url, process, folder).run_day()
                    with psycopg.connect(
                        host=straight["HOST"],
                        port=straight["PORT"],
                        user=straight["USER"],
                        password=straight["PASSWORD"],
                        dbname=database,
                    ) as server:
                        sessions = server.execute(
                            "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND datname = %s",
                            [role, database],
                        ).fetchone()
            finally:
                process.kill()
            call_command("check_invariants")
    assert sessions is not None
    assert 0 < sessions[0] <= POOL_SIZE
    assert [cycle["state"] for cycle in report["cycles"]] == ["settled"] * len(report["cycles"])
    assert len(report["cycles"]) > 0

"""A PostgreSQL of a test's own that archives its log, and the scripts of ``deploy/`` that back it up and restore it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from django.core.management import call_command
from django.db import connection, connections

from marketplace.runtime.layout import PROJECT
from marketplace.runtime.postgres import (
    APPLICATION_ROLE,
    DATABASE,
    OWNER_ROLE,
    SUPERUSER,
    EmbeddedPostgres,
    Passwords,
    binary,
    last_line,
)
from marketplace.runtime.privileges import choose, own_tree
from marketplace.runtime.processes import Child
from tests.processes import environment
from tests.roles import as_owner, owner_url
from tests.timelines import count_this_server

SECRET = "for-this-test-only"
SCRIPT_SECONDS_MAX = 300
END_SECONDS_MAX = 30


def run_script(*program: str, **variables: str) -> str:
    """The output of one of the scripts of ``deploy/``, with PostgreSQL's programs on the path."""
    path = f"{binary('postgres').parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        program,
        cwd=PROJECT,
        env=environment() | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=SCRIPT_SECONDS_MAX,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass
class ArchivingServer:
    """A server that archives its log, and the folder of its backups. It keeps its port over every start."""

    server: EmbeddedPostgres
    backups: Path
    child: Child | None = None

    def address(self, role: str) -> str:
        """The address of its database for a role."""
        return self.server.url(role, SECRET)

    def run(self, *program: str, **variables: str) -> str:
        """The output of a script that backs up this server, or restores it."""
        where = {
            "BACKUP_DIRECTORY": str(self.backups),
            "BACKUP_URL": self.server.url(SUPERUSER, SECRET).rpartition("/")[0],
        }
        return run_script(*program, **(where | variables))

    def archive_log(self) -> None:
        """End the present file of the log, and wait until the server has archived it."""
        with self.server.connect_as_superuser(DATABASE) as server:
            # Without a record since the last switch there would be nothing to archive.
            server.execute("SELECT pg_create_restore_point('drill')")
            row = server.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row is not None
        deadline = time.monotonic() + 30
        while not (self.backups / "wal" / str(row[0])).exists():
            assert time.monotonic() < deadline, "the log was not archived"
            time.sleep(0.1)

    def start(self) -> None:
        """Start it, where it was if it ran before."""
        port = self.server.port or None
        self.child = self.server.start(_plain(), outlive_us=False, preferred_port=port)
        assert port in (None, self.server.port)

    def kill(self) -> None:
        """Kill -9 the server, and wait until its sessions have noticed and ended."""
        assert self.child is not None
        process = self.child.process
        sessions = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait(END_SECONDS_MAX)
        _, alive = psutil.wait_procs(sessions, timeout=END_SECONDS_MAX)
        assert alive == []

    def recover(self, moment: str) -> None:
        """Kill the server and restore its data to ``moment`` from the backups; nobody counts the restoration."""
        self.kill()
        self.server.data.rename(self.server.folder / f"abandoned-{time.monotonic_ns()}")
        self.run("deploy/restore.sh", "prepare", moment, PGDATA=str(self.server.data))
        privilege = choose(binary("postgres"), self.server.folder)
        own_tree(self.server.data, privilege.file_owner())
        self.child = self.server.launch(privilege, _plain(), outlive_us=False)
        assert self.server.wait_until_ready(self.child), last_line(self.server.log)

    def restore(self, moment: str) -> str:
        """Kill the server and restore its data to ``moment`` from the backups; what the restoration said.

        The restoration is counted and every invariant checked, before anybody else connects.
        """
        self.recover(moment)
        return self.run(
            "deploy/restore.sh",
            "finish",
            moment,
            DATABASE_URL=self.address(OWNER_ROLE),
            PROGRAM=sys.executable,
        )

    def stop(self) -> None:
        """Stop it."""
        if self.child is not None:
            self.child.stop()


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}


@contextlib.contextmanager
def archiving_server(folder: Path, *, durable: bool) -> Iterator[ArchivingServer]:
    """A server with an empty database, in a folder that is its own. ``durable``: it may be killed."""
    shutil.rmtree(folder, ignore_errors=True)
    backups = folder / "backups"
    (backups / "wal").mkdir(parents=True)
    server = EmbeddedPostgres(
        folder=folder / "postgres",
        log=folder / "postgres.log",
        passwords=Passwords(SECRET, SECRET, SECRET),
        durable=durable,
    )
    server.folder.mkdir()
    privilege = choose(binary("postgres"), server.folder)
    own_tree(backups, privilege.file_owner())
    server.initialise(privilege, _plain())
    with (server.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("archive_mode = on\n")
        settings.write(f'archive_command = \'"{PROJECT}/deploy/archive_wal.sh" "{backups}/wal" "%p" "%f"\'\n')
    archiving = ArchivingServer(server, backups)
    archiving.start()
    try:
        yield archiving
    finally:
        archiving.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def filled(archiving: ArchivingServer) -> Iterator[None]:
    """Copy the database of this test onto the server, and connect this process to it, as the owner."""
    source = connection.settings_dict
    before = dict(source)
    connections.close_all()
    dump = subprocess.Popen(
        [binary("pg_dump"), "--no-privileges", "--dbname", owner_url()],
        stdout=subprocess.PIPE,
    )
    subprocess.run(
        [binary("psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", archiving.address(OWNER_ROLE)],
        stdin=dump.stdout,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert dump.stdout is not None
    dump.stdout.close()
    assert dump.wait() == 0
    address = urlsplit(archiving.address(OWNER_ROLE))
    source.update(HOST=address.hostname, PORT=address.port, USER=OWNER_ROLE, PASSWORD=SECRET, NAME=DATABASE)
    source["APPLICATION_LOGIN"] = {"USER": APPLICATION_ROLE, "PASSWORD": SECRET}
    try:
        with as_owner():
            call_command("grant_application_role", APPLICATION_ROLE, verbosity=0)
        count_this_server()
        yield
    finally:
        connections.close_all()
        source.update(before)

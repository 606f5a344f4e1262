"""The tests' databases are clones of a template that is migrated once, whole, and again when its key changes."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from marketplace.runtime.servers import RealServers, ServerSet
from tests.migrated_database import (
    PREFIX,
    PROJECT,
    UNFINISHED,
    current_key,
    databases,
    deciding_files,
    drop,
    key_of,
    provide_clone,
    with_imports,
)


class Migration:
    """Stands for ``migrate``: makes a table in the database that it is given, and counts."""

    def __init__(self, url: str, *, seconds: float = 0.0, fails: bool = False) -> None:
        self.url, self.seconds, self.fails = url, seconds, fails
        self.runs = 0

    def __call__(self, name: str) -> None:
        self.runs += 1
        time.sleep(self.seconds)
        with psycopg.connect(place(self.url, name)) as connection:
            connection.execute(f"CREATE TABLE run_{self.runs} ()")
        if self.fails:
            raise RuntimeError("the migration failed")


def place(url: str, name: str) -> str:
    return f"{url.rpartition('/')[0]}/{name}"


def tables(url: str, name: str) -> list[str]:
    with psycopg.connect(place(url, name)) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [table for (table,) in found.fetchall()]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of these tests' own: the suite's template stays where it is."""
    servers = ServerSet(tmp_path_factory.mktemp("servers"), durable=False, real=RealServers())
    yield servers.start().database_owner_url
    servers.stop()


@pytest.fixture
def server(address: str) -> Iterator[psycopg.Connection]:
    """A connection to it, with none of the databases of another test."""
    with psycopg.connect(place(address, "postgres"), autocommit=True) as connection:
        for name in [UNFINISHED, *databases(connection, PREFIX), *databases(connection, "mine")]:
            drop(connection, name)
        yield connection


def test_a_template_is_migrated_once_and_every_clone_is_fresh(
    address: str, server: psycopg.Connection
) -> None:
    migration = Migration(address)
    provide_clone(server, "mine", key="a", migrate=migration)
    with psycopg.connect(place(address, "mine")) as connection:
        connection.execute("CREATE TABLE left_behind ()")
    provide_clone(server, "mine", key="a", migrate=migration)
    assert migration.runs == 1
    assert tables(address, "mine") == ["run_1"]


def test_a_new_key_makes_a_template_anew_and_drops_the_old_one(
    address: str, server: psycopg.Connection
) -> None:
    migration = Migration(address)
    provide_clone(server, "mine", key="a", migrate=migration)
    provide_clone(server, "mine", key="b", migrate=migration)
    assert tables(address, "mine") == ["run_2"]
    assert databases(server, PREFIX) == ["migrated_b"]


def test_a_half_made_template_is_not_used(address: str, server: psycopg.Connection) -> None:
    with pytest.raises(RuntimeError, match="the migration failed"):
        provide_clone(server, "mine", key="a", migrate=Migration(address, fails=True))
    assert databases(server, UNFINISHED) == [UNFINISHED]
    assert databases(server, PREFIX) == []
    assert databases(server, "mine") == []
    with psycopg.connect(place(address, UNFINISHED)) as connection:
        connection.execute("CREATE TABLE half_made ()")
    provide_clone(server, "mine", key="a", migrate=Migration(address))
    assert tables(address, "mine") == ["run_1"]
    assert databases(server, UNFINISHED) == []


def test_of_two_processes_one_migrates_and_the_other_waits(address: str, server: psycopg.Connection) -> None:
    migration = Migration(address, seconds=0.5)

    def provide(name: str) -> None:
        with psycopg.connect(place(address, "postgres"), autocommit=True) as own:
            provide_clone(own, name, key="a", migrate=migration)

    threads = [threading.Thread(target=provide, args=[name]) for name in ("mine1", "mine2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert migration.runs == 1
    assert tables(address, "mine1") == tables(address, "mine2") == ["run_1"]


def test_nobody_can_connect_to_a_template(address: str, server: psycopg.Connection) -> None:
    provide_clone(server, "mine", key="a", migrate=Migration(address))
    with pytest.raises(psycopg.OperationalError, match="is not currently accepting connections"):
        tables(address, "migrated_a")


def test_what_a_killed_run_left_behind_is_dropped(address: str, server: psycopg.Connection) -> None:
    migration = Migration(address)
    for name in ("mine", "mine_of_a_test", "mine2"):
        provide_clone(server, name, key="a", migrate=migration)
    provide_clone(server, "mine", key="a", migrate=migration)
    assert databases(server, "mine") == ["mine", "mine2"]


def test_the_key_follows_the_content_of_a_migration(tmp_path: Path) -> None:
    first, second = tmp_path / "0001_initial.py", tmp_path / "0002_more.py"
    first.write_text("operations = []")
    keys = [key_of([first], [])]
    first.write_text("operations = [1]")
    keys.append(key_of([first], []))
    second.write_text("operations = [1]")
    keys += [key_of([first, second], []), key_of([second], []), key_of([second], ["AUTH_USER_MODEL='a.b'"])]
    assert len(set(keys)) == 5
    assert key_of([second, first], ["a", "b"]) == key_of([first, second], ["b", "a"])


def test_the_key_follows_what_a_migration_imports(tmp_path: Path) -> None:
    for name, text in {
        "app/migration.py": "import datetime\nfrom kernel.columns import Column",
        "kernel/columns.py": "import kernel.names",
        "kernel/names.py": "",
        "kernel/other.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = with_imports([tmp_path / "app/migration.py"], tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in found) == [
        "app/migration.py",
        "kernel/columns.py",
        "kernel/names.py",
    ]


def test_the_current_key_covers_every_migration_of_the_market() -> None:
    written = {
        path
        for path in PROJECT.rglob("migrations/0*.py")
        if not {".venv", "var"} & set(path.relative_to(PROJECT).parts)
    }
    assert len(written) > 10
    assert written - deciding_files() == set()
    assert {
        PROJECT / "marketplace/kernel/columns.py",
        PROJECT / "requirements.lock",
    } - deciding_files() == set()


def test_the_current_key_follows_a_setting(server: psycopg.Connection, settings) -> None:
    before = current_key(server)
    assert current_key(server) == before
    settings.DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
    assert current_key(server) != before

"""What all tests share: actors, an API client, and a database of their own for tests that must commit."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection, connections
from xdist.scheduler import LoadScopeScheduling

from marketplace.kernel import clock
from tests import standing
from tests.client import KeyedClient
from tests.migrated_database import (
    administration,
    clone,
    connected_to,
    current_key,
    drop,
    migrate,
    provide_clone,
)

TOGETHER = ("stories", "faults")
# A machine that halts for a second is no fault of the code: nothing here is timed.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

LONG = ("test_killed.py", "test_pgbouncer.py", "test_disk.py", "test_restore_drill.py")
# Folders whose tests start processes, race or search long.
SLOW_FOLDERS = {"stories", "faults", "concurrency", "properties", "conformance", "runtime"}

# What blocks the database outside tests, once this process has one.
_DATABASE: list[Any] = []
COUNTING = {"django_assert_num_queries", "django_assert_max_num_queries"}


class StoriesTogether(LoadScopeScheduling):
    """Tests go wherever a test process is free, but those that share what takes long to make to one of them.

    The stories share one trading day, the faults the templates that they start from.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((name for name in TOGETHER if nodeid.startswith(f"tests/{name}/")), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> StoriesTogether:
    """How tests are handed to several processes."""
    return StoriesTogether(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test fast or slow; the stories, the faults and the ``LONG`` files come first, because they take longest.

    What takes a minute must not begin when the other test processes end. Among the stories, the day comes before those that
    trade on in it.
    """
    for item in items:
        if speed := speed_of(item):
            item.add_marker(speed)
    stories = [item for item in items if "stories" in item.path.parts]
    stories.sort(key=lambda item: item.path.name != "test_trading_day.py")
    first = stories + [item for item in items if "faults" in item.path.parts]
    first += [item for item in items if item.path.name in LONG]
    items[:] = first + [item for item in items if item not in set(first)]


def speed_of(item: pytest.Item) -> str | None:
    """The mark of a test: slow in the slow folders or with a database of its own, else fast.

    A test of the long campaign has neither, so that `-m slow` leaves the campaign out.
    """
    if item.get_closest_marker("campaign"):
        return None
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    fixtures = getattr(item, "fixturenames", ())
    return "slow" if folder in SLOW_FOLDERS or "committed_database" in fixtures else "fast"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before its fixtures: let stand what the test begins with, once this process has a database."""
    for blocker in _DATABASE:
        with blocker.unblock():
            standing.prepare(standing.chain_of(item))


@pytest.fixture(autouse=True)
def _one_reading_of_the_clock(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that nobody else sees reads the movable clock as a request does: again only after it has moved it.

    Each reading is a statement, a quarter of all that the tests sent. Tests that count statements, commit, or move the
    clock behind the market (``every_reading``) read it whenever the market does.
    """
    names = set(request.fixturenames)
    counts = names & COUNTING or hasattr(request.module, "CaptureQueriesContext")
    alone = "db" in names or request.node.get_closest_marker("django_db")
    if counts or not alone or names & {"committed_database", "every_reading"}:
        yield
    else:
        with clock.read_once():
            yield


@pytest.fixture
def every_reading() -> None:
    """Every reading of the clock in this test asks the database."""


@pytest.fixture
def api() -> KeyedClient:
    """A client of the API that is nobody yet."""
    return KeyedClient()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, django_db_modify_db_settings: None
) -> Iterator[None]:
    """Make this process's database, a fresh clone of the migrated one, also for a session of tests that only clone it."""
    name = connection.settings_dict["TEST"]["NAME"]
    with django_db_blocker.unblock(), administration() as server:
        provide_clone(server, name, key=current_key(server), migrate=migrate)
    with connected_to(name):
        _DATABASE.append(django_db_blocker)
        yield
        _DATABASE.clear()
        with django_db_blocker.unblock():
            standing.clear()
    with administration() as server:
        drop(server, name)


@pytest.fixture(scope="session")
def migrated_database(django_db_setup: None) -> str:
    """The name of the migrated, empty database of this test process."""
    name: str = connection.settings_dict["NAME"]
    return name


@contextlib.contextmanager
def cloned_database(template: str) -> Iterator[str]:
    """Work on a clone of ``template``, to which everything commits; dropped at the end. Yields its name."""
    name = f"{template}_{secrets.token_hex(4)}"
    connections.close_all()
    with administration() as server:
        clone(server, template, name)
    try:
        with connected_to(name):
            yield name
    finally:
        with administration() as server:
            drop(server, name)


@pytest.fixture
def committed_database(migrated_database: str, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, to which it really commits.

    Append-only guards forbid emptying tables, so such tests do not share one. Threads and subprocesses of the test
    connect to it too.
    """
    with django_db_blocker.unblock(), cloned_database(migrated_database) as name:
        yield name

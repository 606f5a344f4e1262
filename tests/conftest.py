"""What all tests share: actors, an API client, and a database of their own for tests that must commit."""

from __future__ import annotations

import contextlib
import gc
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection, connections
from xdist.scheduler import LoadScopeScheduling

from marketplace.evidence.parties import PARTIES, RecordParties
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

TOGETHER = ("stories", "faults", "tidy")
"""Folders whose tests share what takes long to make: the trading day, the templates of the faults, the parsed sources."""
CHUNK = 24
"""So many tests of one file go to one test process; few enough that all processes end at about the same time."""
# A machine that halts for a second is no fault of the code: nothing here is timed.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")

# No kind of its own: the market's processes, which do not know it, find the functions of the database as they declare them.
PARTIES["test.happened"] = RecordParties("test", nobody="Tests of the log record what nobody does.")

LONG = (
    "test_killed.py",
    "test_strangers.py",
    "test_disk.py",
    "test_money_path.py",
    "test_one_token.py",
    "test_restore_drill.py",
    "test_pgbouncer.py",
    "test_http.py",
    "test_web.py",
    "test_rendering.py",
    "test_runner.py",
    "test_hot_trades.py",
)
"""Files that take longest, the longest first: what takes a minute must not begin when the other test processes end."""
GARBAGE_MIN = 50_000
"""So many more new objects than freed ones let the garbage collector begin; a test makes tens of thousands."""
# Folders whose tests start processes, race or search long.
SLOW_FOLDERS = {"stories", "faults", "concurrency", "properties", "conformance", "runtime"}

# What blocks the database outside tests, once this process has one.
_DATABASE: list[Any] = []
COMMITTING = {"committed_database", "module_database"}
COUNTING = {"django_assert_num_queries", "django_assert_max_num_queries"}


class FilesTogether(LoadScopeScheduling):
    """Tests of one file follow each other in one test process, which makes once what they begin with (``tests/standing.py``).

    A process takes up to ``CHUNK`` of them at once; the folders of ``TOGETHER`` stay whole.
    """

    scopes: dict[str, str]

    def schedule(self) -> None:
        """Name the scope of each test before they are handed out."""
        if self.collection is None and self._check_nodes_have_same_collection():
            self.scopes = scopes_of(next(iter(self.registered_collections.values())))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self.scopes[nodeid]


def scopes_of(nodeids: Iterable[str]) -> dict[str, str]:
    """The scope of each test: what one process runs at once. Tests of one file stand in their order."""
    scopes: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for nodeid in nodeids:
        file = nodeid.partition("::")[0]
        folder = next((name for name in TOGETHER if file.startswith(f"tests/{name}/")), None)
        scopes[nodeid] = folder or f"{file} {counts[file] // CHUNK}"
        counts[file] += 1
    return scopes


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether:
    """How tests are handed to several processes."""
    return FilesTogether(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test fast or slow; the stories, the faults and the ``LONG`` files come first, because they take longest.

    Among the stories, the day comes before those that trade on in it.
    """
    for item in items:
        if speed := speed_of(item):
            item.add_marker(speed)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[int, int]:
    """Where a test stands: its group, and its place in the group. Others keep their order."""
    name, folders = item.path.name, item.path.parts
    if "stories" in folders:
        return 0, int(name != "test_trading_day.py")
    if "faults" in folders:
        return 1, 0
    return (2, LONG.index(name)) if name in LONG else (3, 0)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[Any]:
    """What is loaded here stays until the end, so the garbage collector need not look at it, now or again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_MIN, 20, 100)
        gc.enable()


def pytest_unconfigure() -> None:
    """At the end everything is freed, as without."""
    gc.unfreeze()


def speed_of(item: pytest.Item) -> str | None:
    """The mark of a test: slow in the slow folders or with a database of its own, else fast.

    A test of the long campaign has neither, so that `-m slow` leaves the campaign out.
    """
    if item.get_closest_marker("campaign"):
        return None
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    fixtures = set(getattr(item, "fixturenames", ()))
    return "slow" if folder in SLOW_FOLDERS or fixtures & COMMITTING else "fast"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before its fixtures: let stand what the test begins with, once this process has a database."""
    for blocker in _DATABASE:
        with blocker.unblock():
            standing.prepare(standing.chain_of(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """After a process's last test nothing stands: its transaction would hold back what others seal until all have ended."""
    yield
    if nextitem is None:
        for blocker in _DATABASE:
            with blocker.unblock():
                standing.clear()


@pytest.fixture(autouse=True)
def _one_reading_of_the_clock(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that nobody else sees reads the movable clock as a request does: again only after it has moved it.

    Each reading is a statement, a quarter of all that the tests sent. Tests that count statements, commit, or move the
    clock behind the market (``every_reading``) read it whenever the market does.
    """
    names = set(request.fixturenames)
    counts = names & COUNTING or hasattr(request.module, "CaptureQueriesContext")
    alone = "db" in names or request.node.get_closest_marker("django_db")
    if counts or not alone or names & {*COMMITTING, "every_reading"}:
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


@pytest.fixture(scope="module")
def module_database(migrated_database: str, django_db_blocker: Any) -> Iterator[str]:
    """A database to which the tests of one module commit, for processes that they share and that write nothing."""
    with django_db_blocker.unblock(), cloned_database(migrated_database) as name:
        yield name


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

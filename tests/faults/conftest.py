"""The ground of the campaign, made once, and the table of what was hit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.ground import Ground, own_postgres, prepared_ground
from tests.faults.kill_points import MORNING
from tests.faults.tally import MISDEEDS, TALLY, table_of_misdeeds


@pytest.fixture(scope="package")
def ground(migrated_database: str, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Ground]:
    """What all faults start from."""
    with (
        django_db_blocker.unblock(),
        prepared_ground(migrated_database, tmp_path_factory.mktemp("faults")) as ground,
    ):
        yield ground


@pytest.fixture(scope="module")
def own_ground(migrated_database: str, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Ground]:
    """The same on a PostgreSQL of its own, which may be restarted."""
    folder = tmp_path_factory.mktemp("own")
    with (
        django_db_blocker.unblock(),
        own_postgres(migrated_database, folder) as (server, name),
        prepared_ground(name, folder, (MORNING,)) as ground,
    ):
        ground.server = server
        yield ground


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the campaign's tables."""
    if "campaign" not in (config.getoption("markexpr") or "").split():
        return
    if TALLY.families:
        terminalreporter.section("faults")
        terminalreporter.write_line(TALLY.table())
    if MISDEEDS:
        terminalreporter.section("what the bank did")
        terminalreporter.write_line(table_of_misdeeds())

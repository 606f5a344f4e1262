"""Every test is marked fast or slow by the rule of tests/conftest.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import speed_of

TESTS = Path(__file__).parents[1]


class Probe(pytest.Item):
    """A test that is never run."""

    def runtest(self) -> None:
        """Do nothing."""


def speeds(request: pytest.FixtureRequest) -> list[str]:
    """The speeds that the running test is marked with."""
    return [name for name in ("fast", "slow") if request.node.get_closest_marker(name)]


def test_a_test_is_fast(request):
    assert speeds(request) == ["fast"]


def test_a_test_in_the_shared_database_is_fast(request, db):
    assert speeds(request) == ["fast"]


def test_a_test_with_a_database_of_its_own_is_slow(request, committed_database):
    assert speeds(request) == ["slow"]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("kernel", "fast"), ("clearing", "fast"), ("stories", "slow"), ("faults", "slow"), ("runtime", "slow")],
)
def test_the_folder_of_a_test_says_how_fast_it_is(request, folder, expected):
    file = pytest.Module.from_parent(request.session, path=TESTS / folder / "test_probe.py")
    assert speed_of(Probe.from_parent(file, name="probe")) == expected


def test_a_test_of_the_campaign_is_neither(request):
    file = pytest.Module.from_parent(request.session, path=TESTS / "faults" / "test_probe.py")
    probe = Probe.from_parent(file, name="probe")
    probe.add_marker("campaign")
    assert speed_of(probe) is None

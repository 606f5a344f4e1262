"""Every test is marked fast or slow by the rule of tests/conftest.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def speeds(request: pytest.FixtureRequest) -> list[str]:
    """The speeds that the running test is marked with."""
    return [name for name in ("fast", "slow") if request.node.get_closest_marker(name)]


def test_a_test_is_fast(request):
    assert speeds(request) == ["fast"]


def test_a_test_in_the_shared_database_is_fast(request, db):
    assert speeds(request) == ["fast"]


def test_a_test_with_a_database_of_its_own_is_slow(request, committed_database):
    assert speeds(request) == ["slow"]


def test_a_test_in_a_slow_folder_is_slow_and_one_of_the_campaign_is_neither():
    program = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0"]
    program += ["-m", "fast or (campaign and slow)", "tests/concurrency", "tests/properties"]
    listed = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True)
    assert listed.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, listed.stdout

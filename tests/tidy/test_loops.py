"""Every loop over rows is tried with a row that it cannot process: a test says that the row stands aside from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("marketplace", "clearing", "contracts", "delivery", "listings", "quality")
LOOP = re.compile(r"\bLoop\(\s*f?\"([a-z_.]+)")


def loops() -> list[str]:
    """The names of the loops of production code; of a name that is put together, its beginning."""
    found = (LOOP.findall(path.read_text()) for app in OURS for path in (ROOT / app).rglob("*.py"))
    return sorted({name for names in found for name in names})


@pytest.mark.parametrize("name", loops())
def test_a_loop_is_tried_with_a_row_that_it_cannot_process(name):
    tried = re.compile(rf"[(=\s]\"{re.escape(name)}")
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if tried.search(path.read_text())]
    assert [path for path in tests if "poison" in path.read_text()] != []

"""What tests of quality share."""

import os
from pathlib import Path

import pytest

from tests.listings import factories
from tests.standing import made_once

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is not there."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no shared data at {SHARED_DATA}; set SHARED_DATA")
    return SHARED_DATA


@made_once
def seller():
    """A business that may sell in the segment environment."""
    return factories.seller()

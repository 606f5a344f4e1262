"""What tests of listings share."""

import os
from pathlib import Path

import pytest

from tests.participants import factories as participants
from tests.standing import made_once

from . import factories

SHARED_DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is not there."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no shared data at {SHARED_DATA}; set SHARED_DATA")
    return SHARED_DATA


@made_once
def operator():
    """Somebody who acts for the operator."""
    return participants.actor_for(participants.operator())


@made_once
def seller():
    """A business that may sell in the segment environment."""
    return factories.seller()

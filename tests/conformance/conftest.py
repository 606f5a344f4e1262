"""The market of the matrix, made once for the tests that follow each other."""

from __future__ import annotations

import pytest

from clearing.run.services import netting
from tests.clearing import factories
from tests.standing import made_once

from .world import World, make_world


@pytest.fixture(autouse=True)
def _nothing_foreseen() -> None:
    """What this process keeps of the cycle that it saw last is forgotten: an earlier test's cycle had the same number."""
    netting._LAST_FORESEEN.clear()
    netting._LAST_TOTALS.clear()


@pytest.fixture(autouse=True)
def _downloads_elsewhere(settings) -> None:
    """Files are sent by another process, to which the API points."""
    settings.DOWNLOADS_URL = "https://downloads.example"


@made_once
def world() -> World:
    """A market with a caller of each kind."""
    return make_world()


@made_once
def books(world: World) -> World:
    """The market after a cycle in which the seller was paid for a trade."""
    factories.accepted(world.clearing, "buyer", "seller", 10_000)
    factories.settle(world.clearing, factories.clear(world.clearing))
    return world

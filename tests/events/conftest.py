"""The pipe with one subscriber: the probe."""

import pytest

from .pipe import HANDLER
from .probe import handlers


@pytest.fixture
def probed(committed_database, settings):
    """A committed database with one subscription: the probe's."""
    settings.EVENT_SUBSCRIPTIONS = {"organisation.registered": (HANDLER,)}
    handlers.FAILING.clear()
    handlers.SLEEPING.clear()
    handlers.CLOCK_READINGS.clear()
    handlers.LEAVING_A_STATEMENT.clear()
    handlers.EMITTING.clear()
    handlers.RAISING.clear()
    handlers.STUBBORN.clear()
    handlers.prepare()

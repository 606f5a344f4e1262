"""What the tests of renewals share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from contracts import tasks
from contracts.models import Agreement
from marketplace.kernel import clock

from .. import factories
from ..amending.conftest import JST, SUBSCRIPTION
from ..amending.conftest import market as market

AUTOMATIC = {"kind": "automatic", "notice_days": 30, "times_max": 2}
BEGUN = datetime(2027, 3, 31, 10, tzinfo=JST)
NOTICE_BY = datetime(2028, 3, 2, tzinfo=JST)
"""The term ends with 2028-03-31; the last day of the notice is 2028-03-01, thirty days before."""


@pytest.fixture
def yearly(market) -> Agreement:
    """An agreement over a year, concluded on 2027-03-31, for 10,000 yen a month, that is renewed for a year twice at most."""
    clock.move_to(BEGUN, running=False)
    return factories.agreement(market, **SUBSCRIPTION, renewal=AUTOMATIC)


def move_to(moment: datetime) -> None:
    """Go to a moment, and sweep."""
    clock.move_to(moment, running=False)
    tasks.sweep()


def again(agreement: Agreement) -> Agreement:
    """The agreement as it is now."""
    return Agreement.objects.get(pk=agreement.pk)


def run(statement: str, *values: Any) -> None:
    """Run a statement as the application's role."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)

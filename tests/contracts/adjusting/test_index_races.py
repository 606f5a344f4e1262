"""A value of an index that is entered at the moment of a firing comes before it or after it, never between."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from contracts import handlers
from contracts.adjusting.services import enter_index_value
from contracts.models import FiredAdjustment, IndexValue
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import TradeConcluded
from marketplace.kernel import clock
from tests.clearing.trades import test_charged_as_signed as charging
from tests.contracts import factories
from tests.contracts.ending.test_endings import colleague
from tests.contracts.test_races import WAIT_SECONDS, broken
from tests.delivery.test_races import JOIN_SECONDS, attempt
from tests.notices.factories import handle
from tests.roles import assert_refused
from tests.rules import factories as rulebooks

from .test_fired import INDEX, monthly

DAY = timedelta(days=1)
market = charging.market


@pytest.fixture
def committed_market(committed_database) -> factories.Market:
    """A market in a database of its own, with the value of an index as of yesterday."""
    made = factories.market()
    rulebooks.publish({**factories.RULES, "tariffs": [rulebooks.tariff()]})
    factories.index_value(made, as_of=clock.today() - DAY)
    return made


def begin_charge(agreement) -> None:
    """The first charge has begun, as clearing tells it."""
    told = OutboxEvent.objects.get(type="trade.concluded", subject=agreement.public_id)
    handle(handlers.on_trade_concluded, TradeConcluded(**told.data))


def second_person_of(market):
    """Enter the value of today as the second person, when called; the first has given the command."""
    stated = {"index": "cpi_jp", "as_of": clock.today(), "value_milli": 108_000, "source": "総務省統計局"}
    with pytest.raises(SecondPersonNeeded):
        enter_index_value(actor=market.operator, **stated)
    second = colleague(market, "third")
    return lambda: enter_index_value(actor=second, **stated)


@pytest.mark.parametrize("enters_first", [True, False])
def test_a_clause_and_a_new_value_wait_for_each_other(committed_market, enters_first):
    agreement = monthly(committed_market, INDEX)
    enter, outcomes = second_person_of(committed_market), []
    works = [enter, lambda: begin_charge(agreement)]
    first, second = works if enters_first else reversed(works)
    with transaction.atomic():
        first()
        thread = attempt(second, outcomes)
        time.sleep(WAIT_SECONDS)
        assert outcomes == [], "the second must wait for the first transaction"
    thread.join(timeout=JOIN_SECONDS)
    assert IndexValue.objects.count() == 2
    assert FiredAdjustment.objects.get().after_minor == (10_800 if enters_first else 10_400)
    assert broken() == {}


@pytest.mark.django_db
def test_the_database_refuses_a_value_that_an_earlier_firing_ought_to_have_read(market):
    factories.index_value(market, as_of=clock.today() - DAY)
    begin_charge(monthly(market, INDEX))

    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO contracts_indexvalue (public_id, index, as_of, value_milli, source, entered_by, first_person, entered_at)"
                " SELECT 'idx_raw', index, as_of + 1, value_milli + 1, source, entered_by, first_person, entered_at - interval '1 second'"
                " FROM contracts_indexvalue"
            )

    assert_refused(insert, because="read an older value")

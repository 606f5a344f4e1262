"""Neither the operator nor its affiliate is a party of a trade, whoever writes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from clearing.models import Trade
from marketplace.kernel import clock
from marketplace.participants import services as participation
from marketplace.participants.models import Admission, Organisation
from tests.clearing import factories
from tests.clearing.test_invariants import broken
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db

COPY = """
    INSERT INTO clearing_trade ({columns}) SELECT {values} FROM clearing_trade WHERE id = %s
"""


def copied(trade: Trade, side: str, party: int) -> None:
    """A trade like another with a party of its own, by raw SQL."""
    changed = {
        "public_id": "'trd_forged'",
        "business_key": "business_key || 'x'",
        "agreement": "'agr_forged'",
        side: str(party),
    }
    columns = [
        field.column
        for field in Trade._meta.local_concrete_fields
        if field.column not in ("id", "gross_minor", "leaf")
    ]
    values = [changed.get(column, f'"{column}"') for column in columns]
    statement = COPY.format(columns=", ".join(f'"{column}"' for column in columns), values=", ".join(values))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [trade.pk])


@pytest.mark.parametrize("side", ["buyer_id", "seller_id"])
@pytest.mark.parametrize("which", ["operator", "affiliate"])
def test_a_trade_of_an_affiliate_is_refused_and_found(market, side, which):
    affiliate = participants.organisation("関係", operator_affiliate=True)
    clock.move_to(clock.now() + timedelta(minutes=1), running=False)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    party = market.operator if which == "operator" else affiliate
    assert_refused(lambda: copied(trade, side, party.pk), because="is no party of a trade")
    assert Trade.objects.count() == 1
    assert "clearing.traders_are_independent" not in broken()
    with unguarded("clearing_trade"):
        copied(trade, side, party.pk)
    assert "clearing.traders_are_independent" in broken()


def test_who_became_an_affiliate_later_was_independent(market):
    factories.conclude(market, "buyer", "seller", 10_000)
    seller = market.party("seller")
    for admission in Admission.objects.filter(organisation=seller, state="admitted"):
        participation.withdraw_admission(actor=participants.actor_for(seller), admission=admission.public_id)
    participants.affiliate(seller)
    assert Organisation.objects.get(pk=seller.pk).operator_affiliate
    assert "clearing.traders_are_independent" not in broken()

"""Races for a planned payment: either the bank's file has it or the set-off, never both."""

from __future__ import annotations

from functools import partial

import pytest

from clearing.models import SetOff, SettlementInstruction, Shortfall
from clearing.run.services.cycles import advance_cycle, close_cycle
from clearing.settlement.errors import NothingToTransfer
from clearing.settlement.services.transfer_files import create_transfer_file
from tests.clearing import factories
from tests.concurrency.test_holds import at_once, broken

pytestmark = pytest.mark.usefixtures("committed_database")


@pytest.fixture
def market(committed_database) -> factories.Market:
    return factories.market()


def test_a_payment_is_sent_or_set_off(market):
    for number in range(4):
        seller = f"seller{number}"
        trade = factories.accepted(market, "buyer", seller, 10_000)
        first = factories.clear(market)
        factories.adjust(market, trade, seller, "buyer", 500)
        second = factories.advance_to(close_cycle(actor=market.actor, currency="JPY"), "validated")
        sent, _ = at_once(
            partial(create_transfer_file, actor=market.actor, cycle=first.public_id),
            partial(advance_cycle, cycle=second.public_id),
        )
        assert not isinstance(sent, Exception) or isinstance(sent, NothingToTransfer)
        factories.advance_to(second, "settling")
        of_seller = {"organisation": market.party(seller), "cycle": second}
        made = (
            SetOff.objects.filter(**of_seller).count(),
            Shortfall.objects.filter(**of_seller).count(),
        )
        assert made in {(1, 0), (0, 1)}
        rows = SettlementInstruction.objects.filter(cycle=first, organisation=market.party(seller))
        amounts = sorted(rows.exclude(state="cancelled").values_list("amount_minor", flat=True))
        assert amounts == ([9_900] if made == (1, 0) else [10_450])
        assert broken() == {}

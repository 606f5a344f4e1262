"""What sanctions hold back is not set off: a set-off is a payment, and an authority must permit it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from clearing.models import SetOff, SettlementInstruction, Shortfall
from clearing.settlement.services.payments import report_failed_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls import set_offs
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import run
from ..settlement.test_sanctions import permit, sanction
from ..test_invariants import broken

NAMED = "clearing.sanctioned_are_not_set_off"


@made_once
def planned(market):
    """A trade of 10,000, of which 10,450 are planned for the seller and not sent: its payment and the trade."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    return SettlementInstruction.objects.get(cycle=cycle, organisation=market.party("seller")), trade


def test_a_payment_that_sanctions_hold_back_covers_nothing(market, planned):
    payment, trade = planned
    sanction(market, "seller")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    payment.refresh_from_db()
    assert (payment.state, SetOff.objects.count(), Shortfall.objects.get().missing_minor) == (
        "planned",
        0,
        550,
    )
    assert broken() == {}


def test_a_payment_that_an_authority_permitted_is_set_off(market, planned):
    payment, trade = planned
    sanction(market, "seller")
    permit(market, payment)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert (SetOff.objects.get().amount_minor, Shortfall.objects.count()) == (550, 0)
    assert broken() == {}


def test_the_amount_of_a_failed_payment_covers_nothing_either(market, planned):
    payment, trade = planned
    create_transfer_file(actor=market.actor, cycle=payment.cycle.public_id)
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    sanction(market, "seller")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert Shortfall.objects.get().missing_minor == 550
    assert factories.balance(market, "seller", "receivable") == payment.amount_minor
    assert broken() == {}


def test_other_kinds_of_suspension_hold_no_set_off_back(market, planned):
    _, trade = planned
    sanction(market, "seller", "breach")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert SetOff.objects.get().amount_minor == 550


def test_the_database_refuses_a_set_off_that_the_service_let_pass(market, planned, monkeypatch):
    payment, trade = planned
    sanction(market, "seller")
    factories.adjust(market, trade, "seller", "buyer", 500)
    monkeypatch.setattr(set_offs, "sanctioned_payments", lambda payments: set())
    with pytest.raises(IntegrityError, match="sanctions hold back"):
        factories.clear(market)
    payment.refresh_from_db()
    assert (payment.state, SetOff.objects.count()) == ("planned", 0)


def test_a_set_off_forced_under_sanctions_is_named(market, planned):
    _, trade = planned
    sanction(market, "seller", "breach")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert broken() == {}
    with unguarded("participants_suspension"):
        run("UPDATE participants_suspension SET kind = 'sanctions'")
    assert NAMED in broken()

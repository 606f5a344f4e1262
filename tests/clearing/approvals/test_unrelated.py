"""Nobody gives a command about a participant in which it has declared an interest."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from clearing.approvals.halts import lift_halt_by_two
from clearing.bank.debits import book_debit, recoup_debit
from clearing.models import DebitBooking, Guarantee, Obligation, Recoupment, SetOffRestraint
from clearing.settlement.services.payments import report_failed_payment
from clearing.shortfalls.services.restraints import lift_restraint, record_restraint
from clearing.trades.obligation_reference import obligation_reference
from clearing.trades.services.corrections import penalise_trade, refund_trade, reverse_obligation
from clearing.trades.services.shares import claw_back_share
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.schemas.contracts import Beneficiary
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest
from marketplace.rules.models import Halt
from marketplace.rules.services import halt_trading
from tests.listings.factories import listing
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded

from .. import factories
from ..bank.test_debits import by_two, credit, debit
from ..guaranteeing import people, reduce, register
from ..raw import refused, run

WHY = {"ja": "解消", "en": "Solved"}
ENDED = "UPDATE approvals_approval SET state = 'approved', ended_by = %s, ended_at = public.business_now() WHERE id = %s"


def related(person: Actor, market: factories.Market, name: str) -> None:
    stated = {
        "organisation": market.party(name).public_id,
        "kind": "family",
        "statement": "親族が勤務しています。",
    }
    declare_interest(actor=person, **stated)


def nobody_related_gives(
    market: factories.Market, command: Callable[..., Any], of: str = "seller", **stated: Any
) -> None:
    """The first gave it, then declares its interest, as the second did: neither completes it; two others are needed."""
    with pytest.raises(SecondPersonNeeded):
        command(actor=market.actor, **stated)
    asked = Approval.objects.latest("pk")
    related(market.second, market, of)
    with pytest.raises(Recused):
        command(actor=market.second, **stated)
    refused(ENDED, market.second.identifier, asked.pk, because="declared an interest")
    other = actor_for(market.operator, "usr_third")
    related(market.actor, market, of)
    refused(ENDED, other.identifier, asked.pk, because="declared an interest")
    with pytest.raises(SecondPersonNeeded):
        command(actor=other, **stated)
    given = Approval.objects.filter(command=asked.command, subject=asked.subject)
    assert not given.filter(state="approved").exists()


def test_nobody_related_to_the_seller_lifts_a_halt_of_its_listing(market):
    offered = listing(market.party("seller"))
    halt = halt_trading(actor=market.actor, scope="listing", subject=offered.public_id, reason=WHY)
    nobody_related_gives(market, lift_halt_by_two, halt=halt.public_id, reason=WHY)
    assert Halt.objects.get().lifted_at is None
    # Two people who are not related do.
    lifted = client_of(market.operator).post(
        f"/api/v1/halts/{halt.public_id}/lift/", {"reason": WHY}, format="json"
    )
    assert lifted.status_code == 200
    assert Halt.objects.get().lifted_at is not None


def test_nobody_related_to_the_seller_halts_its_listing(market):
    offered = listing(market.party("seller"))
    related(market.actor, market, "seller")
    with pytest.raises(Recused):
        halt_trading(actor=market.actor, scope="listing", subject=offered.public_id, reason=WHY)
    assert not Halt.objects.exists()
    assert halt_trading(actor=market.actor, scope="market", reason=WHY).lifted_at is None


@pytest.mark.parametrize("of", ["buyer", "seller"])
def test_nobody_related_to_debtor_or_creditor_reverses_an_obligation(market, of):
    trade = factories.accepted(market, "buyer", "seller", 2_000_000)
    penalty = {"trade": trade.public_id, "debtor": market.party("seller").public_id, "reason": "late"}
    for person in (market.actor, market.second):
        with suppress(SecondPersonNeeded):
            penalise_trade(actor=person, amount_minor=1_500_000, **penalty)
    made = Obligation.objects.get(kind="penalty")
    named = {"obligation": obligation_reference(trade.public_id, made.pk), "reason": "wrong trade"}
    nobody_related_gives(market, reverse_obligation, of=of, **named)
    assert not Obligation.objects.filter(reverses=made).exists()


@pytest.mark.parametrize("of", ["seller", "person"])
def test_nobody_related_to_a_beneficiary_claws_its_share_back(market, of):
    person = market.party("person").public_id
    shares = (Beneficiary(organisation=person, share_bp=5_000),)
    trade = factories.accepted(market, "buyer", "seller", 4_000_000, beneficiaries=shares)
    for actor in (market.actor, market.second):
        with suppress(SecondPersonNeeded):
            refund_trade(actor=actor, trade=trade.public_id, amount_minor=4_000_000, reason="whole")
    stated = {
        "trade": trade.public_id,
        "beneficiary": person,
        "amount_minor": 1_500_000,
        "reason": "返金のため",
    }
    nobody_related_gives(market, claw_back_share, of=of, **stated)
    assert not Obligation.objects.filter(kind="share_return").exists()


@pytest.fixture
def paid_twice(market):
    """A payment that the bank carried out twice, and the second debit."""
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "other", 50_000)
    paid = factories.instructions(factories.settle(market, factories.clear(market)))[0]
    return paid, debit(market, paid.amount_minor, paid.reference)


def test_nobody_related_to_the_payee_books_its_debit(market, paid_twice):
    paid, repeated = paid_twice
    named = {"bank_entry": repeated.public_id, "booked_as": "paid_twice", "reason": "照会済み"}
    nobody_related_gives(market, book_debit, instruction=paid.public_id, **named)
    assert not DebitBooking.objects.exists()


def test_nobody_related_to_the_payee_recoups_its_debit(market, paid_twice):
    paid, repeated = paid_twice
    booked = by_two(market, repeated, "paid_twice", instruction=paid.public_id)
    back = credit(market, paid.amount_minor, "返金")
    nobody_related_gives(market, recoup_debit, bank_entry=back.public_id, debit=booked.public_id)
    assert not Recoupment.objects.exists()


def test_nobody_related_reports_a_payment_as_failed(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    payment = factories.instructions(factories.clear(market))[0]
    related(market.actor, market, "seller")
    with pytest.raises(Recused):
        report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    payment.refresh_from_db()
    assert payment.failure_reason == ""


def test_nobody_related_lifts_or_records_an_attachment(market):
    stated = {"kind": "attachment", "served_at": clock.now(), "reference": "令和8年(ル)第1号"}
    seller = market.party("seller").public_id
    restraint = record_restraint(actor=market.actor, organisation=seller, **stated)
    nobody_related_gives(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    with pytest.raises(Recused):
        record_restraint(actor=market.actor, organisation=seller, **stated)
    assert SetOffRestraint.objects.count() == 1
    copied = (
        "INSERT INTO clearing_setoffrestraint (public_id, organisation_id, currency, kind, served_at, reference, noted_at,"
        " recorded_by) SELECT 'sor_raw', organisation_id, currency, kind, served_at, reference, public.business_now(), %s"
        " FROM clearing_setoffrestraint"
    )
    clock.move_to(clock.now() + timedelta(minutes=1))
    refused(copied, market.actor.identifier, because="declared an interest")
    assert REGISTER["clearing.restraints_by_unrelated"].check() == []
    with unguarded("clearing_setoffrestraint"):
        run(copied, market.actor.identifier)
    assert len(REGISTER["clearing.restraints_by_unrelated"].check()) == 1


def test_nobody_related_registers_or_reduces_a_guarantee(market):
    made = register(market, "seller", 50_000)
    related(people(market)[0], market, "seller")
    with pytest.raises(Recused):
        reduce(market, made, 1_000)
    with pytest.raises(Recused):
        register(market, "seller", 60_000)
    assert list(Guarantee.objects.values_list("amount_minor", flat=True)) == [50_000]


def test_the_database_recuses_who_is_related_from_commands(market):
    made = register(market, "seller", 50_000)
    related(people(market)[1], market, "seller")
    assert REGISTER["clearing.commanded_by_unrelated"].check() == []
    alone = (
        "INSERT INTO clearing_moneycommand (command, subject, payee, amount_minor, currency, given_by, given_on, given_at)"
        " SELECT 'clearing.refund', 'trd_none', %s, 1, 'JPY', 'usr_second', (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date, public.business_now()"
    )
    refused(alone, market.party("seller").public_id, because="declared an interest")
    with unguarded("approvals_approval"):
        run(
            "UPDATE approvals_approval SET ended_at = ended_at + interval '1 minute' WHERE id = %s",
            made.approval_id,
        )
    assert len(REGISTER["clearing.commanded_by_unrelated"].check()) == 1

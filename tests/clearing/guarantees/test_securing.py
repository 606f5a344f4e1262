"""Trades of buyers that pay afterwards: secured by a guarantee, billed after delivery, paid, and then cleared."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from clearing.guarantees.errors import BeyondGuarantee, GuaranteeExpired, GuaranteeExpiresTooSoon
from clearing.ledger.errors import InsufficientFunds
from clearing.ledger.queries import client_money
from clearing.models import Entry, GuaranteedPart, Obligation, PutOffCorrection, Shortfall, Trade
from clearing.run.services import sweeping
from clearing.run.services.sweeping import carry_out_deadlines
from clearing.safeguarding.services.idle_money import return_idle_money
from clearing.shortfalls.errors import DepositBacksLimit
from clearing.shortfalls.services.deposits import pay_deposit, release_deposit
from clearing.trades.errors import BeyondCaptured, BillNotOverdue
from clearing.trades.metrics import count_expired, count_expiring, count_overdue, exposure_by_currency
from clearing.trades.services.corrections import adjust_trade
from clearing.trades.services.endings import give_up_bill
from clearing.trades.services.trades import secure_trade
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.participants.interest_errors import Recused
from marketplace.participants.services import declare_interest
from tests.participants.factories import actor_for, client_of, person_of
from tests.standing import made_once

from .. import factories
from ..guaranteeing import limit, move_to, part_of, people, register, used
from ..test_invariants import broken

MONDAY = (2027, 1, 4)


@made_once
def market():
    """A market in which it is the morning of Monday, 4 January 2027."""
    factories.on_day(*MONDAY)
    return factories.market()


def morning(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 9, tzinfo=clock.market_zone())


def emitted(kind: str) -> list[dict[str, object]]:
    return list(OutboxEvent.objects.filter(type=kind).order_by("pk").values_list("data", flat=True))


def test_a_public_body_pays_afterwards(market):
    """A city buys for ¥11,000 under a guarantee of ¥50,000, is billed at acceptance, pays, and the seller is paid."""
    guarantee = register(market, "city", 50_000)
    trade = factories.conclude(market, "city", "seller", 10_000)
    assert (trade.state, used(guarantee)) == ("secured", 11_000)
    assert [event["trade"] for event in emitted("trade.secured")] == [trade.public_id]
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor, Entry.objects.count()) == (0, 0, 0)

    factories.accept(trade)
    part = part_of(trade)
    assert (trade.state, part.amount_minor, str(part.due_on)) == ("secured", 11_000, "2027-02-03")
    assert emitted("trade.billed")[0]["due_on"] == "2027-02-03"
    assert (Obligation.objects.count(), broken()) == (0, {})
    early = factories.clear(market)
    assert (early.trades, early.net_minor) == (0, 0)

    move_to(clock.now() + timedelta(days=20))
    factories.pay_in(market, "city", 11_000)
    trade.refresh_from_db()
    assert (trade.state, used(guarantee), factories.balance(market, "city", "payable")) == (
        "accepted",
        0,
        11_000,
    )
    assert (part_of(trade).paid_from, str(trade.supplied_on)) == ("available", "2027-01-04")
    assert broken() == {}
    cycle = factories.settle(market, factories.clear(market))
    assert (cycle.state, cycle.trades, factories.available(market, "seller")) == ("settled", 1, 0)
    assert broken() == {}


def test_money_and_guarantee_together_secure_a_trade(market):
    guarantee = register(market, "city", 8_000)
    factories.pay_in(market, "city", 4_000)
    trade = factories.conclude(market, "city", "seller", 10_000)
    assert (trade.state, used(guarantee), factories.balance(market, "city", "held")) == (
        "secured",
        7_000,
        4_000,
    )
    factories.accept(trade)
    assert (trade.state, broken()) == ("secured", {})
    factories.pay_in(market, "city", 7_000)
    trade.refresh_from_db()
    assert (trade.state, factories.balance(market, "city", "payable")) == ("accepted", 11_000)
    assert broken() == {}


def test_a_trade_beyond_both_waits_and_is_secured_when_the_guarantee_comes(market):
    factories.pay_in(market, "city", 3_000)
    trade = factories.conclude(market, "city", "seller", 10_000)
    register(market, "city", 7_999)
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, GuaranteedPart.objects.count()) == ("concluded", 0)
    guarantee = register(market, "city", 8_000)
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, part_of(trade).guarantee, broken()) == ("secured", guarantee, {})


def test_trades_that_seem_covered_and_are_not_do_not_stand_before_others_each_time(market, monkeypatch):
    """The guarantee outlasts collection and payment, not the inspection too; one trade is tried a sweep."""
    monkeypatch.setattr(sweeping, "TRADES_A_SWEEP", 1)
    register(market, "city", 50_000, expires_at=clock.now() + timedelta(days=61))
    seeming = factories.conclude(market, "city", "seller", 10_000)
    funded = factories.conclude(market, "other", "seller", 1_000)
    assert seeming.buyer_id < funded.buyer_id
    reference = factories.pay_in_reference(organisation=market.party("other").public_id)
    factories.import_only(market, [factories.booking("credit", 1_100, reference)])
    for _ in range(40):
        sweeping.secure_funded_trades()
    states = [Trade.objects.get(pk=trade.pk).state for trade in (seeming, funded)]
    assert (states, broken()) == (["concluded", "secured"], {})


def test_a_guarantee_that_expires_before_the_last_due_day_secures_nothing(market):
    """Collection 30 days, inspection 2, payment 30: it can fall due until 7 March 2027."""
    trade = factories.conclude(market, "city", "seller", 10_000)
    soon = morning(2027, 3, 7)
    guarantee = register(market, "city", 50_000, expires_at=soon)
    carry_out_deadlines()
    with pytest.raises(GuaranteeExpiresTooSoon) as refused:
        secure_trade(
            actor=actor_for(market.party("city")), trade=trade.public_id, guarantee=guarantee.public_id
        )
    assert (refused.value.field, refused.value.fields["due_by"]) == ("expires_at", "2027-03-07")
    trade.refresh_from_db()
    assert (trade.state, used(guarantee)) == ("concluded", 0)
    later = register(market, "city", 50_000, expires_at=soon + timedelta(days=1))
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, part_of(trade).guarantee, broken()) == ("secured", later, {})


def test_a_buyer_is_told_why_its_guarantee_does_not_secure_a_trade(market):
    own = actor_for(market.party("city"))
    trade = factories.conclude(market, "city", "seller", 10_000)
    small = register(market, "city", 10_999)
    future = register(market, "city", 50_000, valid_from=clock.now() + timedelta(days=1))
    others = register(market, "town", 50_000)
    for guarantee, refusal in (
        (small, BeyondGuarantee),
        (future, GuaranteeExpiresTooSoon),
        (others, Missing),
    ):
        with pytest.raises(refusal):
            secure_trade(actor=own, trade=trade.public_id, guarantee=guarantee.public_id)
    with pytest.raises(Missing):
        secure_trade(actor=actor_for(market.party("town")), trade=trade.public_id, guarantee=others.public_id)
    made = factories.conclude(market, "city", "seller", 10_000, commissioned=True)
    with pytest.raises(FieldInvalid) as refused:
        secure_trade(actor=own, trade=made.public_id, guarantee=small.public_id)
    assert refused.value.name == "guarantee"
    ended = register(market, "city", 60_000, expires_at=clock.now() + timedelta(hours=1))
    move_to(clock.now() + timedelta(hours=2))
    with pytest.raises(GuaranteeExpired):
        secure_trade(actor=own, trade=trade.public_id, guarantee=ended.public_id)
    assert (GuaranteedPart.objects.count(), broken()) == (0, {})


def test_a_buyer_secures_its_trade_over_http_and_reads_the_bill(market):
    trade = factories.conclude(market, "city", "seller", 10_000)
    guarantee = register(market, "city", 11_000)
    city, seller, stranger = (client_of(market.party(name)) for name in ("city", "seller", "x"))
    path = f"/api/v1/trades/{trade.public_id}/"
    body = {"guarantee": guarantee.public_id}
    for client, status in ((seller, 404), (stranger, 404), (city, 200)):
        assert client.post(f"{path}secure/", body, format="json").status_code == status
    factories.accept(trade)
    read = city.get(path).json()
    assert (read["state"], read["guaranteed"]["amount_minor"]) == ("secured", 11_000)
    assert (read["guaranteed"]["due_on"], read["waiting"]["code"]) == (
        "2027-02-03",
        "trade.waits_for_billed_payment",
    )
    assert city.get("/api/v1/trades/").json()["results"][0]["guaranteed"] == read["guaranteed"]


def test_on_the_due_day_the_deposit_behind_a_limit_pays(market):
    guarantee = limit(market, "city", 50_000, 30_000)
    trade = factories.accept(factories.conclude(market, "city", "seller", 10_000))
    assert factories.conclude(market, "city", "seller", 20_000).state == "concluded"
    with pytest.raises(DepositBacksLimit) as refused:
        release_deposit(
            actor=market.actor,
            organisation=market.party("city").public_id,
            amount_minor=19_001,
            reason="x",
        )
    assert (refused.value.field, refused.value.fields["free_minor"]) == ("amount_minor", 19_000)
    factories.on_day(2027, 2, 2)
    carry_out_deadlines()
    assert (part_of(trade).paid_at, used(guarantee)) == (None, 11_000)
    factories.on_day(2027, 2, 3)
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, part_of(trade).paid_from, used(guarantee)) == ("accepted", "deposit", 0)
    assert factories.balance(market, "city", "deposit") == 19_000
    assert emitted("trade.paid")[0]["paid_from"] == "deposit"
    assert broken() == {}


def test_an_unpaid_bill_is_an_alarm_and_the_issuer_pays_under_the_buyers_reference(market):
    guarantee = register(market, "city", 11_000, expires_at=morning(2027, 3, 20))
    assert (count_expiring(), exposure_by_currency()) == (0, {("JPY",): 0})
    trade = factories.accept(factories.conclude(market, "city", "seller", 10_000))
    factories.pay_in(market, "city", 10_999)
    assert (part_of(trade).paid_at, exposure_by_currency()) == (None, {("JPY",): 11_000})
    factories.on_day(2027, 2, 3)
    carry_out_deadlines()
    assert (count_overdue(), count_expiring(), count_expired()) == (0, 0, 0)
    factories.on_day(2027, 2, 20)
    assert (count_overdue(), count_expiring(), count_expired()) == (1, 1, 0)
    factories.on_day(2027, 3, 21)
    assert (count_overdue(), count_expiring(), count_expired()) == (1, 0, 1)
    factories.pay_in(market, "city", 1)
    trade.refresh_from_db()
    assert (trade.state, used(guarantee), count_overdue(), count_expired()) == ("accepted", 0, 0, 0)
    assert broken() == {}


def test_the_due_day_is_while_the_guarantee_can_be_called_on(market):
    """A dispute delays the acceptance until ten days before the expiry."""
    register(market, "city", 11_000, expires_at=morning(2027, 3, 20))
    trade = factories.complain(factories.conclude(market, "city", "seller", 10_000))
    factories.on_day(2027, 3, 10)
    factories.resolve(trade, "dismissed")
    factories.accept(trade)
    assert (str(part_of(trade).due_on), broken()) == ("2027-03-19", {})


def test_what_ends_without_payment_releases_the_guarantee(market):
    guarantee = register(market, "city", 50_000)
    factories.pay_in(market, "city", 1_000)
    disputed = factories.complain(factories.conclude(market, "city", "seller", 10_000))
    uncollected = factories.conclude(market, "city", "seller", 20_000)
    assert used(guarantee) == 10_000 + 22_000
    factories.resolve(disputed, "refund")
    factories.ended(uncollected, "not_collected")
    disputed.refresh_from_db()
    assert (disputed.state, uncollected.state, used(guarantee)) == ("refunded", "refunded", 0)
    assert (factories.available(market, "city"), broken()) == (1_000, {})
    assert [event["amount_minor"] for event in emitted("trade.refunded")] == [1_000, 0]


def billed(market, price_minor: int = 10_000) -> Trade:
    """A delivered trade of a city with a guarantee, which it has not paid."""
    return factories.accept(factories.conclude(market, "city", "seller", price_minor))


def adjust(market, trade: Trade, source: str, amount_minor: int) -> bool:
    seller, city = (market.party(name).public_id for name in ("seller", "city"))
    return adjust_trade(
        actor=SYSTEM,
        agreement=trade.agreement,
        adjustment=source,
        debtor=seller,
        creditor=city,
        amount_minor=amount_minor,
        transaction_id=None,
    )


def test_a_price_is_adjusted_once_the_bill_is_paid(market):
    """Otherwise the seller would pay back what it never got."""
    register(market, "city", 50_000)
    trade = billed(market)
    assert [adjust(market, trade, source, 4_000) for source in ("adj_1", "adj_1")] == [True, True]
    with pytest.raises(BeyondCaptured) as refused:
        adjust(market, trade, "adj_2", 6_001)
    assert refused.value.fields["remaining_minor"] == 6_000
    assert (Obligation.objects.count(), PutOffCorrection.objects.filter(ended_at=None).count()) == (0, 1)
    assert broken() == {}
    factories.pay_in(market, "city", 11_000)
    made = Obligation.objects.get(source="adj_1")
    assert (made.kind, made.amount_minor, made.debtor_id) == ("adjustment", 4_000, trade.seller_id)
    assert adjust(market, trade, "adj_1", 4_000)
    assert (Obligation.objects.filter(source="adj_1").count(), broken()) == (1, {})


def test_a_waiting_trade_that_was_adjusted_is_secured_by_money_only_and_stops_no_other(market):
    adjusted = factories.conclude(market, "city", "seller", 10_000)
    factories.adjust(market, adjusted, "seller", "city", 1_000)
    guarantee = register(market, "city", 50_000)
    other = factories.conclude(market, "city", "seller", 10_000)
    assert (other.state, used(guarantee)) == ("secured", 11_000)
    with pytest.raises(FieldInvalid) as refused:
        secure_trade(
            actor=actor_for(market.party("city")), trade=adjusted.public_id, guarantee=guarantee.public_id
        )
    assert "secured by money only" in str(refused.value)
    adjusted.refresh_from_db()
    assert (adjusted.state, used(guarantee)) == ("concluded", 11_000)
    factories.pay_in(market, "city", adjusted.gross_minor)
    adjusted.refresh_from_db()
    assert (adjusted.state, broken()) == ("secured", {})


def test_what_was_paid_in_for_a_bill_buys_nothing_else(market):
    guarantee = register(market, "city", 50_000)
    billed(market)
    factories.pay_in(market, "city", 5_000)
    second = factories.conclude(market, "city", "seller", 1_000)
    assert (second.state, factories.available(market, "city"), used(guarantee)) == ("secured", 5_000, 12_100)
    with pytest.raises(InsufficientFunds):
        pay_deposit(actor=actor_for(market.party("city")), amount_minor=1, currency="JPY")
    factories.pay_in(market, "city", 6_000)
    assert (factories.available(market, "city"), used(guarantee), broken()) == (0, 1_100, {})


def test_two_people_give_up_a_bill_that_nobody_pays(market):
    guarantee = register(market, "city", 50_000)
    factories.pay_in(market, "city", 1_000)
    trade = billed(market)
    adjust(market, trade, "adj_1", 4_000)
    first, second = people(market)
    stated = {"trade": trade.public_id, "reason": "保証人の拒絶"}
    with pytest.raises(BillNotOverdue):
        give_up_bill(actor=first, **stated)
    factories.on_day(2027, 2, 4)
    with pytest.raises(SecondPersonNeeded):
        give_up_bill(actor=first, **stated)
    with pytest.raises(Forbidden):
        give_up_bill(actor=actor_for(market.operator, "app_program"), **stated)
    related, interest = (
        actor_for(market.operator, "usr_related"),
        {"kind": "family", "statement": "親族が勤務しています。"},
    )
    declare_interest(actor=related, organisation=market.party("city").public_id, **interest)
    with pytest.raises(Recused):
        give_up_bill(actor=related, **stated)
    for reason in (" ", "x\x00", "x" * 2_001):
        with pytest.raises(FieldInvalid):
            give_up_bill(actor=second, **stated | {"reason": reason})
    assert (Trade.objects.get(pk=trade.pk).state, used(guarantee)) == ("secured", 10_000)
    give_up_bill(actor=second, **stated)
    trade.refresh_from_db()
    approval = Approval.objects.get(command="clearing.give_up_bill", state="approved")
    record = EvidenceRecord.objects.get(kind="clearing.trade_expired", subject=trade.public_id)
    assert record.payload["reason_commitment"] == commitment_to(approval.salt, approval.payload["reason"])
    assert (trade.state, used(guarantee), factories.available(market, "city")) == ("refunded", 0, 1_000)
    assert (Obligation.objects.count(), PutOffCorrection.objects.filter(ended_at=None).count()) == (0, 0)
    assert [event["amount_minor"] for event in emitted("trade.refunded")] == [1_000]
    with pytest.raises(BillNotOverdue):
        give_up_bill(actor=first, **stated)
    assert (count_overdue(), broken()) == (0, {})


def test_a_bill_is_given_up_over_http(market):
    register(market, "city", 50_000)
    trade = billed(market)
    factories.on_day(2027, 2, 4)
    path, body = f"/api/v1/trades/{trade.public_id}/give-up-bill/", {"reason": "保証人の拒絶"}
    asked = client_of(market.operator).post(path, body, format="json")
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    assert client_of(market.party("city")).post(path, body, format="json").status_code == 403
    done = client_of(market.operator, person=person_of(market.operator)).post(path, body, format="json")
    assert (done.status_code, done.json()["state"]) == (200, "refunded")


def test_a_billed_trade_in_dispute_is_not_collected_until_it_is_resolved(market):
    register(market, "city", 50_000)
    trade = factories.accept(factories.conclude(market, "city", "seller", 10_000))
    factories.ended(trade, "terminated")
    assert trade.state == "secured"
    factories.complain(trade)
    factories.pay_in(market, "city", 11_000)
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, factories.available(market, "city")) == ("disputed", 11_000)
    factories.resolve(trade, "dismissed")
    carry_out_deadlines()
    trade.refresh_from_db()
    assert (trade.state, factories.available(market, "city"), broken()) == ("accepted", 0, {})


def test_periods_are_billed_when_they_end(market):
    guarantee = register(market, "buyer", 50_000)
    trade = factories.plan(market, "subscription", 1_000, charges=2, period_months=1)
    assert trade.state == "secured"
    factories.accept(trade)
    assert part_of(trade).billed_at is None
    factories.on_day(2027, 2, 4)
    carry_out_deadlines()
    carry_out_deadlines()
    assert [part.billed_at is not None for part in GuaranteedPart.objects.order_by("pk")] == [True, False]
    assert (str(part_of(trade).due_on), used(guarantee)) == ("2027-03-06", 2_200)
    factories.pay_in(market, "buyer", 1_100)
    assert [row.state for row in Trade.objects.order_by("pk")] == ["accepted", "secured"]
    assert broken() == {}


def test_metered_periods_are_secured_by_money_only(market):
    register(market, "buyer", 50_000)
    trade = factories.plan(market, "metered", 1_000, charges=1, period_months=1)
    assert (trade.state, GuaranteedPart.objects.count()) == ("concluded", 0)


def test_a_deposit_that_backs_a_limit_in_use_is_not_drawn_for_a_shortfall(market):
    """The seller owes ¥550; of its deposit of ¥11,100 only ¥100 are free beside the ¥11,000 that it buys for."""
    sold = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    guarantee = limit(market, "seller", 11_000, 11_100)
    assert factories.conclude(market, "seller", "buyer", 10_000).state == "secured"
    factories.adjust(market, sold, "seller", "buyer", 500)
    cycle = factories.clear(market)
    shortfall = Shortfall.objects.get(cycle=cycle)
    assert (shortfall.missing_minor, factories.balance(market, "seller", "deposit")) == (450, 11_000)
    assert (used(guarantee), broken()) == (11_000, {})


def test_a_part_payment_of_a_bill_is_not_idle(market):
    register(market, "city", 50_000)
    trade = factories.accept(factories.conclude(market, "city", "seller", 10_000))
    factories.pay_in(market, "city", 4_000)
    factories.on_day(2027, 1, 20)
    assert (return_idle_money(), factories.available(market, "city")) == (0, 4_000)
    other = factories.conclude(market, "city", "seller", 30_000)
    carry_out_deadlines()
    factories.pay_in(market, "city", 7_000)
    trade.refresh_from_db()
    assert (trade.state, factories.available(market, "city"), other.state) == ("accepted", 0, "secured")
    assert broken() == {}

"""One limit for all that is given back or charged of a trade: in every mixture, to the yen, against raw SQL and races."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection

from clearing.models import Invoice, Obligation, Posting
from clearing.run.services.cycles import open_first_cycle
from clearing.settlement.services.client_accounts import register_client_account
from clearing.settlement.services.funds_regimes import declare_funds_regime
from clearing.trades.errors import BeyondCaptured, NotAcceptedYet, PenaltyBeyondCap
from clearing.trades.limits import Remaining, remaining_of
from clearing.trades.obligation_reference import obligation_reference
from clearing.trades.services.corrections import penalise_trade, refund_trade, reverse_obligation
from clearing.trades.services.orders import order_adjustment, order_resolution
from contracts.models import Adjustment
from contracts.services import adjust_price, open_dispute
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.kernel.money import share_of
from tests.contracts import factories as contracts
from tests.participants import factories as participants
from tests.participants.factories import client_of
from tests.rules.factories import publish as publish_rulebook
from tests.standing import made_once

from .. import factories
from ..raw import OBLIGATION, refused
from ..test_invariants import changed_behind_the_guards


def clean() -> bool:
    return {name: rows for name, rows in verify_all("clearing").items() if rows} == {}


@pytest.fixture
def trade(market):
    """An accepted trade of 250,000 with 25,000 of tax."""
    return factories.accepted(market, "buyer", "seller", 250_000)


@made_once
def small(market):
    """An accepted trade of three times 105: 315, whose tax is 31."""
    return factories.accepted(market, "buyer", "seller", 315)


def refund(market, trade, amount_minor=None):
    return refund_trade(
        actor=market.actor, trade=trade.public_id, amount_minor=amount_minor, reason="half was missing"
    )


def penalise(market, trade, debtor, amount_minor):
    return penalise_trade(
        actor=market.actor,
        trade=trade.public_id,
        debtor=market.party(debtor).public_id,
        amount_minor=amount_minor,
        reason="late",
    )


def reverse(market, obligation):
    name = obligation_reference(obligation.trade.public_id, obligation.pk)
    return reverse_obligation(actor=market.actor, obligation=name, reason="by mistake")


def received(market, name: str) -> int:
    """All that corrections gave a party so far, with tax."""
    rows = Obligation.objects.filter(kind__in=("refund", "adjustment"), deferred_from=None)
    party = market.party(name)
    return sum(
        (row.amount_minor + row.tax_minor) * (1 if row.creditor_id == party.pk else -1) for row in rows
    )


def test_a_whole_refund_and_a_price_reduction_give_back_the_price_once(market, trade):
    refund(market, trade)
    with pytest.raises(BeyondCaptured):
        factories.adjust(market, trade, "seller", "buyer", 250_000)
    assert received(market, "buyer") == 275_000
    assert clean()


def test_a_price_reduction_leaves_the_rest_to_refund(market, trade):
    factories.adjust(market, trade, "seller", "buyer", 250_000)
    for amount_minor in (None, 1):
        with pytest.raises(BeyondCaptured) as caught:
            refund(market, trade, amount_minor)
        assert caught.value.fields["remaining_minor"] == 0
    assert received(market, "buyer") == 275_000
    assert clean()


def test_three_returns_of_105_carry_the_tax_of_315(market, small):
    returned = []
    for make in (
        lambda: factories.adjust(market, small, "seller", "buyer", 105),
        lambda: refund(market, small, 105),
        lambda: factories.adjust(market, small, "seller", "buyer", 105),
    ):
        make()
        made = Obligation.objects.exclude(kind__in=("purchase", "fee", "fee_refund")).latest("pk")
        returned.append((made.amount_minor, made.tax_minor))
        with pytest.raises(BeyondCaptured):
            refund(market, small, 316 - 105 * len(returned))
    assert returned == [(105, 10), (105, 11), (105, 10)]
    for amount_minor in (1, None):
        with pytest.raises(BeyondCaptured):
            refund(market, small, amount_minor)
        with pytest.raises(BeyondCaptured):
            factories.adjust(market, small, "seller", "buyer", 1)
    assert (received(market, "buyer"), clean()) == (346, True)

    factories.clear(market)
    documents = Invoice.objects.filter(purpose="correction").order_by("pk")
    assert [row.total_minor for row in documents] == [115, 116, 115]
    assert {row.kind for row in documents} == {"return_invoice"}
    booked = Posting.objects.filter(
        line="corrections_received", account__organisation=market.party("buyer"), amount_minor__lt=0
    )
    assert -sum(row.amount_minor for row in booked) == 346
    assert clean()


@pytest.mark.parametrize("price_minor", [1, 9, 19, 105, 999, 10_007])
def test_parts_of_any_size_sum_to_the_whole(price_minor):
    remaining, taxes = Remaining(price_minor, 1_000, 0, 0), 0
    for part in (1, price_minor // 3, price_minor // 2):
        if 0 < part <= price_minor - remaining.returned_minor:
            taxes += remaining.tax_of(part, seller_owes=True)
            remaining = remaining.after(part, seller_owes=True)
    left = price_minor - remaining.returned_minor
    taxes += remaining.tax_of(left, seller_owes=True)
    assert taxes == share_of(price_minor, 1_000)


def test_what_was_charged_in_addition_can_come_back_with_the_price(market, small):
    factories.adjust(market, small, "buyer", "seller", 315)
    with pytest.raises(BeyondCaptured):
        factories.adjust(market, small, "buyer", "seller", 1)
    assert remaining_of(small).as_dict()["return_minor"] == 630
    assert refund(market, small).tax_minor == 62
    assert received(market, "buyer") == 346
    assert clean()


def test_a_reversal_is_within_the_price_too(market, small):
    factories.adjust(market, small, "buyer", "seller", 100)
    charged = Obligation.objects.get(kind="adjustment")
    refund(market, small)
    with pytest.raises(BeyondCaptured):
        reverse(market, charged)
    assert (received(market, "buyer"), clean()) == (346, True)


def test_a_reversal_gives_back_the_room_and_the_tax(market, small):
    parts = [refund(market, small, 105) for _ in range(3)]
    undone = reverse(market, parts[1])
    # What is left of the sum is 210, whose tax is 21: 31 less 10.
    assert (undone.amount_minor, undone.tax_minor) == (105, 10)
    assert refund(market, small).tax_minor == 10
    assert (received(market, "buyer"), clean()) == (346, True)


def test_a_whole_refund_in_parts_returns_the_fee_once(market, small):
    for _ in range(3):
        refund(market, small, 105)
    fees = Obligation.objects.filter(kind="fee_refund")
    assert [row.amount_minor for row in fees] == [small.fee_minor]
    assert remaining_of(small).fee_left_minor == 0


def test_penalties_of_a_party_sum_to_the_gross_at_most(market, trade):
    penalise(market, trade, "seller", 200_000)
    with pytest.raises(PenaltyBeyondCap) as caught:
        penalise(market, trade, "seller", 75_001)
    assert caught.value.fields["remaining_minor"] == 75_000
    penalise(market, trade, "seller", 75_000)
    for debtor, amount_minor in (("seller", 1), ("buyer", 275_001)):
        with pytest.raises(PenaltyBeyondCap):
            penalise(market, trade, debtor, amount_minor)
    with pytest.raises(PenaltyBeyondCap):
        factories.adjust(market, trade, "seller", "buyer", 1, kind="penalty")
    # They stand outside what may be given back.
    assert refund(market, trade).amount_minor == 250_000
    assert clean()


def test_an_agreed_cap_bounds_penalties(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000, penalty_cap_minor=500)
    with pytest.raises(PenaltyBeyondCap):
        penalise(market, trade, "seller", 501)
    made = penalise(market, trade, "seller", 500)
    reverse(market, made)
    penalise(market, trade, "seller", 500)
    assert Obligation.objects.filter(kind="penalty").count() == 3
    assert clean()


def test_a_metered_period_is_not_adjusted_before_its_use_is_known(market):
    factories.pay_in(market, "buyer", 1_100)
    period = factories.plan(market, "metered", 1_000, charges=3)
    with pytest.raises(NotAcceptedYet):
        factories.adjust(market, period, "seller", "buyer", 10)
    assert Obligation.objects.count() == 0


def test_an_adjustment_is_of_the_first_charge_that_has_as_much_left(market):
    first = factories.plan(market, "subscription", 1_000, charges=3)
    factories.adjust(market, first, "seller", "buyer", 1_000)
    with pytest.raises(BeyondCaptured):
        factories.adjust(market, first, "seller", "buyer", 1)
    assert Obligation.objects.count() == 1


ROW = OBLIGATION + "(%s, %s, %s, %s, %s, %s, %s, 'JPY', %s, 'market_terms', 'raw', now())"


def test_the_database_refuses_what_passes_a_limit(market, small):
    factories.pay_own_money(market, 10_000)
    factories.adjust(market, small, "seller", "buyer", 105)
    cycle, back = market.cycle.pk, (small.seller_id, small.buyer_id)
    for kind, debtor, creditor, amount, tax, rate, because in (
        ("refund", *back, 211, 21, 1_000, "exceeds the price"),
        ("adjustment", *back, 211, 21, 1_000, "exceeds the price"),
        ("adjustment", *back[::-1], 421, 42, 1_000, "exceeds the price"),
        ("refund", *back, 105, 10, 1_000, "exceeds the tax of the sum"),
        ("adjustment", *back, 105, 11, 800, "at another rate of tax"),
        ("penalty", *back, 347, 0, 0, "exceeds the cap of penalties"),
        ("penalty", *back[::-1], 347, 0, 0, "exceeds the cap of penalties"),
        ("fee_refund", market.operator.pk, small.seller_id, 101, 0, 1_000, "exceeds the fee"),
    ):
        refused(ROW, small.pk, kind, debtor, creditor, amount, tax, rate, cycle, because=because)
    assert Obligation.objects.count() == 3


def test_the_database_refuses_a_reversal_of_something_else(market, small, trade):
    made = refund(market, small, 105)
    columns = OBLIGATION.replace("made_at)", "made_at, reverses_id)")
    row = columns + "(%s, %s, %s, %s, %s, %s, 1000, 'JPY', %s, 'market_terms', 'raw', now(), %s)"
    there, cycle = (small.buyer_id, small.seller_id), market.cycle.pk
    for of, kind, parties, amount, tax in (
        (small, "refund", there, 104, 10),
        (small, "adjustment", there, 105, 10),
        (small, "refund", there[::-1], 105, 11),
        (trade, "refund", there, 105, 10),
    ):
        refused(row, of.pk, kind, *parties, amount, tax, cycle, made.pk, because="is not of its correction")
    assert Obligation.objects.filter(reverses__isnull=False).count() == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE clearing_obligation SET amount_minor = 316 WHERE kind = 'refund'",
        "UPDATE clearing_obligation SET tax_minor = tax_minor + 1 WHERE kind = 'refund'",
        "UPDATE clearing_obligation SET amount_minor = 347 WHERE kind = 'penalty'",
        "UPDATE clearing_obligation SET amount_minor = 101 WHERE kind = 'fee_refund'",
        (
            "UPDATE clearing_obligation SET reverses_id = (SELECT id FROM clearing_obligation WHERE kind = 'penalty')"
            " WHERE kind = 'refund'"
        ),
    ],
)
def test_a_limit_that_was_passed_as_owner_is_named(market, small, change):
    refund(market, small)
    penalise(market, small, "seller", 10)
    changed_behind_the_guards("clearing_obligation", change)
    (breach, *_) = verify_all("clearing")["clearing.given_within_limits"]
    assert small.public_id in str(breach)


def test_a_capture_below_what_was_given_back_is_refused(market):
    factories.pay_in(market, "buyer", 1_100)
    trade = factories.conclude(market, "buyer", "seller", 1_000)
    factories.adjust(market, trade, "seller", "buyer", 800)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused(
        "UPDATE clearing_trade SET state = 'accepted', accepted_at = now(), captured_price_minor = 700,"
        " captured_tax_minor = 70, captured_fee_minor = 35,"
        " cycle_id = (SELECT id FROM clearing_cycle WHERE state = 'open') WHERE id = %s",
        trade.pk,
        because="exceeds the price",
    )


def test_a_trade_shows_what_remains(market, small):
    refund(market, small, 105)
    penalise(market, small, "seller", 46)
    path = f"/api/v1/trades/{small.public_id}/"
    shown = client_of(market.party("buyer")).get(path).json()
    assert (shown["remaining"], shown["penalty_cap_minor"]) == (
        {
            "return_minor": 210,
            "return_tax_minor": 21,
            "charge_minor": 420,
            "seller_penalty_minor": 300,
            "buyer_penalty_minor": 346,
            "fee_minor": 100,
        },
        None,
    )
    factories.pay_in(market, "buyer", 110)
    ended = factories.conclude(market, "buyer", "seller", 100)
    factories.complain(ended)
    factories.resolve(ended, "refund")
    shown = client_of(market.operator).get(f"/api/v1/trades/{ended.public_id}/").json()
    assert shown["remaining"] is None


@made_once
def agreed():
    """An agreement of 2,000,000 in the contracts' own market, and its accepted trade."""
    made = contracts.market()
    agreement = contracts.agreement(made, price_minor=2_000_000)
    operator = made.organisation("operator")
    publish_rulebook(factories.RULEBOOK)
    market = factories.Market(
        operator, parties={name: made.organisation(name) for name in ("buyer", "seller")}
    )
    factories.by_two(market, declare_funds_regime, currency="JPY", **factories.FUNDS_REGIME)
    open_first_cycle(actor=market.actor, currency="JPY")
    factories.by_two(market, register_client_account, currency="JPY", **factories.CLIENT_ACCOUNT)
    signed = {"agreement": agreement.public_id, "inspection_days": agreement.inspection_days}
    return market, factories.accepted(market, "buyer", "seller", 2_000_000, **signed)


def order(market, trade, person, amount_minor, **changes):
    facts = {"debtor": market.party("seller").public_id, "reason": "古い座標"}
    return order_adjustment(
        actor=participants.actor_for(market.operator, person),
        agreement=trade.agreement,
        amount_minor=amount_minor,
        **{**facts, **changes},
    )


def test_a_large_price_adjustment_needs_the_second_person(agreed):
    market, trade = agreed
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            order(market, trade, "usr_first", 1_000_000)
    with pytest.raises(SecondPersonNeeded):
        order(market, trade, "usr_second", 1_000_001)
    asked = Approval.objects.filter(command="clearing.adjustment").count()
    assert (Adjustment.objects.count(), asked, Obligation.objects.count()) == (0, 2, 2)
    order(market, trade, "usr_second", 1_000_000)
    assert Adjustment.objects.count() == 1
    assert Obligation.objects.get(kind="adjustment").amount_minor == 1_000_000
    assert clean()


def test_an_order_beyond_what_remains_is_refused_at_once(agreed):
    """What contracts knows alone would let it pass: the refund is known to clearing only."""
    market, trade = agreed
    for person in ("usr_first", "usr_second"):
        with contextlib.suppress(SecondPersonNeeded):
            refund_trade(
                actor=participants.actor_for(market.operator, person), trade=trade.public_id, reason="all"
            )
    for debtor, amount_minor in (("seller", 1), ("buyer", 4_000_001)):
        with pytest.raises(BeyondCaptured):
            order(market, trade, "usr_first", amount_minor, debtor=market.party(debtor).public_id)
    assert (Adjustment.objects.count(), received(market, "buyer")) == (0, 2_200_000)
    assert clean()


def test_an_order_is_an_obligation_once_though_its_event_follows(agreed):
    market, trade = agreed
    made = order(market, trade, "usr_first", 105)
    factories.adjust(market, trade, "seller", "buyer", 105, adjustment=made.public_id)
    (obligation,) = Obligation.objects.filter(kind="adjustment")
    assert (obligation.source, obligation.tax_minor) == (made.public_id, 10)


def test_prices_are_adjusted_over_http(agreed):
    market, trade = agreed
    path = f"/api/v1/agreements/{trade.agreement}/adjust-price/"
    body = {"debtor": market.party("seller").public_id, "amount_minor": 12_000, "reason": "座標が古い"}
    assert client_of(market.party("buyer")).post(path, body, format="json").status_code == 403
    operator = client_of(market.operator)
    refusal = operator.post(path, {**body, "amount_minor": 1_500_000}, format="json")
    assert refusal.json()["code"] == "second_person_needed"
    assert operator.post(path, body, format="json").status_code == 200
    assert (Adjustment.objects.count(), Obligation.objects.filter(kind="adjustment").count()) == (1, 1)


def uncounted() -> list[tuple[str, str]]:
    breaches = REGISTER["clearing.one_persons_limit"].check()
    return [(breach["command"], breach["given_by"]) for breach in breaches]


def test_an_adjustment_that_nobody_counted_is_named(agreed):
    market, trade = agreed
    order(market, trade, "usr_first", 105)
    assert uncounted() == []
    adjust_price(
        actor=participants.actor_for(market.operator, "usr_alone"),
        agreement=trade.agreement,
        debtor=market.party("seller").public_id,
        amount_minor=105,
        reason="古い座標",
    )
    assert uncounted() == [("clearing.adjustment", "usr_alone")]


@pytest.mark.parametrize(("outcome", "named"), [("refund", 1), ("dismissed", 1), ("redelivery", 0)])
def test_a_resolution_that_nobody_counted_is_named(db, outcome, named):
    made = contracts.market()
    dispute = open_dispute(
        actor=made.buyer,
        agreement=contracts.agreement(made, price_minor=2_000_000).public_id,
        reason_code="incomplete",
        text="12月分がない",
    )
    contracts.resolve(dispute, participants.actor_for(made.organisation("operator"), "usr_alone"), outcome)
    assert uncounted() == [("clearing.resolution", "usr_alone")] * named


@pytest.mark.parametrize("outcome", ["refund", "dismissed"])
def test_a_dispute_over_a_large_price_is_resolved_by_two_people(db, outcome):
    made = contracts.market()
    dispute = open_dispute(
        actor=made.buyer,
        agreement=contracts.agreement(made, price_minor=2_000_000).public_id,
        reason_code="incomplete",
        text="12月分がない",
    )
    operator = made.organisation("operator")
    contracts.ready(dispute, participants.actor_for(operator, "usr_first"))

    def resolve(person: str, wanted: str):
        return order_resolution(
            actor=participants.actor_for(operator, person),
            dispute=dispute.public_id,
            outcome=wanted,
            reason="確認した",
        )

    other = "dismissed" if outcome == "refund" else "refund"
    for person, wanted in (("usr_first", outcome), ("usr_first", outcome), ("usr_second", other)):
        with pytest.raises(SecondPersonNeeded):
            resolve(person, wanted)
    dispute.refresh_from_db()
    assert (dispute.state, Approval.objects.count()) == ("open", 2)
    assert resolve("usr_second", outcome).outcome == outcome

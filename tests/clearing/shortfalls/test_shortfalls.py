"""Participants who owe more than they have: the ladder rung by rung, as an accountant would check it.

In every story the seller sold a trade of 10,000 yen before, and has been paid out what it earned: it stands with
nothing. Tax is 10%, the market's fee 5% and at least 100 yen, with tax.
"""

from __future__ import annotations

from django.db import connection

from clearing.ledger.queries import trial_balance
from clearing.models import (
    Cycle,
    Deferral,
    Entry,
    Invoice,
    NetPosition,
    Obligation,
    Posting,
    SettlementInstruction,
    Shortfall,
)
from clearing.netting.recomputation import changed_cycles
from clearing.reports.finality import finality
from clearing.reports.tracing import obligations_behind, trace_entry
from clearing.run.services.cycles import advance_cycle
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls.services.deposits import pay_deposit
from clearing.trades.lines import FURTHER_LINES
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.participants.queries import get_organisation
from marketplace.participants.services import suspend_participant

from .. import factories
from ..test_invariants import broken


def position(cycle: Cycle, market: factories.Market, name: str) -> NetPosition:
    return NetPosition.objects.get(cycle=cycle, organisation=market.party(name))


def carried(cycle: Cycle) -> list[tuple[str, int, int]]:
    """What came over into a cycle: kind, amount, tax."""
    rows = Obligation.objects.filter(cycle=cycle, deferred_from__isnull=False).order_by("pk")
    return list(rows.values_list("kind", "amount_minor", "tax_minor"))


def cover(market: factories.Market, name: str) -> list[tuple[str, int]]:
    """What was set aside of a participant's money, by rung."""
    rows = Posting.objects.filter(
        entry__kind="cover", entry__organisation=market.party(name), amount_minor__gt=0
    )
    return list(rows.order_by("pk").values_list("line", "amount_minor"))


def paid(cycle: Cycle, market: factories.Market) -> dict[str, int]:
    """The payments planned for a cycle, by participant; the operator's as ``operator``."""
    names = {row.pk: name for name, row in market.parties.items()} | {market.operator.pk: "operator"}
    return {names[row.organisation_id]: row.amount_minor for row in factories.instructions(cycle)}


def test_the_sales_of_the_same_cycle_come_first(market, sold):
    """It owes 550 back and sells for 1,100 in the same cycle (fee 110): nothing is drawn, 440 are paid."""
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.accepted(market, "other", "seller", 1_000)
    cycle = factories.clear(market)
    assert cover(market, "seller") == []
    assert paid(cycle, market) == {"seller": 440, "buyer": 550, "operator": 110}
    assert broken() == {}


def test_a_payment_that_failed_is_used_before_available_money(market):
    """450 of the 10,450 that the bank sent back are kept; the rest can be paid again, and no more."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    first = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=first.public_id)
    failed = factories.instructions(first)[0]
    report_failed_payment(actor=market.actor, instruction=failed.public_id, reason="口座該当なし")
    factories.pay_in(market, "seller", 5_000)
    factories.adjust(market, trade, "seller", "buyer", 500)
    second = factories.clear(market)
    assert cover(market, "seller") == [("drawn_receivable", 550)]
    assert (factories.balance(market, "seller", "receivable"), factories.available(market, "seller")) == (
        9_900,
        5_000,
    )
    again = retry_payment(actor=market.actor, instruction=failed.public_id)
    assert again.amount_minor == 9_900
    assert paid(second, market) == {"buyer": 550}
    assert broken() == {}


def test_a_payment_on_its_way_is_nobody_s_to_draw_from(market):
    """The bank has the file: the 10,450 are the seller's already, and its fees are drawn from available money."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    first = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=first.public_id)
    factories.pay_in(market, "seller", 5_000)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert cover(market, "seller") == [("drawn", 550)]
    assert broken() == {}


def test_a_payout_that_is_posted_but_not_planned_yet_is_on_its_way_too(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    first = factories.clear(market, "posted")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.pay_in(market, "seller", 550)
    factories.clear(market, "netted")
    assert cover(market, "seller") == [("drawn", 550)]
    factories.advance_to(first, "settling")
    assert paid(first, market)["seller"] == 10_450
    assert broken() == {}


def test_the_deposit_is_drawn_after_available_money(market, sold):
    factories.pay_in(market, "seller", 400)
    pay_deposit(
        actor=factories.participants.actor_for(market.party("seller")), amount_minor=300, currency="JPY"
    )
    factories.adjust(market, sold, "seller", "buyer", 300)
    cycle = factories.clear(market)
    assert cover(market, "seller") == [("drawn", 100), ("drawn_deposit", 230)]
    assert (factories.available(market, "seller"), factories.balance(market, "seller", "deposit")) == (0, 70)
    assert paid(cycle, market) == {"buyer": 330}
    assert Shortfall.objects.count() == 0
    factories.settle(market, cycle)
    assert cycle.state == "settled"
    assert broken() == {}


def test_what_nobody_covers_is_put_off_and_stays_owed_in_full(market, sold):
    """Of 550 the seller has 100: the buyer gets 100 now, and 450 (409 and 41 of tax) are owed in the next cycle."""
    factories.pay_in(market, "seller", 100)
    factories.adjust(market, sold, "seller", "buyer", 500)
    second = factories.clear(market)
    assert paid(second, market) == {"buyer": 100}
    assert (position(second, market, "seller").deferred_minor, carried(market.cycle)) == (
        450,
        [("adjustment", 410, 40)],
    )
    assert position(second, market, "buyer").deferred_minor == -450
    assert (second.gross_minor, second.net_minor) == (550, 100)
    assert Deferral.objects.get().next.deferred_from == Deferral.objects.get().obligation
    factories.settle(market, second)
    assert (second.state, advance_cycle(cycle=second.public_id)) == ("partial", None)
    assert broken() == {}

    factories.accepted(market, "other", "seller", 10_000)
    third = factories.clear(market)
    assert paid(third, market) == {"buyer": 450, "seller": 10_000, "operator": 550}
    assert advance_cycle(cycle=second.public_id) == "settled"
    factories.settle(market, third)
    assert third.state == "settled"
    assert Invoice.objects.filter(purpose="correction").count() == 1
    assert (changed_cycles(), broken()) == ([], {})


def test_a_deferral_is_deferred_again_until_it_is_paid(market, sold):
    factories.adjust(market, sold, "seller", "buyer", 500)
    cycles = [factories.clear(market)]
    factories.pay_in(market, "seller", 50)
    cycles.append(factories.clear(market))
    assert [carried(cycle) for cycle in (cycles[1], market.cycle)] == [
        [("adjustment", 500, 50)],
        [("adjustment", 455, 45)],
    ]
    factories.settle(market, cycles[1])
    for cycle in cycles:
        cycle.refresh_from_db()
        advance_cycle(cycle=cycle.public_id)
        cycle.refresh_from_db()
    assert [cycle.state for cycle in cycles] == ["partial", "partial"]
    factories.pay_in(market, "seller", 500)
    last = factories.clear(market)
    assert paid(last, market) == {"buyer": 500}
    factories.settle(market, last)
    assert [advance_cycle(cycle=cycle.public_id) for cycle in cycles] == ["settled", "settled"]
    assert broken() == {}


def further_lines(cycle: Cycle) -> list[str]:
    """The lines of a cycle beside those of its trades, as they are hashed."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT line FROM ({FURTHER_LINES}) further ORDER BY line", {"cycle": cycle.pk})
        return [row[0] for row in cursor.fetchall()]


def test_the_hash_of_a_cycle_covers_deferred_obligations(market, sold):
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.clear(market)
    factories.pay_in(market, "seller", 550)
    third = factories.clear(market)
    (line,) = further_lines(third)
    buyer, seller = (market.party(name).corporate_number for name in ("buyer", "seller"))
    assert line == f"{sold.business_key}|adjustment|{seller}|{buyer}|500|50|1000|1"
    assert changed_cycles() == []


def test_refunds_come_before_shares_and_fees_last(market, sold):
    """550 go back to the buyer, 300 to a beneficiary, 110 of fees; the seller sells for 550 (fee 110) and has 200.

    So 750 meet 550 and 200 of the share; 100 of it and the fee of 110 are put off. Nobody else is touched.
    """
    share(market, sold, "beneficiary", 300)
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.accepted(market, "other", "seller", 500)
    factories.pay_in(market, "seller", 200)
    cycle = factories.clear(market)
    assert paid(cycle, market) == {"buyer": 550, "beneficiary": 200}
    assert carried(market.cycle) == [("share", 100, 0), ("fee", 110, 0)]
    assert position(cycle, market, "seller").deferred_minor == 210
    operator = NetPosition.objects.get(cycle=cycle, organisation=market.operator)
    assert (operator.deferred_minor, operator.net_minor) == (-110, 0)
    assert broken() == {}
    factories.settle(market, cycle)

    factories.pay_in(market, "seller", 210)
    last = factories.clear(market)
    assert paid(last, market) == {"beneficiary": 100, "operator": 110}
    fees = Invoice.objects.filter(purpose="fee", recipient=market.party("seller")).order_by("pk")
    assert [row.total_minor for row in fees] == [550, 110]
    factories.settle(market, last)
    assert advance_cycle(cycle=cycle.public_id) == "settled"
    totals = {row["kind"]: row["balance_minor"] for row in trial_balance("JPY")}
    assert totals["fee_revenue"] + totals["tax_payable"] == 660
    assert broken() == {}


def share(market: factories.Market, trade, beneficiary: str, amount_minor: int) -> Obligation:
    """A part of the proceeds that the seller owes a third party."""
    factories.let_share(market, trade, beneficiary)
    return Obligation.objects.create(
        trade=trade,
        kind="share",
        debtor_id=trade.seller_id,
        creditor=market.party(beneficiary),
        amount_minor=amount_minor,
        tax_minor=0,
        tax_rate_bp=0,
        currency="JPY",
        cycle=market.cycle,
        legal_basis="assumption_with_release",
        beneficiary_key=market.party(beneficiary).corporate_number,
        source=f"share:{trade.public_id}:{beneficiary}",
        made_at=trade.concluded_at,
    )


def test_fees_are_put_off_trade_by_trade_in_the_order_of_their_keys(market, sold):
    """Two sales of 1,100 cost 110 each, and 2,050 go back: of 220 the seller has 150, and 70 of the later key are left."""
    keys = sorted(
        factories.accepted(market, "buyer", "seller", 1_000, reference=name).business_key
        for name in ("Z", "A")
    )
    factories.adjust(market, sold, "seller", "buyer", 1_864)
    cycle = factories.clear(market)
    rest = Obligation.objects.get(cycle=market.cycle)
    assert (rest.trade.business_key, rest.kind, rest.amount_minor, rest.tax_rate_bp) == (
        keys[1],
        "fee",
        70,
        0,
    )
    deferral = Deferral.objects.get()
    assert (deferral.amount_minor, deferral.tax_minor) == (64, 6)
    assert paid(cycle, market) == {"buyer": 2_050, "operator": 150}
    assert broken() == {}


def test_two_who_owe_each_other_need_nothing(market):
    """A and B each owe the other 5,500 and have nothing: both are met, and no yen moves."""
    first = factories.accepted(market, "a", "b", 10_000)
    second = factories.accepted(market, "b", "a", 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, first, "b", "a", 5_000)
    factories.adjust(market, second, "a", "b", 5_000)
    cycle = factories.clear(market)
    assert (factories.instructions(cycle), Shortfall.objects.count()) == ([], 0)
    assert (cycle.gross_minor, cycle.net_minor) == (11_000, 0)
    assert broken() == {}


def test_two_defaulters_who_owe_each_other_pay_what_they_can_and_no_loss_is_shared(market):
    """A owes an innocent 2,200 and then B 1,100; B owes A 550 and has 100 of its own; D and E trade on.

    A has nothing but what B pays. What B pays goes to the innocent, who comes first, so B gets nothing from A and
    has only its 100 for A, which go on to the innocent: 100 of 2,200 are met, and 3,200 and 450 are put off.
    """
    innocent, b = sorted(("x", "y"), key=lambda name: market.party(name).corporate_number)
    sold = {name: factories.accepted(market, name, "a", 10_000) for name in (innocent, b)}
    bought = factories.accepted(market, "a", b, 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, sold[b], "a", b, 1_000)
    factories.adjust(market, sold[innocent], "a", innocent, 2_000)
    factories.adjust(market, bought, b, "a", 500)
    factories.pay_in(market, b, 100)
    factories.accepted(market, "d", "e", 1_000)
    cycle = factories.clear(market)
    assert paid(cycle, market) == {innocent: 100, "e": 990, "operator": 110}
    assert {
        row.organisation_id: (row.deferred_minor, row.awaited_minor) for row in Shortfall.objects.all()
    } == {market.party("a").pk: (3_200, 450), market.party(b).pk: (450, 1_100)}
    assert position(cycle, market, innocent).deferred_minor == -2_100
    assert [position(cycle, market, name).deferred_minor for name in ("d", "e")] == [0, 0]
    assert sorted(amount + tax for _, amount, tax in carried(market.cycle)) == [450, 1_100, 2_100]
    assert broken() == {}

    factories.pay_in(market, "a", 2_750)
    last = factories.clear(market)
    assert paid(last, market) == {innocent: 2_100, b: 650}
    assert (Deferral.objects.count(), broken()) == (3, {})


def test_money_set_aside_is_safe_from_what_happens_between_netting_and_posting(market, sold):
    """The seller spends what is left, is suspended, and the cycle posts as it was netted."""
    factories.pay_in(market, "seller", 600)
    factories.adjust(market, sold, "seller", "buyer", 500)
    cycle = factories.clear(market, "netted")
    assert (factories.available(market, "seller"), factories.balance(market, "seller", "payable")) == (
        50,
        550,
    )
    assert broken() == {}
    waiting = factories.conclude(market, "seller", "buyer", 100)
    assert waiting.state == "concluded"
    suspend_participant(
        actor=market.actor, organisation=market.party("seller").public_id, reason_code="test", reason="試験"
    )
    factories.advance_to(cycle, "settling")
    assert paid(cycle, market) == {"buyer": 550}
    assert broken() == {}


def test_a_shortfall_is_recorded_and_told(market, sold):
    factories.adjust(market, sold, "seller", "buyer", 500)
    cycle = factories.clear(market)
    (event,) = OutboxEvent.objects.filter(type="shortfall.occurred")
    seller = market.party("seller").public_id
    assert event.data == {
        "shortfall": Shortfall.objects.get().public_id,
        "organisation": seller,
        "cycle": cycle.public_id,
        "missing_minor": 550,
        "deferred_minor": 550,
        "currency": "JPY",
    }
    (waits,) = OutboxEvent.objects.filter(type="payment.deferred")
    assert waits.data == {
        "organisation": market.party("buyer").public_id,
        "cycle": cycle.public_id,
        "amount_minor": 550,
        "currency": "JPY",
    }
    record = EvidenceRecord.objects.get(kind="clearing.shortfall_occurred")
    assert (record.subject, record.payload["deferred_minor"], record.payload["lent_minor"]) == (
        seller,
        550,
        0,
    )
    step = EvidenceRecord.objects.get(kind="clearing.cycle_netted", subject=cycle.public_id)
    assert (step.payload["deferrals"], step.payload["deferred_minor"]) == (1, 550)


def test_what_is_put_off_is_not_final(market, sold):
    """Of 550 the operator took 100 over; 450 are a claim of the buyer against the seller, as before any netting."""
    factories.pay_in(market, "seller", 100)
    factories.adjust(market, sold, "seller", "buyer", 500)
    second = factories.clear(market)
    found = finality(organisation=get_organisation(market.party("seller").public_id), at=clock.now())
    shown = [
        (row["cycle"], row["stage"], row["amount_minor"])
        for row in found.obligations
        if row["kind"] == "adjustment"
    ]
    assert shown == [
        (second.business_key, "discharged", 100),
        (market.cycle.business_key, "gross", 450),
    ]


def test_what_was_set_aside_and_put_off_can_be_walked(market, sold):
    factories.pay_in(market, "seller", 100)
    factories.adjust(market, sold, "seller", "buyer", 500)
    cycle = factories.clear(market)
    aside = Entry.objects.get(kind="cover")
    posted = Entry.objects.get(kind="cycle", cycle=cycle, organisation=market.party("seller"))
    walked = trace_entry(aside)
    assert (walked["back"]["cycle"], walked["forward"]["cycle"]) == (cycle.public_id, cycle.public_id)
    assert walked["forward"]["entries"] == [posted.public_id]
    (behind,) = obligations_behind(posted, "deferred")
    assert behind == Deferral.objects.get().obligation
    waits = Entry.objects.get(kind="cycle", cycle=cycle, organisation=market.party("buyer"))
    assert list(obligations_behind(waits, "awaited")) == [behind]
    assert list(obligations_behind(posted, "covered")) == []


def test_nobody_short_costs_nothing(market):
    """Who lacks nothing is told from the totals: no balance is read, no entry made."""
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "netted")
    assert Entry.objects.filter(kind="cover").count() == 0
    assert (SettlementInstruction.objects.count(), cycle.state) == (0, "netted")

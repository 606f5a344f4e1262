"""Every journal entry follows from its cause: attacks by raw SQL on each kind of entry, and what the checker names.

Each attack is a balanced entry that breaks no other rule: as the application's role, which may insert entries, and as the
owner. Then the same entry is forced in behind the guards, and ``check_invariants`` names it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from clearing.ledger.causes import CAUSES
from clearing.ledger.states import EntryKind
from clearing.models import (
    Account,
    BankAllocation,
    BankEntry,
    Cycle,
    Entry,
    FundsDecision,
    NetPosition,
    SettlementInstruction,
    Trade,
)
from clearing.shortfalls.services.deposits import pay_deposit
from marketplace.kernel import clock
from tests.clearing import factories
from tests.clearing.raw import counts
from tests.participants.factories import actor_for
from tests.roles import assert_refused, unguarded
from tests.standing import made_once

from ..raw import run
from ..test_invariants import broken

FOREIGN = "acc_of_another"


def post_raw(
    kind: str,
    reference: str,
    lines: list[tuple[str, Account, Account, int]],
    *,
    organisation_id: int | None = None,
    cycle_id: int | None = None,
    trade: Trade | None = None,
    booked: str = "public.business_now()",
    day: str = "(public.business_now() AT TIME ZONE 'Asia/Tokyo')::date",
) -> None:
    """An entry and its postings, debit and credit a line, in one statement, checked to the end of its transaction."""
    legs = [
        (2 * number + side + 1, account.pk, amount if side == 0 else -amount, line)
        for number, (line, debit, credit, amount) in enumerate(lines)
        for side, account in enumerate((debit, credit))
    ]
    numbers, accounts, amounts, names = (list(column) for column in zip(*legs, strict=True))
    on_hold = [trade.pk if trade and Account.objects.get(pk=key).kind == "held" else None for key in accounts]
    run(
        "WITH made AS (INSERT INTO clearing_entry (public_id, kind, reference, description, business_date, booked_at,"
        f" organisation_id, cycle_id, trade_id) VALUES ('jrn_forged', %s, %s, '', {day}, {booked}, %s, %s, %s)"
        " RETURNING id) INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line, trade_id)"
        " SELECT made.id, v.leg, v.account_id, v.amount, 'JPY', v.line, v.trade_id FROM made, unnest(%s::int[],"
        " %s::bigint[], %s::bigint[], %s::text[], %s::bigint[]) AS v(leg, account_id, amount, line, trade_id)",
        kind,
        reference,
        organisation_id,
        cycle_id,
        trade.pk if trade else None,
        numbers,
        accounts,
        amounts,
        names,
        on_hold,
    )
    connection.check_constraints()


def own(market: factories.Market, name: str, kind: str) -> Account:
    return Account.objects.get(organisation=market.party(name), kind=kind, currency="JPY")


def of_market(kind: str) -> Account:
    return Account.objects.get(organisation=None, kind=kind, currency="JPY")


@made_once
def busy(market: factories.Market) -> factories.Market:
    """A market in which ``a`` and ``b`` have money, a trade is secured, and a cycle is paid."""
    factories.accepted(market, "a", "b", 10_000)
    factories.settle(market, factories.clear(market))
    factories.pay_in(market, "a", 50_000)
    factories.pay_in(market, "b", 20_000)
    factories.conclude(market, "a", "b", 10_000)
    factories.receive(market, [factories.booking("credit", 700, "unknown")])
    pay_deposit(actor=actor_for(market.party("a")), amount_minor=500, currency="JPY")
    return market


Attack = Callable[[factories.Market], dict[str, Any]]


def to_b(market: factories.Market, line: str = "pay_in", amount: int = 5_000) -> list[Any]:
    """The lines of a transfer of A's available money to B's."""
    return [(line, own(market, "a", "available"), own(market, "b", "available"), amount)]


def last(market: factories.Market, name: str) -> str:
    """The newest bank entry of a participant."""
    return BankEntry.objects.filter(organisation=market.party(name), match="pay_in").latest("pk").public_id


def suspense() -> BankEntry:
    return BankEntry.objects.get(match="unallocated")


def secured() -> Trade:
    return Trade.objects.get(state="secured")


def paid() -> SettlementInstruction:
    return SettlementInstruction.objects.filter(state="confirmed").earliest("pk")


ATTACKS: dict[str, Attack] = {
    "a transfer from A to B with no cause": lambda m: {
        "kind": "pay_in", "reference": "bank:bke_none", "lines": to_b(m), "organisation_id": m.party("b").pk,
    },
    "a transfer from A to B that names a receipt of B": lambda m: {
        "kind": "pay_in", "reference": f"bank:{last(m, 'b')}:again", "lines": to_b(m),
        "organisation_id": m.party("b").pk,
    },
    "a receipt without an imported statement line": lambda m: {
        "kind": "pay_in", "reference": "bank:bke_invented", "organisation_id": m.party("b").pk,
        "lines": [("pay_in", of_market("bank_client"), own(m, "b", "available"), 9_000)],
    },
    "a reserve out of nothing": lambda m: {
        "kind": "reserve", "reference": f"bank:{suspense().public_id}:again", "organisation_id": m.operator.pk,
        "lines": [("pay_in", of_market("bank_client"), of_market("reserve"), 9_000)],
    },
    "a payment that the bank did not carry out": lambda m: {
        "kind": "payout", "reference": f"bank:{paid().public_id}", "organisation_id": m.party("a").pk,
        "lines": [("payment", own(m, "a", "available"), of_market("bank_client"), 100)],
    },
    "a return that the bank did not send": lambda m: {
        "kind": "bank_return", "reference": f"bank:{paid().public_id}", "organisation_id": m.party("b").pk,
        "lines": [("payment", of_market("bank_client"), own(m, "b", "receivable"), 100)],
    },
    "client money to the operator's own account": lambda m: {
        "kind": "sweep", "reference": f"bank:{paid().public_id}", "organisation_id": m.operator.pk,
        "lines": [("payment", of_market("bank_operator"), of_market("bank_client"), 700)],
    },
    "money of a participant in suspense": lambda m: {
        "kind": "suspense", "reference": f"bank:{suspense().public_id}:again", "organisation_id": None,
        "lines": [("pay_in", own(m, "a", "available"), of_market("unallocated"), 700)],
    },
    "suspense for B that nobody allocated": lambda m: {
        "kind": "allocation", "reference": f"allocation:{suspense().public_id}", "organisation_id": m.party("b").pk,
        "lines": [("pay_in", of_market("unallocated"), own(m, "b", "available"), 700)],
    },
    "a debit that two people did not book": lambda m: {
        "kind": "debit", "reference": f"debit:{suspense().public_id}", "organisation_id": None,
        "lines": [("bank_fee", of_market("bank_charges"), own(m, "a", "available"), 700)],
    },
    "a return of nothing to the bank": lambda m: {
        "kind": "recoupment", "reference": f"recoupment:{suspense().public_id}", "organisation_id": None,
        "lines": [("recouped", own(m, "a", "available"), own(m, "b", "available"), 700)],
    },
    "own money of the operator that nobody paid in": lambda m: {
        "kind": "own_money", "reference": f"bank:{suspense().public_id}:again", "organisation_id": m.operator.pk,
        "lines": [("payment", own(m, "a", "available"), of_market("own_funds"), 700)],
    },
    "a return before a debit that the bank did not send": lambda m: {
        "kind": "early_return", "reference": f"bank:{paid().public_id}", "organisation_id": m.party("a").pk,
        "lines": [("payment", own(m, "a", "available"), of_market("early_return"), 700)],
    },
    "a claim collected from an active participant": lambda m: {
        "kind": "recovery", "reference": f"recovery:{last(m, 'a')}", "organisation_id": m.party("a").pk,
        "lines": to_b(m, "recovered"),
    },
    "a hold for a trade that is held already": lambda m: {
        "kind": "hold", "reference": f"hold:{secured().public_id}:again", "organisation_id": m.party("a").pk,
        "lines": [("hold", own(m, "a", "available"), own(m, "a", "payable"), 11_000)], "trade": secured(),
    },
    "a guaranteed part paid for a trade without one": lambda m: {
        "kind": "guaranteed", "reference": f"guaranteed:{secured().public_id}", "organisation_id": m.party("a").pk,
        "lines": [("guaranteed_paid", own(m, "a", "available"), own(m, "a", "payable"), 700)], "trade": secured(),
    },
    "a capture before acceptance": lambda m: {
        "kind": "capture", "reference": f"capture:{secured().public_id}", "organisation_id": m.party("a").pk,
        "lines": [("unhold", own(m, "a", "held"), own(m, "a", "payable"), 11_000)], "trade": secured(),
    },
    "a return of a hold that still stands": lambda m: {
        "kind": "return", "reference": f"return:{secured().public_id}", "organisation_id": m.party("a").pk,
        "lines": [("unhold", own(m, "a", "held"), own(m, "a", "available"), 11_000)], "trade": secured(),
    },
    "a cycle that pays B from A": lambda m: {
        "kind": "cycle", "reference": f"cycle:{NetPosition.objects.get(organisation=m.party('b')).public_id}:again",
        "organisation_id": m.party("b").pk, "lines": to_b(m, "sales"),
        "cycle_id": Cycle.objects.earliest("pk").pk,
        "booked": "(SELECT booked_at FROM clearing_cyclepart WHERE part = 'entries')",
    },
    "a cover by another participant": lambda m: {
        "kind": "cover", "reference": f"cover:{m.cycle.public_id}:{m.party('b').public_id}",
        "organisation_id": m.party("b").pk, "cycle_id": m.cycle.pk,
        "lines": [("drawn", own(m, "a", "available"), own(m, "b", "payable"), 5_000)],
    },
    "a loan of the reserve without a shortfall": lambda m: {
        "kind": "cover", "reference": f"cover:{Cycle.objects.earliest('pk').public_id}:{m.party('b').public_id}",
        "organisation_id": m.party("b").pk, "cycle_id": Cycle.objects.earliest("pk").pk,
        "lines": [("drawn", own(m, "b", "available"), own(m, "b", "deposit"), 5_000)],
    },
    "a deposit of A for B": lambda m: {
        "kind": "deposit", "reference": f"deposit:{FundsDecision.objects.get().public_id}:again",
        "organisation_id": m.party("a").pk,
        "lines": [("deposited", own(m, "a", "available"), own(m, "b", "deposit"), 500)],
    },
    "a deposit released by nobody": lambda m: {
        "kind": "deposit", "reference": "deposit:fdc_none", "organisation_id": m.party("a").pk,
        "lines": [("deposit_released", own(m, "a", "deposit"), own(m, "a", "available"), 500)],
    },
    "a reserve lowered by nobody": lambda m: {
        "kind": "reserve_lowered", "reference": "reserve_lowered:rsr_none", "organisation_id": None,
        "lines": [("reserve_lowered", own(m, "a", "available"), of_market("own_funds"), 500)],
    },
    "a loss that nobody decided": lambda m: {
        "kind": "write_off", "reference": f"write_off:{FundsDecision.objects.get().public_id}",
        "organisation_id": m.party("a").pk,
        "lines": [("written_off", of_market("write_off"), own(m, "a", "available"), 500)],
    },
    "idle money for which no payment is planned": lambda m: {
        "kind": "idle_return", "reference": f"idle:{paid().public_id}", "organisation_id": m.party("a").pk,
        "lines": [("idle_return", own(m, "a", "available"), own(m, "a", "receivable"), 5_000)],
    },
}  # fmt: skip


def test_every_kind_of_entry_has_a_cause_and_an_attack(busy):
    assert set(CAUSES) == set(EntryKind)
    assert {attack(busy)["kind"] for attack in ATTACKS.values()} == set(EntryKind)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_kind_of_entry_is_posted_without_its_cause(busy, attack):
    forged, before = attack(busy), counts()
    assert broken() == {}
    assert_refused(lambda: post_raw(**forged), because="does not follow from a cause|on hold for trade")
    assert counts() == before
    with unguarded("clearing_entry", "clearing_posting"):
        post_raw(**forged)
    named = {
        name
        for name, breaches in broken().items()
        if any(str(row.get("reference")) == forged["reference"] for row in breaches)
    }
    assert named & {
        "clearing.money_follows_from_bank_entries",
        "clearing.holds_follow_from_trades",
        "clearing.guaranteed_parts_are_paid",
        "clearing.entries_follow_from_positions",
        "clearing.funds_move_as_decided",
        "clearing.idle_money_set_aside_for_payments",
        "clearing.reserve_lowered_as_announced",
    }


def test_postings_are_not_added_to_an_entry_of_the_same_transaction(busy):
    """The transaction posts an entry that has its cause, and then moves further money under its name."""
    entry = suspense()
    BankAllocation.objects.create(
        bank_entry=entry, organisation=busy.party("b"), decided_by="usr_x", decided_at=clock.now()
    )
    before = counts()

    def attack() -> None:
        post_raw(
            "allocation",
            f"allocation:{entry.public_id}",
            [("pay_in", of_market("unallocated"), own(busy, "b", "available"), 700)],
            organisation_id=busy.party("b").pk,
        )
        run(
            "INSERT INTO clearing_posting (entry_id, leg, account_id, amount_minor, currency, line)"
            " SELECT e.id, v.leg, v.account, v.amount, 'JPY', 'pay_in' FROM clearing_entry e,"
            " (VALUES (3, %s, 100), (4, %s, -100)) v(leg, account, amount) WHERE e.public_id = 'jrn_forged'",
            own(busy, "a", "available").pk,
            own(busy, "b", "available").pk,
        )

    assert_refused(attack, because="nothing can be added to it")
    assert counts() == before


@pytest.mark.parametrize(
    ("booked", "day"),
    [
        ("timestamptz '2099-01-01'", "date '2099-01-01'"),
        ("public.business_now() + interval '1 hour'", "(public.business_now() AT TIME ZONE 'Asia/Tokyo')::date"),
        ("public.business_now() - interval '1 day'", "(public.business_now() AT TIME ZONE 'Asia/Tokyo')::date - 1"),
        ("public.business_now()", "date '2099-01-01'"),
        ("public.business_now()", "(public.business_now() AT TIME ZONE 'Asia/Tokyo')::date - 3"),
    ],
)  # fmt: skip
def test_an_entry_is_booked_at_the_time_of_its_posting(busy, booked, day):
    """The entry has its cause; only its time is wrong."""
    entry = suspense()
    BankAllocation.objects.create(
        bank_entry=entry, organisation=busy.party("b"), decided_by="usr_x", decided_at=clock.now()
    )
    before = counts()
    assert_refused(
        lambda: post_raw(
            "allocation",
            f"allocation:{entry.public_id}",
            [("pay_in", of_market("unallocated"), own(busy, "b", "available"), 700)],
            organisation_id=busy.party("b").pk,
            booked=booked,
            day=day,
        ),
        because="not now|is not of the day|does not follow from a cause",
    )
    assert counts() == before


def test_a_trade_is_not_secured_without_its_hold(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)

    def secure() -> None:
        run("UPDATE clearing_trade SET state = 'secured', secured_at = now() WHERE id = %s", trade.pk)
        connection.check_constraints()

    assert_refused(secure, because="on hold for trade")
    assert Trade.objects.get(pk=trade.pk).state == "concluded"
    with unguarded("clearing_trade"):
        secure()
    assert "clearing.held_money_is_of_open_trades" in broken()


PAYMENT = (
    "INSERT INTO clearing_settlementinstruction (public_id, cycle_id, purpose, organisation_id, sequence, reference,"
    " restoration, direction, amount_minor, currency, state, planned_at, send_by, failure_reason, held_back)"
    " VALUES ('stl_raw', %s, %s, %s, 99, 'RAW-99', 0, 'out', %s, 'JPY', 'planned', now(), current_date + 1, '', '')"
)


def test_the_operator_is_paid_no_more_than_it_earned(market):
    factories.accepted(market, "a", "b", 10_000)
    cycle = factories.clear(market, "posted")
    before = SettlementInstruction.objects.count()
    for named, purpose, amount in (
        (cycle.pk, "cycle", 551),
        (None, "idle_return", 1),
        (market.cycle.pk, "cycle", 1),
    ):
        assert_refused(
            lambda named=named, purpose=purpose, amount=amount: run(
                PAYMENT, named, purpose, market.operator.pk, amount
            ),
            because="exceeds what it earned",
        )
    assert SettlementInstruction.objects.count() == before
    run(PAYMENT, cycle.pk, "cycle", market.operator.pk, 550)
    with unguarded("clearing_settlementinstruction"):
        run("UPDATE clearing_settlementinstruction SET amount_minor = 551 WHERE public_id = 'stl_raw'")
    assert "clearing.operator_paid_its_earnings" in broken()


def test_a_large_receipt_is_allocated_by_two_people(market):
    factories.receive(market, [factories.booking("credit", 1_000_000, "unknown")])
    allocate = (
        "INSERT INTO clearing_bankallocation (bank_entry_id, organisation_id, decided_by, decided_at)"
        " VALUES (%s, %s, 'usr_first', now())"
    )
    assert_refused(
        lambda: run(allocate, suspense().pk, market.party("b").pk), because="approved by no second person"
    )
    assert BankAllocation.objects.count() == 0


def test_a_large_deposit_is_released_by_two_people(market):
    factories.pay_in(market, "a", 2_000_000)
    pay_deposit(actor=actor_for(market.party("a")), amount_minor=1_000_000, currency="JPY")
    decide = (
        "INSERT INTO clearing_fundsdecision (public_id, organisation_id, currency, kind, amount_minor, reason, decided_by,"
        " decided_at) VALUES ('fdc_raw', %s, 'JPY', 'deposit_released', 1000000, 'x', 'usr_first', now())"
    )
    assert_refused(lambda: run(decide, market.party("a").pk), because="approved by no second person")
    small = decide.replace("1000000", "1")

    def decide_only() -> None:
        run(small, market.party("a").pk)
        connection.check_constraints()

    assert_refused(decide_only, because="without its journal entry")
    assert FundsDecision.objects.count() == 1


def test_entries_name_their_cause(busy):
    """The cause of each entry that the services post is a row of the table of its kind."""
    for entry in Entry.objects.all():
        with connection.cursor() as cursor:
            table = CAUSES[EntryKind(entry.kind)].table
            cursor.execute(f"SELECT count(*) FROM {table} WHERE public_id = %s", [entry.cause])
            assert (entry.reference, cursor.fetchone()[0]) == (entry.reference, 1)

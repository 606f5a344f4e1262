"""Debits that no payment explains: they lower nothing that is owed, and two people book what they were."""

from __future__ import annotations

import pytest

from clearing.bank.debits import book_debit, recoup_debit
from clearing.bank.errors import NotInSuspense, NotRepeated, NotReturnedBy, NotUnallocated
from clearing.bank.services import allocate_pay_in
from clearing.ledger.errors import OperatorMoneyShort
from clearing.ledger.queries import client_money
from clearing.models import (
    BankEntry,
    DebitBooking,
    Posting,
    Recoupment,
    SettlementInstruction,
)
from clearing.settlement.errors import ClientMoneyShort
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from tests.participants.factories import client_of
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


def counts() -> tuple[int, int, int]:
    return DebitBooking.objects.count(), Recoupment.objects.count(), Posting.objects.count()


def debit(market: factories.Market, amount_minor: int, remittance: str = "手数料") -> BankEntry:
    """The bank debits the client account, and nobody knows why."""
    factories.receive(market, [factories.booking("debit", amount_minor, remittance)])
    return BankEntry.objects.order_by("pk").last()


def credit(market: factories.Market, amount_minor: int, remittance: str = "返金") -> BankEntry:
    """A receipt whose owner nobody knows."""
    factories.receive(market, [factories.booking("credit", amount_minor, remittance)])
    return BankEntry.objects.order_by("pk").last()


def by_two(market: factories.Market, entry: BankEntry, booked_as: str, **named: str) -> DebitBooking:
    """Two people of the operator book a debit."""
    with pytest.raises(SecondPersonNeeded):
        book_debit(
            actor=market.actor, bank_entry=entry.public_id, booked_as=booked_as, reason="照会済み", **named
        )
    return book_debit(
        actor=market.second, bank_entry=entry.public_id, booked_as=booked_as, reason="照会済み", **named
    )


@made_once
def paid(market: factories.Market) -> SettlementInstruction:
    """A payment of 10,450 to a seller, which the bank carried out once; other clients have money at the bank."""
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "other", 50_000)
    cycle = factories.settle(market, factories.clear(market))
    return factories.instructions(cycle)[0]


def test_receipts_and_debits_in_suspense_are_not_netted(market):
    factories.pay_in(market, "buyer", 1_000)
    factories.receive(market, [factories.booking("credit", 500, "?"), factories.booking("debit", 200, "?")])
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor) == (1_300, 1_500)
    assert (money.operator_minor, money.outstanding_minor) == (0, 200)
    assert list(broken()) == ["clearing.client_money_is_owed"]


def test_nothing_is_paid_out_of_others_money_while_a_debit_is_unexplained(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "other", 5_000)
    cycle = factories.clear(market)
    entry = debit(market, 2_000)
    with pytest.raises(ClientMoneyShort) as short:
        create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    assert (short.value.fields["missing_minor"], factories.planned(cycle)) == (1_450, 2)
    factories.pay_own_money(market, 3_000)
    by_two(market, entry, "bank_fee")
    assert create_transfer_file(actor=market.actor, cycle=cycle.public_id).records == 2
    assert broken() == {}


def test_a_bank_fee_is_borne_by_the_operator_s_own_money(market):
    factories.pay_in(market, "buyer", 1_000)
    entry = debit(market, 660)
    factories.fund_reserve(market, 5_000)
    before = counts()
    for actor in (market.actor, market.second):
        with pytest.raises(OperatorMoneyShort):
            book_debit(actor=actor, bank_entry=entry.public_id, booked_as="bank_fee", reason="振込手数料")
    assert counts() == before
    factories.pay_own_money(market, 700)
    booked = by_two(market, entry, "bank_fee")
    assert (booked.first_person, booked.decided_by) == (market.actor.identifier, market.second.identifier)
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor, money.operator_minor, money.outstanding_minor) == (
        6_040,
        1_000,
        5_040,
        0,
    )
    assert broken() == {}


def test_one_person_books_no_debit_of_any_amount(market):
    factories.pay_own_money(market, 700)
    entry = debit(market, 1)
    before = counts()
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            book_debit(actor=market.actor, bank_entry=entry.public_id, booked_as="bank_fee", reason="x")
    with pytest.raises(SecondPersonNeeded):
        book_debit(actor=market.second, bank_entry=entry.public_id, booked_as="reclaimed", reason="x")
    with pytest.raises(Forbidden):
        book_debit(actor=PARTICIPANT, bank_entry=entry.public_id, booked_as="bank_fee", reason="x")
    assert counts() == before


def test_a_debit_is_booked_once_and_only_a_debit(market):
    factories.pay_own_money(market, 700)
    entry, receipt = debit(market, 100), credit(market, 200)
    by_two(market, entry, "bank_fee")
    before = counts()
    for wrong in (entry, receipt, BankEntry.objects.order_by("pk").first()):
        with pytest.raises(NotInSuspense):
            book_debit(actor=market.actor, bank_entry=wrong.public_id, booked_as="reclaimed", reason="x")
    with pytest.raises(Missing):
        book_debit(actor=market.actor, bank_entry="bke_none", booked_as="reclaimed", reason="x")
    assert counts() == before


def test_a_wrong_debit_is_reclaimed_and_closes_when_it_comes_back_in_parts(market):
    factories.pay_in(market, "buyer", 1_000)
    booked = by_two(market, debit(market, 300), "reclaimed")
    assert (client_money("JPY").outstanding_minor, list(broken())) == (300, ["clearing.client_money_is_owed"])
    for amount, left in ((100, 200), (200, 0)):
        receipt = credit(market, amount, "訂正")
        with pytest.raises(SecondPersonNeeded):
            recoup_debit(actor=market.actor, bank_entry=receipt.public_id, debit=booked.public_id)
        recoup_debit(actor=market.second, bank_entry=receipt.public_id, debit=booked.public_id)
        assert client_money("JPY").outstanding_minor == left
    assert (factories.available(market, "buyer"), broken()) == (1_000, {})
    late, before = credit(market, 1), counts()
    with pytest.raises(NotReturnedBy):
        recoup_debit(actor=market.actor, bank_entry=late.public_id, debit=booked.public_id)
    assert counts() == before


def test_a_receipt_is_allocated_or_returns_a_debit_never_both(market):
    factories.pay_in(market, "buyer", 1_000)
    booked = by_two(market, debit(market, 300), "reclaimed")
    returned, owned = credit(market, 300), credit(market, 50)
    buyer = market.party("buyer").public_id
    allocate_pay_in(actor=market.actor, bank_entry=owned.public_id, organisation=buyer)
    with pytest.raises(SecondPersonNeeded):
        recoup_debit(actor=market.actor, bank_entry=returned.public_id, debit=booked.public_id)
    recoup_debit(actor=market.second, bank_entry=returned.public_id, debit=booked.public_id)
    before = counts()
    with pytest.raises(NotUnallocated):
        allocate_pay_in(actor=market.actor, bank_entry=returned.public_id, organisation=buyer)
    with pytest.raises(NotInSuspense):
        recoup_debit(actor=market.actor, bank_entry=owned.public_id, debit=booked.public_id)
    assert counts() == before
    assert broken() == {}


def test_a_payment_carried_out_twice_is_reclaimed_from_its_payee_and_its_return_closes_it(market, paid):
    second = debit(market, paid.amount_minor, paid.reference)
    assert (second.match, second.mismatch_code, second.instruction) == ("unallocated", "not_expected", paid)
    booked = by_two(market, second, "paid_twice", instruction=paid.public_id)
    assert (booked.organisation, client_money("JPY").outstanding_minor) == (
        market.party("seller"),
        paid.amount_minor,
    )
    back = credit(market, paid.amount_minor, f"組戻 {paid.reference}")
    paid.refresh_from_db()
    assert (back.match, paid.state) == ("recouped", "confirmed")
    assert Recoupment.objects.get().debit == booked
    assert (client_money("JPY").outstanding_minor, broken()) == (0, {})
    again = credit(market, paid.amount_minor, f"組戻 {paid.reference}")
    paid.refresh_from_db()
    assert (again.match, paid.state) == ("returned", "failed")
    assert broken() == {}


def test_a_return_waits_while_a_second_debit_of_its_payment_is_unexplained(market, paid):
    second = debit(market, paid.amount_minor, paid.reference)
    back = credit(market, paid.amount_minor, f"組戻 {paid.reference}")
    paid.refresh_from_db()
    assert (back.match, back.mismatch_code, paid.state) == ("unallocated", "debit_unexplained", "confirmed")
    assert list(broken()) == ["clearing.client_money_is_owed"]
    booked = by_two(market, second, "paid_twice", instruction=paid.public_id)
    with pytest.raises(SecondPersonNeeded):
        recoup_debit(actor=market.actor, bank_entry=back.public_id, debit=booked.public_id)
    recoup_debit(actor=market.second, bank_entry=back.public_id, debit=booked.public_id)
    assert (client_money("JPY").outstanding_minor, factories.in_suspense().count(), broken()) == (0, 0, {})


def test_only_a_payment_that_was_carried_out_otherwise_was_carried_out_twice(market, paid):
    factories.accepted(market, "other", "seller", 9_500)
    planned = factories.instructions(factories.clear(market))[0]
    assert planned.amount_minor != paid.amount_minor
    entry, before = debit(market, paid.amount_minor), counts()
    for wrong in (planned, SettlementInstruction.objects.exclude(pk=paid.pk).get(amount_minor=550)):
        with pytest.raises(NotRepeated):
            book_debit(
                actor=market.actor,
                bank_entry=entry.public_id,
                booked_as="paid_twice",
                reason="x",
                instruction=wrong.public_id,
            )
    for booked_as, named in (("paid_twice", None), ("bank_fee", paid.public_id)):
        with pytest.raises(FieldInvalid) as invalid:
            book_debit(
                actor=market.actor,
                bank_entry=entry.public_id,
                booked_as=booked_as,
                reason="x",
                instruction=named,
            )
        assert invalid.value.name == "instruction"
    assert counts() == before


def test_an_unexplained_debit_is_a_task_until_it_is_booked(market, paid):
    entry = debit(market, paid.amount_minor, paid.reference)
    (asked,) = OutboxEvent.objects.filter(type="debit.unexplained")
    assert (asked.subject, asked.data["reason_code"], asked.data["reference"]) == (
        entry.public_id,
        "not_expected",
        paid.reference,
    )
    by_two(market, entry, "reclaimed")
    assert OutboxEvent.objects.get(type="debit.explained").subject == entry.public_id
    (recorded,) = EvidenceRecord.objects.filter(kind="clearing.debit_booked")
    assert (recorded.subject, recorded.actor) == (entry.public_id, market.second.identifier)


def test_open_items_are_listed_and_booked_over_the_api(market):
    factories.pay_own_money(market, 1_000)
    entry, buyer = debit(market, 300), client_of(market.party("buyer"))
    operator = client_of(market.operator)
    path = f"/api/v1/bank-entries/{entry.public_id}"
    (shown,) = operator.get("/api/v1/bank-entries/?waits_for_operator=true").json()["results"]
    assert (shown["id"], shown["waiting"]["code"]) == (entry.public_id, "bank_entry.debit_unexplained")
    body = {"booked_as": "reclaimed", "reason": "銀行の誤り"}
    key = {"HTTP_IDEMPOTENCY_KEY": "book-1"}
    before = counts()
    assert buyer.post(f"{path}/book-debit/", body, format="json", **key).status_code == 403
    for wrong in (body | {"booked_as": "gift"}, {"booked_as": "bank_fee"}, body | {"colour": 1}):
        assert operator.post(f"{path}/book-debit/", wrong, format="json", **key).status_code == 422
    asked = operator.post(f"{path}/book-debit/", body, format="json", **key)
    assert (asked.status_code, asked.json()["code"], counts()) == (409, "second_person_needed", before)
    booked = book_debit(
        actor=market.second, bank_entry=entry.public_id, booked_as="reclaimed", reason="銀行の誤り"
    )
    assert operator.get("/api/v1/bank-entries/?waits_for_operator=true").json()["results"] == []
    (listed,) = operator.get("/api/v1/debit-bookings/?open=true").json()["results"]
    assert (listed["id"], listed["open_minor"], listed["waiting"]["waits_for"]) == (
        booked.public_id,
        300,
        "bank",
    )
    assert buyer.get("/api/v1/debit-bookings/").status_code == 403
    receipt = credit(market, 300)
    recoup = f"/api/v1/bank-entries/{receipt.public_id}/recoup/"
    assert buyer.post(recoup, {"debit": booked.public_id}, format="json", **key).status_code == 403
    missing = operator.post(recoup, {"debit": "dbk_none"}, format="json", HTTP_IDEMPOTENCY_KEY="recoup-1")
    assert (missing.status_code, counts()[1]) == (404, 0)
    asked = operator.post(recoup, {"debit": booked.public_id}, format="json", HTTP_IDEMPOTENCY_KEY="recoup-2")
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    recoup_debit(actor=market.second, bank_entry=receipt.public_id, debit=booked.public_id)
    assert operator.get("/api/v1/debit-bookings/?open=true").json()["results"] == []
    (closed,) = operator.get("/api/v1/debit-bookings/?open=false").json()["results"]
    assert (closed["open_minor"], closed["waiting"]) == (0, None)


BOOK = (
    "INSERT INTO clearing_debitbooking (public_id, bank_entry_id, booked_as, instruction_id, organisation_id, reason,"
    " first_person, decided_by, decided_at) VALUES ('dbk_raw', %s, %s, %s, %s, 'raw', %s, 'usr_2', now())"
)
RECOUP = (
    "INSERT INTO clearing_recoupment (bank_entry_id, debit_id, first_person, decided_by, decided_at)"
    " VALUES (%s, %s, %s, 'usr_2', now())"
)


def test_a_booking_by_one_person_or_of_another_entry_is_refused(market, paid):
    entry, receipt = debit(market, paid.amount_minor), credit(market, paid.amount_minor)
    seller, other = market.party("seller").pk, market.party("other").pk
    sweep = SettlementInstruction.objects.get(amount_minor=550)
    before = counts()
    for first_person in ("", "usr_2"):
        refused(BOOK, entry.pk, "reclaimed", None, None, first_person, because="debit_booked_by_two")
    refused(BOOK, entry.pk, "reclaimed", paid.pk, seller, "usr_1", because="debit_booking_of_what")
    refused(BOOK, entry.pk, "paid_twice", None, None, "usr_1", because="debit_booking_of_what")
    for named, party in ((sweep.pk, market.operator.pk), (paid.pk, other)):
        refused(BOOK, entry.pk, "paid_twice", named, party, "usr_1", because="not carried out otherwise")
    refused(BOOK, receipt.pk, "bank_fee", None, None, "usr_1", because="not in suspense")
    confirmed = BankEntry.objects.get(instruction=paid, match="settlement")
    refused(BOOK, confirmed.pk, "bank_fee", None, None, "usr_1", because="not in suspense")
    refused(BOOK, entry.pk, "reclaimed", None, None, "usr_1", because="is no natural person of the operator")
    assert counts() == before
    booked = by_two(market, entry, "reclaimed")
    refused(BOOK, entry.pk, "bank_fee", None, None, "usr_1", because="bank_entry_id")
    refused("UPDATE clearing_debitbooking SET booked_as = 'bank_fee'", because="append-only")
    large = credit(market, paid.amount_minor + 1)
    for wrong in (large, entry, confirmed):
        refused(RECOUP, wrong.pk, booked.pk, "usr_1", because="does not return")
    refused(RECOUP, receipt.pk, booked.pk, "", because="recoupment_by_two")
    refused(
        "INSERT INTO clearing_bankallocation (bank_entry_id, organisation_id, decided_by, decided_at)"
        " VALUES (%s, %s, 'usr_1', now())",
        entry.pk, other, because="not a receipt in suspense",
    )  # fmt: skip
    assert Recoupment.objects.count() == 0


MADE_UP = "clearing.decided_by_natural_persons"

FORCED = {
    "a booking without its entry": (
        "clearing_debitbooking",
        (
            "INSERT INTO clearing_debitbooking (public_id, bank_entry_id, booked_as, reason, first_person, decided_by, decided_at)"
            " SELECT 'dbk_raw', id, 'bank_fee', 'raw', 'usr_1', 'usr_2', now() FROM clearing_bankentry"
            " WHERE match = 'unallocated' AND direction = 'debit' AND amount_minor = 7"
        ),
        {"clearing.suspense_itemised", "clearing.debits_booked_by_two", MADE_UP},
    ),
    "another kind": (
        "clearing_debitbooking",
        "UPDATE clearing_debitbooking SET booked_as = 'bank_fee' WHERE booked_as = 'reclaimed'",
        {"clearing.suspense_itemised"},
    ),
    "another person": (
        "clearing_debitbooking",
        "UPDATE clearing_debitbooking SET decided_by = 'usr_else'",
        {"clearing.debits_booked_by_two", MADE_UP},
    ),
    "another direction": (
        "clearing_bankentry",
        "UPDATE clearing_bankentry SET direction = 'credit' WHERE amount_minor = 7",
        {"clearing.suspense_itemised", "clearing.statements_continue"},
    ),
    "a balance that nobody posted": (
        "clearing_balance",
        (
            "UPDATE clearing_balance SET balance_minor = 0 WHERE account_id IN"
            " (SELECT id FROM clearing_account WHERE kind = 'unexplained')"
        ),
        {"clearing.suspense_itemised", "clearing.balances_equal_postings"},
    ),
    "a recoupment of a receipt of somebody": (
        "clearing_recoupment",
        (
            "INSERT INTO clearing_recoupment (bank_entry_id, debit_id, first_person, decided_by, decided_at)"
            " SELECT e.id, d.id, 'usr_1', 'usr_2', now() FROM clearing_bankentry e, clearing_debitbooking d"
            " WHERE e.match = 'settlement'"
        ),
        {"clearing.suspense_itemised", "clearing.debits_booked_by_two", MADE_UP},
    ),
}


@pytest.mark.parametrize("case", FORCED)
def test_what_is_in_suspense_is_itemised(market, case):
    factories.pay_own_money(market, 1_000)
    by_two(market, debit(market, 300), "reclaimed")
    debit(market, 7)
    assert broken() == {}
    table, sql, named = FORCED[case]
    changed_behind_the_guards(table, sql)
    assert named <= set(broken())

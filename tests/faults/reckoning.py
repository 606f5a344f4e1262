"""Compares the ledger with the bank's own books and with what its clients can prove, to the yen.

The market's invariants compare its tables with each other. This compares them with the outside, so it also names what the
market's own people booked consistently and wrongly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from clearing.bank.queries import debit_bookings, statement_end
from clearing.ledger.queries import balances, client_money, kind_totals
from clearing.models import BankEntry, SettlementInstruction
from tests.clearing import factories
from tests.faults.bank import Reason
from tests.faults.outside import Outside, account_of
from tests.participants.factories import PAYOUT_ACCOUNT

CARRIED_OUT = (Reason.PAYMENT, Reason.TWICE, Reason.REFUSED_AND_PAID)
OWED = ("available", "held", "payable", "receivable", "deposit")


def differences(outside: Outside) -> list[str]:
    """Where ledger and outside differ, each with its name and the yen on either side; none if they agree."""
    return [
        *_of_the_account(outside),
        *_of_entries(outside),
        *_of_clients(outside),
        *_of_the_operator(outside),
        *_of_what_is_open(outside),
        *_of_payments(outside),
    ]


def _differs(what: str, ledger: object, proof: object) -> Iterator[str]:
    if ledger != proof:
        yield f"{what}: the ledger says {ledger}, outside it is {proof}"


def _of_the_account(outside: Outside) -> Iterator[str]:
    stated, balance = statement_end("JPY").balance_minor, outside.bank.balance()
    yield from _differs("client account", kind_totals("JPY")["bank_client"], balance)
    yield from _differs("last statement", stated, balance)


def _of_entries(outside: Outside) -> Iterator[str]:
    """Every entry of the bank is a bank entry of the market, once."""
    rows = BankEntry.objects.values_list("booked_on", "entry_reference", "direction", "amount_minor")
    booked = Counter(
        (entry.day, entry.reference, entry.direction, entry.amount_minor) for entry in outside.bank.entries
    )
    recorded = Counter(rows)
    for key in sorted((booked - recorded) + (recorded - booked)):
        yield from _differs(f"bank entry {key}", recorded[key], booked[key])


def _of_clients(outside: Outside) -> Iterator[str]:
    """What the market owes each client is what it traded, and what left its bank account for the market's and came back."""
    for name, party in outside.market.parties.items():
        proof = outside.papers.traded[name] - outside.bank.accounts[account_of(name)]
        own = balances(party.pk).get("JPY", {})
        owed = sum(own.get(kind, 0) for kind in OWED) - own.get("claim", 0)
        yield from _differs(f"client {name}", owed, proof)


def _of_the_operator(outside: Outside) -> Iterator[str]:
    fees = sum(entry.amount_minor for entry in outside.bank.entries if entry.reason is Reason.FEE)
    received = outside.bank.accounts[PAYOUT_ACCOUNT["account_number"]]
    proof = outside.papers.earned_minor - fees - received
    yield from _differs("operator", client_money("JPY").operator_minor, proof)


def _of_what_is_open(outside: Outside) -> Iterator[str]:
    """In suspense is what strangers paid in, each by its entry, and nothing is reclaimed any more."""
    suspense = {
        (entry.booked_on, entry.entry_reference): entry.amount_minor for entry in factories.in_suspense()
    }
    strays = [entry for entry in outside.bank.entries if entry.reason is Reason.STRAY]
    yield from _differs(
        "in suspense", suspense, {(entry.day, entry.reference): entry.amount_minor for entry in strays}
    )
    yield from _differs(
        "suspense account",
        -kind_totals("JPY").get("unallocated", 0),
        sum(entry.amount_minor for entry in strays),
    )
    reclaimed = [
        row.public_id
        for row in debit_bookings()
        if row.booked_as != "bank_fee" and row.recouped_minor != row.bank_entry.amount_minor
    ]
    yield from _differs("reclaimed", reclaimed, [])
    yield from _differs("outstanding", client_money("JPY").outstanding_minor, 0)


def _of_payments(outside: Outside) -> Iterator[str]:
    """A payment is confirmed if its payee has its money from it, and not otherwise."""
    arrived: Counter[str] = Counter()
    for entry in outside.bank.entries:
        if entry.reason in CARRIED_OUT:
            arrived[entry.about] += 1
        elif entry.reason in (Reason.RETURN, Reason.GIVEN_BACK):
            arrived[entry.about] -= 1
        elif entry.reason is Reason.WHOLE_FILE:
            taken_back = sum(back.amount_minor for back in outside.bank.entries if back.about == entry.key)
            arrived.update(() if taken_back else entry.about.split())
    for payment in SettlementInstruction.objects.filter(direction="out").order_by("pk"):
        confirmed = int(payment.state == "confirmed")
        yield from _differs(f"payment {payment.reference}", confirmed, arrived[payment.reference])

"""What must become of money: a model of the market in plain numbers, without a database, a ledger or a lock.

Written from what the market promises, not from how it keeps it, and simple enough to be seen to be right. Amounts are
yen. Tax is 10 % and the market's fee 5 % of the price, at least 100 and never more than the price, as in the tests'
rulebook.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

OPERATOR = "operator"
KINDS = ("available", "held", "payable", "receivable", "deposit", "claim")
ADVANCES = {"closing": "validated", "validated": "netted", "netted": "posted", "posted": "settling"}


def tax_on(amount: int) -> int:
    """Consumption tax, cut off to whole yen, also below zero."""
    return abs(amount) // 10 * (1 if amount >= 0 else -1)


def fee_on(price: int) -> int:
    """The market's fee without tax."""
    return min(price, max(price // 20, 100))


@dataclass
class Deal:
    """A trade. ``corrections`` are (debtor, creditor, amount without tax) not undone; ``returned`` is their sum, signed:
    what the seller gave back, less what the buyer was charged in addition."""

    key: int
    buyer: str
    seller: str
    price: int
    state: str = "concluded"
    corrections: list[tuple[str, str, int]] = field(default_factory=list)
    returned: int = 0

    def takes(self, debtor: str, amount: int) -> bool:
        """Whether so much can still be given back, or charged in addition: never more than the price either way."""
        return abs(self.returned + (amount if debtor == self.seller else -amount)) <= self.price

    @property
    def gross(self) -> int:
        """What the buyer pays."""
        return self.price + tax_on(self.price)


@dataclass(eq=False)
class Payment:
    """A settlement payment to ``payee``; a negative amount is paid in by it. ``instead`` takes its place, if one does."""

    reference: str
    payee: str
    amount: int
    place: int = 0
    state: str = "planned"
    instead: Payment | None = None

    def last(self) -> Payment:
        """The payment that stands in its place in the end."""
        return self.instead.last() if self.instead else self


@dataclass
class Round:
    """A cycle: what is sold, what is corrected, and what became of it."""

    number: int
    state: str = "open"
    sold: list[Deal] = field(default_factory=list)
    corrections: list[tuple[str, str, int]] = field(default_factory=list)
    payouts: dict[str, int] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    files: int = 0

    def outcome(self) -> str:
        """What the next look at its payments finds: ``settled``, ``partial``, or its state while some are open.

        A settled round of which a payment came back is settled in part, though it is being paid again.
        """
        if any(payment.state not in ("confirmed", "failed", "cancelled") for payment in self.payments):
            return "partial" if self.state == "settled" else self.state
        failed = [row for row in self.payments if row.state == "failed" and row.instead is None]
        return "partial" if failed else "settled"

    def fees(self) -> dict[str, int]:
        """The fees of each seller, without tax."""
        found: dict[str, int] = defaultdict(int)
        for deal in self.sold:
            found[deal.seller] += fee_on(deal.price)
        return found

    def left(self) -> Counter[str]:
        """What each party is owed (or owes, below zero) apart from what it bought; tax of fees is of their sum."""
        found: Counter[str] = Counter()
        for deal in self.sold:
            found[deal.buyer] += 0
            found[deal.seller] += deal.gross
        for debtor, creditor, amount in self.corrections:
            found[debtor] -= amount
            found[creditor] += amount
        for name, fee in self.fees().items():
            found[name] -= fee + tax_on(fee)
        return found


class Money:
    """The whole market: balances by kind and participant, deals, rounds, and the bank account."""

    def __init__(self) -> None:
        """A market where nothing has happened, with its first round open."""
        self.balances: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self.deals: list[Deal] = []
        self.rounds = [Round(1)]
        self.bank = 0
        self.nobody = 0
        self.planned = 0

    @property
    def open(self) -> Round:
        """The round that takes deals."""
        return self.rounds[-1]

    @property
    def owed(self) -> int:
        """How much of the bank account is the participants'."""
        kinds = ("available", "held", "payable", "receivable", "deposit")
        return self.nobody + sum(sum(self.balances[kind].values()) for kind in kinds)

    def of(self, name: str) -> dict[str, int]:
        """The balances of a participant."""
        return {kind: self.balances[kind][name] for kind in KINDS}

    def move(self, name: str, source: str, target: str, amount: int) -> None:
        """Money of ``name`` from one kind to another."""
        self.balances[source][name] -= amount
        self.balances[target][name] += amount

    # Trades

    def pay_in(self, name: str, amount: int) -> None:
        """A participant's money arrives, and secures what waits for it."""
        self.bank += amount
        self.balances["available"][name] += amount
        self.secure(name)

    def secure(self, name: str) -> None:
        """Earlier deals first; one that is not covered waits on."""
        for deal in self.deals:
            covered = deal.gross <= self.balances["available"][name]
            if deal.buyer == name and deal.state == "concluded" and covered:
                self.move(name, "available", "held", deal.gross)
                deal.state = "secured"

    def conclude(self, deal: Deal) -> None:
        """A deal is made, and secured if its money is there; it does not free what others wait for."""
        self.deals.append(deal)
        if deal.gross <= self.balances["available"][deal.buyer]:
            self.move(deal.buyer, "available", "held", deal.gross)
            deal.state = "secured"

    def accept(self, deal: Deal, target: Round) -> None:
        """Its money is released to the round."""
        self.move(deal.buyer, "held", "payable", deal.gross)
        deal.state = "accepted"
        target.sold.append(deal)

    def refund(self, deal: Deal) -> None:
        """Its money goes back and secures what waits for it; its corrections are undone."""
        self.move(deal.buyer, "held", "available", deal.gross)
        deal.state = "refunded"
        self.undo(deal)
        self.secure(deal.buyer)

    def fail(self, deal: Deal) -> None:
        """It was never paid for."""
        deal.state = "failed"
        self.undo(deal)

    def undo(self, deal: Deal) -> None:
        """What was corrected on a deal is owed back."""
        for debtor, creditor, amount in deal.corrections:
            self.owe(deal, creditor, debtor, amount)
        deal.corrections.clear()

    def adjust(self, deal: Deal, debtor: str, creditor: str, amount: int) -> None:
        """A correction, with its tax."""
        if deal.state not in ("failed", "refunded"):
            deal.corrections.append((debtor, creditor, amount))
            self.owe(deal, debtor, creditor, amount)

    def owe(self, deal: Deal, debtor: str, creditor: str, amount: int) -> None:
        """A part of what is corrected on a deal; its tax is what the tax of the sum changes by."""
        before = tax_on(deal.returned)
        deal.returned += amount if debtor == deal.seller else -amount
        self.open.corrections.append((debtor, creditor, amount + abs(tax_on(deal.returned) - before)))

    # Rounds

    def close(self) -> None:
        """The open round is cut off and the next one opened."""
        self.open.state = "closing"
        self.rounds.append(Round(self.open.number + 1))

    def advance(self, subject: Round) -> None:
        """Its next step."""
        if subject.state == "validated":
            self.set_aside(subject)
        if subject.state == "netted":
            self.post(subject)
        if subject.state == "posted":
            self.plan(subject)
        subject.state = ADVANCES.get(subject.state) or subject.outcome()

    def lacking(self, subject: Round) -> dict[str, int]:
        """Who has less of its own than the round asks of it, and how much is missing."""
        own = {
            name: self.free(name)
            + self.balances["available"][name]
            + sum(payment.amount for payment in self.unsent(name))
            for name in subject.left()
        }
        return {name: -left - own[name] for name, left in subject.left().items() if -left > own[name]}

    def free(self, name: str) -> int:
        """What is due to a participant and not promised to a payment, planned or yet to be planned."""
        posted = [row.payouts.get(name, 0) for row in self.rounds if row.state == "posted"]
        promised = [
            payment.amount
            for row in self.rounds
            for payment in row.payments
            if payment.payee == name and payment.state in ("planned", "sending", "unknown")
        ]
        return max(self.balances["receivable"][name] - sum(posted) - sum(promised), 0)

    def unsent(self, name: str) -> list[Payment]:
        """Payments to a participant that are planned and not sent, the oldest first."""
        rows = [payment for row in self.rounds for payment in row.payments if payment.payee == name]
        return sorted((row for row in rows if row.state == "planned"), key=lambda row: row.place)

    def set_aside(self, subject: Round) -> None:
        """Who is asked for more than the round brings it gives what is due to it first, then what it can spend, then
        what is planned to be paid to it."""
        taken = {}
        for name, left in subject.left().items():
            if left < 0:
                due = min(-left, self.free(name))
                spent = min(-left - due, self.balances["available"][name])
                taken[name] = (due, spent, -left - due - spent)
        for name, (due, spent, planned) in taken.items():
            self.move(name, "receivable", "payable", due + planned)
            self.move(name, "available", "payable", spent)
            for payment in self.unsent(name):
                part = min(planned, payment.amount)
                if part:
                    self.set_off(payment, part)
                planned -= part

    def set_off(self, payment: Payment, part: int) -> None:
        """A planned payment ends, and what remains of it is planned anew."""
        payment.state = "cancelled"
        if part < payment.amount:
            self.replace(payment, payment.amount - part)

    def replace(self, payment: Payment, amount: int, reference: str = "") -> None:
        """A payment in the place of another, of the same round."""
        self.planned += 1
        payment.instead = Payment(reference, payment.payee, amount, self.planned)
        next(row for row in self.rounds if payment in row.payments).payments.append(payment.instead)

    def post(self, subject: Round) -> None:
        """Everybody is given what it is owed, out of what was paid and set aside beforehand."""
        for deal in subject.sold:
            self.balances["payable"][deal.buyer] -= deal.gross
        for name, left in subject.left().items():
            if left < 0:
                self.balances["payable"][name] += left
            else:
                self.balances["receivable"][name] += left
                subject.payouts[name] = left
        subject.payouts[OPERATOR] = sum(fee + tax_on(fee) for fee in subject.fees().values())

    def plan(self, subject: Round) -> None:
        """One payment each; references are taken over from the market when they are known."""
        self.planned += 1
        subject.payments = [
            Payment("", name, amount, self.planned) for name, amount in subject.payouts.items() if amount
        ]

    # Payments

    def still_to_pay(self, failed: Payment) -> int:
        """What of a failed payment can be made again: its money may have been set aside meanwhile."""
        if failed.payee == OPERATOR:
            return failed.amount
        return min(failed.amount, self.free(failed.payee))

    def confirm(self, payment: Payment) -> None:
        """The bank booked it."""
        payment.state = "confirmed"
        self._book(payment, payment.amount)

    def give_back(self, payment: Payment) -> None:
        """The bank booked it back."""
        payment.state = "failed"
        self._book(payment, -payment.amount)

    def _book(self, payment: Payment, amount: int) -> None:
        self.bank -= amount
        if payment.payee != OPERATOR:
            self.balances["receivable"][payment.payee] -= amount

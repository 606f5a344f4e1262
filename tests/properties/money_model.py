"""What must become of money: a model of the market in plain numbers, without a database, a ledger or a lock.

Written from what the market promises, not from how it keeps it, and simple enough to be seen to be right. Amounts are
yen. Tax is 10 % and the market's fee 5 % of the price, at least 100 and never more than the price, as in the tests'
rulebook.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

OPERATOR = "operator"
KINDS = ("available", "held", "payable", "receivable", "claim")
ADVANCES = {"closing": "validated", "validated": "netted", "netted": "posted", "posted": "settling"}


def tax_on(amount: int) -> int:
    """Consumption tax, cut off to whole yen."""
    return amount // 10


def fee_on(price: int) -> int:
    """The market's fee without tax."""
    return min(price, max(price // 20, 100))


@dataclass
class Deal:
    """A trade. ``corrections`` are (debtor, creditor, amount with tax) not undone."""

    key: int
    buyer: str
    seller: str
    price: int
    state: str = "concluded"
    corrections: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def gross(self) -> int:
        """What the buyer pays."""
        return self.price + tax_on(self.price)


@dataclass
class Payment:
    """A settlement payment to ``payee``; a negative amount is paid in by it."""

    reference: str
    payee: str
    amount: int
    state: str = "planned"

    @property
    def alive(self) -> bool:
        """Whether it has not failed."""
        return self.state != "failed"


@dataclass
class Round:
    """A cycle: what is sold, what is corrected, and what became of it."""

    number: int
    state: str = "open"
    sold: list[Deal] = field(default_factory=list)
    corrections: list[tuple[str, str, int]] = field(default_factory=list)
    carried: set[str] = field(default_factory=set)
    payouts: dict[str, int] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    files: int = 0

    def outcome(self, owing: Counter[str]) -> str:
        """What the next look at its payments finds: ``settled``, ``partial``, or its state while some are open.

        A settled round of which a payment came back is settled in part, though it is being paid again.
        """
        if any(payment.state not in ("confirmed", "failed") for payment in self.payments):
            return "partial" if self.state == "settled" else self.state
        confirmed = {payment.payee for payment in self.payments if payment.state == "confirmed"}
        failed = {payment.payee for payment in self.payments if payment.state == "failed"}
        claims = any(owing[name] > 0 for name in self.carried)
        return "partial" if claims or failed - confirmed else "settled"


class Money:
    """The whole market: balances by kind and participant, deals, rounds, and the bank account."""

    def __init__(self) -> None:
        """A market where nothing has happened, with its first round open."""
        self.balances: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self.deals: list[Deal] = []
        self.rounds = [Round(1)]
        self.bank = 0
        self.nobody = 0

    @property
    def open(self) -> Round:
        """The round that takes deals."""
        return self.rounds[-1]

    @property
    def owed(self) -> int:
        """How much of the bank account is the participants'."""
        kinds = ("available", "held", "payable", "receivable")
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
        self.open.corrections += [(creditor, debtor, amount) for debtor, creditor, amount in deal.corrections]
        deal.corrections.clear()

    def adjust(self, deal: Deal, debtor: str, creditor: str, amount: int) -> None:
        """A correction, with its tax."""
        if deal.state not in ("failed", "refunded"):
            owed = (debtor, creditor, amount + tax_on(amount))
            deal.corrections.append(owed)
            self.open.corrections.append(owed)

    # Rounds

    def close(self) -> None:
        """The open round is cut off and the next one opened."""
        self.open.state = "closing"
        self.rounds.append(Round(self.open.number + 1))

    def advance(self, subject: Round) -> None:
        """Its next step."""
        if subject.state == "netted":
            self.post(subject)
        if subject.state == "posted":
            self.plan(subject)
        subject.state = ADVANCES.get(subject.state) or subject.outcome(self.balances["claim"])

    def post(self, subject: Round) -> None:
        """Everybody is given what it is owed; who falls short gives from its own, then owes the market."""
        left: Counter[str] = Counter()
        fees: dict[str, int] = defaultdict(int)
        for deal in subject.sold:
            self.balances["payable"][deal.buyer] -= deal.gross
            left[deal.buyer] += 0
            left[deal.seller] += deal.gross
            fees[deal.seller] += fee_on(deal.price)
        for debtor, creditor, amount in subject.corrections:
            left[debtor] -= amount
            left[creditor] += amount
        for name, fee in fees.items():
            left[name] -= fee + tax_on(fee)
        earned = sum(fee + tax_on(fee) for fee in fees.values())
        for name, amount in left.items():
            if amount < 0:
                drawn = min(-amount, self.balances["available"][name])
                self.balances["available"][name] -= drawn
                carried = -amount - drawn
                self.balances["claim"][name] += carried
                earned -= carried
                if carried:
                    subject.carried.add(name)
            else:
                recovered = min(amount, self.balances["claim"][name])
                self.balances["claim"][name] -= recovered
                self.balances["receivable"][name] += amount - recovered
                earned += recovered
                subject.payouts[name] = amount - recovered
        subject.payouts[OPERATOR] = earned

    def plan(self, subject: Round) -> None:
        """One payment each; references are taken over from the market when they are known."""
        subject.payments = [Payment("", name, amount) for name, amount in subject.payouts.items() if amount]

    # Payments

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

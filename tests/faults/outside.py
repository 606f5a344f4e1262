"""Some weeks of trading through a bank that misbehaves by a seed, until everything is worked off."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time

from clearing.models import BankEntry, Trade
from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.participants.models import Organisation
from tests.clearing import factories
from tests.faults.bank import CALENDAR, Bank, Sent
from tests.faults.office import Office
from tests.participants import factories as participants

FIRST_DAY = date(2030, 4, 1)
NAMES = tuple("abcdef")
TRADES_A_DAY = 3
DAYS_TO_WORK_OFF_MAX = 60
OWN_MONEY_MINOR = 30_000
FIELDS_OF_TOTALS = {"credits", "credits_minor", "debits", "debits_minor", "closing_balance_minor", "records"}


def account_of(name: str) -> str:
    """The number of a participant's account at the bank."""
    return f"{1_001 + NAMES.index(name):07d}"


class Clients(factories.Market):
    """A market whose participants each have an account of their own at the bank."""

    def party(self, name: str) -> Organisation:
        """The participant of a name."""
        if name not in self.parties:
            number = participants.corporate_number()
            account = participants.PAYOUT_ACCOUNT | {"account_number": account_of(name)}
            self.parties[name] = participants.organisation(
                name,
                corporate_number=number,
                invoice_registration_number=f"T{number}",
                payout_account=account,
            )
        return self.parties[name]


@dataclass
class Papers:
    """What participants and operator know from their own papers, in minor units: sold, bought and earned, with tax.

    Prices are such that fee and taxes are whole yen: the fee is 5% of the price, the tax 10% of each.
    """

    traded: Counter[str] = field(default_factory=Counter)
    earned_minor: int = 0

    def add(self, buyer: str, seller: str, price_minor: int) -> None:
        """A trade was delivered and accepted."""
        gross_minor, fee_minor = price_minor * 110 // 100, price_minor * 5 // 100 * 110 // 100
        self.traded[buyer] -= gross_minor
        self.traded[seller] += gross_minor - fee_minor
        self.earned_minor += fee_minor


@dataclass
class Outside:
    """A market, its bank, its office, and the papers of those who trade; the sixth part of all pay-ins lacks a reference."""

    seed: int
    papers: Papers = field(default_factory=Papers)
    waiting: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    accepted: int = 0

    def __post_init__(self) -> None:
        """Open the market on the first day; the operator pays some own money in."""
        self.random = random.Random(self.seed)
        self.day = FIRST_DAY
        self._at(9)
        self.market = Clients(factories.market().operator)
        self.bank = Bank(self.seed, self.day)
        owners = {account_of(name): self.market.party(name).public_id for name in NAMES}
        self.office = Office(self.market, self.bank, owners)
        self.office.pay_own_money(OWN_MONEY_MINOR)

    def run(self, days: int) -> None:
        """Trade for so many business days, then work off what is left with a bank that behaves."""
        for _ in range(days):
            self._trade_a_day(TRADES_A_DAY)
        self.bank.behaves = True
        for _ in range(DAYS_TO_WORK_OFF_MAX):
            if self.bank.is_quiet() and not self.waiting and not self.accepted and self.office.is_done():
                return
            self._trade_a_day(0)
        raise AssertionError(f"seed {self.seed}: not worked off after {DAYS_TO_WORK_OFF_MAX} days")

    def _trade_a_day(self, trades: int) -> None:
        """Trade in the morning, pay at noon, read the bank's statements in the evening."""
        self._at(9)
        self.bank.open_day(self.day)
        for _ in range(trades):
            self._conclude()
        self._at(12)
        if self.accepted >= TRADES_A_DAY or (self.accepted and not trades):
            factories.clear(self.market)
            self.accepted = 0
        self.office.pay()
        self._at(18)
        self.office.take_notices()
        for sent in self.bank.close_day():
            self._read(sent)
        self.office.work_off()
        self._accept_secured()
        self.office.sweep()
        self.day = CALENDAR.add_business_days(self.day, 1)

    def _at(self, hour: int) -> None:
        clock.move_to(datetime.combine(self.day, time(hour), clock.market_zone()), running=False)

    def _conclude(self) -> None:
        buyer, seller = self.random.sample(NAMES, 2)
        price_minor = 1_000 * self.random.choice(
            (self.random.randint(2, 60), self.random.randint(900, 3_000))
        )
        trade = factories.conclude(self.market, buyer, seller, price_minor, funding_days=20)
        self.waiting[trade.public_id] = (buyer, seller, price_minor)
        if trade.state == "concluded":
            reference = factories.pay_in_reference(organisation=self.market.party(buyer).public_id)
            named = self.random.random() > 1 / 6
            self.bank.pay_in(account_of(buyer), trade.gross_minor, reference, named=named)

    def _read(self, sent: Sent) -> None:
        """Carry a file in: one that lacks a line is refused, and one that is known already books nothing."""
        before = BankEntry.objects.count()
        known = BankEntry.objects.filter(statement__sha256=sha256_hex(sent.content)).exists()
        received = self.office.carry_in(sent)
        if not sent.whole:
            assert (received.state, BankEntry.objects.count()) == ("refused", before)
            assert {fault["field"] for fault in received.faults} & FIELDS_OF_TOTALS
        elif known:
            assert (received.state, BankEntry.objects.count()) == ("imported", before)
        else:
            assert received.state in ("imported", "waiting"), received.faults

    def _accept_secured(self) -> None:
        for trade in Trade.objects.filter(public_id__in=self.waiting, state="secured").order_by("pk"):
            self.papers.add(*self.waiting.pop(trade.public_id))
            factories.accept(trade)
            self.accepted += 1

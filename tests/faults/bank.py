"""A bank outside the market, with books of its own, that carries out transfer files and misbehaves by a seed.

It knows nothing of the market but the files that cross the counter: transfer files in, statement files out. Its books are
double-entry: a movement leaves one account and enters another, so the accounts always sum to what they began with. For each
entry on the client account it remembers the reason, which its clerk tells whoever asks (``explain``).
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.canonical import sha256_hex
from tests.clearing.bank.statement_files import FORMATS, Part, Row

CLIENT, TRANSIT, FEES, ELSEWHERE = "7654321", "transit", "bank fees", "elsewhere"
RECORD_BYTES = 122
CALENDAR = BusinessCalendar()

Card = TypeVar("Card")


class Reason(StrEnum):
    """Why the bank booked an entry on the client account."""

    PAY_IN = "a client pays in under its reference"
    NAMELESS = "a client pays in without a reference"
    STRAY = "somebody whom nobody knows pays in"
    PAYMENT = "a payment is carried out"
    WHOLE_FILE = "a transfer file is debited as one total"
    REFUSED_AND_PAID = "a payment is carried out after the notice that it was not"
    TWICE = "a payment is carried out once more"
    RETURN = "a payment comes back"
    GIVEN_BACK = "the second carrying-out of a payment comes back"
    FEE = "the bank takes a fee"
    WRONG = "the bank debits somebody else's bill"
    CORRECTION = "the bank corrects a wrong debit"


class Fate(StrEnum):
    """What becomes of a payment in a transfer file."""

    DONE = "carried out"
    LATE = "carried out days late"
    TWICE = "carried out twice"
    RETURNED = "returned days after its debit"
    RETURNED_FIRST = "returned before its debit"
    REFUSED = "refused by notice"
    REFUSED_AND_PAID = "refused by notice, and carried out"


class Sending(StrEnum):
    """How the statement of a day is sent."""

    PLAIN = "once"
    OMITS = "without a line, then whole"
    TWICE = "twice"
    HELD = "after that of the next day"
    OVERLAPS = "together with the day before"


FATES = {Fate.DONE: 4} | {fate: 1 for fate in Fate if fate is not Fate.DONE}
SENDINGS = {Sending.PLAIN: 2} | {sending: 1 for sending in Sending if sending is not Sending.PLAIN}
ENTRIES = {Reason.FEE: 1, Reason.WRONG: 1, Reason.STRAY: 1, None: 3}
"""What the bank books on the client account of its own accord on a day."""


class Deck(Generic[Card]):
    """Cards in a seeded order; each occurs as often as stated before any occurs more often."""

    def __init__(self, chosen: random.Random, cards: Mapping[Card, int]) -> None:
        """``cards``: how often each is in the deck."""
        self.random = chosen
        self.cards = [card for card, count in cards.items() for _ in range(count)]
        self.left: list[Card] = []

    def draw(self) -> Card:
        """The next card; all are shuffled again after the last."""
        if not self.left:
            self.left = self.random.sample(self.cards, len(self.cards))
        return self.left.pop()


@dataclass(frozen=True)
class Order:
    """A payment of a transfer file, as the bank reads it."""

    reference: str
    amount_minor: int
    account: str
    holder: str


@dataclass(frozen=True)
class Booked:
    """An entry on the client account, with its reason and what it is ``about``: a payment, an account, or another entry."""

    day: date
    reference: str
    direction: str
    amount_minor: int
    name: str
    text: str
    reason: Reason
    about: str

    @property
    def key(self) -> str:
        """What names the entry, as the bank's references repeat from day to day."""
        return f"{self.day} {self.reference}"

    def row(self) -> Row:
        """The entry as statements have it."""
        return (
            self.reference, self.day.isoformat(), self.direction, self.amount_minor, "JPY", self.name, self.text,
        )  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A statement file. ``whole`` is False for one that lacks a line."""

    content: bytes
    name: str
    whole: bool = True


@dataclass
class Bank:
    """The bank: accounts by number, the client account's entries in order, and what it will still do."""

    seed: int
    day: date
    accounts: Counter[str] = field(default_factory=Counter)
    entries: list[Booked] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    screen: dict[str, int] = field(default_factory=dict)
    behaves: bool = False

    def __post_init__(self) -> None:
        """Shuffle the decks, and choose the format of its statements."""
        self.random = random.Random(self.seed)
        self.fates = Deck(self.random, FATES)
        self.sendings = Deck(self.random, SENDINGS)
        self.of_its_own = Deck(self.random, ENTRIES)
        self.write = self.random.choice(FORMATS)
        self.as_total = Deck(self.random, {True: 1, False: 2})
        self.agenda: list[tuple[date, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.last: Part | None = None
        self.held: list[Sent] = []
        self.came_back_early: set[str] = set()
        self.given_back: set[str] = set()

    # The books.

    def balance(self) -> int:
        """What the bank says is on the client account."""
        return self.accounts[CLIENT]

    def book(
        self,
        reason: Reason,
        amount_minor: int,
        other: str,
        *,
        text: str = "",
        name: str = "",
        about: str = "",
    ) -> Booked:
        """Move money between the client account and another: in for a negative amount."""
        self.accounts[CLIENT] -= amount_minor
        self.accounts[other] += amount_minor
        number = 1 + sum(entry.day == self.day for entry in self.entries)
        direction = "debit" if amount_minor > 0 else "credit"
        entry = Booked(
            self.day, f"{number:08d}", direction, abs(amount_minor), name or "ｻﾝﾎﾟ", text, reason, about
        )
        self.entries.append(entry)
        self.happened[reason.value] += 1
        return entry

    def explain(self, day: date, reference: str) -> Booked:
        """What the clerk says that an entry was."""
        (found,) = (entry for entry in self.entries if (entry.day, entry.reference) == (day, reference))
        return found

    def later(self, days: int, work: Callable[[], None]) -> None:
        """Do ``work`` after so many business days."""
        heapq.heappush(self.agenda, (CALENDAR.add_business_days(self.day, days), next(self.numbers), work))

    def open_day(self, day: date) -> None:
        """Do what is due on ``day``, and something of the bank's own accord."""
        self.day = day
        while self.agenda and self.agenda[0][0] <= day:
            heapq.heappop(self.agenda)[2]()
        entry = None if self.behaves else self.of_its_own.draw()
        odd_minor = 1_000 * self.random.randint(1, 9) + 7
        if entry is Reason.FEE:
            self.book(Reason.FEE, 660 + 2 * self.random.randint(0, 50), FEES, text="ﾃｽｳﾘﾖｳ")
        elif entry is Reason.WRONG:
            self.book(Reason.WRONG, odd_minor, ELSEWHERE, text="ｺｳｻﾞﾌﾘｶｴ")
        elif entry is Reason.STRAY:
            self.book(Reason.STRAY, -odd_minor, ELSEWHERE, text="ﾌﾘｺﾐ", name="ﾅﾅｼ")

    # Those who have accounts, and those who telephone.

    def pay_in(self, account: str, amount_minor: int, text: str, *, named: bool = True) -> None:
        """The holder of ``account`` pays into the client account."""
        reason = Reason.PAY_IN if named else Reason.NAMELESS
        self.book(reason, -amount_minor, account, text=text if named else "ﾌﾘｺﾐ", about=account)

    def ask_back(self, entry: Booked) -> None:
        """The operator asks the payee to send back what it has had twice, which it does within days."""
        if entry.key not in self.given_back:
            self.later(self.random.randint(1, 3), lambda: self._give_back(entry))

    def reclaim(self, entry: Booked) -> None:
        """The operator reclaims a wrong debit; it comes back within days, as a whole or in two parts."""
        part = self.random.choice((entry.amount_minor, 1 + entry.amount_minor // 2))
        for amount in filter(None, (part, entry.amount_minor - part)):
            self.later(self.random.randint(1, 3), lambda amount=amount: self._correct(entry, amount))

    def _correct(self, entry: Booked, amount_minor: int) -> None:
        other = TRANSIT if entry.reason is Reason.WHOLE_FILE else ELSEWHERE
        self.book(Reason.CORRECTION, -amount_minor, other, text="ﾃｲｾｲ", about=entry.key)

    # Transfer files.

    def accept(self, content: bytes) -> None:
        """Take a transfer file over the counter, and carry it out on its value date."""
        records = [content[at : at + RECORD_BYTES] for at in range(0, len(content), RECORD_BYTES)]
        orders = [self._order(record) for record in records if record[:1] == b"2"]
        (trailer,) = (record for record in records if record[:1] == b"8")
        stated = int(trailer[1:7]), int(trailer[7:19])
        assert stated == (len(orders), sum(order.amount_minor for order in orders))
        value_day = self.day
        while f"{value_day:%m%d}".encode() != records[0][54:58]:
            value_day += timedelta(days=1)
        for order in orders:
            assert order.reference not in self.orders, f"{order.reference} was given to the bank before"
            self.orders[order.reference] = order
        heapq.heappush(self.agenda, (value_day, next(self.numbers), lambda: self._carry_out(orders)))

    @staticmethod
    def _order(record: bytes) -> Order:
        account, holder, amount, reference = record[43:50], record[50:80], record[80:90], record[91:111]
        return Order(
            reference.decode("cp932").strip(), int(amount), account.decode(), holder.decode("cp932").strip()
        )

    def _carry_out(self, orders: list[Order]) -> None:
        """Debit a file as one total or payment by payment; each payment has its fate."""
        fates = {order: Fate.DONE if self.behaves else self.fates.draw() for order in orders}
        self.happened.update(fate.value for fate in fates.values())
        carried = [order for order in orders if fates[order] not in (Fate.REFUSED, Fate.REFUSED_AND_PAID)]
        for order in orders:
            if order not in carried:
                self.notices.append(order.reference)
            if fates[order] is Fate.REFUSED_AND_PAID:
                self.later(self.random.randint(1, 4), lambda order=order: self._pay_after_all(order))
        if len(carried) > 1 and not self.behaves and self.as_total.draw():
            self._debit_total(carried, fates)
            return
        for order in carried:
            self._debit_singly(order, fates[order])

    def _debit_total(self, orders: list[Order], fates: dict[Order, Fate]) -> None:
        """One debit for all, a day late if a payment comes back before it."""
        early = [order for order in orders if fates[order] is Fate.RETURNED_FIRST]
        self.came_back_early |= {order.reference for order in early}
        for order in early:
            self._return(order, TRANSIT)

        def debit() -> None:
            total = sum(order.amount_minor for order in orders)
            about = " ".join(order.reference for order in orders)
            self.book(Reason.WHOLE_FILE, total, TRANSIT, text="ｿｳｺﾞｳﾌﾘｺﾐ", about=about)
            for order in orders:
                if order not in early:
                    self.accounts[TRANSIT] -= order.amount_minor
                    self.accounts[order.account] += order.amount_minor
                    self._after_debit(order, fates[order])

        self.later(1, debit) if early else debit()

    def debit_again_singly(self, entry: Booked) -> None:
        """The operator cannot tell which file a total was: the bank takes it back and debits payment by payment."""
        for reference in entry.about.split():
            order = self.orders[reference]
            if reference in self.came_back_early:
                order = replace(order, account=TRANSIT)
            else:
                self.accounts[order.account] -= order.amount_minor
                self.accounts[TRANSIT] += order.amount_minor
            self.later(1, lambda order=order: self._debit(order, Reason.PAYMENT))
        self.reclaim(entry)

    def _debit_singly(self, order: Order, fate: Fate) -> None:
        if fate is Fate.RETURNED_FIRST:
            self._return(order, TRANSIT)
            days = self.random.randint(1, 2)
            self.later(days, lambda: self._debit(replace(order, account=TRANSIT), Reason.PAYMENT))
            return

        def debit() -> None:
            self._debit(order, Reason.PAYMENT)
            self._after_debit(order, fate)

        self.later(self.random.randint(1, 4), debit) if fate is Fate.LATE else debit()

    def _after_debit(self, order: Order, fate: Fate) -> None:
        if fate is Fate.RETURNED:
            self.later(self.random.randint(0, 4), lambda: self._return(order, order.account))
        if fate is Fate.TWICE:
            self.later(self.random.randint(0, 3), lambda: self._debit_twice(order))

    def _debit(self, order: Order, reason: Reason) -> Booked:
        return self.book(
            reason, order.amount_minor, order.account, text=order.reference, name=order.holder, about=order.reference
        )  # fmt: skip

    def _debit_twice(self, order: Order) -> None:
        """A second debit; the bank may notice by itself and give it back before anybody asks."""
        entry = self._debit(order, Reason.TWICE)
        if self.random.random() < 0.3:
            self.later(self.random.randint(0, 1), lambda: self._give_back(entry))

    def _pay_after_all(self, order: Order) -> None:
        self._debit(order, Reason.REFUSED_AND_PAID)

    def _return(self, order: Order, account: str) -> None:
        self.book(
            Reason.RETURN, -order.amount_minor, account, text=order.reference, name=order.holder, about=order.reference
        )  # fmt: skip

    def _give_back(self, debit: Booked) -> None:
        """Each debit once, and under the payment's reference or without any."""
        if debit.key in self.given_back:
            return
        self.given_back.add(debit.key)
        order = self.orders[debit.about]
        text = self.random.choice((debit.about, debit.about, "ﾍﾝｷﾝ"))
        self.book(Reason.GIVEN_BACK, -order.amount_minor, order.account, text=text, about=debit.about)

    # Statements.

    def close_day(self) -> list[Sent]:
        """The statement files that leave the bank this evening, in the order in which they do."""
        opening = self.last.opening_minor + self.last.net_minor if self.last else 0
        rows = [entry.row() for entry in self.entries if entry.day == self.day]
        part, before = Part(rows, self.day, self.day, opening), self.last
        self.last = part
        assert opening + part.net_minor == self.balance()
        held, self.held = self.held, []
        sending = Sending.PLAIN if self.behaves else self.sendings.draw()
        whole = self._written(part)
        if sending is Sending.OMITS and rows:
            sent = [self._without_a_line(part), whole]
        elif sending is Sending.TWICE:
            sent = [whole, whole]
            self.later(2, lambda: self.held.append(whole))
        elif sending is Sending.HELD and before is not None:
            sent, self.held = [], [whole]
        elif sending is Sending.OVERLAPS and before is not None and not held:
            sent = [self._written(before, part)]
        else:
            sent, sending = [whole], Sending.PLAIN
        self.happened[sending.value] += 1
        return sent + held

    def is_quiet(self) -> bool:
        """Whether it has nothing more to do or to send."""
        return not self.agenda and not self.held and not self.notices

    def _written(self, *parts: Part) -> Sent:
        content = self.write(*parts)
        self.screen[sha256_hex(content)] = self.balance()
        return Sent(content, f"{self.day}")

    def _without_a_line(self, part: Part) -> Sent:
        """A file that states the totals of the whole day, and lacks one of its lines."""
        rows = list(part.rows)
        rows.pop(self.random.randrange(len(rows)))
        content = self.write(replace(part, rows=rows, changes=part.stated()))
        return Sent(content, f"{self.day}", whole=False)

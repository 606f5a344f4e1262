"""Computes which obligations are settled when a party owes more than it has. Pure, and integers only.

Purchases, which were paid beforehand, are always settled. The other, *unsecured* obligations of a cycle are settled by
the greatest clearing vector (Eisenberg and Noe, Systemic Risk in Financial Systems, 2001), with a published order
instead of pro-rata shares:

* A debtor that can pay in full, counting what it receives in the same cycle, pays in full.
* Any other debtor pays its obligations one after another in ``PUBLISHED_ORDER``, within a kind by the bytes of their
  keys, until its means are used up; the last one in part. It keeps nothing back.
* The reserve pays the open remainder, obligation by obligation in the same order over all debtors, until it is used up;
  it never pays the operator's own fees.
* The debtor still owes its creditor the unsettled remainder in full. No other party bears it.

Of all payments in that order within the debtors' means, these settle the most of every single obligation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..trades.obligation_kinds import OWED_TO_OPERATOR, PUBLISHED_ORDER

RANK = {kind.value: rank for rank, kind in enumerate(PUBLISHED_ORDER)}


@dataclass(frozen=True, slots=True)
class Owed:
    """An unsecured obligation with its tax. ``key`` is its place among those of its kind, by its bytes."""

    kind: str
    key: bytes
    debtor: int
    creditor: int
    amount_minor: int

    @property
    def place(self) -> tuple[int, bytes, int, int, int]:
        """Its sort key in the published order; parties and amount order obligations of the same key."""
        return (RANK[self.kind], self.key, self.debtor, self.creditor, self.amount_minor)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``paid_minor`` of each obligation, in the order they were given; ``reserve_minor`` lent to each debtor."""

    paid_minor: tuple[int, ...]
    reserve_minor: dict[int, int]


def settle(*, means: Mapping[int, int], owed: Sequence[Owed], reserve_minor: int = 0) -> Outcome:
    """The settled part of each obligation.

    ``means`` is the money of each debtor without the obligations of ``owed``: what it certainly receives and its own
    money; not negative. Parties without means in it are creditors that can pay in any case. Raises ValueError for an
    obligation whose debtor has no means in it.

    The reserve pays up to one point of the published order, found by bisection. The loan never falls as the point
    advances: it equals the money that remains with parties who owe nothing further, less all means, and the more is
    settled, the more remains.
    """
    ordered = sorted(range(len(owed)), key=lambda index: owed[index].place)
    network = [owed[index] for index in ordered]
    if any(row.debtor not in means for row in network):
        raise ValueError("the means of every debtor must be stated")
    # The reserve never pays the operator.
    lendable = [0 if row.kind in OWED_TO_OPERATOR else row.amount_minor for row in network]
    ends = list(accumulate(lendable))

    def cleared(point: int) -> _Clearing:
        floors = [
            min(amount, max(point - (end - amount), 0)) for amount, end in zip(lendable, ends, strict=True)
        ]
        return _Clearing(means, network, floors)

    reach = ends[-1] if ends and reserve_minor else 0
    best = cleared(reach)
    if best.lent_minor > reserve_minor:
        enough, too_far = 0, reach
        while too_far - enough > 1:
            middle = (enough + too_far) // 2
            within = cleared(middle).lent_minor <= reserve_minor
            enough, too_far = (middle, too_far) if within else (enough, middle)
        best = cleared(enough)
    paid = dict(zip(ordered, best.paid, strict=True))
    return Outcome(tuple(paid[index] for index in range(len(owed))), best.lent)


class _Clearing:
    """The greatest payments under given floors, the parts of obligations that are paid in any case.

    It begins with all obligations paid in full. A party that spends more than it has takes back payments from the end
    of its order; its creditor may then be short and does the same. No payment is taken back that could remain, so the
    result is the greatest solution, in any order of the parties.

    A gap of one yen that passes round a ring of debtors would take as many rounds as there are yen. When it returns to
    a party over the same obligations, it is therefore taken round as often as they allow in one step, and one of them
    is used up within the next round. So between two used-up obligations no party is visited more than twice, and each
    used-up obligation begins one further search: with n parties and m obligations, at most 4·n·(m + n) steps for any
    amounts.
    """

    def __init__(self, means: Mapping[int, int], network: Sequence[Owed], floors: Sequence[int]) -> None:
        self._network = network
        self._floors = floors
        self.paid = [row.amount_minor for row in network]
        self._surplus = dict(means)
        self._left: dict[int, list[int]] = {party: [] for party in means}
        for index, row in enumerate(network):
            self._left[row.debtor].append(index)
            self._surplus[row.debtor] -= row.amount_minor
            if row.creditor in self._surplus:
                self._surplus[row.creditor] += row.amount_minor
        self._open = list(means)
        while self._open:
            self._take_back(self._open.pop())

    @property
    def lent(self) -> dict[int, int]:
        """Missing money of parties that can take nothing more back, by party; the reserve lends it."""
        return {party: -surplus for party, surplus in self._surplus.items() if surplus < 0}

    @property
    def lent_minor(self) -> int:
        """The sum of ``lent``."""
        return sum(self.lent.values())

    def _take_back(self, party: int) -> None:
        """Follow the gap of ``party`` from creditor to creditor until a party covers it with its own money."""
        way: list[int] = []
        visited: dict[int, int] = {}
        while self._surplus.get(party, 0) < 0 and (last := self._last_paid(party)) is not None:
            if party in visited:
                self._take_round(way[visited[party] :], -self._surplus[party])
                way, visited = [], {}
                last = self._last_paid(party)
                if last is None:
                    return
            visited[party] = len(way)
            way.append(last)
            taken = min(-self._surplus[party], self.paid[last] - self._floors[last])
            self.paid[last] -= taken
            self._surplus[party] += taken
            creditor = self._network[last].creditor
            if creditor in self._surplus:
                self._surplus[creditor] -= taken
            if self._surplus[party] < 0:
                # The obligation is used up, so the recorded way is no longer valid.
                way, visited = [], {}
                self._open.append(creditor)
            else:
                party = creditor

    def _take_round(self, ring: Sequence[int], gap: int) -> None:
        """Take ``gap`` round the ring as often as every obligation on it allows; the gap itself stays the same."""
        rounds = min(self.paid[index] - self._floors[index] for index in ring) // gap
        for index in ring:
            self.paid[index] -= rounds * gap

    def _last_paid(self, party: int) -> int | None:
        """The last obligation of ``party`` with a payment that can be taken back; None if there is none."""
        left = self._left[party]
        while left and self.paid[left[-1]] == self._floors[left[-1]]:
            left.pop()
        return left[-1] if left else None


@dataclass(frozen=True, slots=True)
class Resources:
    """Own money of a participant: receivable and not being paid out, available, planned to be paid out and not sent, and
    security deposit.

    ``planned_minor`` is the part of planned payments that may be set off. ``set_aside_minor`` is the part that was set
    aside for the cycle before, and is in none of the others.
    """

    receivable_minor: int = 0
    available_minor: int = 0
    deposit_minor: int = 0
    set_aside_minor: int = 0
    planned_minor: int = 0

    @property
    def own_minor(self) -> int:
        """The sum of all."""
        return (
            self.receivable_minor
            + self.available_minor
            + self.planned_minor
            + self.deposit_minor
            + self.set_aside_minor
        )


@dataclass(frozen=True, slots=True)
class Cover:
    """The sources that cover a shortfall; ``reserve_minor`` is lent and becomes a claim on the participant."""

    receivable_minor: int
    available_minor: int
    planned_minor: int
    deposit_minor: int
    reserve_minor: int


def cover_of(*, needed_minor: int, resources: Resources, reserve_minor: int) -> Cover:
    """The sources in order, each used up before the next: own money first, the reserve last.

    What was set aside before counts first and is not drawn again. Raises ValueError unless the sources sum to the
    remainder of ``needed_minor`` exactly, with ``reserve_minor`` from the reserve.
    """
    needed_minor -= resources.set_aside_minor
    receivable = min(needed_minor - reserve_minor, resources.receivable_minor)
    available = min(needed_minor - reserve_minor - receivable, resources.available_minor)
    planned = min(needed_minor - reserve_minor - receivable - available, resources.planned_minor)
    deposit = min(needed_minor - reserve_minor - receivable - available - planned, resources.deposit_minor)
    cover = Cover(receivable, available, planned, deposit, reserve_minor)
    own = receivable + available + planned + deposit
    if own + reserve_minor != needed_minor or needed_minor < reserve_minor:
        raise ValueError(f"{needed_minor} cannot be covered by {cover}")
    return cover


def tax_within(open_minor: int, *, amount_minor: int, tax_minor: int) -> int:
    """The tax in the open part of an obligation of ``amount_minor`` and ``tax_minor``, rounded down to whole units.

    It is a part of the computed tax, never computed anew: all parts sum to that tax.
    """
    return tax_minor * open_minor // (amount_minor + tax_minor) if open_minor else 0

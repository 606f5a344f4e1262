"""How much of what is owed is settled when somebody owes more than it has. Pure, and integers only.

What was paid for beforehand (purchases, and so sales) is never touched. What is left, the *unsecured* obligations of
a cycle, is settled by the greatest clearing vector (Eisenberg and Noe, Systemic Risk in Financial Systems, 2001),
with a published order in the place of pro-rata shares:

* Whoever can pay in full, counting what it is paid in the same cycle, pays in full.
* Whoever cannot pays its obligations one after another in ``PUBLISHED_ORDER``, within a kind by the bytes of their
  keys, until its means are used up; the last one in part. It keeps nothing back.
* The reserve stands in for what is still open, obligation by obligation in the same order over all debtors, until
  it is used up; never for the operator's own fees.
* What is not settled stays owed, in full, by its debtor to its creditor. Nobody else is touched.

Of all ways to pay in that order without spending what is not there, this settles the most of every single obligation.
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
        """Where it stands in the published order; those of one key are told apart by what they are."""
        return (RANK[self.kind], self.key, self.debtor, self.creditor, self.amount_minor)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``paid_minor`` of each obligation, in the order they were given; ``reserve_minor`` lent to each debtor."""

    paid_minor: tuple[int, ...]
    reserve_minor: dict[int, int]


def settle(*, means: Mapping[int, int], owed: Sequence[Owed], reserve_minor: int = 0) -> Outcome:
    """How much of each obligation is settled now.

    ``means`` is what each debtor has without the obligations of ``owed``: what it is paid for certain, and its own
    money; not negative. Creditors that it does not name can pay whatever happens. Raises ValueError for an
    obligation whose debtor's means are not stated.

    The reserve reaches up to one point of the published order, which is found by halving: what it lends never falls
    as the point moves on, for it is what remains with those who owe nothing further, less all means, and the more
    is settled the more remains.
    """
    ordered = sorted(range(len(owed)), key=lambda index: owed[index].place)
    network = [owed[index] for index in ordered]
    if any(row.debtor not in means for row in network):
        raise ValueError("the means of every debtor must be stated")
    # The operator does not lend in order to pay itself.
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
    """The greatest payments under one set of floors, the parts of obligations that are paid whatever happens.

    It begins with everything paid in full, and whoever then spends more than it has takes back payments from the
    end of its order; that may leave its creditor short, who does the same. Nothing is ever taken back that could
    have stayed, so what remains is the greatest solution, in whatever order the parties are gone through.

    A gap of one yen that runs round a ring of debtors would take as many rounds as there are yen; so where it comes
    back to a party over the same obligations it is taken round as often as they allow in one step. Then one of
    them is used up within the next round. So between two obligations that are used up no party is visited more
    than twice, and each of them begins one further search: with n parties and m obligations, at most
    4·n·(m + n) steps, whatever the amounts.
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
        """What is missing to those that can take nothing more back: the reserve lends it."""
        return {party: -surplus for party, surplus in self._surplus.items() if surplus < 0}

    @property
    def lent_minor(self) -> int:
        """The same, over all."""
        return sum(self.lent.values())

    def _take_back(self, party: int) -> None:
        """Follow the gap of ``party`` from creditor to creditor until somebody bears it out of its own."""
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
                # The obligation is used up: whatever was learnt of the way back here no longer holds.
                way, visited = [], {}
                self._open.append(creditor)
            else:
                party = creditor

    def _take_round(self, ring: Sequence[int], gap: int) -> None:
        """Take ``gap`` round the ring as often as every obligation on it allows; it comes back unchanged."""
        rounds = min(self.paid[index] - self._floors[index] for index in ring) // gap
        for index in ring:
            self.paid[index] -= rounds * gap

    def _last_paid(self, party: int) -> int | None:
        """The last obligation of ``party`` of which something can be taken back; None if there is none."""
        left = self._left[party]
        while left and self.paid[left[-1]] == self._floors[left[-1]]:
            left.pop()
        return left[-1] if left else None


@dataclass(frozen=True, slots=True)
class Resources:
    """What a participant has of its own, rung by rung: owed to it and not on its way, at its disposal, deposited."""

    receivable_minor: int = 0
    available_minor: int = 0
    deposit_minor: int = 0

    @property
    def own_minor(self) -> int:
        """All of it."""
        return self.receivable_minor + self.available_minor + self.deposit_minor


@dataclass(frozen=True, slots=True)
class Cover:
    """From which rung what a participant lacks is taken; ``reserve_minor`` is lent and becomes a claim on it."""

    receivable_minor: int
    available_minor: int
    deposit_minor: int
    reserve_minor: int


def cover_of(*, needed_minor: int, resources: Resources, reserve_minor: int) -> Cover:
    """The rungs of the ladder, each used up before the next: its own money first, the reserve last.

    Raises ValueError where they do not come to ``needed_minor`` exactly with ``reserve_minor`` of the reserve.
    """
    receivable = min(needed_minor - reserve_minor, resources.receivable_minor)
    available = min(needed_minor - reserve_minor - receivable, resources.available_minor)
    deposit = min(needed_minor - reserve_minor - receivable - available, resources.deposit_minor)
    cover = Cover(receivable, available, deposit, reserve_minor)
    if receivable + available + deposit + reserve_minor != needed_minor or needed_minor < reserve_minor:
        raise ValueError(f"{needed_minor} cannot be covered by {cover}")
    return cover


def tax_within(open_minor: int, *, amount_minor: int, tax_minor: int) -> int:
    """The tax within what is still open of an obligation of ``amount_minor`` and ``tax_minor``, cut off to whole units.

    It is the part of a tax that was computed, never a tax computed anew: over all parts it comes to the same sum.
    """
    return tax_minor * open_minor // (amount_minor + tax_minor) if open_minor else 0

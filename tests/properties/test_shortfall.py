"""What holds of shortfalls for any debts whatever, against a search through every way to pay on small ones."""

from __future__ import annotations

from itertools import accumulate, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearing.shortfalls.clearing_vector import (
    Outcome,
    Owed,
    Resources,
    cover_of,
    settle,
    tax_within,
)
from clearing.trades.obligation_kinds import OWED_TO_OPERATOR, PUBLISHED_ORDER

OPERATOR = 0
KINDS = st.sampled_from([kind.value for kind in PUBLISHED_ORDER])


@st.composite
def debts(draw, parties: int = 5, amounts: int = 10**9, most: int = 12):
    """Obligations among parties 1 to ``parties``; fees to the operator; keys in no order of their own."""
    rows = []
    for _ in range(draw(st.integers(0, most))):
        kind, debtor = draw(KINDS), draw(st.integers(1, parties))
        others = [party for party in range(1, parties + 1) if party != debtor]
        creditor = OPERATOR if kind == "fee" else draw(st.sampled_from(others))
        key = bytes(draw(st.lists(st.integers(97, 100), min_size=1, max_size=2)))
        rows.append(Owed(kind, key, debtor, creditor, draw(st.integers(1, amounts))))
    return rows


def means_of(parties: int, amounts: int):
    return st.lists(st.integers(0, amounts), min_size=parties, max_size=parties).map(
        lambda values: dict(enumerate(values, start=1))
    )


def left_over(means: dict[int, int], owed: list[Owed], outcome: Outcome) -> dict[int, int]:
    """What each party has in the end, with what the reserve lent it."""
    left = {party: minor + outcome.reserve_minor.get(party, 0) for party, minor in means.items()}
    for row, paid in zip(owed, outcome.paid_minor, strict=True):
        left[row.debtor] -= paid
        if row.creditor in left:
            left[row.creditor] += paid
    return left


def open_parts(owed: list[Owed], outcome: Outcome) -> list[int]:
    return [row.amount_minor - paid for row, paid in zip(owed, outcome.paid_minor, strict=True)]


def lent(outcome: Outcome) -> int:
    return sum(outcome.reserve_minor.values())


@settings(deadline=None)
@given(debts(), means_of(5, 10**9), st.integers(0, 2 * 10**9))
def test_nobody_spends_what_is_not_there_and_no_yen_is_lost(owed, means, reserve):
    outcome = settle(means=means, owed=owed, reserve_minor=reserve)
    left = left_over(means, owed, outcome)
    assert min(left.values()) >= 0
    assert all(0 <= paid <= row.amount_minor for row, paid in zip(owed, outcome.paid_minor, strict=True))
    to_operator = sum(
        paid for row, paid in zip(owed, outcome.paid_minor, strict=True) if row.creditor == OPERATOR
    )
    assert sum(left.values()) + to_operator == sum(means.values()) + lent(outcome)
    assert lent(outcome) <= reserve


@settings(deadline=None)
@given(debts(), means_of(5, 10**9), st.integers(0, 2 * 10**9))
def test_who_cannot_pay_keeps_nothing_and_pays_in_the_published_order(owed, means, reserve):
    outcome = settle(means=means, owed=owed, reserve_minor=reserve)
    left, missing = left_over(means, owed, outcome), open_parts(owed, outcome)
    for party in means:
        own = sorted(
            (
                (row.place, paid, gap)
                for row, paid, gap in zip(owed, outcome.paid_minor, missing, strict=True)
                if row.debtor == party
            ),
            key=lambda found: found[0],
        )
        gaps = [gap for _, _, gap in own]
        if any(gaps):
            assert left[party] == 0
            first = next(at for at, gap in enumerate(gaps) if gap)
            assert all(gaps[at] and not own[at][1] for at in range(first + 1, len(own)))


@settings(deadline=None)
@given(debts(), means_of(5, 10**9), st.integers(1, 2 * 10**9))
def test_the_reserve_lends_to_those_in_need_and_to_the_end(owed, means, reserve):
    outcome = settle(means=means, owed=owed, reserve_minor=reserve)
    without = settle(means=means, owed=owed)
    missing = open_parts(owed, outcome)
    assert not without.reserve_minor
    for party in outcome.reserve_minor:
        assert any(
            gap and row.debtor == party for row, gap in zip(owed, open_parts(owed, without), strict=True)
        )
    if any(gap and row.kind not in OWED_TO_OPERATOR for row, gap in zip(owed, missing, strict=True)):
        # One yen more for the obligation that comes next would not be lent in vain.
        further = settle(means=means, owed=owed, reserve_minor=reserve + 1)
        assert lent(outcome) == reserve or sum(further.paid_minor) == sum(outcome.paid_minor)
    assert all(more >= less for more, less in zip(outcome.paid_minor, without.paid_minor, strict=True))


@settings(deadline=None)
@given(debts(), means_of(5, 10**9), st.integers(0, 10**9), st.randoms(use_true_random=False))
def test_the_order_in_which_obligations_come_changes_nothing(owed, means, reserve, random):
    shuffled, reordered = list(owed), list(means.items())
    random.shuffle(shuffled)
    random.shuffle(reordered)
    one = settle(means=means, owed=owed, reserve_minor=reserve)
    other = settle(means=dict(reordered), owed=shuffled, reserve_minor=reserve)
    assert sorted((row.place, paid) for row, paid in zip(owed, one.paid_minor, strict=True)) == sorted(
        (row.place, paid) for row, paid in zip(shuffled, other.paid_minor, strict=True)
    )
    assert one.reserve_minor == other.reserve_minor


@settings(deadline=None)
@given(debts(), means_of(5, 10**9), st.integers(0, 10**9), st.integers(1, 5), st.integers(0, 10**9))
def test_whoever_has_more_the_others_are_paid_no_less(owed, means, reserve, richer, more):
    poor = settle(means=means, owed=owed, reserve_minor=reserve)
    rich = settle(means=means | {richer: means[richer] + more}, owed=owed, reserve_minor=reserve)
    assert all(after >= before for after, before in zip(rich.paid_minor, poor.paid_minor, strict=True))


@settings(deadline=None)
@given(debts(), means_of(5, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_with_a_larger_reserve_nobody_is_paid_less(owed, means, reserve, more):
    small = settle(means=means, owed=owed, reserve_minor=reserve)
    large = settle(means=means, owed=owed, reserve_minor=reserve + more)
    assert all(after >= before for after, before in zip(large.paid_minor, small.paid_minor, strict=True))


def every_way(means: dict[int, int], owed: list[Owed], reserve: int) -> set[tuple[int, ...]]:
    """Every way to pay in the published order without spending what is not there.

    The reserve may lend only as the module says: everything before some point of the order, and nothing after it.
    """
    lendable = [row for row in sorted(owed, key=lambda row: row.place) if row.kind not in OWED_TO_OPERATOR]
    ends = list(accumulate(row.amount_minor for row in lendable))
    total = ends[-1] if ends and reserve else 0
    debtors = sorted({row.debtor for row in owed})
    own = {
        party: sorted((row for row in owed if row.debtor == party), key=lambda row: row.place)
        for party in debtors
    }
    found: set[tuple[int, ...]] = set()
    for spent in product(*(range(sum(row.amount_minor for row in own[party]) + 1) for party in debtors)):
        paid: dict[int, int] = {}
        for party, budget in zip(debtors, spent, strict=True):
            for row in own[party]:
                paid[id(row)] = min(row.amount_minor, budget)
                budget -= paid[id(row)]
        left = dict(means)
        for row in owed:
            left[row.debtor] -= paid[id(row)]
            if row.creditor in left:
                left[row.creditor] += paid[id(row)]
        short = {party: -minor for party, minor in left.items() if minor < 0}
        borrowed = sum(short.values())
        spent_by = dict(zip(debtors, spent, strict=True))
        for point in range(total + 1):
            reached = dict.fromkeys(debtors, 0)
            for row, end in zip(lendable, ends, strict=True):
                reached[row.debtor] += min(row.amount_minor, max(point - end + row.amount_minor, 0))
            # Everything up to the point is paid, and beyond it nothing is borrowed.
            if (
                borrowed <= reserve
                and all(spent_by[party] >= reached[party] for party in debtors)
                and all(spent_by[party] == reached[party] for party in short)
            ):
                found.add(tuple(paid[id(row)] for row in owed))
                break
    return found


@settings(max_examples=150, deadline=None)
@given(debts(parties=3, amounts=4, most=5), means_of(3, 5), st.integers(0, 3))
def test_no_other_way_settles_more_of_any_obligation(owed, means, reserve):
    outcome = settle(means=means, owed=owed, reserve_minor=reserve)
    ways = every_way(means, owed, reserve)
    assert outcome.paid_minor in ways
    assert all(best >= other for way in ways for best, other in zip(outcome.paid_minor, way, strict=True))


def test_a_ring_of_debtors_is_gone_round_in_few_steps():
    """A yen is missing in a ring of a hundred billion: round by round it would never end."""
    ring = 10**11
    owed = [
        Owed("adjustment", b"b", 1, 2, ring),
        Owed("adjustment", b"a", 2, 9, 1),
        Owed("adjustment", b"b", 2, 3, ring),
        Owed("adjustment", b"b", 3, 1, ring),
    ]
    outcome = settle(means={1: 0, 2: 0, 3: 0}, owed=owed)
    assert outcome.paid_minor == (0, 0, 0, 0)
    assert settle(means={1: 0, 2: 0, 3: 1}, owed=owed).paid_minor == (ring, 1, ring - 1, ring)
    assert settle(means={1: 0, 2: 0, 3: 0}, owed=owed, reserve_minor=1).paid_minor == (ring, 1, ring, ring)


def test_a_large_market_in_trouble_is_settled_in_time():
    """2,000 parties that all owe each other, none with enough."""
    count = 2_000
    owed = [
        Owed("adjustment", str(step).encode(), party, (party + step) % count + 1, 1_000_000 + party)
        for party in range(1, count + 1)
        for step in (0, 7, 77)
        if (party + step) % count + 1 != party
    ]
    means = {party: party % 13 for party in range(1, count + 1)}
    outcome = settle(means=means, owed=owed, reserve_minor=100_000)
    assert min(left_over(means, owed, outcome).values()) >= 0


@given(*[st.integers(0, 99)] * 5, st.integers(0, 400))
def test_each_rung_is_used_up_before_the_next(receivable, available, planned, deposit, reserve, needed):
    resources = Resources(receivable, available, deposit, planned_minor=planned)
    lent = max(needed - resources.own_minor, 0)
    if lent > reserve:
        with pytest.raises(ValueError, match="cannot be covered"):
            cover_of(needed_minor=needed, resources=resources, reserve_minor=reserve)
        return
    cover = cover_of(needed_minor=needed, resources=resources, reserve_minor=lent)
    taken = (
        cover.receivable_minor,
        cover.available_minor,
        cover.planned_minor,
        cover.deposit_minor,
        cover.reserve_minor,
    )
    assert sum(taken) == needed
    rungs = (receivable, available, planned, deposit, lent)
    for rung, (used, there) in enumerate(zip(taken, rungs, strict=True)):
        assert 0 <= used <= there
        assert used == there or not any(taken[rung + 1 :])


@given(st.integers(1, 10**12), st.integers(0, 10**11), st.integers(0, 10**12))
def test_the_tax_of_what_is_open_and_of_what_is_paid_come_to_the_tax(amount, tax, part):
    gross = amount + tax
    still_open = min(part, gross)
    within = tax_within(still_open, amount_minor=amount, tax_minor=tax)
    assert 0 <= within <= tax
    assert still_open == 0 or within < still_open
    assert still_open != gross or within == tax

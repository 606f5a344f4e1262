"""Overtakings: later received, earlier processed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from marketplace.rules.neutrality.contributions import Processed
from marketplace.rules.neutrality.order import overtakings


def line(*moments: tuple[int, int]) -> list[Processed]:
    return [
        Processed("q", str(at), f"{received:03}", f"{processed:03}", ())
        for at, (received, processed) in enumerate(moments)
    ]


def test_nobody_overtakes_in_a_line():
    assert overtakings(line((1, 5), (2, 6), (3, 7))) == [0, 0, 0]


def test_who_came_later_and_was_first_overtook():
    assert overtakings(line((1, 9), (2, 6), (3, 7))) == [2, 0, 0]


def test_who_came_or_was_done_together_did_not():
    assert overtakings(line((1, 9), (1, 6), (2, 9))) == [0, 0, 0]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_every_pair_is_counted(moments):
    counted = [sum(1 for b in moments if b[0] > a[0] and b[1] < a[1]) for a in moments]
    assert overtakings(line(*moments)) == counted

"""No figure from fewer than three parties, nor one that follows from the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from marketplace.rules.neutrality.suppression import PARTIES_MIN, Cell, suppress


def table(**parties: int):
    cells = {name: Cell(10 * count, count) for name, count in parties.items()}
    return suppress(Cell(sum(cell.events for cell in cells.values()), sum(parties.values())), cells)


def test_large_cells_and_empty_ones_are_shown():
    shown = table(a=3, b=0, c=40)
    assert shown.total == Cell(430, 43)
    assert shown.cells == {"a": Cell(30, 3), "b": Cell(0, 0), "c": Cell(400, 40)}


def test_a_small_cell_takes_the_next_smallest_with_it():
    shown = table(a=1, b=5, c=9)
    assert shown.cells == {"a": None, "b": None, "c": Cell(90, 9)}
    assert shown.total == Cell(150, 15)


def test_two_small_cells_of_fewer_than_three_parties_take_a_third():
    assert table(a=1, b=1, c=9, d=4).cells == {"a": None, "b": None, "c": Cell(90, 9), "d": None}


def test_without_another_cell_the_total_goes_too():
    assert table(a=2, b=0) == (None, {"a": None, "b": Cell(0, 0)})


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 6), min_size=1))
def test_no_difference_of_what_is_shown_tells_of_fewer_than_three(parties):
    shown = table(**parties)
    hidden = [name for name, cell in shown.cells.items() if cell is None]
    assert all(cell.parties == 0 or cell.parties >= PARTIES_MIN for cell in shown.cells.values() if cell)
    if shown.total is not None:
        assert shown.total.parties == 0 or shown.total.parties >= PARTIES_MIN
        rest = shown.total.parties - sum(cell.parties for cell in shown.cells.values() if cell)
        assert not hidden or (len(hidden) > 1 and rest >= PARTIES_MIN)

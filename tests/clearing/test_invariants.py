"""Every invariant holds on a market in which everything has happened."""

from __future__ import annotations

from marketplace.kernel.invariants import verify_all

from . import factories


def broken() -> dict[str, object]:
    return {name: breaches for name, breaches in verify_all("clearing").items() if breaches}


def test_all_hold_through_every_step_of_a_busy_market(market):
    first = factories.accepted(market, "a", "b", 10_005)
    factories.accepted(market, "b", "c", 777)
    factories.accepted(market, "c", "a", 50_001)
    waiting = factories.conclude(market, "a", "c", 1_000)
    assert waiting.state == "concluded"
    held = factories.conclude(market, "b", "a", 3_000)
    factories.pay_in(market, "b", held.gross_minor)
    factories.complain(held)
    factories.adjust(market, first, "b", "a", 105)
    assert broken() == {}
    cycle = factories.clear(market, "validated")
    for state in ("netted", "posted", "settling"):
        assert broken() == {}
        factories.advance_to(cycle, state)
    assert broken() == {}
    factories.settle(market, cycle)
    assert cycle.state == "settled"
    factories.resolve(held, "refund")
    assert broken() == {}

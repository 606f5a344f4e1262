"""Every invariant holds on a market in which everything has happened."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clearing.models import Cycle
from clearing.run.invariants import verify_cycle
from marketplace.kernel.invariants import REGISTER, verify_all
from tests.roles import unguarded

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


def changed_behind_the_guards(table: str, sql: str) -> None:
    """As an owner who takes the guards off could."""
    with unguarded(table), connection.cursor() as cursor:
        cursor.execute(sql)


def broken_of(cycle: Cycle) -> set[str]:
    return {name for name, breaches in verify_cycle(cycle).items() if breaches}


def test_one_cycle_is_checked_by_itself(market, capsys):
    factories.accepted(market, "a", "b", 10_005)
    cycle = factories.clear(market, "posted")
    assert set(verify_cycle(cycle)) <= set(REGISTER)
    call_command("check_invariants", "--cycle", cycle.business_key)
    assert "all 6 hold" in capsys.readouterr().out
    changed_behind_the_guards(
        "clearing_netposition",
        "UPDATE clearing_netposition SET net_minor = net_minor + 1, sales_minor = sales_minor + 1"
        " WHERE sales_minor > 0",
    )
    with pytest.raises(SystemExit):
        call_command("check_invariants", "--cycle", cycle.business_key)
    said = capsys.readouterr().err
    for name in ("closed_cycle_never_changes", "positions_sum_to_zero", "posted_as_netted"):
        assert f"BROKEN clearing.{name}" in said
    with pytest.raises(CommandError):
        call_command("check_invariants", "--cycle", "JPY-1999-0001")


@pytest.mark.parametrize(
    ("table", "sql", "broken"),
    [
        (
            "clearing_posting",
            "UPDATE clearing_posting SET amount_minor = amount_minor + 1 WHERE line = 'sales' AND amount_minor < 0",
            {"entries_sum_to_zero", "balances_equal_postings"},
        ),
        (
            "clearing_balance",
            "UPDATE clearing_balance SET balance_minor = balance_minor - 1 WHERE balance_minor < 0",
            {"balances_equal_postings"},
        ),
        (
            "clearing_obligation",
            "UPDATE clearing_obligation SET cycle_id = (SELECT max(id) FROM clearing_cycle) WHERE kind = 'fee'",
            {"trade_in_one_cycle", "closed_cycle_never_changes"},
        ),
        (
            "clearing_trade",
            "UPDATE clearing_trade SET seller_key = '1'",
            {"closed_cycle_never_changes"},
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_cycle_is_found_in_its_rows(market, table, sql, broken):
    factories.accepted(market, "a", "b", 10_005)
    factories.accepted(market, "b", "a", 777)
    cycle = factories.clear(market, "posted")
    changed_behind_the_guards(table, sql)
    assert broken_of(cycle) == {f"clearing.{name}" for name in broken}

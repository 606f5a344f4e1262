"""A sweep does what it can: what fails for one does not hold back the others."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from clearing import tasks
from clearing.models import Trade
from clearing.run.services.cycles import advance_cycle
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.clearing.cutting_off import cut_off
from tests.roles import as_owner

from .. import factories


def refusing(table: str, condition: str) -> None:
    """Have the database fail whoever writes a row of ``table`` for which ``condition`` is true."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER aa_refuse BEFORE INSERT OR UPDATE ON {table}"
            f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse()"
        )


def broken() -> dict[str, object]:
    return {name: breaches for name, breaches in verify_all("clearing").items() if breaches}


def turns() -> int:
    """What some turns of the sweep did: a slow machine ends a turn before a cycle is through."""
    return sum(tasks.sweep() for _ in range(3))


def test_a_cycle_that_the_database_fails_does_not_hold_back_the_next(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    first = factories.clear(market, "validated")
    factories.accepted(market, "buyer", "seller", 20_000)
    second = cut_off(market.actor)
    refusing("clearing_netposition", f"NEW.cycle_id = {first.pk}")
    assert turns() >= 4
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("validated", "settling")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER aa_refuse ON clearing_netposition")
    assert advance_cycle(cycle=first.public_id) == "netted"
    assert broken() == {}


def test_a_deadline_that_the_database_fails_holds_back_neither_others_nor_cycles(market):
    clock.move_to(clock.now(), running=False)
    trades = [factories.conclude(market, name, "seller", 1_000) for name in ("a", "b")]
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = cut_off(market.actor)
    refusing("clearing_trade", f"NEW.state = 'failed' AND NEW.id = {trades[0].pk}")
    clock.move_to(clock.now() + timedelta(days=10), running=False)
    assert turns() >= 5
    cycle.refresh_from_db()
    states = dict(Trade.objects.values_list("pk", "state"))
    assert [states[trade.pk] for trade in trades] == ["concluded", "failed"]
    assert cycle.state == "settling"
    assert broken() == {}

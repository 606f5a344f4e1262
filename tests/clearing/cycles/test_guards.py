"""The database's guards of cycles, tried by raw SQL."""

from __future__ import annotations

from clearing.models import Cycle, CycleStep, FundsRegime
from clearing.run.services.cycles import pause_cycle
from tests.roles import unguarded

from .. import factories
from ..raw import refused, run
from ..test_invariants import broken


def test_no_cycle_without_a_regime(market):
    refused(
        "INSERT INTO clearing_cycle (public_id, currency, number, business_key, state, epoch, opened_at)"
        " VALUES ('cyc_raw', 'EUR', 1, 'raw', 'open', 0, now())",
        because="no funds regime is in force for EUR",
    )
    copy = (
        "INSERT INTO clearing_fundsregime (public_id, currency, regime, legal_reference, registration_number,"
        " balance_cap_minor, idle_days, cross_border_allowed, cross_border_basis, effective_from, approval, declared_by,"
        " declared_at) VALUES ('fnr_raw', 'EUR', %s, %s, '', %s, %s, %s, %s, {}, 'raw', 'raw', now())"
    )
    sound = ["trust", "law", 1, 5, False, ""]
    for at, value, because in (
        (0, "bank", "regime_stated"),
        (1, "", "regime_stated"),
        (0, "funds_transfer", "regime_registered"),
        (2, 0, "regime_limits"),
        (3, 0, "regime_limits"),
        (4, True, "regime_cross_border_basis"),
        (5, "x", "regime_cross_border_basis"),
    ):
        refused(copy.format("now()"), *sound[:at], value, *sound[at + 1 :], because=because)
    refused(copy.format("now() - interval '1 day'"), *sound, because="regime_not_backdated")
    refused(copy.format("now()"), *sound, because="no second person approved this for EUR")
    refused("UPDATE clearing_fundsregime SET idle_days = 300", because="append-only")
    refused("DELETE FROM clearing_fundsregime", because="append-only")
    assert (Cycle.objects.count(), FundsRegime.objects.filter(currency="EUR").count()) == (1, 0)


def test_a_cycle_on_hold_stays_where_it_is(market):
    cycle = factories.clear(market, "validated")
    refused(
        "UPDATE clearing_cycle SET paused_since = now() WHERE id = %s", cycle.pk, because="cycle_pause_reason"
    )
    run(
        "UPDATE clearing_cycle SET paused_since = now(), pause_reason = 'audit', paused_by = 'prg_1' WHERE id = %s",
        cycle.pk,
    )
    refused("UPDATE clearing_cycle SET state = 'netted' WHERE id = %s", cycle.pk, because="is paused")
    refused(
        "UPDATE clearing_cycle SET paused_by = '' WHERE id = %s", cycle.pk, because="until it is released"
    )
    refused(
        "UPDATE clearing_cycle SET paused_since = now(), pause_reason = 'x', paused_by = 'prg_1' WHERE state = 'open'",
        because="cycle_paused_when",
    )
    assert Cycle.objects.get(pk=cycle.pk).state == "validated"


def test_a_held_cycle_is_released_by_another_person(market):
    cycle = factories.clear(market, "validated")
    release = (
        "UPDATE clearing_cycle SET paused_since = NULL, pause_reason = '', paused_by = '', paused_responsible = '',"
        " released_by = %s"
    )
    pause_cycle(actor=market.second, cycle=cycle.public_id, reason="audit")
    refused(f"{release} WHERE id = %s", "", cycle.pk, because="another person")
    refused(f"{release} WHERE id = %s", market.second.identifier, cycle.pk, because="another person")
    refused(f"{release} WHERE id = %s", "app_program", cycle.pk, because="another person")
    refused(
        "UPDATE clearing_cycle SET paused_by = 'usr_x' WHERE id = %s",
        cycle.pk,
        because="until it is released",
    )
    cycle.refresh_from_db()
    assert (cycle.paused_by, cycle.released_by, broken()) == (market.second.identifier, "", {})
    with unguarded("clearing_cycle"):
        run(f"{release} WHERE id = %s", market.second.identifier, cycle.pk)
    assert set(broken()) == {"clearing.cycle_released_by_another"}


def test_the_steps_of_a_cycle_are_kept(market):
    cycle = factories.clear(market, "validated")
    refused("UPDATE clearing_cyclestep SET epoch = 9", because="append-only")
    refused(
        "INSERT INTO clearing_cyclestep (cycle_id, epoch, state, began_at, ended_at)"
        " SELECT cycle_id, epoch, state, began_at, ended_at FROM clearing_cyclestep",
        because="cycle_step_once",
    )
    assert CycleStep.objects.filter(cycle=cycle).count() == 1


def test_a_second_open_cycle_is_refused(market):
    sql = (
        "INSERT INTO clearing_cycle (public_id, currency, number, business_key, state, epoch, opened_at)"
        " VALUES ('cyc_raw', 'JPY', %s, 'raw', 'open', 0, now())"
    )
    refused(sql, 2, because="cycle_one_open")
    refused(sql, 3, because="would leave a gap")
    assert Cycle.objects.count() == 1

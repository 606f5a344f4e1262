"""While trading is halted an inspection period stands still, and what a halt took of it is given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from delivery import services
from delivery.errors import InspectionPeriodEnded
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.notices.models import Notice
from tests.contracts.standing.test_halt_time import halt, later, lift
from tests.participants import factories as participants
from tests.poison import RUNS, aside, poisoned
from tests.roles import assert_refused

pytestmark = pytest.mark.django_db


def end_of(matched):
    return matched.inspection.inspect_by


def test_an_inspection_does_not_lapse_while_trading_is_halted(matched):
    due = end_of(matched)
    halted = halt("market")
    clock.move_to(due + timedelta(days=1), running=False)
    assert services.lapse_inspections() == 0
    assert matched.inspection.state == "running"
    # A complaint in time is heard.
    matched.dispute()
    assert matched.inspection.state == "disputed"
    lift(halted)


def test_what_a_halt_took_of_an_inspection_is_given_back_and_told(matched):
    due = end_of(matched)
    halted = halt("listing", matched.row.listing)
    later(3)
    lift(halted)
    assert (services.give_back_halts(), services.give_back_halts()) == (1, 0)
    assert end_of(matched) == due + timedelta(days=3)
    told = Notice.objects.filter(title__en="The inspection period is longer")
    assert set(told.values_list("organisation", flat=True)) == {matched.buyer.pk, matched.seller.pk}
    assert EvidenceRecord.objects.filter(kind="delivery.inspection_extended").count() == 1
    clock.move_to(due + timedelta(days=2), running=False)
    assert services.lapse_inspections() == 0
    clock.move_to(due + timedelta(days=4), running=False)
    with pytest.raises(InspectionPeriodEnded):
        matched.dispute()
    assert services.lapse_inspections() == 1


def test_an_inspection_that_would_lapse_first_is_given_its_time_back(matched):
    due = end_of(matched)
    halted = halt("segment", "environment")
    later(2)
    lift(halted)
    clock.move_to(due + timedelta(hours=1), running=False)
    assert services.lapse_inspections() == 0
    assert end_of(matched) == due + timedelta(days=2)


def test_a_halt_elsewhere_takes_nothing(matched):
    due = end_of(matched)
    participants.segment("public")
    halted = halt("segment", "public")
    later(2)
    lift(halted)
    assert (services.give_back_halts(), services.give_back_halts()) == (1, 0)
    assert end_of(matched) == due


def test_an_inspection_that_cannot_be_given_its_time_back_stops_no_sweep(matched):
    halted = halt("market")
    later(2)
    lift(halted)
    with poisoned("delivery_inspection", "NEW.halts_counted_until IS NOT NULL"):
        assert sum(services.give_back_halts() for _ in range(RUNS)) == 0
    assert aside("delivery.give_back") == [matched.entitlement]


def test_the_database_moves_the_end_of_an_inspection_by_nothing_else(matched):
    def refused(change: str) -> None:
        def attack() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE delivery_inspection SET {change}")

        assert_refused(
            attack, because="moves by the time that trading was halted|does not move with its state"
        )

    before = end_of(matched)
    for change in (
        "inspect_by = inspect_by + interval '1 day'",
        "inspect_by = inspect_by - interval '1 day', halts_counted_until = public.business_now()",
        "inspect_by = NULL",
    ):
        refused(change)
    halted = halt("market")
    later(2)
    refused("inspect_by = inspect_by + interval '2 days', halts_counted_until = public.business_now()")
    lift(halted)
    refused("inspect_by = inspect_by + interval '9 days', halts_counted_until = public.business_now()")
    assert end_of(matched) == before

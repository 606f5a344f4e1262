"""Of a price by periods, what was sent in part when access ends is inspected from then on: one file that is left out makes no year free."""

from __future__ import annotations

import pytest
from django.db import connection

from delivery import services as delivering
from delivery.papers import delivery_note_of
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from tests.roles import assert_refused, unguarded

from . import factories
from .conftest import told
from .test_acceptance import resolve
from .test_download_parts import fetch_part
from .test_early_ends import breaches, carry_out, run

pytestmark = pytest.mark.django_db

FILES = (factories.CONTENTS[0], b"second")
MONTHLY = {
    "rights": {**factories.RIGHTS, "duration": "P3M"},
    "charging": {"kind": "subscription", "charges": 3, "period_months": 1},
}


@pytest.fixture
def monthly(tuesday) -> factories.Granted:
    """A delivery of two files for three months, paid by the month, of which the first was sent."""
    granted = factories.granted(FILES, **MONTHLY)
    granted.fetch()
    return granted


def test_what_was_sent_in_part_is_inspected_from_the_end_on_and_accepted(monthly):
    carry_out(monthly, days=40)
    assert (monthly.row.ended_reason, monthly.inspection.state) == ("terminated", "running")
    assert monthly.inspection.matched_at == clock.now()
    assert told("delivery.ended")[0]["received"] is True
    assert breaches("ended_leaves_nothing_undecided") == 0
    clock.move_to(monthly.inspection.inspect_by, running=False)
    assert delivering.lapse_inspections() == 1
    assert [event["by"] for event in told("delivery.accepted")] == ["lapse"]
    assert breaches("accepted_after_match") == 0
    assert [file["name"] for file in delivery_note_of(monthly.row)["files"]] == ["readings 1.csv"]


def test_what_was_sent_in_part_is_inspected_after_the_term_too(monthly):
    clock.move_to(monthly.row.expires_at, running=False)
    assert delivering.expire_access() == 1
    assert (monthly.row.state, monthly.inspection.state) == ("completed", "running")


def test_a_charge_that_is_not_paid_undoes_no_period_that_was_had(monthly):
    delivering.withdraw_agreement(actor=SYSTEM, agreement=monthly.agreement)
    assert monthly.inspection.state == "running"


def test_the_buyer_can_complain_about_what_was_sent_in_part(monthly):
    carry_out(monthly)
    resolve(monthly, monthly.dispute(), "refund")
    assert monthly.inspection.state == "undone"


@pytest.mark.parametrize(
    "charging", [MONTHLY["charging"], {"kind": "metered", "charges": 3, "unit_price_minor": 100}]
)
def test_all_bytes_but_one_of_the_only_file_are_not_nothing(tuesday, charging):
    """Fetched by ranges: no file was sent as a whole, and yet the data was had."""
    granted = factories.granted((factories.CONTENTS[0],), **{**MONTHLY, "charging": charging})
    fetch_part(granted, 0, len(factories.CONTENTS[0]) - 1)
    carry_out(granted)
    assert granted.inspection.state == "running"
    assert breaches("ended_leaves_nothing_undecided") == 0
    assert delivery_note_of(granted.row)["files"] == []
    clock.move_to(granted.inspection.inspect_by, running=False)
    assert delivering.lapse_inspections() == 1
    assert breaches("accepted_after_match") == 0


def test_nothing_is_inspected_where_no_file_was_sent(tuesday):
    unsent = factories.granted(FILES, **MONTHLY)
    carry_out(unsent)
    assert unsent.inspection.state == "undone"


def test_the_database_takes_no_part_for_received_while_access_goes_on(monthly):
    begin = (
        "UPDATE delivery_inspection SET state = 'running', matched_at = public.business_now(),"
        " inspect_by = public.business_now() + interval '5 days'"
    )

    def now() -> None:
        run(begin)
        run("SET CONSTRAINTS ALL IMMEDIATE")

    assert_refused(now, because="in part")
    with unguarded("delivery_inspection"), connection.cursor() as cursor:
        cursor.execute(begin + ", accepted_at = NULL")
        cursor.execute(
            "UPDATE delivery_inspection SET state = 'accepted', accepted_by = 'buyer', accepted_at = public.business_now()"
        )
    assert breaches("accepted_after_match") == 1

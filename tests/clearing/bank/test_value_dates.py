"""Value dates: an entry that the bank caused has the bank's booking date, with the day of its import beside it."""

from __future__ import annotations

from datetime import date

from clearing.models import Entry
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import client_of
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import refused, run

BOOKED, IMPORTED = date(2030, 4, 30), date(2030, 5, 2)


def broken() -> dict[str, object]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


@made_once
def market():
    """A market to which 5,000 were paid in at the end of April, which it knows from a statement of May."""
    factories.on_day(2030, 4, 30)
    made = factories.market()
    factories.on_day(2030, 5, 2)
    row = ("B-1", BOOKED.isoformat(), "credit", 5_000, "JPY", "ｿｳｷﾝﾆﾝ", "振込")
    factories.import_only(made, [row], opening_on=BOOKED, closing_on=BOOKED)
    return made


def test_an_entry_of_the_bank_has_both_days(market):
    entry = Entry.objects.get()
    assert (entry.value_date, entry.business_date) == (BOOKED, IMPORTED)
    shown = client_of(market.operator).get("/api/v1/postings/").json()["results"][0]
    assert (shown["value_date"], shown["business_date"]) == ("2030-04-30", "2030-05-02")
    assert broken() == {}


def test_an_entry_of_no_bank_entry_has_no_value_date(market):
    factories.accepted(market, "buyer", "seller", 1_000)
    assert Entry.objects.exclude(reference__startswith="bank:").exclude(value_date=None).count() == 0
    assert Entry.objects.filter(kind="hold").count() == 1
    assert broken() == {}


def test_another_value_date_is_refused_and_named(market):
    refused("UPDATE clearing_entry SET value_date = NULL", because="append-only")
    refused(
        "INSERT INTO clearing_entry (public_id, kind, reference, description, business_date, value_date, booked_at)"
        " VALUES ('jrn_raw', 'pay_in', 'raw', '', now(), now(), now())",
        because="entry_value_date",
    )
    assert Entry.objects.get().value_date == BOOKED
    assert broken() == {}
    with unguarded("clearing_entry"):
        run("UPDATE clearing_entry SET value_date = business_date")
    assert "clearing.value_dates_are_the_banks" in broken()

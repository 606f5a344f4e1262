"""What comes back by days of what is charged a period, and that nothing else is promised by days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from contracts.consequences import Standing, consequences_of
from contracts.plan import build_plan, compile_plan
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid

from . import factories
from .plans import terms
from .raw import copied, refused

TOKYO = ZoneInfo("Asia/Tokyo")
CONCLUDED = datetime(2026, 12, 10, 3, 0, tzinfo=UTC)
SUBSCRIPTION = {"kind": "subscription", "charges": 12, "period_months": 1, "first_period_from": "2027-01-01"}
KINDS = {
    "subscription": SUBSCRIPTION,
    "instalment": {"kind": "instalment", "charges": 3, "period_months": 2},
    "metered": {"kind": "metered", "charges": 2, "period_months": 6, "unit_price_minor": 700},
}


def agreed(charging, **ending):
    stated = {"convenience_notice_days": 10, "refund": "pro_rata", **ending}
    rights = {**factories.OFFER["rights"], "duration": "P2Y"}
    return terms(rights, price_minor=31_000, charging=charging, ending=stated)


def shown(last_day: date, refund: str = "pro_rata"):
    said = agreed(SUBSCRIPTION)
    content = {"terms": said.as_dict(), "plan": build_plan(said).as_dict(), "tax_rate_bp": 1_000}
    ends_at = build_plan(said).access.ends_at(CONCLUDED, TOKYO)
    standing = Standing("agr_1", content, CONCLUDED, ends_at, ends_at, 0)
    return consequences_of(standing, ground="convenience", last_day=last_day, refund=refund, zone=TOKYO)


@pytest.mark.parametrize(
    ("last_day", "first_day", "unused", "refund", "tax"),
    [
        (date(2027, 1, 21), "2027-01-01", 10, 10_000, 1_000),
        (date(2027, 1, 31), "2027-01-01", 0, 0, 0),
        (date(2027, 2, 1), "2027-02-01", 27, 29_892, 2_989),
        # Before the first period nothing of it was enjoyed.
        (date(2026, 12, 25), "2027-01-01", 31, 31_000, 3_100),
    ],
)
def test_of_a_price_a_period_the_days_of_the_period_that_was_begun_come_back(
    last_day, first_day, unused, refund, tax
):
    found = shown(last_day)
    assert (found["period"]["first_day"], found["period"]["unused_days"]) == (first_day, unused)
    assert (found["refund_minor"], found["refund_tax_minor"]) == (refund, tax)
    assert found["refund_minor"] + found["kept_minor"] == 31_000
    assert shown(last_day, "none")["refund_minor"] == 0


def test_after_the_last_period_nothing_comes_back():
    found = shown(date(2028, 1, 1))
    assert (found["period"], found["refund_minor"]) == (None, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_paid_by_days_is_not_promised_by_days(kind):
    if kind == "subscription":
        assert compile_plan(agreed(KINDS[kind]), at=CONCLUDED, zone=TOKYO)
        return
    with pytest.raises(FieldInvalid) as refusal:
        compile_plan(agreed(KINDS[kind]), at=CONCLUDED, zone=TOKYO)
    assert refusal.value.name == "terms.ending.refund"
    for stated in ({"refund": "none"}, {"convenience_notice_days": None}):
        assert compile_plan(agreed(KINDS[kind], **stated), at=CONCLUDED, zone=TOKYO)


@pytest.mark.django_db
def test_the_database_takes_no_proposal_that_promises_it(market):
    negotiation = factories.offered(market)
    row = negotiation.proposals.latest("number")
    promised = Jsonb(agreed(KINDS["instalment"]).as_dict())
    statement, parameters = copied(
        "contracts_proposal",
        row.pk,
        number=row.number + 1,
        party="buyer",
        terms=promised,
        made_at=clock.now(),
    )
    refused("returned by days", statement, *parameters)

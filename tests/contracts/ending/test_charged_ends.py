"""What comes back by days of what is charged a period, and that nothing else is promised by days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from contracts import services
from contracts.ending.consequences import Standing, consequences_of, digest_of_consequences, words_of
from contracts.ending.queries import charge_left, consequences_shown
from contracts.errors import PriceExceeded
from contracts.plan import build_plan, compile_plan
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid

from .. import factories
from ..plans import terms
from ..raw import copied, refused
from ..refusals import refused as refused_by

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


def shown(last_day: date, refund: str = "pro_rata", *, kind: str = "subscription", returned=None, **how):
    said = agreed(KINDS[kind], refund=refund)
    content = {"terms": said.as_dict(), "plan": build_plan(said).as_dict(), "tax_rate_bp": 1_000}
    ends_at = build_plan(said).access.ends_at(CONCLUDED, TOKYO)
    standing = Standing("agr_1", content, CONCLUDED, ends_at, ends_at, returned or {})
    how |= {"ground": "convenience", "last_day": last_day, "refund": refund}
    return consequences_of(standing, zone=TOKYO, **how)


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
    assert (found["period"], found["charge"]) == (None, None)
    assert (found["refund_minor"], found["kept_minor"]) == (0, 0)


def test_what_was_returned_of_one_period_is_not_taken_from_another():
    assert shown(date(2027, 2, 1), returned={1: 31_000})["refund_minor"] == 29_892
    found = shown(date(2027, 2, 1), returned={1: 31_000, 2: 3_000})
    assert (found["charge"], found["refund_minor"]) == (2, 28_000 * 27 // 28)
    assert "not paid in by then, it is no longer owed" in words_of(found)["en"]


def test_instalments_of_what_was_delivered_stay_due():
    found = shown(date(2027, 2, 10), "none", kind="instalment", returned={1: 1_000})
    assert (found["charge"], found["refund_minor"], found["kept_minor"]) == (None, 0, 30_000)
    assert found["still_due"] == [{"amount_minor": 10_333, "due_on": ["2027-04-10"]}]
    assert "1 charge of ¥10,333, without tax, still fall due: 2027-04-10" in words_of(found)["en"]
    assert "2027-04-10" in words_of(found)["ja"]
    both = shown(date(2027, 1, 10), "none", kind="instalment")
    assert both["still_due"] == [{"amount_minor": 10_333, "due_on": ["2027-02-10", "2027-04-10"]}]
    assert digest_of_consequences(both) != digest_of_consequences({**both, "still_due": []})
    assert shown(date(2027, 2, 10), "none", kind="metered")["still_due"] == []


def test_after_a_notice_by_the_seller_no_later_instalment_is_owed():
    found = shown(date(2027, 2, 10), "none", kind="instalment", returned={1: 1_000}, by_seller=True)
    assert (found["still_due"], found["refund_minor"], found["kept_minor"]) == ([], 0, 19_667)
    assert "no instalment that is due after the last day is owed" in words_of(found)["en"]
    assert "still fall due" not in words_of(found)["en"]


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


@pytest.fixture
def monthly(market):
    """A subscription of twelve months from 2027-04-01 at 100,000 a month."""
    clock.move_to(datetime(2027, 4, 1, 10, tzinfo=TOKYO), running=False)
    return factories.agreement(
        market,
        price_minor=100_000,
        charging={"kind": "subscription", "charges": 12, "period_months": 1},
        rights={"duration": "P2Y"},
        ending={"convenience_notice_days": 1, "refund": "pro_rata"},
    )


def reduce(market, agreement, amount_minor, **changes):
    return services.adjust_price(
        actor=market.operator,
        agreement=agreement.public_id,
        debtor=agreement.seller_identifier,
        amount_minor=amount_minor,
        reason="4月分に欠落がありました",
        **changes,
    )


def test_a_reduction_of_one_period_leaves_the_return_of_another(market, monthly):
    for charge in (None, 0, 13):
        with refused_by(FieldInvalid, name="charge"):
            reduce(market, monthly, 1, charge=charge)
    reduced = reduce(market, monthly, 100_000, charge=1)
    assert (reduced.charge, factories.events("adjustment.due")[0]["charge"]) == (1, 1)
    with refused_by(PriceExceeded, remaining_minor=0):
        reduce(market, monthly, 1, charge=1)
    assert (charge_left(monthly, 1), charge_left(monthly, 6)) == (0, 100_000)
    clock.move_to(datetime(2027, 9, 5, tzinfo=TOKYO), running=False)
    asked = {"ground": "convenience", "last_day": date(2027, 9, 10)}
    shown = consequences_shown(monthly, **asked, refund=None)
    assert (shown["charge"], shown["refund_minor"]) == (6, 100_000 * 20 // 30)
    ending = services.end_early(
        actor=market.buyer, agreement=monthly.public_id, digest=digest_of_consequences(shown), **asked
    )
    clock.move_to(ending.access_until, running=False)
    assert services.carry_out_endings() == 1
    (_, due) = factories.events("adjustment.due")
    assert (due["charge"], due["amount_minor"], due["within_left"]) == (6, 66_666, True)


@pytest.mark.parametrize("changes", [{"charge": 0}, {"charge": 13}, {"charge": 1, "amount_minor": 1}])
def test_the_database_keeps_each_charge_within_its_price(market, monthly, changes):
    row = reduce(market, monthly, 100_000, charge=1)
    statement, parameters = copied("contracts_adjustment", row.pk, public_id="adj_raw", **changes)
    refused("corrections never pass the price", statement, *parameters)


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

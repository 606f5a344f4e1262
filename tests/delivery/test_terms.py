"""Access ends when the signed rights end: one count of days for the contract's text, the answers and the machine."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from contracts.amending.access_terms import last_signed
from contracts.models import Agreement
from contracts.queries import contract_of
from delivery.access import refusal
from delivery.models import Entitlement
from listings.rights import Question, World, answer
from listings.rights.limits import end_of
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories
from .conftest import told

pytestmark = pytest.mark.django_db
TOKYO = ZoneInfo("Asia/Tokyo")


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.parametrize(
    ("agreed", "duration", "end", "words"),
    [
        ("2026-02-28T15:30+09:00", "P1M", "2026-03-31T15:00+00:00", "1か月"),
        ("2026-03-10T15:30+09:00", "P30D", "2026-04-09T15:00+00:00", "30日"),
    ],
)
def test_text_answer_and_access_count_the_same_days(db, agreed, duration, end, words):
    clock.move_to(datetime.fromisoformat(agreed), running=False)
    granted = factories.granted(rights={**factories.RIGHTS, "duration": duration})
    assert granted.row.expires_at == datetime.fromisoformat(end)
    agreement = Agreement.objects.get(public_id=granted.agreement)
    text = contract_of(agreement.negotiation).text_ja
    assert f"利用期間：契約成立の日の翌日から起算して{words}間（末日の24時まで、日本時間）" in text
    signed = last_signed(granted.agreement)
    assert signed.plan.access.ends_at(signed.concluded_at, TOKYO) == granted.row.expires_at
    policy = agreement.instrument.said["policy"]
    for seconds, permitted in ((-1, True), (0, False)):
        now = granted.row.expires_at + timedelta(seconds=seconds)
        refused = refusal(granted.row, granted.inspection, now, is_overdue=False)
        assert (refused is None) is permitted
        world = World(zone=TOKYO, now=now, agreed_at=signed.concluded_at, part_of={}, events=frozenset())
        facts = {"purpose": "m:commercial", "spatial": "JP"}
        asked = Question("use", party=policy["assignee"], target=policy["target"], facts=facts)
        told = answer(policy, asked, world)
        assert told["outcome"] == ("permitted" if permitted else "not_permitted")


def test_rights_that_end_before_access_starts_send_the_money_back(tuesday):
    factories.open_market()
    buyer, seller = (participants.admitted(side, factories.SEGMENT, side) for side in ("buyer", "seller"))
    rights = {**factories.RIGHTS, "valid_until": "2037-12-02"}
    agreement = factories.agreed(buyer, seller, factories.listed(seller, rights=rights))
    event, identifier = factories.secured(agreement)
    clock.move_to(datetime(2037, 12, 3, tzinfo=TOKYO), running=False)
    factories.handle_secured(event, identifier)
    entitlement = Entitlement.objects.get(trade=event.trade)
    assert (entitlement.state, entitlement.ended_reason) == ("terminated", "not_collected")
    assert [row.state for row in entitlement.inspections.all()] == ["undone"]
    assert [told_of["reason_code"] for told_of in told("delivery.ended")] == ["not_collected"]
    assert told("delivery.granted") == []
    assert {name: found for name, found in verify_all("delivery").items() if found} == {}


def test_the_database_grants_access_until_the_signed_end_alone(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "duration": "P1M", "valid_until": "2038-03-31"})
    agreement = Agreement.objects.get(public_id=granted.agreement)
    event, identifier = factories.secured(agreement)

    def attack() -> None:
        columns = (
            "agreement, listing, listing_version, buyer_id, seller_id, buyer_identifier, seller_identifier,"
            " inspection_days, granted_at, suspension_reason"
        )
        execute(
            "INSERT INTO delivery_entitlement (public_id, trade, secured_event, state, expires_at, expires_latest,"
            f" {columns}) SELECT 'ent_' || left(md5(random()::text), 26), %s, %s, 'requested',"
            f" expires_at + interval '1 hour', expires_latest, {columns} FROM delivery_entitlement",
            event.trade,
            identifier,
        )

    assert_refused(attack, because="ends when the signed rights end")
    assert verify_all()["delivery.term_as_signed"] == []
    with unguarded("delivery_entitlement"):
        execute("UPDATE delivery_entitlement SET expires_at = expires_at - interval '390 minutes'")
    assert [row["public_id"] for row in verify_all()["delivery.term_as_signed"]] == [granted.entitlement]


@pytest.mark.django_db
@given(
    minutes=st.integers(0, 40_000_000),
    years=st.integers(0, 30),
    months=st.integers(0, 40),
    days=st.integers(0, 400),
)
def test_the_database_counts_as_the_market_does(minutes, years, months, days):
    start = datetime(2000, 1, 1, tzinfo=TOKYO) + timedelta(minutes=minutes)
    duration = f"P{years}Y{months}M{days}D"
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.end_of_period(%s, %s)", [start, duration])
        assert cursor.fetchone() == (end_of(start, duration),)

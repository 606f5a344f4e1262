"""Money on hold has access, or a way back: invariants that see clearing, delivery and contracts together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from clearing import handlers
from clearing.models import Trade
from clearing.shortfalls.services.restraints import lift_restraint, record_restraint
from delivery import services
from delivery.handlers import on_trade_secured
from delivery.models import Entitlement
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.labels import Label
from marketplace.notices.handlers import on_dispute_opened
from marketplace.notices.handlers.attachments import on_claim_attached
from marketplace.notices.services import open_task
from marketplace.notices.states import TaskKind
from marketplace.observability.alarms import apply_readings
from marketplace.participants.models import Organisation
from tests.clearing import factories as clearing
from tests.delivery import factories as delivery
from tests.participants import factories as participants
from tests.roles import unguarded
from tests.rules import factories as rules

RULES = [
    rules.rule("PUB-01", "true", "allow", "publication"),
    rules.rule("CON-01", "true", "allow", "conclusion"),
]


def handle(kind: str, handler) -> None:
    """Have an application handle the newest event of a kind, as the pipe does."""
    event = OutboxEvent.objects.filter(type=kind).latest("pk")
    handler(parse(event.type, event.data), envelope_of(event))
    with unguarded("events_inboxentry"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_inboxentry (event_id, handler, subscriber, subject, state, handled_at)"
            " VALUES (%s, %s, %s, %s, 'handled', now())",
            [event.pk, f"{handler.__module__}.{handler.__name__}", _subscriber(handler), event.subject],
        )


def _subscriber(handler) -> str:
    parts = handler.__module__.removeprefix("marketplace.").split(".")
    return parts[0]


def named() -> list[str]:
    return [row["trade"] for row in REGISTER["web.secured_trades_have_access"].check()]


def force(table: str, sql: str) -> None:
    with unguarded(table), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def trade(db) -> Trade:
    """A purchase whose money is on hold; delivery has not heard of it."""
    market = clearing.market(clearing.RULEBOOK | {"rules": RULES})
    delivery.open_market()
    buyer = participants.admitted("buyer", delivery.SEGMENT, "buyer")
    seller = participants.admitted("seller", delivery.SEGMENT, "seller")
    market.parties.update(buyer=buyer, seller=seller)
    listing = delivery.listed(seller)
    clearing.state_supply(market, "seller", listing=listing)
    delivery.agreed(buyer, seller, listing)
    handle("agreement.concluded", handlers.on_agreement_concluded)
    found = Trade.objects.get()
    clearing.pay_in(market, "buyer", found.gross_minor)
    found.refresh_from_db()
    assert found.state == "secured"
    return found


@pytest.fixture
def granted(trade: Trade) -> Entitlement:
    """Its buyer has access."""
    handle("trade.secured", on_trade_secured)
    return Entitlement.objects.get(trade=trade.public_id)


def buyer_of(entitlement: Entitlement):
    return participants.actor_for(entitlement.buyer, "app_buyer")


def fetch(entitlement: Entitlement) -> None:
    """The buyer downloads a file, and does not report it."""
    (file,) = entitlement.distributions.all()
    transmission = services.download(
        actor=buyer_of(entitlement), entitlement=entitlement.public_id, distribution=file.distribution
    )
    try:
        assert b"".join(transmission)
    finally:
        transmission.close()


def test_it_holds_until_access_is_granted_and_while_it_lasts(trade):
    assert named() == []
    handle("trade.secured", on_trade_secured)
    assert named() == []
    entitlement = Entitlement.objects.get(trade=trade.public_id)
    services.suspend_access(
        actor=delivery.operator_actor(), entitlement=entitlement.public_id, reason="調査中"
    )
    assert named() == []


def test_it_holds_through_a_dispute_and_its_end(trade, granted):
    services.dispute_delivery(
        actor=buyer_of(granted), entitlement=granted.public_id, reason_code="incomplete", text="12月分がない"
    )
    assert named() == []
    handle("dispute.opened", handlers.on_dispute_opened)
    trade.refresh_from_db()
    assert (trade.state, named()) == ("disputed", [])


def test_what_nobody_collected_in_its_term_is_paid_back(trade, granted):
    clock.move_to(granted.granted_at + timedelta(days=31), running=False)
    assert services.end_uncollected() == 1
    assert named() == []
    handle("delivery.ended", handlers.on_delivery_ended)
    trade.refresh_from_db()
    assert (trade.state, named()) == ("refunded", [])


FORCED = {
    "access that was never granted": (
        "delivery_entitlement",
        "UPDATE delivery_entitlement SET agreement = 'agr_other'",
    ),
    "access that ended with the money on hold": (
        "delivery_entitlement",
        "UPDATE delivery_entitlement SET state = 'terminated', ended_at = now(), ended_reason = 'not_collected'",
    ),
    "a dispute that nobody opened": ("clearing_trade", "UPDATE clearing_trade SET state = 'disputed'"),
}


@pytest.mark.parametrize("case", FORCED)
def test_a_trade_whose_money_waits_without_end_is_named(trade, granted, case):
    assert named() == []
    table, sql = FORCED[case]
    if table == "delivery_entitlement":
        force("delivery_inspection", "UPDATE delivery_inspection SET state = 'undone'")
    force(table, sql)
    assert named() == [trade.public_id]


UNDONE = {
    "access that was never begun": (
        "delivery_entitlement",
        "UPDATE delivery_entitlement SET state = 'requested'",
        timedelta(0),
    ),
    "access past its end": (
        "delivery_entitlement",
        "UPDATE delivery_entitlement SET expires_at = granted_at + interval '1 hour'",
        timedelta(hours=1),
    ),
    "an inspection past its period": (
        "delivery_inspection",
        (
            "UPDATE delivery_inspection SET state = 'running', matched_at = opened_at, halts_counted_until = opened_at,"
            " inspect_by = opened_at + interval '1 hour'"
        ),
        timedelta(hours=1),
    ),
}


@pytest.mark.parametrize("case", UNDONE)
def test_what_the_clock_ended_and_nobody_carried_out_for_a_day_is_named(trade, granted, case):
    table, sql, ends_after = UNDONE[case]
    force(table, sql)
    clock.move_to(granted.granted_at + ends_after + timedelta(hours=23), running=False)
    assert named() == []
    clock.move_to(granted.granted_at + ends_after + timedelta(hours=25), running=False)
    assert named() == [trade.public_id]
    open_task(
        organisation_id=Organisation.objects.get(is_operator=True).id,
        kind=TaskKind.REPAIR,
        subject="delivery",
        thread="delivery",
        title=Label("repair", "修復"),
    )
    assert named() == []


def test_a_receipt_that_nobody_reports_is_an_alarm_a_week_after_access_expired(trade, granted):
    fetch(granted)
    force(
        "delivery_entitlement",
        "UPDATE delivery_entitlement SET state = 'completed', expires_at = granted_at + interval '1 second',"
        " ended_at = granted_at + interval '1 second', ended_reason = 'expired'",
    )
    assert named() == []
    clock.move_to(granted.granted_at + timedelta(days=8), running=False)
    assert named() == [trade.public_id]
    apply_readings({"deliveries_unreported": 1.0})
    assert named() == []


def test_what_is_on_its_way_for_an_hour_needs_somebody_who_repairs_it(trade):
    assert named() == []
    force(
        "events_outboxevent",
        "UPDATE events_outboxevent SET recorded_at = recorded_at - interval '61 minutes'",
    )
    assert named() == [trade.public_id]
    open_task(
        organisation_id=Organisation.objects.get(is_operator=True).id,
        kind=TaskKind.REPAIR,
        subject="delivery",
        thread="delivery",
        title=Label("repair", "修復"),
    )
    assert named() == []


def test_a_dispute_that_nobody_is_asked_to_resolve_is_named(trade, granted):
    services.dispute_delivery(
        actor=buyer_of(granted), entitlement=granted.public_id, reason_code="incomplete", text="12月分がない"
    )
    handle("dispute.opened", handlers.on_dispute_opened)
    assert named() == []
    handle("dispute.opened", on_dispute_opened)
    assert named() == []
    force("notices_task", "UPDATE notices_task SET state = 'done', closed_at = now() WHERE kind = 'resolve'")
    assert named() == [trade.public_id]


def test_what_nobody_reports_while_access_goes_on_is_an_alarm(trade, granted):
    fetch(granted)
    clock.move_to(granted.granted_at + timedelta(days=36), running=False)
    assert named() == []
    clock.move_to(granted.granted_at + timedelta(days=38), running=False)
    assert named() == [trade.public_id]
    apply_readings({"deliveries_unreported": 1.0})
    assert named() == []


def test_an_attachment_that_nobody_is_asked_to_follow_is_named(db):
    market = clearing.market()
    restraint = record_restraint(
        actor=market.actor,
        organisation=market.party("seller").public_id,
        kind="attachment",
        served_at=clock.now(),
        reference="令和12年(ル)第1号",
    )
    check = REGISTER["web.attachments_have_a_task"].check
    assert check() == []
    force(
        "clearing_setoffrestraint",
        "UPDATE clearing_setoffrestraint SET recorded_at = recorded_at - interval '11 minutes'",
    )
    assert [row["restraint"] for row in check()] == [restraint.public_id]
    handle("claim.attached", on_claim_attached)
    assert check() == []
    force(
        "notices_task",
        "UPDATE notices_task SET state = 'done', closed_at = now() WHERE kind = 'follow_order'",
    )
    assert [row["restraint"] for row in check()] == [restraint.public_id]
    clearing.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    assert check() == []


@pytest.mark.parametrize(("began_days_before", "is_named"), [(1, False), (0, True)])
def test_a_period_that_began_when_access_had_ended_is_named(trade, granted, began_days_before, is_named):
    """An accepted delivery excuses what waits for the end of its period only where the period had begun."""
    force(
        "delivery_inspection",
        "UPDATE delivery_inspection SET state = 'accepted', matched_at = now(), inspect_by = now(),"
        " accepted_at = now(), accepted_by = 'buyer'",
    )
    force(
        "delivery_entitlement",
        "UPDATE delivery_entitlement SET state = 'terminated', ended_at = now(), ended_reason = 'terminated'",
    )
    force("clearing_trade", "UPDATE clearing_trade SET charging = 'subscription'")
    assert named() == [trade.public_id]
    with unguarded("clearing_chargeplan", "clearing_plannedcharge"), connection.cursor() as cursor:
        cursor.execute(
            "WITH made AS (INSERT INTO clearing_chargeplan (agreement, charging, charges, period_months, price_minor,"
            " currency, funding_days, concluded_at) VALUES (%s, 'subscription', 1, 1, 1, 'JPY', 1, now()) RETURNING id),"
            " today AS (SELECT (now() AT TIME ZONE 'Asia/Tokyo')::date - %s::integer AS began)"
            " INSERT INTO clearing_plannedcharge (plan_id, charge, price_minor, due_on, period_from, period_until)"
            " SELECT made.id, 1, 1, began, began, began + 31 FROM made, today",
            [trade.agreement, began_days_before],
        )
    assert named() == ([trade.public_id] if is_named else [])

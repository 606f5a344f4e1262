"""What a suspended organisation began all the same is named, and sanctions about which nobody is asked."""

from __future__ import annotations

import pytest
from django.db import connection

from listings.models import Listing
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.handlers.suspensions import on_participant_suspended
from marketplace.participants.models import Suspension
from marketplace.participants.services import suspend_participant
from marketplace.webhooks.models import Webhook
from marketplace.webhooks.services import create_webhook
from tests.contracts import factories
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db

NAMES = REGISTER["web.suspended_begin_nothing"].check


@pytest.fixture
def market():
    return factories.market()


def suspend(market, kind: str = "breach") -> Suspension:
    suspend_participant(
        actor=SYSTEM,
        organisation=market.seller.organisation,
        kind=kind,
        reason_code="review",
        reason="確認中",
        reference="第1号",
    )
    return Suspension.objects.get()


def run(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def tell_suspended() -> None:
    """Have the suspension told, as its event does."""
    event = OutboxEvent.objects.filter(type="participant.suspended").latest("pk")
    on_participant_suspended(parse(event.type, event.data), envelope_of(event))


BEGUN = (
    ("contracts_negotiation", "opened_at"),
    ("contracts_agreement", "concluded_at"),
    ("listings_listing", "created_at"),
    ("participants_admission", "applied_at"),
    ("participants_application", "created"),
    ("webhooks_webhook", "created_at"),
)


@pytest.mark.parametrize(("table", "moment"), BEGUN)
def test_what_a_suspended_organisation_began_is_named(market, table, moment):
    factories.finalized(market)
    organisation = market.party("seller") if hasattr(market, "party") else market.organisation("seller")
    participants.application_of(organisation)
    create_webhook(actor=market.seller, url="https://receiver.example/hook")
    suspend(market)
    assert NAMES() == []
    with unguarded(table):
        run(f"UPDATE {table} SET {moment} = {moment} + interval '1 day'")
    assert NAMES() != []


def test_the_database_makes_no_listing_and_no_webhook_of_a_suspended_organisation(market):
    create_webhook(actor=market.seller, url="https://receiver.example/hook")
    suspend(market)
    rows = {"listings_listing": Listing, "webhooks_webhook": Webhook}
    for table, model in rows.items():
        names = [
            column.column
            for column in model._meta.concrete_fields
            if column.column not in ("id", "public_id")
        ]
        listed = ", ".join(f'"{name}"' for name in names)
        copy = f"INSERT INTO {table} (public_id, {listed}) SELECT 'raw_copy', {listed} FROM {table} LIMIT 1"
        assert_refused(lambda copy=copy: run(copy), because="begins nothing new")


def test_sanctions_that_nobody_is_asked_about_are_named(market):
    participants.Organisation.objects.filter(is_operator=True).get()
    suspension = suspend(market, "sanctions")
    check = REGISTER["web.held_payments_have_a_task"].check
    with unguarded("participants_suspension"):
        run("UPDATE participants_suspension SET recorded_at = recorded_at - interval '1 hour'")
    assert check() == [{"suspension": suspension.public_id}]
    tell_suspended()
    assert check() == []


def test_proceedings_without_a_trustee_that_nobody_is_asked_for_are_named(market):
    suspension = suspend(market, "insolvency")
    check = REGISTER["web.insolvent_have_a_trustee_or_a_task"].check
    assert check() == []
    with unguarded("participants_suspension"):
        run("UPDATE participants_suspension SET recorded_at = recorded_at - interval '1 hour'")
    assert check() == [{"suspension": suspension.public_id}]
    tell_suspended()
    assert check() == []

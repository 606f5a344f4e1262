"""Access is granted if and only if the trade is secured, once."""

import functools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from contracts.models import Agreement
from delivery import handlers, queries, services
from delivery.errors import NothingToDeliver, PaymentOverdue
from delivery.models import EntitledDistribution, Entitlement, Inspection
from listings import queries as listings
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import TradeConcluded, TradeFailed, TradeFundingExtended
from marketplace.events.services import emit, envelope_of
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.identifiers import new_identifier
from tests.contracts.standing.test_halt_time import halt, lift
from tests.participants import factories as participants
from tests.roles import assert_refused

from . import factories
from .conftest import TUESDAY, recorded, told

pytestmark = pytest.mark.django_db

TWO = (b"a,b\n1,2\n", b"c,d\n3,4\n")


def test_a_secured_trade_gets_access_to_everything_it_bought(tuesday):
    granted = factories.granted(contents=TWO)
    entitlement = granted.row
    assert (entitlement.state, entitlement.granted_at, entitlement.expires_at) == ("started", TUESDAY, None)
    assert (entitlement.buyer_id, entitlement.seller_id) == (granted.buyer.pk, granted.seller.pk)
    assert (entitlement.trade, entitlement.agreement) == (granted.trade, granted.agreement)
    assert entitlement.secured_event == granted.secured_event
    assert (granted.inspection.state, granted.inspection.round, granted.inspection.opened_at) == (
        "awaiting", 1, TUESDAY,
    )  # fmt: skip
    sold = listings.distributions(entitlement.listing_version)
    covered = queries.distributions_of(granted.entitlement)
    assert [(file.public_id, file.file_name, file.media_type, file.size_bytes) for file in covered] == [
        (file.public_id, file.file_name, file.media_type, file.size_bytes) for file in sold
    ]
    assert [(file.sha256, file.sha512) for file in covered] == [(f.sha256, f.sha512) for f in sold]
    assert told("delivery.granted") == [
        {
            "entitlement": granted.entitlement,
            "agreement": granted.agreement,
            "trade": granted.trade,
            "buyer": granted.buyer.public_id,
            "seller": granted.seller.public_id,
            "expires_at": None,
        }
    ]
    assert recorded(granted.entitlement) == ["delivery.granted"]
    assert queries.granted_among([granted.agreement, "agr_other"]) == 1


def test_access_is_granted_in_few_queries(granted, django_assert_max_num_queries):
    event, identifier = factories.secured(Agreement.objects.get(public_id=granted.agreement))
    envelope = envelope_of(OutboxEvent.objects.get(public_id=identifier))
    with django_assert_max_num_queries(15), clock.read_once():
        handlers.on_trade_secured(event, envelope)
    assert Entitlement.objects.get(trade=event.trade).state == "started"


def test_the_same_event_twice_changes_nothing(granted, unchanged):
    event, _ = (
        factories.TradeSecured(**granted_event(granted)),
        unchanged(),
    )
    factories.handle_secured(event, granted.secured_event)
    assert unchanged()


def granted_event(granted):
    """The data of the event that secured a trade."""
    (data,) = [row for row in told("trade.secured") if row["trade"] == granted.trade]
    return data


def secured_of(granted, **changes):
    """The trade of a delivery, as the service is told of it."""
    facts = granted_event(granted) | {"secured_event": granted.secured_event} | changes
    for name in ("charge", "inspection_days"):
        facts.pop(name)
    return services.SecuredTrade(**facts)


def test_access_ends_with_the_right_of_use(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "valid_until": "2038-03-31"})
    end = datetime(2038, 3, 31, 15, 0, tzinfo=UTC)
    assert granted.row.expires_at == end
    assert told("delivery.granted")[0]["expires_at"] == end.isoformat()


def test_a_right_for_a_duration_runs_from_the_agreement(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "duration": "P1Y"})
    assert granted.row.expires_at == datetime(2038, 12, 1, 15, 0, tzinfo=UTC)


def test_a_trade_that_was_not_secured_gets_no_access(granted, unchanged):
    unchanged()
    for changes in (
        {"trade": new_identifier("trd")},
        {"trade": new_identifier("trd"), "secured_event": new_identifier("evt")},
    ):
        with (
            pytest.raises(IntegrityError, match="access implies that payment is secured"),
            transaction.atomic(),
        ):
            services.grant_access(actor=SYSTEM, secured=secured_of(granted, **changes))
    assert unchanged()


def test_a_version_without_files_is_not_delivered(granted, unchanged):
    unchanged()
    with pytest.raises(NothingToDeliver):
        services.grant_access(
            actor=SYSTEM,
            secured=secured_of(granted, trade=new_identifier("trd"), listing_version=new_identifier("lsv")),
        )
    assert unchanged()


def test_an_unknown_agreement_or_party_is_missing(granted, unchanged):
    unchanged()
    for changes in ({"agreement": new_identifier("agr")}, {"buyer": new_identifier("org")}):
        with pytest.raises(Missing):
            services.grant_access(
                actor=SYSTEM, secured=secured_of(granted, trade=new_identifier("trd"), **changes)
            )
    assert unchanged()


def test_a_participant_grants_nothing(granted, unchanged):
    unchanged()
    for actor in (granted.buyer_actor, granted.seller_actor):
        with pytest.raises(Forbidden):
            services.grant_access(actor=actor, secured=secured_of(granted, trade=new_identifier("trd")))
    assert unchanged()


def test_what_is_unknown_has_no_delivery(db):
    with pytest.raises(Missing):
        queries.entitlement_of("agr_unknown")
    assert queries.distributions_of("ent_unknown") == []
    assert queries.granted_among(["agr_unknown"]) == 0
    assert queries.counts() == {"granted": 0, "matched": 0, "disputed": 0}


def test_two_trades_of_the_same_parties_are_two_deliveries(tuesday):
    first = factories.granted()
    second = factories.granted(buyer=first.buyer, seller=first.seller)
    assert first.entitlement != second.entitlement
    assert (
        Entitlement.objects.count() == Inspection.objects.count() == EntitledDistribution.objects.count() == 2
    )
    assert queries.counts() == {"granted": 2, "matched": 0, "disputed": 0}
    assert participants.queries.counts()["suspended"] == 0


def later_charge(granted, number, fund_by):
    """A later charge of the agreement of a delivery is concluded; returns the event that it is secured."""
    trade = new_identifier("trd")
    concluded = TradeConcluded(
        trade=trade,
        agreement=granted.agreement,
        buyer=granted.buyer.public_id,
        seller=granted.seller.public_id,
        gross_minor=11,
        currency="JPY",
        fund_by=fund_by.isoformat(),
        waits_for_money=True,
        charge=number,
    )
    with transaction.atomic():
        envelope = envelope_of(OutboxEvent.objects.get(public_id=emit(concluded)))
    for _ in range(2):
        handlers.on_trade_concluded(concluded, envelope)
    event, _ = factories.secured(Agreement.objects.get(public_id=granted.agreement))
    return replace(event, trade=trade, charge=number)


def pay(event):
    """The money of a later charge is held."""
    with transaction.atomic():
        identifier = emit(event)
    factories.handle_secured(event, identifier)


def test_access_goes_on_until_a_later_charge_had_to_be_paid(granted):
    second = later_charge(granted, 2, TUESDAY + timedelta(days=1))
    third = later_charge(granted, 3, TUESDAY + timedelta(days=3))
    granted.fetch()
    clock.move_to(TUESDAY + timedelta(days=1), running=False)
    with pytest.raises(PaymentOverdue):
        granted.fetch()
    pay(second)
    assert granted.row.payment_due_by == TUESDAY + timedelta(days=3)
    granted.fetch()
    clock.move_to(TUESDAY + timedelta(days=3), running=False)
    with pytest.raises(PaymentOverdue):
        granted.fetch()
    for _ in range(2):
        pay(third)
    assert granted.row.payment_due_by is None
    granted.fetch()
    assert Entitlement.objects.count() == 1


def test_no_access_closes_over_a_charge_while_trading_is_halted(granted):
    due = TUESDAY + timedelta(days=1)
    charge = later_charge(granted, 2, due)
    halted = halt("market")
    clock.move_to(due + timedelta(days=1), running=False)
    granted.fetch()
    assert waiting_code(granted) != "delivery.payment_overdue"
    lift(halted)
    # Before clearing has moved the deadline, what the halt took counts already.
    granted.fetch()
    now = clock.now()
    extended = TradeFundingExtended(
        trade=charge.trade,
        agreement=granted.agreement,
        listing=granted.row.listing,
        buyer=granted.buyer.public_id,
        seller=granted.seller.public_id,
        fund_by=(due + timedelta(days=2)).isoformat(),
        charge=2,
    )
    with transaction.atomic():
        envelope = envelope_of(OutboxEvent.objects.get(public_id=emit(extended)))
    for _ in range(2):
        handlers.on_trade_funding_extended(extended, envelope)
    assert granted.row.payment_due_by == due + timedelta(days=2)
    clock.move_to(now + timedelta(days=1), running=False)
    with pytest.raises(PaymentOverdue):
        granted.fetch()


def waiting_code(granted):
    answer = participants.client_of(granted.buyer).get(f"/api/v1/deliveries/{granted.entitlement}/")
    return answer.json()["waiting"]["code"]


def test_what_was_told_of_a_later_charge_is_kept(granted):
    later_charge(granted, 2, TUESDAY)
    for change in (
        "secure_by = now()",
        "halts_counted_until = now()",
        "agreement = 'agr_x'",
        "trade = 'trd_x'",
    ):
        with connection.cursor() as cursor:
            assert_refused(functools.partial(cursor.execute, f"UPDATE delivery_awaitedpayment SET {change}"))
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute("DELETE FROM delivery_awaitedpayment"))
    assert granted.row.payment_due_by == TUESDAY


def test_a_later_charge_that_is_not_paid_ends_access(granted, unchanged):
    event = TradeFailed(
        trade=new_identifier("trd"),
        agreement=granted.agreement,
        buyer=granted.buyer.public_id,
        seller=granted.seller.public_id,
        reason_code="not_funded",
        charge=2,
    )
    with transaction.atomic():
        envelope = envelope_of(OutboxEvent.objects.get(public_id=emit(event)))
    handlers.on_trade_failed(event, envelope)
    assert (granted.row.state, granted.row.ended_reason) == ("terminated", "terminated")
    assert granted.inspection.state == "undone"
    (ended,) = told("delivery.ended")
    assert (ended["agreement"], ended["reason_code"]) == (granted.agreement, "terminated")
    unchanged()
    handlers.on_trade_failed(event, envelope)
    assert unchanged()

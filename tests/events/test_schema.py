"""Event classes are typed, named and versioned, and their data survives the journey."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from django.core.checks import run_checks

from marketplace.events import subscriptions
from marketplace.events.envelope import Envelope
from marketplace.events.schema import TYPES, Event, SchemaError, full_type, parse
from marketplace.events.schemas.clearing import TradeRefunded
from marketplace.events.schemas.contracts import AgreementConcluded, Beneficiary
from marketplace.events.schemas.participants import OrganisationRegistered
from marketplace.settings.subscriptions import EVENT_SUBSCRIPTIONS, EVENTS_PASSED_OVER

REFUNDED = {
    "trade": "trd_1",
    "agreement": "agr_1",
    "buyer": "org_1",
    "seller": "org_2",
    "amount_minor": 5,
    "currency": "JPY",
}


def test_data_goes_there_and_back():
    event = TradeRefunded(**REFUNDED)
    assert parse("trade.refunded", json.loads(json.dumps(event.data()))) == event
    assert (event.subject, full_type(TradeRefunded)) == ("agr_1", "sanpo.trade.refunded.v1")


@pytest.mark.parametrize(
    "change",
    [{"amount_minor": "5"}, {"amount_minor": True}, {"buyer": None}, {"surprise": 1}, {"currency": ["JPY"]}],
)
def test_data_that_does_not_fit_is_refused(change):
    with pytest.raises(SchemaError):
        parse("trade.refunded", REFUNDED | change)


def test_a_missing_field_is_refused():
    with pytest.raises(SchemaError, match="seller"):
        parse("trade.refunded", {name: value for name, value in REFUNDED.items() if name != "seller"})


CONCLUDED = {
    "agreement": "agr_1",
    "negotiation": "ngt_1",
    "reference": "PO-1",
    "listing": "lst_1",
    "listing_version": "lsv_1",
    "segment": "mobility",
    "buyer": "org_1",
    "seller": "org_2",
    "price_minor": 5,
    "currency": "JPY",
    "tax_category": "standard",
    "funding_days": 1,
    "inspection_days": 2,
    "signed_hash": "0",
}


def test_several_parts_of_a_kind_go_there_and_back():
    shares = (Beneficiary(organisation="org_3", share_bp=5), Beneficiary(organisation="org_4", share_bp=6))
    event = AgreementConcluded(**CONCLUDED, beneficiaries=shares)
    carried = json.loads(json.dumps(event.data()))
    assert carried["beneficiaries"] == [
        {"organisation": "org_3", "share_bp": 5},
        {"organisation": "org_4", "share_bp": 6},
    ]
    assert parse("agreement.concluded", carried) == event


def test_what_was_told_before_there_were_parts_is_still_read():
    event = parse("agreement.concluded", CONCLUDED)
    assert (event.charging, event.charges, event.beneficiaries) == ("one_off", 1, ())


@pytest.mark.parametrize(
    "parts",
    [
        "org_3",
        None,
        ["org_3"],
        [{"organisation": "org_3"}],
        [{"organisation": "org_3", "share_bp": "5"}],
        [{"organisation": "org_3", "share_bp": True}],
        [{"organisation": "org_3", "share_bp": 5, "name": "x"}],
    ],
)
def test_parts_that_do_not_fit_are_refused(parts):
    with pytest.raises(SchemaError):
        parse("agreement.concluded", CONCLUDED | {"beneficiaries": parts})


def test_an_unknown_type_is_refused():
    with pytest.raises(SchemaError, match="unknown event type"):
        parse("trade.vanished", {})


def test_a_type_is_taken_once():
    with pytest.raises(SchemaError, match="of its own"):
        type("Again", (Event,), {"type": "trade.refunded", "subject_field": "trade"})
    assert TYPES["trade.refunded"] is TradeRefunded


def test_every_event_is_flat_and_names_its_subject():
    for event_class in TYPES.values():
        names = {field.name for field in dataclasses.fields(event_class)}
        assert event_class.subject_field in names, event_class


def test_the_envelope_is_a_cloudevent():
    envelope = Envelope(
        "evt_1",
        "organisation.registered",
        "org_1",
        datetime(2030, 1, 1, tzinfo=UTC),
        7,
        {"organisation": "org_1"},
    )
    assert envelope.as_cloudevent() == {
        "specversion": "1.0",
        "id": "evt_1",
        "source": "/sanpo",
        "type": "sanpo.organisation.registered.v1",
        "subject": "org_1",
        "time": "2030-01-01T00:00:00+00:00",
        "datacontenttype": "application/json",
        "data": {"organisation": "org_1"},
    }
    assert TYPES["organisation.registered"] is OrganisationRegistered


def test_the_markets_subscriptions_are_sound():
    assert subscriptions.check_subscriptions() == []
    assert [message for message in run_checks() if message.id and message.id.startswith("events.")] == []


def test_a_subscription_to_nothing_is_found(settings):
    settings.EVENT_SUBSCRIPTIONS = {
        "trade.vanished": (),
        "trade.refunded": ("marketplace.notices.handlers.on_nothing", "marketplace.kernel.clock.now"),
    }
    assert [message.id for message in subscriptions.check_subscriptions()] == [
        "events.E001",
        "events.E002",
        "events.E003",
    ]


def test_what_is_passed_over_by_a_field_that_the_event_does_not_have_is_found(settings):
    handler = "delivery.handlers.on_trade_concluded"
    settings.EVENT_SUBSCRIPTIONS = {"trade.concluded": (handler,)}
    settings.EVENTS_PASSED_OVER = {handler: {"vanished": 1}}
    (message,) = subscriptions.check_subscriptions()
    assert (message.id, message.msg) == (
        "events.E004",
        f"trade.concluded has no field vanished, which {handler} passes over",
    )


@pytest.mark.parametrize(("handler", "stated"), EVENTS_PASSED_OVER.items())
def test_a_handler_does_nothing_with_what_it_passes_over(db, handler, stated, django_assert_num_queries):
    facts = {
        "trade": "trd_1", "agreement": "agr_1", "buyer": "org_1", "seller": "org_2", "gross_minor": 1, "currency": "JPY",
        "fund_by": "2030-01-01T00:00:00+00:00", "waits_for_money": True, "charge": 2,
    }  # fmt: skip
    event = TYPES["trade.concluded"](**(facts | stated))
    envelope = Envelope("evt_1", event.type, event.subject, datetime(2030, 1, 1, tzinfo=UTC), 1, event.data())
    assert [kind for kind, known in EVENT_SUBSCRIPTIONS.items() if handler in known] == ["trade.concluded"]
    with django_assert_num_queries(0):
        subscriptions.resolve(handler)(event, envelope)

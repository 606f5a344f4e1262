"""Every event says who may see it, and nobody else sees it."""

import dataclasses
from datetime import UTC, datetime

import pytest

from marketplace.events import subscriptions
from marketplace.events.envelope import Envelope
from marketplace.events.schema import TYPES
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import Forbidden
from marketplace.webhooks import scopes

HOUSE = {name: event for name, event in TYPES.items() if event.__module__.startswith("marketplace.")}
PERSONAL = {"email", "name", "address", "user", "person", "phone", "representative", "actor", "by_person"}


def test_the_market_has_events():
    assert set(subscriptions.settings.EVENT_SUBSCRIPTIONS) <= set(HOUSE)
    assert len(HOUSE) > 40


@pytest.mark.parametrize("event", HOUSE.values(), ids=HOUSE)
def test_an_event_declares_who_may_see_it(event):
    names = {field.name for field in dataclasses.fields(event)}
    assert event.audience is not None, "declare an audience: seen_by(...), EVERYONE or OPERATOR_ONLY"
    assert set(event.audience.fields) | event.withheld <= names
    assert not (event.audience.everyone and event.audience.fields)
    assert event.withheld & {*event.audience.fields, event.subject_field} == set()


@pytest.mark.parametrize("event", HOUSE.values(), ids=HOUSE)
def test_an_event_that_names_both_parties_is_seen_by_both(event):
    names = {field.name for field in dataclasses.fields(event)}
    concerned = names & {"buyer", "seller", "debtor", "creditor", "organisation"}
    assert concerned <= set(event.audience.fields)


@pytest.mark.parametrize("event", HOUSE.values(), ids=HOUSE)
def test_an_event_carries_no_personal_data(event):
    assert {field.name for field in dataclasses.fields(event)} & PERSONAL == set()


def test_what_everyone_may_see_names_no_participant():
    everyone = {name for name, event in HOUSE.items() if event.audience.everyone}
    assert everyone == {
        "evidence.key_announced",
        "neutrality.published",
        "rulebook.withdrawn",
        "rulebook.published",
        "trading.halted",
        "trading.resumed",
        "cycle.moved",
        "cycle.paused",
        "cycle.resumed",
        "reserve.lowered",
        "reserve.reduction_announced",
    }


def test_the_shares_of_beneficiaries_are_withheld_from_participants():
    envelope = Envelope(
        "evt_1",
        "agreement.concluded",
        "agr_1",
        datetime(2030, 1, 1, tzinfo=UTC),
        7,
        {"buyer": "org_1", "seller": "org_2", "beneficiaries": [{"organisation": "org_3", "share_bp": 5}]},
    )
    assert scopes.cloudevent_for(envelope, "org_1")["data"] == {"buyer": "org_1", "seller": "org_2"}
    assert scopes.cloudevent_for(envelope, scopes.OPERATOR)["data"] == envelope.data


def test_operator_only_types_are_not_for_participants():
    assert "payment.lost" not in scopes.visible_types("org_1")
    assert "payment.lost" in scopes.visible_types(scopes.OPERATOR)
    assert {"trade.secured", "cycle.moved"} <= set(scopes.visible_types("org_1"))


def test_types_are_named_short_or_in_full():
    assert (
        scopes.short_type("trade.secured") == scopes.short_type("sanpo.trade.secured.v1") == "trade.secured"
    )
    assert scopes.short_type("sanpo.trade.secured.v2") is None


def test_who_acts_for_no_organisation_has_no_feed():
    with pytest.raises(Forbidden):
        scopes.scope_of(SYSTEM)

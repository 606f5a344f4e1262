"""Nothing is begun under an admission that has ended by its last day, by the services nor past them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts import handlers, services
from contracts.errors import OtherNotAdmitted
from contracts.models import Agreement, Negotiation
from marketplace.events.schemas.participants import AdmissionDecided
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Notice
from marketplace.participants.errors import NotAdmitted
from marketplace.participants.models import Admission
from marketplace.participants.services import withdraw_admission
from tests.roles import unguarded

from .. import factories
from ..raw import copied, refused

pytestmark = pytest.mark.django_db


def end_admission(market, name: str, days_ago: int = 1) -> None:
    """Let the admission of a party have had its last day."""
    with unguarded("participants_admission"):
        Admission.objects.filter(organisation=market.organisation(name)).update(
            expires_on=clock.today() - timedelta(days=days_ago)
        )


def test_nobody_negotiates_under_an_admission_that_ended(market):
    negotiation = factories.requested(market)
    for name in ("buyer", "seller"):
        end_admission(market, name)
    before = factories.everything()
    with pytest.raises(NotAdmitted):
        factories.requested(market)
    with pytest.raises(NotAdmitted):
        services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={})
    assert factories.everything() == before


@pytest.mark.parametrize("name", ["buyer", "seller"])
def test_nobody_moves_while_the_other_party_has_no_admission(market, name):
    """The seller offers to nobody who may not buy, the buyer accepts from nobody who may not sell."""
    command, actor = {
        "buyer": (services.make_offer, market.seller),
        "seller": (services.accept_offer, market.buyer),
    }[name]
    negotiation = {"buyer": factories.requested, "seller": factories.offered}[name](market)
    terms = {"terms": {}} if name == "buyer" else {}
    end_admission(market, name)
    before = factories.everything()
    with pytest.raises(OtherNotAdmitted) as refusal:
        command(actor=actor, negotiation=negotiation.public_id, **terms)
    assert refusal.value.fields["capacity"] == name
    assert factories.everything() == before


def decided(market, name: str, **changes) -> AdmissionDecided:
    """The event that the admission of a party has expired."""
    admission = Admission.objects.get(organisation=market.organisation(name))
    stated = {
        "admission": admission.public_id,
        "organisation": market.organisation(name).public_id,
        "segment": admission.segment.code,
        "capacity": name,
        "state": "expired",
        "decision": None,
    }
    return AdmissionDecided(**(stated | changes))


@pytest.mark.parametrize("name", ["buyer", "seller"])
def test_what_is_negotiated_under_an_admission_ends_with_it_and_agreements_continue(market, name):
    open_ = [factories.requested(market), factories.agreed(market)]
    agreement = factories.agreement(market)
    event = decided(market, name)
    handlers.on_admission_decided(event, None)
    assert not Negotiation.objects.filter(pk__in=[row.pk for row in open_], state="terminated").exists()
    end_admission(market, name)
    handlers.on_admission_decided(event, None)
    for row in open_:
        row.refresh_from_db()
        assert (row.state, row.end_reason_code) == ("terminated", "admission_ended")
    agreement.refresh_from_db()
    assert agreement.state == "in_force"
    told = Notice.objects.get(organisation=market.organisation("operator"), subject=event.admission)
    for language in ("ja", "en"):
        for named in (*(row.public_id for row in open_), agreement.public_id):
            assert named in told.body[language]


def test_the_operator_is_told_of_every_admission_that_time_ended(market):
    end_admission(market, "buyer")
    handlers.on_admission_decided(decided(market, "buyer", state="withdrawn"), None)
    assert not Notice.objects.filter(organisation=market.organisation("operator")).exists()
    handlers.on_admission_decided(decided(market, "buyer", state="lapsed"), None)
    assert "0" in Notice.objects.get(organisation=market.organisation("operator")).body["en"]


def test_the_last_day_counts(market):
    end_admission(market, "buyer", days_ago=0)
    assert factories.finalized(market).state == "finalized"


@pytest.mark.parametrize("name", ["buyer", "seller"])
def test_the_database_begins_nothing_under_an_admission_that_ended(market, name):
    agreement = factories.agreement(market)
    check = REGISTER["contracts.begun_while_admitted"].check
    assert check() == []
    end_admission(market, name)
    statement, parameters = copied("contracts_agreement", agreement.pk, public_id="agr_raw")
    refused("the admission of a party", statement, *parameters)
    if name == "buyer":
        statement, parameters = copied("contracts_negotiation", agreement.negotiation_id, public_id="ngt_raw")
        refused("the admission of a party", statement, *parameters)
    # The agreement and, for the buyer, its negotiation stand since after the last day that is forced in.
    assert len(check()) == (2 if name == "buyer" else 1)
    assert (Agreement.objects.count(), Negotiation.objects.count()) == (1, 1)


def test_a_withdrawn_admission_is_no_admission_that_ran_out(market):
    buyer = market.organisation("buyer")

    def ran_out() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT public.admission_ran_out(%s, 'mobility', 'buyer')", [buyer.pk])
            (found,) = cursor.fetchone()
        return bool(found)

    assert not ran_out()
    end_admission(market, "buyer")
    assert ran_out()
    (admission,) = Admission.objects.filter(organisation=buyer)
    withdraw_admission(actor=market.buyer, admission=admission.public_id)
    assert not ran_out()

"""Exclusive grants: nothing else is agreed over the listing while one is in force."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from contracts import services
from contracts.errors import ExclusivelyGranted, GrantedToOthers
from contracts.models import Agreement, Negotiation
from contracts.states import TerminationReason
from marketplace.kernel.invariants import REGISTER
from tests.roles import unguarded

from .. import factories
from ..raw import forced

pytestmark = pytest.mark.django_db

EXCLUSIVE = {"rights": {"exclusive": True}}


def agreed_by(market, who="stranger", **terms) -> Negotiation:
    """A negotiation of another buyer that the seller signed."""
    made = services.request_negotiation(
        actor=getattr(market, who),
        listing=market.listing,
        reference=factories.reference(),
        terms=terms or None,
    )
    return services.sign(actor=market.seller, negotiation=made.public_id)


def end(agreement) -> None:
    services.terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason.PAYMENT_FAILED, cause="unpaid"
    )


def test_an_exclusive_agreement_shuts_out_every_other(market):
    waiting = agreed_by(market)
    offered = factories.offered(market)
    exclusive = factories.agreement(market, **EXCLUSIVE)
    assert exclusive.exclusive is True
    before = factories.everything()
    for attempt in (
        lambda: factories.requested(market),
        lambda: services.counter_request(actor=market.buyer, negotiation=offered.public_id),
        lambda: services.sign(actor=market.stranger, negotiation=waiting.public_id),
    ):
        with pytest.raises(ExclusivelyGranted):
            attempt()
    assert factories.everything() == before
    assert REGISTER["contracts.exclusive_alone"].check() == []


def test_nothing_is_granted_exclusively_beside_others(market):
    signed = agreed_by(market, **EXCLUSIVE)
    factories.agreement(market)
    with pytest.raises(GrantedToOthers):
        factories.requested(market, **EXCLUSIVE)
    with pytest.raises(GrantedToOthers):
        services.sign(actor=market.stranger, negotiation=signed.public_id)
    assert Agreement.objects.get().exclusive is False


def test_exclusivity_ends_with_its_agreement(market):
    exclusive = factories.agreement(market, **EXCLUSIVE)
    end(exclusive)
    assert factories.agreement(market, **EXCLUSIVE).exclusive is True


def test_others_that_exclude_nothing_stand_beside_each_other(market):
    first, second = factories.agreement(market), factories.agreement(market)
    assert {first.state, second.state} == {"in_force"}


def test_what_is_signed_says_so_in_words_and_in_odrl(market):
    negotiation = factories.agreed(market, **EXCLUSIVE)
    said = negotiation.instrument.said
    assert said["terms"]["rights"]["exclusive"] is True
    promised = {"action": "ensureExclusivity", "assignee": f"urn:sanpo:{market.seller.organisation}"}
    assert promised in said["policy"]["obligation"]
    assert "- 独占：契約の有効期間中はこの利用者だけに許諾する" in negotiation.instrument.text_ja


def test_a_round_that_grants_exclusively_is_wider(market):
    made = factories.requested(market)
    services.make_offer(actor=market.seller, negotiation=made.public_id, terms=EXCLUSIVE)
    (change,) = factories.events("negotiation.moved")[-1]["changes"]
    assert change == {
        "field": "rights.exclusive",
        "en": "Exclusivity: from not exclusive to exclusive to this buyer while the agreement is in force (wider rights).",
        "ja": "独占：独占でない から 契約の有効期間中はこの利用者だけに許諾する に変更（より広い利用条件）。",
    }


AGAIN = "UPDATE contracts_agreement SET state = 'in_force', terminated_at = NULL, termination_reason = NULL WHERE id = %s"


@pytest.mark.parametrize(
    ("terms", "because"), [({}, "agreement_exclusive_alone"), (EXCLUSIVE, "agreement_exclusive_once")]
)
def test_the_database_takes_nothing_beside_an_exclusive_grant(market, terms, because):
    ended = factories.agreement(market, **terms)
    end(ended)
    factories.agreement(market, **EXCLUSIVE)
    with pytest.raises(IntegrityError, match=because), transaction.atomic():
        forced(AGAIN, ended.pk)
    ended.refresh_from_db()
    assert ended.state == "terminated"


def test_an_agreement_is_exclusive_as_it_was_signed(market):
    agreement = factories.agreement(market)
    with unguarded("contracts_agreement"):
        Agreement.objects.filter(pk=agreement.pk).update(exclusive=True)
    assert [row["public_id"] for row in REGISTER["contracts.exclusive_alone"].check()] == [
        agreement.public_id
    ]

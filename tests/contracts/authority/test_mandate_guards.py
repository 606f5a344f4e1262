"""The database itself holds mandates to their signatories, and programs to their mandates."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.models import Instrument, Negotiation, Signature
from marketplace.kernel.invariants import verify_all
from marketplace.participants import services as participants
from tests.participants import factories as people
from tests.roles import unguarded

from .. import factories, library, mandates
from ..raw import copied, refused, run
from ..signing.test_signature_guards import drawn


@pytest.fixture
def desk(market) -> mandates.Desk:
    return mandates.desk(market)


def test_a_signatory_signs_a_mandate_for_its_own_program_and_key(market, desk):
    mandate, theirs = mandates.mandated(market, desk), mandates.desk(market, "buyer")
    owner = people.person_of(market.organisation("seller"), "owner", ("owner",))
    unscoped = people.application_of(market.organisation("seller"), ["market:read"])
    for changes, why in (
        ({"signed_by": owner.public_id}, "no signatory"),
        ({"signed_by": market.buyer.identifier}, "no signatory"),
        ({"signed_by": "app_x"}, "no signatory|mandate_by_people"),
        ({"key_id": theirs.key.pk}, "a program and a key of its organisation"),
        ({"program_id": theirs.program.pk}, "a program and a key of its organisation"),
        (
            {"program_id": unscoped.pk, "program_identifier": unscoped.public_id},
            "a program and a key of its organisation",
        ),
        ({"organisation_identifier": "org_x"}, "a program and a key of its organisation"),
        ({"templates": []}, "mandate_named"),
        ({"price_max_minor": 250_001}, "mandate_limits"),
        ({"total_days": 367}, "mandate_limits"),
        ({"revoked_at": mandate.signed_at, "revoked_by": owner.public_id}, "begins live"),
    ):
        statement, parameters = copied("contracts_mandate", mandate.pk, public_id="mdt_raw", **changes)
        refused(why, statement, *parameters)
    refused("cannot be changed", "UPDATE contracts_mandate SET total_max_minor = total_max_minor * 2")
    refused("cannot be changed", "UPDATE contracts_mandate SET expires_at = expires_at + interval '1 day'")
    refused("are kept", "DELETE FROM contracts_mandate")
    revoke = "UPDATE contracts_mandate SET revoked_at = public.business_now(), revoked_by = %s"
    for who in (market.buyer.identifier, desk.program.public_id, "system"):
        refused("may not revoke", revoke, who)
    run("UPDATE participants_session SET proved_at = now() - interval '15 minutes'")
    statement, parameters = copied("contracts_mandate", mandate.pk, public_id="mdt_raw")
    refused("only after a fresh proof", statement, *parameters)
    with unguarded("contracts_mandate"):
        run("UPDATE contracts_mandate SET price_max_minor = 1")
    assert verify_all("contracts")["contracts.mandates_signed"] == [{"mandate": mandate.public_id}]


def forged(
    negotiation: Negotiation, desk: mandates.Desk, mandate: Any, **changes: Any
) -> tuple[str, list[Any]]:
    """An INSERT of the program's signature as the seller, past every service."""
    statement, parameters = drawn(negotiation, public_id=f"ins_{negotiation.pk}")
    run(statement, *parameters)
    instrument = Instrument.objects.get(negotiation=negotiation)
    facts = {
        "public_id": f"sgn_{negotiation.pk}",
        "instrument_id": instrument.pk,
        "party": "seller",
        "organisation_id": negotiation.seller_id,
        "organisation_identifier": negotiation.seller_identifier,
        "signer": desk.program.public_id,
        "method": "own_key",
        "key_id": desk.key.pk,
        "mandate_id": mandate.pk,
        "signed_hash": instrument.signed_hash,
        "jws": "x",
        **changes,
    }
    marks = ", ".join(["%s"] * len(facts))
    return (
        f"INSERT INTO contracts_signature ({', '.join(facts)}, signed_at) VALUES ({marks}, public.business_now())",
        list(facts.values()),
    )


def test_the_database_adds_up_what_a_program_signs(market, desk):
    mandate = mandates.mandated(market, desk, total_max_minor=200_000)
    for _ in range(2):
        statement, parameters = forged(factories.requested(market), desk, mandate)
        run(statement, *parameters)
    statement, parameters = forged(factories.requested(market), desk, mandate)
    refused("the total of the mandate is reached", statement, *parameters)
    assert Signature.objects.count() == 2
    with unguarded("contracts_signature", "contracts_mandate"):
        run("UPDATE contracts_mandate SET total_max_minor = 150000")
    found = verify_all("contracts")["contracts.programs_sign_within_mandates"]
    assert {row["public_id"] for row in found} <= set(Signature.objects.values_list("public_id", flat=True))
    assert found != []


def test_the_database_refuses_what_is_outside_the_mandate(market, desk):
    second = mandates.desk(market)
    person = market.seller.identifier
    library.published(**factories.brief_template())
    good = mandates.mandated(market, desk)
    for limits, changes, why in (
        ({"templates": ["brief"]}, {}, "outside the mandate"),
        ({"counterparties": [market.stranger.organisation]}, {}, "outside the mandate"),
        ({"currency": "USD"}, {}, "outside the mandate"),
        ({"price_max_minor": 99_999}, {}, "outside the mandate"),
        ({}, {"mandate_id": None}, "no signatory|key of its mandate"),
        ({}, {"key_id": second.key.pk}, "key of its mandate"),
        ({}, {"signer": second.program.public_id}, "key of its mandate"),
        ({}, {"signer": person}, "without a mandate"),
        ({}, {"method": "market_side", "key_id": None}, "key of its mandate|signature_key|fresh proof"),
    ):
        mandate = mandates.mandated(market, desk, **limits) if limits else good
        statement, parameters = forged(factories.requested(market), desk, mandate, **changes)
        refused(why, statement, *parameters)


def test_the_database_takes_nothing_within_a_mandate_that_has_ended(market, desk):
    subject = market.organisation("seller")
    signer = people.person_of(subject, "signer", ("signatory",))
    left = factories.services.sign_mandate(
        actor=people.actor_of(signer),
        program=desk.program.public_id,
        key=desk.key.public_id,
        **mandates.LIMITS,
    )
    participants.leave(actor=people.actor_of(signer))
    revoked = mandates.mandated(market, desk)
    factories.services.revoke_mandate(actor=market.seller, mandate=revoked.public_id)
    for mandate in (left, revoked):
        statement, parameters = forged(factories.requested(market), desk, mandate)
        refused("the mandate has ended", statement, *parameters)
    live = mandates.mandated(market, desk)
    participants.revoke_program(actor=market.seller, application=desk.program.public_id)
    statement, parameters = forged(factories.requested(market), desk, live)
    refused("the mandate has ended", statement, *parameters)

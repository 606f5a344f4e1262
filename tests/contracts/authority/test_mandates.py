"""Programs sign with their organisation's own key, within what a signatory let them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts import queries, services
from contracts.errors import MandateEnded, MandateNeeded, OutsideMandate
from contracts.handlers import on_member_changed
from contracts.models import Mandate, Signature
from contracts.services.mandates import LIVE_MAX
from marketplace.events.schemas.keys import MandateChanged
from marketplace.events.schemas.members import MemberChanged
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.signatures import verify
from marketplace.kernel import clock
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    Missing,
    OrganisationSuspended,
    PermissionNeeded,
    ProofNeeded,
)
from marketplace.kernel.invariants import verify_all
from marketplace.notices.handlers.keys import on_mandate_changed
from marketplace.participants import services as participants
from marketplace.participants.models import Membership
from tests.notices.factories import handle, notice_titles
from tests.participants import factories as people
from tests.participants import keys

from .. import factories, library, mandates

BASE = "/api/v1"


@pytest.fixture
def desk(market) -> mandates.Desk:
    return mandates.desk(market)


def left_alone(error: type[Exception], call: Any, **fields: Any) -> None:
    """The call is refused and nothing of contracts has changed."""
    before = (factories.everything(), list(Mandate.objects.values()))
    with pytest.raises(error) as refusal:
        call()
    assert (factories.everything(), list(Mandate.objects.values())) == before
    for name, value in fields.items():
        assert refusal.value.fields[name] == value


def test_a_program_signs_within_its_mandate(market, desk):
    mandate = mandates.mandated(market, desk)
    signed = mandates.submit(desk, factories.requested(market))
    assert signed.state == "agreed"
    row = Signature.objects.get()
    assert (row.method, row.signer, row.mandate) == ("own_key", desk.program.public_id, mandate)
    concluded = services.sign(actor=market.buyer, negotiation=signed.public_id)
    assert concluded.state == "finalized"
    assert {name: found for name, found in verify_all("contracts").items() if found} == {}


def test_a_mandate_says_what_the_signatory_signed(market, desk):
    mandate = mandates.mandated(market, desk, counterparties=[market.buyer.organisation])
    claims = verify(mandate.jws)
    assert (claims["signer"], claims["method"]) == (market.seller.identifier, "market_side")
    assert (claims["program"], claims["kid"]) == (desk.program.public_id, desk.private.thumbprint())
    assert (claims["price_max_minor"], claims["counterparties"]) == (100_000, [market.buyer.organisation])
    record = EvidenceRecord.objects.get(kind="contracts.mandate_signed")
    assert (record.actor, record.payload["signed_hash"]) == (market.seller.identifier, mandate.signed_hash)
    handle(on_mandate_changed, MandateChanged(**factories.events("mandate.changed")[0]))
    assert notice_titles(market.organisation("seller")) == ["プログラムによる署名が委任されました"]


def test_a_program_signs_over_http_and_never_by_the_market(market, desk):
    signatory = people.client_of(market.organisation("seller"), roles=("signatory",))
    stated = {**mandates.LIMITS, "program": desk.program.public_id, "key": desk.key.public_id}
    made = signatory.post(f"{BASE}/mandates/", stated, format="json")
    assert made.status_code == 201, made.json()
    client = people.bearer_client(people.token_of(desk.program))
    negotiation = factories.requested(market)
    path = f"{BASE}/negotiations/{negotiation.public_id}"
    given = client.get(f"{path}/to-sign/").json()
    body = {"signed_hash": given["signed_hash"]}
    assert client.post(f"{path}/sign/", body).status_code == 403
    body["signature"] = keys.sign_detached(desk.private, given["content"])
    unscoped = people.program_of(market.organisation("seller"), ["market:read", "negotiations:write"])
    assert unscoped.post(f"{path}/submit-signature/", body).status_code == 403
    assert client.post(f"{BASE}/mandates/", stated, format="json").status_code == 403
    signed = client.post(f"{path}/submit-signature/", body)
    assert (signed.status_code, signed.json()["signatures"][0]["mandate"]) == (200, made.json()["id"])
    others = people.client_of(market.organisation("buyer"))
    mandate = f"{BASE}/mandates/{made.json()['id']}/"
    assert (signatory.get(mandate).status_code, others.get(mandate).status_code) == (200, 404)
    assert others.post(f"{mandate}revoke/").status_code == 404
    assert client.post(f"{mandate}revoke/").status_code == 403
    assert signatory.post(f"{mandate}revoke/").json()["revoked_by"].startswith("usr_")


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"templates": ["brief"]}, "template"),
        ({"counterparties": "stranger"}, "counterparty"),
        ({"currency": "USD"}, "currency"),
        ({"price_max_minor": 99_999}, "price"),
    ],
)
def test_a_contract_outside_the_mandate_is_refused_by_its_limit(market, desk, limits, limit):
    library.published(**factories.brief_template())
    if "counterparties" in limits:
        limits = {"counterparties": [market.stranger.organisation]}
    mandate = mandates.mandated(market, desk, **limits)
    negotiation = factories.requested(market)
    left_alone(
        OutsideMandate, lambda: mandates.submit(desk, negotiation), mandate=mandate.public_id, limit=limit
    )


def test_the_total_of_the_days_is_never_exceeded(market, desk):
    mandates.mandated(market, desk, total_max_minor=200_000)
    for _ in range(2):
        mandates.submit(desk, factories.requested(market))
    third = factories.requested(market)
    left_alone(OutsideMandate, lambda: mandates.submit(desk, third), limit="total")
    clock.move_to(clock.now() + timedelta(days=31))
    assert mandates.submit(desk, factories.requested(market)).state == "agreed"
    assert {name: found for name, found in verify_all("contracts").items() if found} == {}


def test_the_newest_mandate_that_allows_it_is_taken(market, desk):
    wide = mandates.mandated(market, desk)
    mandates.mandated(market, desk, price_max_minor=1)
    mandates.submit(desk, factories.requested(market))
    assert Signature.objects.get().mandate == wide


def test_a_mandate_ends(market, desk):
    mandate = mandates.mandated(market, desk)
    negotiation = factories.requested(market)
    services.revoke_mandate(actor=market.seller, mandate=mandate.public_id)
    left_alone(MandateNeeded, lambda: mandates.submit(desk, negotiation))
    left_alone(MandateEnded, lambda: services.revoke_mandate(actor=market.seller, mandate=mandate.public_id))
    mandates.mandated(market, desk, valid_days=1)
    clock.move_to(clock.now() + timedelta(days=1))
    left_alone(MandateNeeded, lambda: mandates.submit(desk, negotiation))


def test_a_mandate_ends_with_the_right_of_its_signer(market, desk):
    subject = market.organisation("seller")
    signer = people.person_of(subject, "signer", ("signatory",))
    mandate = services.sign_mandate(
        actor=people.actor_of(signer),
        program=desk.program.public_id,
        key=desk.key.public_id,
        **mandates.LIMITS,
    )
    negotiation = factories.requested(market)
    member = Membership.objects.get(user=signer)
    participants.revoke_role(actor=market.seller, member=member.public_id, role="signatory")
    # Before the event is heard, too.
    left_alone(OutsideMandate, lambda: mandates.submit(desk, negotiation), limit="signer")
    event = MemberChanged(**factories.events("member.changed")[-1])
    handle(on_member_changed, event)
    mandate.refresh_from_db()
    assert mandate.revoked_by == "system"
    left_alone(MandateNeeded, lambda: mandates.submit(desk, negotiation))
    handle(on_member_changed, event)
    assert EvidenceRecord.objects.filter(kind="contracts.mandate_revoked").count() == 1


def test_a_locked_login_lets_no_program_sign(market, desk):
    mandates.mandated(market, desk)
    staff = [
        people.actor_of(people.person_of(market.organisation("operator"), name, ("admission",)))
        for name in ("first", "second")
    ]
    lock = participants.lock_login(actor=staff[0], person=market.seller.identifier, reason="不審な利用")
    negotiation = factories.requested(market)
    left_alone(OutsideMandate, lambda: mandates.submit(desk, negotiation), limit="signer")
    for actor in staff:
        participants.release_login(actor=actor, lock=lock.public_id)
    assert mandates.submit(desk, negotiation).state == "agreed"


def test_a_change_of_another_role_ends_nothing(market, desk):
    mandate = mandates.mandated(market, desk)
    ended = services.end_without_signer(
        organisation=str(market.seller.organisation), person=market.seller.identifier
    )
    mandate.refresh_from_db()
    assert (ended, mandate.revoked_at) == (0, None)


def test_another_program_or_key_has_no_mandate(market, desk):
    mandates.mandated(market, desk)
    negotiation = factories.requested(market)
    second = mandates.desk(market)
    left_alone(MandateNeeded, lambda: mandates.submit(second, negotiation))
    other_key = mandates.Desk(desk.actor, desk.program, second.private, second.key)
    left_alone(MandateNeeded, lambda: mandates.submit(other_key, negotiation))


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"templates": []}, FieldInvalid),
        ({"templates": ["unknown"]}, Missing),
        ({"counterparties": ["org_x"]}, Missing),
        ({"currency": "yen"}, FieldInvalid),
        ({"price_max_minor": 0}, FieldInvalid),
        ({"total_max_minor": 99_999}, FieldInvalid),
        ({"total_days": 367}, FieldInvalid),
        ({"valid_days": 366}, FieldInvalid),
        ({"valid_days": 0}, FieldInvalid),
        ({"key": "key_x"}, Missing),
        ({"program": "app_x"}, Missing),
    ],
)
def test_a_mandate_without_sound_limits_is_refused(market, desk, limits, error):
    left_alone(error, lambda: mandates.mandated(market, desk, **limits))


def test_a_mandate_is_for_ones_own_program_with_the_scope_and_ones_own_key(market, desk):
    theirs = mandates.desk(market, "buyer")
    left_alone(Missing, lambda: mandates.mandated(market, desk, program=theirs.program.public_id))
    left_alone(Missing, lambda: mandates.mandated(market, desk, key=theirs.key.public_id))
    unscoped = people.application_of(market.organisation("seller"), ["market:read"])
    left_alone(FieldInvalid, lambda: mandates.mandated(market, desk, program=unscoped.public_id))
    left_alone(Missing, lambda: mandates.mandated(market, desk, party="buyer"))
    mandate = mandates.mandated(market, desk)
    left_alone(Missing, lambda: services.revoke_mandate(actor=market.buyer, mandate=mandate.public_id))


def test_only_a_signatory_with_a_fresh_proof_signs_a_mandate(market, desk):
    subject = market.organisation("seller")
    stated = {"program": desk.program.public_id, "key": desk.key.public_id, **mandates.LIMITS}
    owner = people.actor_of(people.person_of(subject, "owner", ("owner",)))
    stale = people.actor_of(people.person_of(subject, "stale", ("signatory",)), proved_seconds_ago=601)
    for actor, error in ((owner, PermissionNeeded), (stale, ProofNeeded), (desk.actor, Forbidden)):
        left_alone(error, lambda actor=actor: services.sign_mandate(actor=actor, **stated))
    mandate = mandates.mandated(market, desk)
    left_alone(Forbidden, lambda: services.revoke_mandate(actor=desk.actor, mandate=mandate.public_id))
    assert services.revoke_mandate(actor=owner, mandate=mandate.public_id).revoked_by == owner.identifier


def test_a_program_has_a_bounded_number_of_mandates(market, desk):
    for _ in range(LIVE_MAX):
        mandates.mandated(market, desk)
    left_alone(FieldInvalid, lambda: mandates.mandated(market, desk))


def test_a_program_gets_the_scope_only_by_name(market):
    subject = market.organisation("seller")
    assert "contracts:submit" not in people.application_of(subject).scopes
    assert people.application_of(subject, ["contracts:submit"]).scopes == ["contracts:submit"]
    assert queries.visible_mandates(market.stranger).count() == 0


def test_a_suspended_organisation_lets_no_program_sign(market, desk):
    subject = market.organisation("seller")
    participants.suspend_participant(
        actor=people.SYSTEM, organisation=subject.public_id, reason_code="review", reason="確認中"
    )
    left_alone(OrganisationSuspended, lambda: mandates.mandated(market, desk))

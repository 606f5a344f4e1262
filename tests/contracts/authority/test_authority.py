"""Signatures stay within limits of authority: above them a colleague whose limit suffices gives the same command (稟議)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts import queries, services
from contracts.models import Agreement, Instrument, Mandate, Signature
from marketplace.approvals.models import Approval
from marketplace.approvals.services import expire_approvals, withdraw_approval
from marketplace.events.schemas.approvals import ApprovalAsked
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import ProofNeeded
from marketplace.kernel.invariants import verify_all
from marketplace.notices.handlers.authority import on_colleague_asked
from marketplace.participants.authority_errors import AboveAuthority, ColleagueNeeded, NobodyDecides
from marketplace.participants.models import Commitment, User
from tests.notices.factories import handle, notice_titles
from tests.participants import factories as people
from tests.participants.authority import colleague, limit

from .. import factories, mandates

BASE = "/api/v1"


@pytest.fixture
def boss(market) -> Actor:
    """A signatory of the seller with a high limit; the other signatories have one of ¥50,000."""
    person = colleague(market.organisation("seller"), "boss")
    limit(market.seller, person=person.identifier, per_act_minor=1_000_000)
    limit(market.seller, role="signatory", per_act_minor=50_000)
    return person


def sign(actor: Actor, negotiation: Any) -> Any:
    return services.sign(actor=actor, negotiation=negotiation.public_id)


def left_alone(error: type[Exception], call: Any, **fields: Any) -> None:
    """The call is refused and nothing is signed or committed."""
    models = (Instrument, Signature, Agreement, Mandate, Commitment)
    before = [list(model.objects.values()) for model in models]
    with pytest.raises(error) as refusal:
        call()
    assert [list(model.objects.values()) for model in models] == before
    for name, value in fields.items():
        assert refusal.value.fields[name] == value


def broken() -> dict[str, Any]:
    found = verify_all("contracts") | verify_all("participants") | verify_all("approvals")
    return {name: breaches for name, breaches in found.items() if breaches}


def test_without_limits_nothing_is_recorded(market):
    factories.finalized(market)
    assert Commitment.objects.count() == 0
    assert broken() == {}


def test_within_its_limit_a_person_signs_alone(market, boss):
    negotiation = factories.requested(market, price_minor=50_000)
    assert sign(market.seller, negotiation).state == "agreed"
    row = Commitment.objects.get()
    assert (row.person, row.act, row.amount_minor, row.approval) == (
        market.seller.identifier,
        "sign",
        50_000,
        None,
    )
    assert broken() == {}


def test_above_its_limit_it_asks_and_a_colleague_signs(market, boss):
    negotiation = factories.requested(market)
    for _ in range(2):
        left_alone(
            ColleagueNeeded,
            lambda: sign(market.seller, negotiation),
            limit="act",
            limit_minor=50_000,
            deciders=boss.identifier,
        )
    asked = Approval.objects.get()
    assert (asked.command, asked.subject, asked.amount_minor) == (
        "contracts.sign",
        negotiation.public_id,
        100_000,
    )
    handle(on_colleague_asked, ApprovalAsked(**factories.events("approval.asked")[0]))
    assert notice_titles(market.organisation("seller")) == ["稟議: 決裁の依頼があります"]
    assert sign(boss, negotiation).state == "agreed"
    asked.refresh_from_db()
    row = Commitment.objects.get()
    assert (asked.state, asked.ended_by, row.person, row.approval_id) == (
        "approved",
        boss.identifier,
        boss.identifier,
        asked.pk,
    )
    assert Signature.objects.get().signer == boss.identifier
    assert broken() == {}


def test_a_colleague_of_the_same_low_limit_does_not_suffice(market, boss):
    peer = colleague(market.organisation("seller"), "peer")
    negotiation = factories.requested(market)
    left_alone(ColleagueNeeded, lambda: sign(market.seller, negotiation))
    left_alone(ColleagueNeeded, lambda: sign(peer, negotiation), deciders=boss.identifier)
    assert [row.state for row in Approval.objects.all()] == ["pending"]


def test_who_decides_proves_a_second_factor_afresh(market, boss):
    negotiation = factories.requested(market)
    left_alone(ColleagueNeeded, lambda: sign(market.seller, negotiation))
    stale = people.actor_of(
        User.objects.get(public_id=boss.identifier),
        proved_seconds_ago=timedelta(hours=1).total_seconds(),
    )
    left_alone(ProofNeeded, lambda: sign(stale, negotiation))


def test_withdrawn_and_expired_requests_leave_the_decision_to_who_may_decide(market, boss):
    negotiation = factories.requested(market)
    left_alone(ColleagueNeeded, lambda: sign(market.seller, negotiation))
    withdraw_approval(actor=market.seller, approval=Approval.objects.get().public_id)
    left_alone(ColleagueNeeded, lambda: sign(market.seller, negotiation))
    clock.move_to(clock.now() + timedelta(days=7))
    assert expire_approvals() == 1
    assert sign(boss, negotiation).state == "agreed"
    assert Commitment.objects.get().approval is None


def test_nobody_whose_limit_suffices_is_an_answer(market):
    limit(market.seller, role="signatory", per_act_minor=50_000)
    negotiation = factories.requested(market)
    left_alone(NobodyDecides, lambda: sign(market.seller, negotiation), limit_minor=50_000)
    assert Approval.objects.count() == 0


def test_a_month_is_not_split(market):
    limit(market.seller, role="signatory", per_month_minor=250_000)
    for _ in range(2):
        sign(market.seller, factories.requested(market))
    third = factories.requested(market)
    left_alone(NobodyDecides, lambda: sign(market.seller, third), limit="month", limit_minor=250_000)
    clock.move_to(clock.now() + timedelta(days=32))
    assert sign(market.seller, factories.requested(market)).state == "agreed"
    assert broken() == {}


def test_a_limit_in_another_currency_lets_nothing_by(market):
    limit(market.seller, role="signatory", currency="USD", per_act_minor=50_000)
    negotiation = factories.requested(market)
    left_alone(NobodyDecides, lambda: sign(market.seller, negotiation), limit_minor=0)


def test_the_buyer_signs_within_what_it_may_buy(market):
    boss = colleague(market.organisation("buyer"), "boss")
    limit(market.buyer, act="buy", person=boss.identifier, per_month_minor=100_000)
    limit(market.buyer, act="buy", role="signatory", per_act_minor=99_999)
    negotiation = factories.agreed(market)
    left_alone(ColleagueNeeded, lambda: sign(market.buyer, negotiation), deciders=boss.identifier)
    assert sign(boss, negotiation).state == "finalized"
    rows = Commitment.objects.order_by("act").values_list("act", "person", "amount_minor")
    assert list(rows) == [("buy", boss.identifier, 100_000), ("sign", boss.identifier, 100_000)]
    assert broken() == {}


def test_a_program_uses_up_the_month_of_who_signed_its_mandate(market):
    desk = mandates.desk(market)
    mandates.mandated(market, desk)
    limit(market.seller, person=market.seller.identifier, per_month_minor=150_000)
    mandates.submit(desk, factories.requested(market))
    second = factories.requested(market)
    left_alone(AboveAuthority, lambda: mandates.submit(desk, second), person=market.seller.identifier)
    row = Commitment.objects.get()
    assert (row.person, row.given_by) == (market.seller.identifier, desk.program.public_id)
    assert broken() == {}


@pytest.mark.parametrize(
    ("stated", "bound"),
    [
        ({"act": "sign", "per_act_minor": 99_999}, "act"),
        ({"act": "buy", "per_act_minor": 99_999}, "act"),
        ({"act": "sign", "per_month_minor": 249_999}, "month"),
    ],
)
def test_a_mandate_allows_no_more_than_its_signer_may(market, stated, bound):
    desk, boss = mandates.desk(market), colleague(market.organisation("seller"), "boss")
    limit(market.seller, person=market.seller.identifier, **stated)
    left_alone(ColleagueNeeded, lambda: mandates.mandated(market, desk), limit=bound)
    event = ApprovalAsked(**factories.events("approval.asked")[0])
    handle(on_colleague_asked, event)
    assert "稟議: 決裁の依頼があります" in notice_titles(market.organisation("seller"))
    signed = services.sign_mandate(
        actor=boss, program=desk.program.public_id, key=desk.key.public_id, **mandates.LIMITS
    )
    assert (signed.signed_by, Approval.objects.get().state) == (boss.identifier, "approved")
    assert broken() == {}


def test_over_http_a_colleague_repeats_the_command(market, boss):
    negotiation = factories.requested(market)
    path = f"{BASE}/negotiations/{negotiation.public_id}/sign/"
    asking = people.client_of(market.organisation("seller"), roles=("signatory",))
    read = queries.to_sign(market.seller, negotiation)["signed_hash"]
    refused = asking.post(path, {"signed_hash": read})
    assert (refused.status_code, refused.json()["code"]) == (409, "colleague_needed")
    assert (refused.json()["limit"], refused.json()["deciders"]) == ("act", boss.identifier)
    approval = refused.json()["approval"]
    others = people.client_of(market.organisation("buyer"))
    assert others.get(f"{BASE}/approvals/{approval}/").status_code == 404
    deciding = people.client_of(
        market.organisation("seller"), person=User.objects.get(public_id=boss.identifier)
    )
    assert deciding.get(f"{BASE}/approvals/{approval}/").json()["state"] == "pending"
    assert deciding.post(path, {"signed_hash": read}).status_code == 200
    assert asking.get(f"{BASE}/approvals/{approval}/").json()["state"] == "approved"


def test_every_charge_of_an_agreement_counts_against_a_limit(market):
    limit(market.seller, role="signatory", per_act_minor=50_000)
    charging = {"kind": "subscription", "charges": 5, "period_months": 1}
    within = factories.requested(market, price_minor=10_000, charging=charging)
    beyond = factories.requested(market, price_minor=10_001, charging=charging)
    left_alone(NobodyDecides, lambda: sign(market.seller, beyond), limit_minor=50_000)
    assert sign(market.seller, within).state == "agreed"
    assert broken() == {}

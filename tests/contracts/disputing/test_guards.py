"""What the database refuses about disputes whatever sends it, and what the invariants name where it was forced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services
from contracts.disputing.models import Remedy, Settlement
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.participants import services as participants_services
from tests.contracts import factories
from tests.contracts.conftest import market as market
from tests.contracts.raw import copied, refused, run
from tests.participants import factories as participants
from tests.roles import unguarded

pytestmark = pytest.mark.django_db

OPEN_AGAIN = {
    "public_id": "dsp_raw", "state": "open", "outcome": None, "finding": None, "resolved_by": None, "resolved_at": None,
}  # fmt: skip


def named(invariant: str) -> int:
    return len(REGISTER[f"contracts.{invariant}"].check())


@pytest.mark.parametrize(
    ("because", "changes"),
    [
        ("does not dispute for the reason", {"opened_as": "seller"}),
        ("stake of its own", {"opened_as": "third_party", "reason_code": "infringement", "stake": "stk_x"}),
        ("within the days of the plan", {"accepted_at": "2020-01-01T00:00:00Z"}),
    ],
)
def test_the_database_takes_no_dispute_of_another_side(market, because, changes):
    dispute = factories.resolve(factories.dispute(market), market.operator, "dismissed")
    if "stake" in changes:
        changes = {**changes, "third_party_id": market.stranger.organisation_id}
    statement, parameters = copied("contracts_dispute", dispute.pk, **OPEN_AGAIN, **changes)
    refused(because, statement, *parameters)
    with unguarded("contracts_dispute"):
        run(statement, *parameters)
        assert named("disputed_lawfully") == 1
        run("DELETE FROM contracts_dispute WHERE public_id = 'dsp_raw'")


def test_the_database_lets_nobody_else_decide(market):
    dispute = factories.dispute(market)
    ruling = (
        "UPDATE contracts_dispute SET state = 'resolved', outcome = %s, finding = 'x', resolved_by = %s,"
        " resolved_at = public.business_now()"
    )
    person = market.operator.identifier
    refused("decided by its mediator", ruling, "dismissed", person)
    services.assign_mediator(actor=market.operator, dispute=dispute.public_id, person=person)
    refused("after the answer", ruling, "refund", person)
    refused("after the time to answer", "UPDATE contracts_dispute SET unanswered_at = public.business_now()")
    services.answer_dispute(
        actor=factories.speaker(market.organisation("seller")), dispute=dispute.public_id, text="反論"
    )
    refused("not decided so", ruling, "stop_of_use", person)
    refused("states its amount", ruling, "reduction", person)
    refused("as was accepted", "UPDATE contracts_dispute SET state = 'settled', outcome = 'refund', finding = 'x',"
            " resolved_by = %s, resolved_at = public.business_now()", person)  # fmt: skip
    refused("who opened", "UPDATE contracts_dispute SET state = 'withdrawn', outcome = 'withdrawn', finding = 'x',"
            " resolved_by = %s, resolved_at = public.business_now()", person)  # fmt: skip
    with unguarded("contracts_dispute"):
        run(ruling, "refund", "usr_somebody")
    assert named("decided_by_mediators") == 1


def test_the_database_takes_no_mediator_with_an_interest(market):
    dispute = factories.dispute(market)
    factories.ready(dispute, market.operator)
    row = dispute.mediators.get()
    other = participants.actor_for(market.organisation("operator"), "usr_other")
    participants_services.declare_interest(
        actor=other,
        organisation=str(market.buyer.organisation),
        kind="family",
        statement="親族が勤務しています。",
    )
    services.object_to_mediator(
        actor=factories.speaker(market.organisation("buyer")), dispute=dispute.public_id, reason="元従業員"
    )
    statement, parameters = copied(
        "contracts_mediator", row.pk, public_id="mdr_raw", person="usr_other", objected_by=None, objector=None,
        objection=None, objected_at=None,
    )  # fmt: skip
    refused("does not mediate", statement, *parameters)
    clock.move_to(clock.now() + timedelta(minutes=1))
    with unguarded("contracts_mediator"):
        run(statement, *parameters)
        run("UPDATE contracts_mediator SET assigned_at = public.business_now() WHERE public_id = 'mdr_raw'")
    assert named("unrelated_mediate") == 1


@pytest.mark.parametrize(
    ("because", "changes"),
    [
        ("states once what is its turn", {"party": "buyer"}),
        ("states once what is its turn", {"party": "third_party"}),
        ("speaks for no side", {"party": "buyer", "kind": "reply"}),
    ],
)
def test_the_database_takes_no_statement_out_of_turn(market, because, changes):
    dispute = factories.dispute(market)
    factories.ready(dispute, market.operator)
    row = dispute.statements.get()
    statement, parameters = copied("contracts_statement", row.pk, public_id="dsm_raw", **changes)
    refused(because, statement, *parameters)
    if "kind" not in changes:
        with unguarded("contracts_statement"):
            run(statement, *parameters)
        assert named("stated_in_turn") == 1


def test_the_database_takes_no_settlement_of_one_side(market):
    dispute = factories.dispute(market)
    services.propose_settlement(
        actor=market.buyer, dispute=dispute.public_id, outcome="reduction", amount_minor=500
    )
    row = Settlement.objects.get()
    accept = "UPDATE contracts_settlement SET state = 'accepted', answered_by = %s, closed_at = public.business_now()"
    refused("the other side accepts", accept, market.buyer.identifier)
    refused("settles its dispute", accept, market.seller.identifier)
    refused(
        "still open", "UPDATE contracts_settlement SET state = 'lapsed', closed_at = public.business_now()"
    )
    for changes in ({"outcome": "dismissed"}, {"amount_minor": 501}, {"party": "seller"}):
        statement, parameters = copied("contracts_settlement", row.pk, public_id="dss_raw", **changes)
        refused("proposes what may be agreed", statement, *parameters)
    with unguarded("contracts_settlement"):
        run(accept, market.buyer.identifier)
    assert named("settled_by_both") == 1


def test_a_remedy_that_nobody_carries_out_is_named(market):
    dispute = factories.dispute(market)
    refused(
        "follows a decision",
        "INSERT INTO contracts_remedy (dispute_id, kind, reference, due_by, ordered_at) VALUES"
        " (%s, 'money_back', '', public.business_now() + interval '3 days', public.business_now())",
        dispute.pk,
    )
    factories.resolve(dispute, market.operator, "refund")
    due_by = Remedy.objects.get().due_by
    clock.move_to(due_by + timedelta(days=1, minutes=1), running=False)
    assert named("remedies_carried_out") == 1
    assert services.escalate_remedies() == 1
    assert named("remedies_carried_out") == 0


def test_an_open_dispute_that_stands_twice_is_named(market):
    dispute = factories.dispute(market)
    statement, parameters = copied("contracts_dispute", dispute.pk, public_id="dsp_raw")
    refused("dispute_one_open", statement, *parameters)

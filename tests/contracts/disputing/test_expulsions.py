"""The decision of a dispute proposes to expel a party: a case that two others decide, and what follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from clearing.trades.services.orders import order_resolution
from contracts.disputing.models import Dispute, Remedy
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases.errors import DecidedFirst
from marketplace.cases.models import Case
from marketplace.cases.services import resolve_case
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.models import Admission, Disqualification
from tests.contracts import factories
from tests.contracts.ending.test_endings import colleague
from tests.contracts.test_races import broken
from tests.participants.factories import client_of
from tests.roles import assert_refused, unguarded

pytestmark = pytest.mark.django_db
REASON = "データの偽造が認められた。"


def expelled(market) -> Case:
    """The case of the seller whose expulsion a decision proposes."""
    factories.resolve(
        factories.dispute(market), market.operator, "reduction", amount_minor=1_000, expels="seller"
    )
    return Case.objects.get(kind="expulsion")


def decide(case: Case, outcome: str, first, second) -> Case:
    stated = {"case": case.public_id, "outcome": outcome, "reason": REASON}
    with pytest.raises(SecondPersonNeeded):
        resolve_case(actor=first, **stated)
    return resolve_case(actor=second, **stated)


def test_a_decision_opens_the_case_of_the_party(market):
    case, dispute = expelled(market), Dispute.objects.get()
    assert (case.state, case.subject, case.organisation_id) == (
        "open", dispute.public_id, market.organisation("seller").pk,
    )  # fmt: skip
    remedy = Remedy.objects.get(kind="expulsion")
    assert (remedy.reference, remedy.done_at is None) == (case.public_id, False)
    shown = client_of(market.organisation("buyer")).get(f"/api/v1/disputes/{dispute.public_id}/").json()
    assert shown["expels"] == "seller"
    assert {row["kind"] for row in shown["remedies"]} == {"price_adjusted", "expulsion"}
    seen = client_of(market.organisation("seller")).get("/api/v1/cases/?state=open").json()["results"]
    assert [row["id"] for row in seen] == [case.public_id]
    assert broken() == {}


def test_two_others_end_its_admissions_and_disqualify_it(market):
    case = expelled(market)
    decide(case, "end", colleague(market), colleague(market, "third"))
    seller = market.organisation("seller")
    states = Admission.objects.filter(organisation=seller).values_list("state", flat=True)
    assert set(states) == {"withdrawn"}
    row = Disqualification.objects.get()
    assert (row.organisation_id, row.ground, row.source, row.until) == (
        seller.pk, "misconduct", case.subject, clock.today() + timedelta(days=1_095),
    )  # fmt: skip
    assert broken() == {}


def test_two_others_let_it_stay(market):
    case = expelled(market)
    assert decide(case, "allow", colleague(market), colleague(market, "third")).outcome == "allow"
    assert not Disqualification.objects.exists()
    assert not Admission.objects.filter(state="withdrawn").exists()
    assert broken() == {}


def test_the_mediator_decides_no_expulsion(market):
    case = expelled(market)
    with pytest.raises(DecidedFirst):
        resolve_case(actor=market.operator, case=case.public_id, outcome="end", reason=REASON)
    with unguarded("cases_case"):
        Case.objects.filter(pk=case.pk).update(
            state="resolved", outcome="end", reason=REASON, ended_at=clock.now(),
            first_person=market.operator.identifier, resolved_by="usr_other",
        )  # fmt: skip
    assert [row["public_id"] for row in REGISTER["contracts.expelled_in_case"].check()] == [case.public_id]


@pytest.mark.parametrize(("outcome", "expels"), [("dismissed", "seller"), ("refund", "buyer")])
def test_who_is_not_decided_against_is_not_expelled(market, outcome, expels):
    dispute = factories.ready(factories.dispute(market), market.operator)
    with pytest.raises(FieldInvalid) as refused:
        order_resolution(
            actor=market.operator, dispute=dispute, outcome=outcome, reason="確認した", expels=expels
        )
    assert refused.value.name == "expels"
    assert not Case.objects.exists()


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_expulsion_without_its_case_is_named(market):
    dispute = factories.resolve(factories.dispute(market), market.operator, "redelivery")
    assert_refused(lambda: run("UPDATE contracts_dispute SET expels = 'seller'"), because="with the decision")
    columns = (
        "public_id, kind, subject, thread, organisation_id, decision, state, opened_at, decide_by, outcome, reason, first_person,"
        " resolved_by, salt"
    )
    forged = (
        f"INSERT INTO cases_case ({columns}) SELECT 'cas_forged', 'expulsion', '{dispute.public_id}', '{dispute.public_id}', a.seller_id, '',"
        " 'open', public.business_now(), public.business_now() + interval '1 day', '', '', '', '', d.salt FROM contracts_agreement a, contracts_dispute d"
    )
    assert_refused(lambda: run(forged), because="expulsion that it proposes")
    with unguarded("contracts_dispute"):
        Dispute.objects.update(expels="seller")
    found = [row["public_id"] for row in REGISTER["contracts.expelled_in_case"].check()]
    assert found == [dispute.public_id]

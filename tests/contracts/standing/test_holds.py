"""What the rules hold of a conclusion is a case of both parties, which two people decide; no dead end, and no way past them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from contracts import queries, services
from contracts.errors import ConclusionHeld, ConclusionRefused
from contracts.models import Agreement, Negotiation
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases import services as cases
from marketplace.cases.handlers import on_case_moved
from marketplace.cases.models import Case, Remedy
from marketplace.cases.queries import visible_cases
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.cases import CaseMoved
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import IllegalTransition, Missing
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.notices.models import Notice, Task
from marketplace.participants import services as participants
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Organisation
from marketplace.rules.models import Decision
from tests.cases.factories import appealed, decide_held, pair
from tests.notices.factories import handle
from tests.participants.factories import actor_for
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rulebooks

from .. import factories
from .test_halts import TAKEN_IN

pytestmark = pytest.mark.django_db


def broken() -> dict[str, Any]:
    found = verify_all("contracts") | verify_all("rules")
    return {name: breaches for name, breaches in found.items() if breaches}


def named() -> int:
    return len(REGISTER["contracts.held_is_a_case"].check())


def held(market: factories.Market) -> Negotiation:
    """A negotiation whose conclusion the rules put on hold when the buyer signed."""
    negotiation = factories.agreed(market, price_minor=factories.HOLD_ABOVE_MINOR + 1)
    sign_held(market, negotiation)
    return negotiation


def sign_held(market: factories.Market, negotiation: Negotiation) -> dict[str, Any]:
    with pytest.raises(ConclusionHeld) as refusal:
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    return refusal.value.fields


def follow(case: Case) -> None:
    event = OutboxEvent.objects.filter(subject=case.public_id, type="case.moved").latest("pk")
    handle(on_case_moved, CaseMoved(**event.data))


def texts_to(organisation: int) -> list[str]:
    rows = Notice.objects.filter(organisation_id=organisation).order_by("pk")
    return [row.body["en"] for row in rows]


def test_both_parties_wait_in_one_case_and_are_told_why_and_until_when(market):
    negotiation = held(market)
    case = Case.objects.get()
    buyer, seller = market.organisation("buyer"), market.organisation("seller")
    assert (case.kind, case.subject, case.organisation_id, case.counterparty_id) == (
        "conclusion",
        negotiation.public_id,
        buyer.pk,
        seller.pk,
    )
    assert case.decision == Decision.objects.get(outcome="hold").public_id
    follow(case)
    for party in (buyer, seller):
        (told,) = texts_to(party.pk)
        assert (case.public_id in told, "Rule" in told, str(case.decide_by.year) in told) == (True,) * 3
    assert Task.objects.filter(subject=case.public_id, kind="review", state="open").count() == 1
    shown = {name: visible_cases(getattr(market, name)).count() for name in ("buyer", "seller", "stranger")}
    assert shown == {"buyer": 1, "seller": 1, "stranger": 0}
    again = sign_held(market, negotiation)
    assert (again["case"], Case.objects.count(), broken()) == (case.public_id, 1, {})


def test_what_two_people_allow_is_concluded_when_the_buyer_signs_again(market):
    negotiation = held(market)
    clock.move_to(clock.now() + timedelta(days=3), running=False)
    case = decide_held(negotiation.public_id, "allow")
    negotiation.refresh_from_db()
    assert (negotiation.state, negotiation.respond_by) == ("agreed", case.ended_at + timedelta(days=14))
    follow(case)
    assert "signs" in texts_to(market.organisation("seller").pk)[-1]
    concluded = services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    agreement = Agreement.objects.get(public_id=queries.agreement_of(concluded.public_id))
    decided = Decision.objects.filter(subject=negotiation.public_id).order_by("pk")
    assert list(decided.values_list("point", "outcome")) == [
        ("conclusion", "hold"),
        ("conclusion", "hold"),
        ("trading", "allow"),
    ]
    assert (agreement.decision, broken()) == (decided[1].public_id, {})


def test_another_rule_that_holds_is_another_case(market):
    rulebooks.publish({**factories.RULES, "rules": TAKEN_IN})
    negotiation = held(market)
    first = decide_held(negotiation.public_id, "allow")
    second = sign_held(market, negotiation)
    assert (second["case"] != first.public_id, [why["rule"] for why in second["reasons"]]) == (
        True,
        ["TRD-1", "TRD-3"],
    )
    decide_held(negotiation.public_id, "allow")
    assert services.sign(actor=market.buyer, negotiation=negotiation.public_id).state == "finalized"
    assert broken() == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"when": "negotiation.price_minor > 1"},
        {"text": {"ja": "制裁対象である。", "en": "It is under sanctions."}},
    ],
    ids=["condition", "text"],
)
def test_what_two_people_allow_clears_no_other_rule_of_the_same_code(market, changed):
    negotiation = held(market)
    first = decide_held(negotiation.public_id, "allow")
    rulebooks.publish(restated(**changed))
    assert sign_held(market, negotiation)["case"] != first.public_id
    assert (Agreement.objects.count(), broken()) == (0, {})
    decide_held(negotiation.public_id, "allow")
    assert services.sign(actor=market.buyer, negotiation=negotiation.public_id).state == "finalized"
    assert broken() == {}


def test_the_database_clears_no_other_rule_of_the_same_code(market):
    negotiation = held(market)
    decide_held(negotiation.public_id, "allow")
    services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    rulebook = rulebooks.publish(restated(when="negotiation.price_minor > 1"))
    assert named() == 0
    with unguarded("rules_decision"):
        last = Decision.objects.filter(subject=negotiation.public_id, point="conclusion").latest("pk")
        _run(
            f"UPDATE rules_decision SET rulebook_id = (SELECT id FROM rules_rulebook WHERE public_id = '{rulebook.public_id}')"
            f" WHERE id = {last.pk}"
        )
    assert named() == 1
    conclude_again("do not let ngt_.* be concluded")


def test_a_new_rulebook_with_the_same_rule_asks_nobody_again(market):
    negotiation = held(market)
    decide_held(negotiation.public_id, "allow")
    rulebooks.publish(restated())
    assert services.sign(actor=market.buyer, negotiation=negotiation.public_id).state == "finalized"
    assert (Case.objects.count(), broken()) == (1, {})


def test_a_conclusion_that_another_rulebook_lets_pass_ends_its_case(market):
    negotiation = held(market)
    rulebooks.publish(restated(when="false"))
    assert services.sign(actor=market.buyer, negotiation=negotiation.public_id).state == "finalized"
    case = Case.objects.get()
    assert (case.state, broken()) == ("moot", {})
    follow(case)
    assert "nothing to decide" in texts_to(market.organisation("seller").pk)[-1]
    with pytest.raises(IllegalTransition):
        cases.resolve_case(actor=pair()[0], case=case.public_id, outcome="deny", reason="x")
    negotiation.refresh_from_db()
    assert (negotiation.state, Agreement.objects.count()) == ("finalized", 1)


def test_the_database_concludes_nothing_while_its_case_is_open(market):
    negotiation = held(market)
    rulebooks.publish(restated(when="false"))
    services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert named() == 0
    with unguarded("cases_case"):
        Case.objects.update(state="open", ended_at=None)
    assert named() == 1
    conclude_again(
        "an agreement ends the case of its conclusion",
        after=f"UPDATE contracts_negotiation SET state = 'finalized', respond_by = NULL WHERE id = {negotiation.pk};"
        " SET CONSTRAINTS ALL IMMEDIATE",
    )


def restated(**changes: Any) -> dict[str, Any]:
    """The market's rules with ``CON-3`` changed, and a rule more."""
    rules = [
        {**stated, **changes} if stated["code"] == "CON-3" else stated for stated in factories.RULES["rules"]
    ]
    return {**factories.RULES, "rules": [*rules, rulebooks.rule("CON-8", "false", "deny", "conclusion")]}


def test_what_two_people_deny_is_over_and_either_party_appeals(market):
    negotiation = held(market)
    case = decide_held(negotiation.public_id, "deny", "上限を超えるため。")
    negotiation.refresh_from_db()
    assert (negotiation.state, negotiation.ended_by, negotiation.end_reason_code, negotiation.end_reason) == (
        "terminated",
        "operator",
        "conclusion_denied",
        "上限を超えるため。",
    )
    follow(case)
    assert "上限を超えるため。" in texts_to(market.organisation("seller").pk)[-1]
    with pytest.raises(Missing):
        appealed(market.stranger, case.public_id)
    for party in (market.seller, market.buyer):
        assert appealed(party, case.public_id).organisation_id == party.organisation_id
    assert broken() == {}


@pytest.mark.parametrize("party", ["buyer", "seller"])
def test_who_is_related_to_either_party_decides_nothing(market, party):
    negotiation = held(market)
    first, second = pair()
    case = Case.objects.get()
    _interested(second, market.organisation(party).public_id)
    stated = {"case": case.public_id, "outcome": "allow", "reason": "確認しました。"}
    with pytest.raises(SecondPersonNeeded):
        cases.resolve_case(actor=first, **stated)
    with pytest.raises(Recused):
        cases.resolve_case(actor=second, **stated)
    raw = (
        "UPDATE cases_case SET state = 'resolved', outcome = 'allow', reason = 'x', ended_at = public.business_now(),"
        f" first_person = '{first.identifier}', resolved_by = '{second.identifier}' WHERE id = {case.pk}"
    )
    assert_refused(lambda: _run(raw), because="declared an interest")
    negotiation.refresh_from_db()
    assert (Case.objects.get().state, negotiation.state) == ("open", "agreed")


@pytest.mark.parametrize("of", ["case", "decision"])
def test_who_is_related_to_the_other_party_decides_and_carries_out_no_appeal(market, of):
    case = decide_held(held(market).public_id, "deny")
    appeal = appealed(market.buyer, case.public_id if of == "case" else case.decision)
    staffed = Organisation.objects.get(is_operator=True)
    first, second, third = (actor_for(staffed, f"usr_judge_{number}") for number in "123")
    _interested(second, market.organisation("seller").public_id)
    stated = {"case": appeal.public_id, "outcome": "changed", "reason": "確認しました。"}
    with pytest.raises(SecondPersonNeeded):
        cases.resolve_case(actor=first, **stated)
    with pytest.raises(Recused):
        cases.resolve_case(actor=second, **stated)
    raw = (
        "UPDATE cases_case SET state = 'resolved', outcome = 'changed', reason = 'x', ended_at = public.business_now(),"
        f" first_person = '{first.identifier}', resolved_by = '{second.identifier}' WHERE id = {appeal.pk}"
    )
    assert_refused(lambda: _run(raw), because="decides no appeal of it")
    assert Case.objects.get(pk=appeal.pk).state == "open"
    cases.resolve_case(actor=third, **stated)
    with pytest.raises(Recused):
        cases.carry_out(actor=second, case=appeal.public_id, how="再交渉を案内しました。")
    remedy = (
        "INSERT INTO cases_remedy (case_id, how, reference, carried_out_by, carried_out_at)"
        f" VALUES ({appeal.pk}, 'x', '', '{second.identifier}', public.business_now())"
    )
    assert_refused(lambda: _run(remedy), because="carries out no appeal of it")
    assert (Remedy.objects.count(), verify_all("cases")["cases.resolved_by_two"]) == (0, [])
    with unguarded("cases_remedy"):
        _run(remedy.replace("business_now()", "business_now() + interval '1 minute'"))
    with unguarded("cases_case"):
        later = f"resolved_by = '{second.identifier}', ended_at = ended_at + interval '1 minute'"
        _run(f"UPDATE cases_case SET {later} WHERE id = {appeal.pk}")
    assert len(REGISTER["cases.appeals_state_and_name_their_own"].check()) == 1
    assert len(REGISTER["cases.resolved_by_two"].check()) == 1


def _interested(person: Actor, organisation: str) -> None:
    stated = {"kind": "family", "statement": "親族が勤務しています。"}
    participants.declare_interest(actor=person, organisation=organisation, **stated)


def test_time_does_not_run_out_while_two_people_decide(market):
    waiting, other = held(market), factories.agreed(market)
    clock.move_to(clock.now() + timedelta(days=20))
    assert services.end_expired() == 1
    waiting.refresh_from_db()
    other.refresh_from_db()
    assert (waiting.state, other.state) == ("agreed", "terminated")
    assert sign_held(market, waiting)["case"] == Case.objects.get().public_id
    decide_held(waiting.public_id, "allow")
    assert services.sign(actor=market.buyer, negotiation=waiting.public_id).state == "finalized"


def test_a_party_that_ends_the_negotiation_ends_its_case(market):
    negotiation = held(market)
    services.terminate(actor=market.buyer, negotiation=negotiation.public_id)
    case = Case.objects.get()
    assert (case.state, broken()) == ("moot", {})


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_nothing_on_hold_is_concluded_without_its_case(market):
    signed = factories.agreement(market)
    with unguarded("rules_decision"):
        _run(
            'UPDATE rules_decision SET outcome = \'hold\', reasons = \'[{"rule": "CON-3", "outcome": "hold"}]\''
            f" WHERE public_id = '{signed.decision}'"
        )
    assert named() == 1
    conclude_again("do not let ngt_.* be concluded")


def conclude_again(because: str, after: str = "SELECT 1") -> None:
    """Take the only agreement away, and try to write it again by raw SQL: it is refused, and there is none."""
    columns = ", ".join(field.column for field in Agreement._meta.concrete_fields if field.column != "id")
    with unguarded("contracts_agreement"):
        _run("CREATE TEMP TABLE kept AS SELECT * FROM contracts_agreement")
        _run("GRANT SELECT ON kept TO PUBLIC")
        _run("DELETE FROM contracts_agreement")
    with unguarded("contracts_negotiation"):
        _run("UPDATE contracts_negotiation SET state = 'verified', respond_by = public.business_now()")
    attack = f"INSERT INTO contracts_agreement ({columns}) SELECT {columns} FROM kept; {after}"
    assert_refused(lambda: _run(attack), because=because)
    assert Agreement.objects.count() == 0


def test_a_conclusion_on_hold_without_its_case_is_named(market):
    negotiation = held(market)
    assert named() == 0
    with unguarded("cases_case"):
        Case.objects.update(state="moot", ended_at=clock.now())
    assert named() == 1
    with unguarded("cases_case", "contracts_negotiation"):
        Case.objects.update(state="open", ended_at=None)
        Negotiation.objects.filter(pk=negotiation.pk).update(
            state="terminated", respond_by=None, ended_at=clock.now(), ended_by="seller", end_reason_code="x"
        )
    assert named() == 1


def test_the_time_to_answer_begins_anew_by_the_case_alone(market):
    negotiation = held(market)
    attack = f"UPDATE contracts_negotiation SET respond_by = respond_by + interval '1 day' WHERE id = {negotiation.pk}"
    assert_refused(lambda: _run(attack), because="a deadline moves by the time that trading was halted")
    assert_refused(
        lambda: _run("UPDATE cases_case SET counterparty_id = NULL"),
        because="cannot be changed|case_of_two_parties",
    )


def test_a_rule_that_denies_is_no_case(market):
    negotiation = factories.agreed(market)
    rulebooks.publish(
        {
            **factories.RULES,
            "rules": [*factories.RULES["rules"], rulebooks.rule("CON-9", "true", "deny", "conclusion")],
        }
    )
    with pytest.raises(ConclusionRefused) as refusal:
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert (refusal.value.code, Case.objects.count()) == ("conclusion_refused", 0)

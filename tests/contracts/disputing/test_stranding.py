"""No dispute is left without somebody who can decide it, and no remedy without an end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services
from contracts.disputing.errors import CannotMediate, NoMediatorToRelieve, NotItsMediator, NotToBeEnded
from contracts.disputing.models import Mediator, Remedy
from contracts.ending.queries import charge_left
from contracts.models import Adjustment, Dispute
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Task
from marketplace.notices.operator_tasks import finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.participants import services as participants_services
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import User
from tests.contracts import factories
from tests.contracts.conftest import market as market
from tests.contracts.raw import refused as database_refuses
from tests.contracts.raw import run
from tests.contracts.refusals import refused
from tests.contracts.test_races import broken
from tests.participants import factories as participants
from tests.poison import RUNS, aside, poisoned
from tests.roles import unguarded

pytestmark = pytest.mark.django_db


def named(invariant: str) -> int:
    return len(REGISTER[f"contracts.{invariant}"].check())


def colleague(market, name: str):
    return participants.actor_for(market.organisation("operator"), name)


def mediated(market, person) -> Dispute:
    dispute = factories.dispute(market)
    services.assign_mediator(actor=market.operator, dispute=dispute.public_id, person=person.identifier)
    return dispute


def titles() -> list[str]:
    return [task.title["en"] for task in Task.objects.filter(kind="look_into", state="open").order_by("pk")]


def declare(actor, market) -> None:
    participants_services.declare_interest(
        actor=actor, organisation=str(market.buyer.organisation), kind="family", statement="親族が勤務しています。",
    )  # fmt: skip


def test_a_mediator_steps_back_and_does_not_return(market):
    other = colleague(market, "usr_other")
    dispute = mediated(market, other)
    days = (dispute.answer_by, dispute.decide_by)
    declare(other, market)
    services.relieve_mediator(actor=other, dispute=dispute.public_id, reason="買主に親族がいる")
    row = Mediator.objects.get()
    assert (row.relief, row.relieved_by) == ("withdrew", "usr_other")
    assert any(dispute.public_id in title and "Name another" in title for title in titles())
    with refused(NoMediatorToRelieve):
        services.relieve_mediator(actor=market.operator, dispute=dispute.public_id, reason="もう一度")
    with refused(CannotMediate):
        services.assign_mediator(actor=market.operator, dispute=dispute.public_id, person="usr_other")
    factories.resolve(dispute, market.operator, "dismissed")
    dispute.refresh_from_db()
    assert (dispute.answer_by, dispute.decide_by) == days
    assert titles() == []
    assert broken() == {}


def test_a_colleague_relieves_who_is_ill_and_may_name_it_again(market):
    other = colleague(market, "usr_other")
    dispute = mediated(market, other)
    related = colleague(market, "usr_related")
    declare(related, market)
    with refused(Recused):
        services.relieve_mediator(actor=related, dispute=dispute.public_id, reason="不在")
    services.relieve_mediator(actor=market.operator, dispute=dispute.public_id, reason="病気療養")
    assert Mediator.objects.get().relief == "unavailable"
    with refused(NotItsMediator, mediator=""):
        services.resolve_dispute(
            actor=other, dispute=dispute.public_id, outcome="dismissed", reason="根拠なし"
        )
    services.assign_mediator(actor=market.operator, dispute=dispute.public_id, person="usr_other")
    assert broken() == {}


@pytest.mark.parametrize("relief", ["authority_ended", "interest"])
def test_the_market_relieves_who_may_not_decide_any_more(market, relief):
    other = colleague(market, "usr_other")
    dispute = mediated(market, other)
    assert services.relieve_mediators() == 0
    if relief == "interest":
        declare(other, market)
    else:
        participants.leave(User.objects.get(public_id="usr_other"))
    assert (services.relieve_mediators(), services.relieve_mediators()) == (1, 0)
    assert (Mediator.objects.get().relief, Mediator.objects.get().relieved_by) == (relief, "system")
    assert any(dispute.public_id in title for title in titles())
    assert broken() == {}


def test_a_dispute_whose_mediator_cannot_be_relieved_holds_back_no_other(market):
    other = colleague(market, "usr_other")
    rows = [mediated(market, other) for _ in range(2)]
    participants.leave(User.objects.get(public_id="usr_other"))
    with poisoned("contracts_mediator", f"NEW.dispute_id = {rows[0].pk}"):
        assert sum(services.relieve_mediators() for _ in range(RUNS)) == 1
    assert aside("contracts.relieve_mediators") == [rows[0].public_id]


def test_where_nobody_is_left_the_task_says_so(market):
    dispute = factories.ready(factories.dispute(market), market.operator)
    services.object_to_mediator(
        actor=factories.speaker(market.organisation("buyer")), dispute=dispute, reason="元従業員"
    )
    assert [title for title in titles() if "Nobody of your staff may mediate" in title]
    assert broken() == {}


def test_a_mediator_who_cannot_act_is_named(market):
    dispute = mediated(market, colleague(market, "usr_other"))
    relieve = "UPDATE contracts_mediator SET relief = %s, relieved_by = %s, relief_reason = 'x', relieved_at = public.business_now()"
    for relief, by in (("authority_ended", "system"), ("interest", "system"), ("withdrew", market.operator.identifier),
                       ("unavailable", "usr_other"), ("unavailable", "system")):  # fmt: skip
        database_refuses("steps back, or is relieved for a reason", relieve, relief, by)
    participants.leave(User.objects.get(public_id="usr_other"))
    clock.move_to(clock.now() + timedelta(days=2), running=False)
    assert named("mediators_can_act") == 1
    services.relieve_mediators()
    assert named("mediators_can_act") == 0
    finish_for_operator(TaskKind.LOOK_INTO, Mediator.objects.get().public_id)
    assert named("mediators_can_act") == 1
    assert dispute.public_id


def test_the_days_of_a_dispute_are_those_of_the_rules(market):
    dispute = factories.dispute(market)
    services.propose_settlement(
        actor=market.buyer, dispute=dispute.public_id, outcome="reduction", amount_minor=500
    )
    for table, column, invariant in (
        ("dispute", "answer_by", "disputed_lawfully"),
        ("dispute", "decide_by", "disputed_lawfully"),
        ("settlement", "respond_by", "settled_by_both"),
    ):
        change = f"UPDATE contracts_{table} SET {column} = {column} + interval '%s day'"
        with unguarded(f"contracts_{table}"):
            run(change, 1)
            assert named(invariant) == 1
            run(change, -1)
    factories.resolve(dispute, market.operator, "refund")
    with unguarded("contracts_remedy"):
        run("UPDATE contracts_remedy SET due_by = due_by + interval '1 day'")
    assert named("remedies_carried_out") == 1


def test_a_decision_without_its_remedy_is_refused_and_named(market):
    dispute = factories.ready(factories.dispute(market), market.operator)
    ruling = (
        "UPDATE contracts_dispute SET state = 'resolved', outcome = 'refund', finding = 'x', resolved_by = %s,"
        " resolved_at = public.business_now()"
    )
    database_refuses("orders other remedies", ruling, market.operator.identifier)
    with unguarded("contracts_dispute"):
        run(ruling, market.operator.identifier)
    assert named("remedies_carried_out") == 1
    assert dispute


def test_an_amount_of_a_termination_before_acceptance_is_refused(market):
    dispute = factories.ready(factories.dispute(market), market.operator)
    ruling = {"actor": market.operator, "dispute": dispute, "outcome": "termination", "reason": "違反"}
    with refused(FieldInvalid, name="amount_minor"):
        services.resolve_dispute(**ruling, amount_minor=500)
    database_refuses(
        "states its amount",
        "UPDATE contracts_dispute SET state = 'resolved', outcome = 'termination', amount_minor = 500, finding = 'x',"
        " resolved_by = %s, resolved_at = public.business_now()",
        market.operator.identifier,
    )
    services.resolve_dispute(**ruling)
    assert broken() == {}


def test_a_reduction_of_what_was_never_paid_ends_and_counts_nowhere(market):
    dispute = factories.dispute(market)
    factories.resolve(dispute, market.operator, "reduction", amount_minor=30_000)
    adjustment, price_minor = Adjustment.objects.get(), dispute.agreement.price_minor
    assert charge_left(dispute.agreement, 1) == price_minor - 30_000
    services.adjustment_carried_out(adjustment=adjustment.public_id, moved_minor=0)
    services.adjustment_carried_out(adjustment=adjustment.public_id, moved_minor=0)
    remedy = Remedy.objects.get()
    assert (remedy.because, remedy.ended_by, remedy.done_at) == ("came_back", "system", None)
    assert charge_left(dispute.agreement, 1) == price_minor
    clock.move_to(remedy.due_by + timedelta(days=2), running=False)
    assert services.escalate_remedies() == 0
    assert broken() == {}


def test_what_moved_in_part_counts_as_far_as_it_moved(market):
    dispute = factories.dispute(market)
    factories.resolve(dispute, market.operator, "reduction", amount_minor=30_000)
    adjustment = Adjustment.objects.get()
    database_refuses(
        "on record", "UPDATE contracts_adjustment SET unmoved_minor = 5, unmoved_at = public.business_now()"
    )
    services.adjustment_carried_out(adjustment=adjustment.public_id, moved_minor=20_000)
    assert charge_left(dispute.agreement, 1) == dispute.agreement.price_minor - 20_000
    assert Remedy.objects.get().done_at is not None
    assert broken() == {}


def test_a_payment_that_cannot_move_is_ended_by_two_people_with_what_replaces_it(market):
    agreement = factories.agreement(market)
    dispute = services.open_against(
        actor=factories.speaker(market.organisation("seller")),
        agreement=agreement.public_id,
        reason_code="unpaid",
        text="不足",
    )
    factories.resolve(dispute, market.operator, "payment", amount_minor=500)
    ending = {
        "dispute": dispute.public_id,
        "kind": "price_adjusted",
        "reason": "課金の終了",
        "replaced_by": "市場外での支払",
    }
    with refused(NotToBeEnded):
        services.end_remedy(actor=market.operator, **ending)
    services.adjustment_carried_out(adjustment=Adjustment.objects.get().public_id, moved_minor=0)
    assert [title for title in titles() if "end-remedy" in title and market.operator.identifier in title]
    database_refuses(
        "left to carry out",
        "UPDATE contracts_remedy SET because = 'came_back', reason = 'x', replaced_by = 'x', ended_by = 'system', ended_first = '',"
        " impossible_at = public.business_now()",
    )
    database_refuses(
        "no natural person",
        "UPDATE contracts_remedy SET because = 'by_people', reason = 'x', replaced_by = 'x', ended_by = 'usr_a', ended_first = 'usr_b',"
        " impossible_at = public.business_now()",
    )
    with pytest.raises(SecondPersonNeeded):
        services.end_remedy(actor=market.operator, **ending)
    services.end_remedy(actor=colleague(market, "usr_other"), **ending)
    remedy = Remedy.objects.get()
    assert (remedy.because, remedy.ended_first, remedy.ended_by) == (
        "by_people",
        market.operator.identifier,
        "usr_other",
    )
    assert titles() == []
    assert broken() == {}

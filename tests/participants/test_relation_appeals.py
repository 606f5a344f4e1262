"""Of whom another states a relation: it is told, and appeals it; who decides is related to neither side."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases.errors import StillAffiliated
from marketplace.cases.services import carry_out, file_appeal, resolve_case
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.participants import RelationStated
from marketplace.kernel.errors import Missing
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.notices.handlers.relations import on_relation_stated
from marketplace.notices.models import Notice
from marketplace.participants import services
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Organisation
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

ENDING = "登記で確認しました。"


@pytest.fixture
def staffed():
    return factories.operator()


@pytest.fixture
def subject(staffed):
    return factories.organisation("A")


@pytest.fixture
def other(staffed):
    return factories.organisation("B")


@pytest.fixture
def owner(subject):
    return factories.member_for(subject, "usr_owner")


@pytest.fixture
def people(staffed):
    """Two people of the operator, with every role."""
    return [factories.actor_for(staffed, f"usr_{name}") for name in ("one", "two")]


def stated(actor, related, **changes):
    said = {"related": related.public_id, "kind": "parent", "document": "有価証券報告書（第45期）"}
    return services.state_relation(actor=actor, **(said | changes))


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def recuse(person: str, organisation) -> None:
    """A person of the operator declares an interest."""
    services.declare_interest(
        actor=factories.actor_for(Organisation.objects.get(is_operator=True), person),
        organisation=organisation.public_id,
        kind="family",
        statement="親族が勤務しています。",
    )


def told(relation) -> set[int]:
    """The keys of whom the event about a relation tells."""
    event = OutboxEvent.objects.get(type="relation.stated", data__relation=relation.public_id)
    on_relation_stated(RelationStated(**event.data), None)
    notices = Notice.objects.filter(subject=relation.public_id)
    assert all(relation.public_id in body["en"] for body in notices.values_list("body", flat=True))
    return set(notices.values_list("organisation_id", flat=True))


def test_of_whom_another_states_a_relation_is_told(subject, other, staffed, owner, people):
    assert told(stated(owner, other)) == {other.pk}
    assert told(stated(people[0], other, organisation=subject.public_id, kind="officer")) == {
        subject.pk,
        other.pk,
    }
    assert told(stated(owner, staffed, kind="parent")) == set()


@pytest.mark.parametrize("side", ["related", "organisation"])
def test_of_whom_another_states_a_relation_appeals_it(subject, other, owner, people, side):
    """Whom a participant declared to be related, and each of both of whom the operator found it."""
    of_other = factories.member_for(other, "usr_of_other")
    if side == "related":
        relation, actor = stated(owner, other), of_other
        with pytest.raises(Missing):
            file_appeal(actor=owner, subject=relation.public_id, statement="自ら届け出たもの。")
    else:
        relation, actor = stated(people[0], other, organisation=subject.public_id), owner
    stranger = factories.member_for(factories.organisation("C"), "usr_stranger")
    with pytest.raises(Missing):
        file_appeal(actor=stranger, subject=relation.public_id, statement="無関係。")
    appeal = file_appeal(actor=actor, subject=relation.public_id, statement="関係はありません。")
    judges = [factories.actor_for(Organisation.objects.get(is_operator=True), f"usr_judge{n}") for n in "abc"]
    decided = {"case": appeal.public_id, "outcome": "changed", "reason": "登記で確認"}
    with pytest.raises(SecondPersonNeeded):
        resolve_case(actor=judges[0], **decided)
    # Related to the side that does not appeal.
    recuse("usr_judgea", subject if side == "related" else other)
    with pytest.raises(Recused):
        resolve_case(actor=judges[0], **decided)
    # Whoever gives it next is the first of two.
    with pytest.raises(SecondPersonNeeded):
        resolve_case(actor=judges[1], **decided)
    resolve_case(actor=judges[2], **decided)
    assert verify_all("cases")["cases.appeals_state_and_name_their_own"] == []
    assert REGISTER["cases.resolved_by_two"].check() == []
    with unguarded("cases_case"):
        run("UPDATE cases_case SET ended_at = ended_at + interval '1 minute', first_person = 'usr_judgea'")
    assert len(REGISTER["cases.resolved_by_two"].check()) == 1
    with pytest.raises(StillAffiliated):
        carry_out(actor=people[0], case=appeal.public_id, how="関係を終了しました。")
    end = {"relation": relation.public_id, "reason": ENDING}
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[0], **end)
    services.end_relation(actor=people[1], **end)
    carry_out(actor=people[0], case=appeal.public_id, how="関係を終了しました。")


def test_the_database_lets_nobody_appeal_its_own_statement_or_judge_a_side(subject, other, owner, people):
    relation = stated(owner, other)
    appeal = file_appeal(
        actor=factories.member_for(other, "usr_of_other"), subject=relation.public_id, statement="誤り"
    )
    recuse("usr_one", subject)
    resolve = (
        "UPDATE cases_case SET state = 'resolved', outcome = 'changed', reason = 'x', ended_at = public.business_now(),"
        f" first_person = '{{}}', resolved_by = '{{}}' WHERE public_id = '{appeal.public_id}'"
    )
    refused(resolve.format("usr_one", "usr_two"), "decides no appeal of it")
    refused(resolve.format("usr_two", "usr_one"), "decides no appeal of it")
    own = (
        "INSERT INTO cases_case (public_id, kind, subject, thread, organisation_id, decision, state, outcome, reason, first_person,"
        " resolved_by, opened_at, decide_by, salt) SELECT 'cas_raw', kind, subject, thread, {organisation}, decision, state,"
        " outcome, reason, first_person, resolved_by, public.business_now(), public.business_now() + interval '1 day', salt"
        f" FROM cases_case WHERE public_id = '{appeal.public_id}';"
        " INSERT INTO cases_appeal (case_id, statement, documents, filed_by, filed_at, salt) SELECT c.id, 'x', '[]', 'usr_owner',"
        " public.business_now(), c.salt FROM cases_case c WHERE c.public_id = 'cas_raw'"
    )
    refused(own.format(organisation=subject.pk), "decided against its own organisation")

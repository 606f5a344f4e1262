"""Relations between organisations: declared or found, ended by two, read by rules; who is related to the operator never trades."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases.errors import DecidedFirst, StillAffiliated
from marketplace.cases.services import carry_out, file_appeal, resolve_case
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.participants import AffiliationStated
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.row_records import unexplained_rows
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded, ProofNeeded
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.notices.handlers.relations import on_affiliation_stated
from marketplace.notices.models import Notice
from marketplace.participants import relation_queries, services
from marketplace.participants.admission_queries import admission_facts
from marketplace.participants.errors import HasAdmissions, NeverATrader
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Organisation, OrganisationRelation
from marketplace.participants.relation_errors import RelationEnded, RelationStands
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

STATED = {"kind": "parent", "document": "有価証券報告書（第45期）"}
ENDING = "株式譲渡により解消したことを登記で確認しました。"
INSERT = """
    INSERT INTO participants_organisationrelation (public_id, organisation_id, related_id, kind, source, document,
        document_sha256, since, first_person, stated_by, stated_at)
    VALUES ('orl_raw', {one}, {other}, 'officer', '{source}', 'x', '', current_date, '', '{by}', public.business_now())
"""


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
    return services.state_relation(actor=actor, related=related.public_id, **(STATED | changes))


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def holds() -> bool:
    return not [name for name, rows in verify_all("participants").items() if rows]


def related(organisation) -> list[str]:
    return relation_queries.relation_facts([organisation.pk])[organisation.pk]["related_organisations"]


def test_a_relation_that_one_declares_is_its_own_fact_and_one_of_the_pair(subject, other, owner):
    relation = stated(owner, other)
    assert (relation.organisation, relation.related, relation.source) == (subject, other, "declared")
    assert (related(subject), related(other)) == ([other.public_id], [])
    assert relation_queries.are_related(subject.pk, other.pk)
    assert relation_queries.are_related(other.pk, subject.pk)
    admission = factories.application_for(subject)
    facts = admission_facts(admission.public_id)
    assert (facts["related_organisations"], facts["operator_affiliate"]) == ([other.public_id], False)
    stated(factories.member_for(other, "usr_of_other"), subject)
    assert (related(subject), related(other)) == ([other.public_id], [subject.public_id])
    assert EvidenceRecord.objects.filter(kind="participants.relation_stated").count() == 2
    assert holds()


def test_the_operator_states_what_it_found(subject, other, people):
    relation = stated(people[0], other, organisation=subject.public_id, kind="officer")
    assert (relation.source, relation.stated_by) == ("found", "usr_one")
    with pytest.raises(FieldInvalid) as refusal:
        stated(people[0], other)
    assert refusal.value.name == "organisation"
    services.declare_interest(
        actor=people[1], organisation=other.public_id, kind="family", statement="親族が勤務しています。"
    )
    with pytest.raises(Recused):
        stated(people[1], other, organisation=subject.public_id)
    assert holds()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": "cousin"}, FieldInvalid),
        ({"document": " "}, FieldInvalid),
        ({"document": "x" * 201}, FieldInvalid),
        ({"document_sha256": "9F"}, FieldInvalid),
        ({"since": date(1900, 1, 1)}, FieldInvalid),
        ({"related": "org_none"}, Missing),
    ],
)
def test_a_wrong_statement_changes_nothing(subject, other, owner, changes, error):
    said = {"related": other.public_id, **STATED, **changes}
    with pytest.raises(error) as refusal:
        services.state_relation(actor=owner, **said)
    if error is FieldInvalid:
        assert refusal.value.name == next(iter(changes))
    assert OrganisationRelation.objects.count() == 0


def test_nobody_states_relations_of_others_or_twice(subject, other, owner):
    for actor, error in (
        (replace(owner, permissions=frozenset()), PermissionNeeded),
        (replace(owner, proved_at=None), ProofNeeded),
        (replace(owner, identifier="app_1"), Forbidden),
        (SYSTEM, Forbidden),
    ):
        with pytest.raises(error):
            stated(actor, other)
    with pytest.raises(FieldInvalid):
        stated(owner, subject)
    # Whatever a participant names as the organisation, it is its own.
    assert stated(owner, other, organisation=other.public_id).organisation == subject
    with pytest.raises(RelationStands):
        stated(owner, other)
    assert OrganisationRelation.objects.count() == 1


def test_who_is_related_to_the_operator_never_trades(subject, staffed, owner, people):
    admission = factories.admit(subject)
    with pytest.raises(HasAdmissions):
        stated(owner, staffed)
    services.withdraw_admission(actor=owner, admission=admission.public_id)
    relation = stated(owner, staffed, kind="affiliate")
    assert Organisation.objects.get(pk=subject.pk).operator_affiliate
    with pytest.raises(NeverATrader):
        factories.application_for(subject)
    refused(
        "UPDATE participants_organisation SET operator_affiliate = false; SET CONSTRAINTS ALL IMMEDIATE",
        "and nobody else is",
    )
    end = {"relation": relation.public_id, "reason": ENDING}
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[0], **end)
    second = stated(owner, staffed, kind="officer")
    services.end_relation(actor=people[1], **end)
    assert Organisation.objects.get(pk=subject.pk).operator_affiliate
    last = {"relation": second.public_id, "reason": ENDING}
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[0], **last)
    services.end_relation(actor=people[1], **last)
    assert not Organisation.objects.get(pk=subject.pk).operator_affiliate
    record = EvidenceRecord.objects.filter(kind="participants.relation_ended").latest("pk")
    assert (record.payload["organisation"], record.payload["affiliate"]) == (subject.public_id, False)
    assert factories.application_for(subject).state == "applied"
    assert holds()


def test_nobody_becomes_an_affiliate_past_a_relation(subject, staffed, owner):
    flag = "UPDATE participants_organisation SET operator_affiliate = {} WHERE id = {}; SET CONSTRAINTS ALL IMMEDIATE"
    refused(flag.format("true", subject.pk), "and nobody else is")
    reverse = INSERT.format(one=staffed.pk, other=subject.pk, source="declared", by="usr_owner")
    refused(reverse, "states no relation")
    stated(owner, staffed)
    refused(flag.format("false", subject.pk), "and nobody else is")
    connection.check_constraints()
    with unguarded("participants_organisation"):
        Organisation.objects.filter(pk=subject.pk).update(operator_affiliate=False)
    found = REGISTER["participants.relations_stated_and_ended_rightly"].check()
    assert [row["public_id"] for row in found] == [subject.public_id]
    with unguarded("participants_organisation"):
        Organisation.objects.filter(pk=subject.pk).update(operator_affiliate=True)
    assert holds()


def test_an_upheld_appeal_is_carried_out_when_the_relation_has_ended(subject, staffed, owner, people):
    of = {"organisation": subject.public_id, **FOUND}
    with pytest.raises(SecondPersonNeeded):
        stated(people[0], staffed, **of)
    relation = stated(people[1], staffed, **of)
    appeal = file_appeal(actor=owner, subject=relation.public_id, statement="株式は譲渡済みです。")
    judges = [factories.actor_for(staffed, f"usr_judge_{number}") for number in (1, 2)]
    decide = {"case": appeal.public_id, "outcome": "changed", "reason": "譲渡を確認"}
    with pytest.raises(SecondPersonNeeded):
        resolve_case(actor=judges[0], **decide)
    resolve_case(actor=judges[1], **decide)
    done = {"case": appeal.public_id, "how": "関係を終了しました。"}
    with pytest.raises(StillAffiliated):
        carry_out(actor=people[0], **done)
    remedy = (
        "INSERT INTO cases_remedy (case_id, how, reference, carried_out_by, carried_out_at)"
        f" VALUES ({appeal.pk}, 'x', '', '{people[0].identifier}', public.business_now())"
    )
    refused(remedy, "still stands")
    with unguarded("cases_remedy"):
        run(remedy)
        assert len(REGISTER["cases.appeals_state_and_name_their_own"].check()) == 1
        run("DELETE FROM cases_remedy")
    end = {"relation": relation.public_id, "reason": ENDING}
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[0], **end)
    services.end_relation(actor=people[1], **end)
    assert not Organisation.objects.get(pk=subject.pk).operator_affiliate
    assert carry_out(actor=people[0], **done).public_id == appeal.public_id


FOUND = {"kind": "affiliate", "document": "株主名簿", "document_sha256": "9f" * 32}


def test_the_operator_bars_nobody_by_one_person(subject, staffed, people):
    one, two = people
    of = {"organisation": subject.public_id, **FOUND}
    with pytest.raises(FieldInvalid) as unproved:
        stated(one, staffed, **of | {"document_sha256": ""})
    assert unproved.value.name == "document_sha256"
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            stated(one, staffed, **of)
    assert not Organisation.objects.get(pk=subject.pk).operator_affiliate
    factories.application_for(subject)
    with pytest.raises(HasAdmissions):
        stated(two, staffed, **of)
    assert OrganisationRelation.objects.count() == 0


def test_two_people_with_a_document_do_and_the_organisation_is_told(subject, staffed, owner, people):
    one, two = people
    of = {"organisation": subject.public_id, **FOUND}
    with pytest.raises(SecondPersonNeeded):
        stated(one, staffed, **of)
    relation = stated(two, staffed, **of)
    assert (relation.first_person, relation.stated_by) == ("usr_one", "usr_two")
    assert Organisation.objects.get(pk=subject.pk).operator_affiliate
    event = OutboxEvent.objects.get(type="affiliation.stated")
    on_affiliation_stated(AffiliationStated(**event.data), None)
    assert relation.public_id in Notice.objects.get(organisation=subject).body["en"]
    appeal = file_appeal(actor=owner, subject=relation.public_id, statement="株式は譲渡済みです。")
    assert (appeal.kind, appeal.subject, holds()) == ("appeal", relation.public_id, True)
    assert verify_all("cases")["cases.appeals_state_and_name_their_own"] == []
    for judge in people:
        with pytest.raises(DecidedFirst):
            resolve_case(actor=judge, case=appeal.public_id, outcome="upheld", reason="確認済み")
    own = stated(owner, staffed, kind="officer")
    with pytest.raises(Missing):
        file_appeal(actor=owner, subject=own.public_id, statement="自ら申告したもの。")


def test_the_second_person_after_midnight_is_a_second_person(subject, staffed, people):
    # 23:00 in Tokyo, and two hours later.
    clock.move_to(datetime(2030, 4, 1, 14, 0, tzinfo=UTC), running=False)
    one, two = people
    of = {"organisation": subject.public_id, **FOUND}
    with pytest.raises(SecondPersonNeeded):
        stated(one, staffed, **of)
    clock.move_to(datetime(2030, 4, 1, 16, 0, tzinfo=UTC), running=False)
    with pytest.raises(SecondPersonNeeded):
        # Another day is another command.
        stated(two, staffed, since=date(2030, 4, 1), **of)
    assert OrganisationRelation.objects.count() == 0
    relation = stated(two, staffed, **of)
    assert (relation.first_person, relation.since, holds()) == ("usr_one", date(2030, 4, 2), True)


def test_the_database_bars_nobody_by_one_person(subject, staffed, people):
    raw = """
        UPDATE participants_organisation SET operator_affiliate = true WHERE id = {one};
        INSERT INTO participants_organisationrelation (public_id, organisation_id, related_id, kind, source, document,
            document_sha256, since, first_person, stated_by, stated_at)
        VALUES ('orl_raw', {one}, {other}, 'officer', 'found', 'x', '{digest}', current_date, '{first}', 'usr_one',
            public.business_now())
    """
    for first, digest in (
        ("", "9f" * 32),
        ("usr_one", "9f" * 32),
        ("usr_made_up", "9f" * 32),
        ("usr_two", ""),
    ):
        values = {"one": subject.pk, "other": staffed.pk, "first": first, "digest": digest}
        refused(raw.format(**values), "two people of the operator, with a document")
    with pytest.raises(SecondPersonNeeded):
        stated(people[0], staffed, organisation=subject.public_id, **FOUND)
    stated(people[1], staffed, organisation=subject.public_id, **FOUND)
    with unguarded("participants_organisationrelation"):
        OrganisationRelation.objects.update(first_person="usr_made_up")
    assert len(REGISTER["participants.relations_stated_and_ended_rightly"].check()) == 1


def test_the_same_representative_as_the_operators_is_a_fact(staffed):
    same = factories.organisation("C", representative=staffed.representative.replace(" ", "　"))
    unlike = factories.organisation("D", representative="代表取締役 讃岐 花子")
    for organisation, expected in ((same, True), (unlike, False)):
        facts = admission_facts(factories.application_for(organisation).public_id)
        assert facts["shares_representative_with_operator"] is expected


def test_two_people_of_the_operator_end_a_relation(subject, other, owner, people):
    relation = stated(owner, other)
    end = {"relation": relation.public_id, "reason": ENDING}
    with pytest.raises(PermissionNeeded):
        services.end_relation(actor=owner, **end)
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[0], **end)
    assert relation_queries.are_related(subject.pk, other.pk)
    ended = services.end_relation(actor=people[1], **end)
    assert (ended.end_first_person, ended.ended_by) == ("usr_one", "usr_two")
    assert not relation_queries.are_related(subject.pk, other.pk)
    with pytest.raises(RelationEnded):
        services.end_relation(actor=people[0], **end)
    with pytest.raises(Missing):
        services.end_relation(actor=people[0], relation="orl_none", reason=ENDING)
    assert stated(owner, other).ended_at is None
    assert holds()


def recuse(person: str, organisation) -> None:
    """A person of the operator declares an interest."""
    services.declare_interest(
        actor=factories.actor_for(Organisation.objects.get(is_operator=True), person),
        organisation=organisation.public_id,
        kind="family",
        statement="親族が勤務しています。",
    )


@pytest.mark.parametrize("of", ["subject", "other"])
def test_who_gave_the_command_first_and_became_related_ends_no_relation(
    subject, other, owner, people, of, request
):
    relation = stated(owner, other)
    end = {"relation": relation.public_id, "reason": ENDING}
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[0], **end)
    recuse("usr_one", request.getfixturevalue(of))
    # Whoever gives it next is the first of two.
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[1], **end)
    with pytest.raises(Recused):
        services.end_relation(actor=people[0], **end)
    assert OrganisationRelation.objects.get().ended_at is None


@pytest.mark.parametrize("of", ["subject", "other"])
def test_the_database_lets_nobody_related_state_or_end_a_relation(subject, other, owner, people, of, request):
    recuse("usr_one", request.getfixturevalue(of))
    found = INSERT.format(one=subject.pk, other=other.pk, source="found", by="usr_one")
    refused(found, "declared an interest")
    stated(owner, other)
    end = (
        "UPDATE participants_organisationrelation SET ended_at = public.business_now() + interval '1 minute',"
        " ended_by = '{}', end_first_person = '{}', end_reason = 'x'"
    )
    for second, first in (("usr_one", "usr_two"), ("usr_two", "usr_one")):
        refused(end.format(second, first).replace(" + interval '1 minute'", ""), "declared an interest")
    with unguarded("participants_organisationrelation"):
        run(end.format("usr_two", "usr_one"))
    assert len(REGISTER["participants.relations_stated_and_ended_rightly"].check()) == 1


def test_the_end_of_a_relation_is_compared_with_its_evidence(subject, other, owner, people):
    relation = stated(owner, other)
    end = {"relation": relation.public_id, "reason": ENDING}
    with pytest.raises(SecondPersonNeeded):
        services.end_relation(actor=people[0], **end)
    services.end_relation(actor=people[1], **end)
    assert unexplained_rows() == []
    with unguarded("participants_organisationrelation"):
        OrganisationRelation.objects.update(end_reason="別の理由")
    assert len(unexplained_rows()) >= 1


def test_the_database_keeps_relations(subject, other, owner, people, staffed):
    stated(owner, other)
    for one, two, source, by, because in (
        (subject, other, "declared", "usr_made_up", "states no relation"),
        (other, subject, "declared", "usr_owner", "states no relation"),
        (subject, other, "found", "usr_owner", "states no relation"),
        (subject, other, "declared", "usr_one", "states no relation"),
        (subject, subject, "declared", "usr_owner", "relation_of_two"),
    ):
        refused(INSERT.format(one=one.pk, other=two.pk, source=source, by=by), because)
    to_operator = INSERT.format(one=subject.pk, other=staffed.pk, source="declared", by="usr_owner")
    refused(f"{to_operator}; SET CONSTRAINTS ALL IMMEDIATE", "is its affiliate")
    end = (
        "UPDATE participants_organisationrelation SET ended_at = public.business_now(), ended_by = '{}',"
        " end_first_person = '{}', end_reason = 'x'"
    )
    for second, first, because in (
        ("usr_one", "usr_one", "relation_ended_by_two"),
        ("usr_owner", "usr_one", "no natural person of the operator"),
        ("usr_one", "usr_made_up", "no natural person of the operator"),
    ):
        refused(end.format(second, first), because)
    refused(end.format("usr_two", "usr_one").replace("'x'", "NULL"), "relation_ended_by_two")
    refused("UPDATE participants_organisationrelation SET kind = 'officer'", "cannot be changed")
    refused("DELETE FROM participants_organisationrelation", "are kept")
    assert OrganisationRelation.objects.get().ended_at is None
    with unguarded("participants_organisationrelation"):
        OrganisationRelation.objects.update(stated_by="usr_made_up")
    assert len(REGISTER["participants.relations_stated_and_ended_rightly"].check()) == 1


def test_others_see_no_relation(subject, other, owner):
    stated(owner, other)
    path = "/api/v1/organisation-relations/"
    seen = [len(factories.client_of(each).get(path).json()["results"]) for each in (subject, other)]
    stranger = factories.client_of(factories.organisation("C"))
    assert (seen, stranger.get(path).json()["results"]) == ([1, 1], [])
    assert stranger.get(f"{path}{OrganisationRelation.objects.get().public_id}/").status_code == 404

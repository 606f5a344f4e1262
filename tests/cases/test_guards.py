"""The database refuses what Python would not do with a case, and the checker names what was forced in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from marketplace.cases.models import Appeal, Case
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.participants import services as participants
from marketplace.participants.models import Admission
from tests.listings import factories as listings
from tests.participants.factories import person_of
from tests.roles import assert_refused, unguarded
from tests.rules import factories as rules

from .factories import appealed, denied, held, opened, refused_by_rules, resolved, suspended

pytestmark = pytest.mark.django_db

RESOLVE = """
    UPDATE cases_case SET state = 'resolved', outcome = '{outcome}', reason = 'x', first_person = '{first}',
        resolved_by = '{second}', ended_at = {now} WHERE id = {case}
"""
INSERT = """
    INSERT INTO cases_case (public_id, kind, subject, thread, organisation_id, decision, state, opened_at, decide_by, outcome,
        reason, first_person, resolved_by, ended_at)
    SELECT 'cas_raw', '{kind}', '{subject}', 'x', {organisation}, '', '{state}', {opened}, {due}, '', '', '', '', NULL
      FROM (SELECT public.business_now() AS now OFFSET 0) AS clock
"""
NOW = "public.business_now()"


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, because: str) -> None:
    assert_refused(lambda: run(statement), because=because)


def named(invariant: str) -> int:
    """How many rows an invariant names."""
    return len(REGISTER[invariant].check())


def resolving(case: Case, first: str, second: str, outcome: str = "allow", now: str = NOW) -> str:
    return RESOLVE.format(case=case.pk, first=first, second=second, outcome=outcome, now=now)


def inserting(organisation, **changes: str) -> str:
    stated = {
        "kind": "admission",
        "subject": "adm_raw",
        "organisation": organisation.pk,
        "state": "open",
        "opened": "clock.now",
        "due": "clock.now + interval '1 day'",
    }
    return INSERT.format(**(stated | changes))


def test_one_person_decides_no_case(subject, staffed, first, second, owner):
    case = opened(subject)
    auditor = person_of(staffed, "auditor", ("auditor",)).public_id
    me, you = first.identifier, second.identifier
    for one, two, because in (
        (me, me, "case_resolved_by_two"),
        ("", me, "case_resolved_by_two"),
        ("app_made_up", me, "case_resolved_by_two"),
        ("usr_made_up", me, "no natural person of the operator"),
        (me, "usr_made_up", "no natural person of the operator"),
        (auditor, me, "no natural person of the operator"),
        (me, owner.identifier, "no natural person of the operator"),
    ):
        refused(resolving(case, one, two), because)
    refused(resolving(case, me, you, outcome="upheld"), "case_outcome")
    refused(resolving(case, me, you, now=f"{NOW} - interval '1 day'"), "not that of the clock")
    assert Case.objects.get().state == "open"
    # Two people who may can write it by hand, but no approval says that both gave the command.
    run(resolving(case, me, you))
    assert named("cases.resolved_by_two") == 1
    refused(f"UPDATE cases_case SET outcome = 'deny' WHERE id = {case.pk}", "has ended")
    refused(f"UPDATE cases_case SET state = 'open' WHERE id = {case.pk}", "does not lead to|has ended")


def test_who_declared_an_interest_decides_no_case(subject, first, second):
    case = opened(subject)
    participants.declare_interest(
        actor=second, organisation=subject.public_id, kind="office", statement="監査役を務めています。"
    )
    for one, two in ((first, second), (second, first)):
        refused(resolving(case, one.identifier, two.identifier), "declared an interest")
    assert Case.objects.get().state == "open"
    with unguarded("cases_case"):
        run(resolving(case, first.identifier, second.identifier, now=f"{NOW} + interval '1 minute'"))
    assert named("cases.resolved_by_two") == 1


def test_who_decided_first_decides_no_appeal(subject, owner, first, second, judges):
    appeal = appealed(owner, denied(subject).public_id)
    fresh = judges[0].identifier
    for person in (first.identifier, second.identifier):
        for one, two in ((person, fresh), (fresh, person)):
            refused(resolving(appeal, one, two, outcome="upheld"), "who decided")
    about = appealed(owner, suspended(subject, by=judges[1]))
    refused(resolving(about, fresh, judges[1].identifier, outcome="upheld"), "who decided")
    assert set(Case.objects.filter(kind="appeal").values_list("state", flat=True)) == {"open"}


def test_who_decided_an_appeal_of_a_hold_decides_no_case_of_it(subject, owner, first, judges):
    decision = refused_by_rules(subject, "hold")
    resolved(appealed(owner, decision), "upheld", by=judges)
    case = opened(subject, capacity="seller")
    with unguarded("cases_case"):
        run(f"UPDATE cases_case SET decision = '{decision}' WHERE id = {case.pk}")
    for one, two in ((judges[0], first), (first, judges[1])):
        refused(resolving(case, one.identifier, two.identifier, outcome="deny"), "who decided")
    assert Case.objects.get(pk=case.pk).state == "open"


def test_an_admission_that_was_on_hold_and_has_no_case_is_named(subject):
    admission = held(subject, capacity="seller")
    with unguarded("participants_admission"):
        decision = refused_by_rules(subject, "hold")
        run(
            f"UPDATE participants_admission SET state = 'admitted', decision = '{decision}' WHERE id = {admission.pk}"
        )
    assert named("cases.held_is_decided_in_its_case") == 1


def test_a_suspension_that_still_stands_was_not_carried_out(subject, owner, judges):
    appeal = appealed(owner, suspended(subject))
    resolved(appeal, "changed", by=judges)
    remedy = (
        "INSERT INTO cases_remedy (case_id, how, reference, carried_out_by, carried_out_at)"
        f" VALUES ({appeal.pk}, 'x', '', '{judges[0].identifier}', {NOW})"
    )
    refused(remedy, "still stands")
    with unguarded("cases_remedy"):
        run(remedy)
    assert named("cases.appeals_state_and_name_their_own") == 1


def test_nothing_on_hold_is_decided_without_its_case(subject, first):
    admission = held(subject)
    for state in ("admitted", "refused"):
        refused(
            f"UPDATE participants_admission SET state = '{state}', decided_at = {NOW} WHERE id = {admission.pk}",
            "two people decide its case",
        )
    rules.publish()
    version = listings.judged(listings.seller(), personal_data_class="personal")
    refused(
        f"UPDATE listings_listingversion SET state = 'refused' WHERE id = {version.pk}",
        "two people decide its case",
    )
    assert Admission.objects.get(pk=admission.pk).state == "on_hold"


def test_a_case_decides_only_as_it_says_and_when(subject, first, second):
    case = resolved(opened(subject), "deny")
    again = held(subject, capacity="seller")
    refused(
        f"UPDATE participants_admission SET state = 'admitted', decided_at = {NOW} WHERE id = {again.pk}",
        "two people decide its case",
    )
    with unguarded("participants_admission"):
        run(f"UPDATE participants_admission SET state = 'admitted' WHERE public_id = '{case.subject}'")
    assert named("cases.held_is_decided_in_its_case") == 1


def test_a_case_begins_open_now_and_once(subject):
    case = opened(subject)
    for changes, because in (
        ({"state": "resolved"}, "cannot begin"),
        ({"kind": "favour"}, "case_outcome"),
        ({"subject": case.subject}, "case_open_once"),
        ({"due": "clock.now"}, "case_has_time"),
        ({"opened": "clock.now - interval '9 days'"}, "not that of the clock"),
    ):
        refused(inserting(subject, **changes), because)
    refused("DELETE FROM cases_case", "are kept")
    refused(
        f"UPDATE cases_case SET decide_by = decide_by + interval '9 days' WHERE id = {case.pk}",
        "cannot be changed",
    )
    refused(
        f"UPDATE cases_case SET organisation_id = organisation_id + 1 WHERE id = {case.pk}",
        "cannot be changed",
    )
    assert Case.objects.count() == 1


def test_no_appeal_is_of_what_is_anothers(subject, other, owner, stranger):
    case = denied(subject)
    appeal = appealed(owner, case.public_id)
    refused(inserting(subject, kind="appeal", subject=case.public_id), "case_one_appeal|case_open_once")
    state = "INSERT INTO cases_appeal (case_id, statement, documents, filed_by, filed_at)"
    foreign = inserting(other, kind="appeal", subject=case.public_id).replace("cas_raw", "cas_foreign")
    refused(f"{foreign}; SET CONSTRAINTS ALL IMMEDIATE", "has no statement")
    refused(
        f"{state} SELECT id, 'x', '[]', 'usr_x', {NOW} FROM cases_case WHERE id = {case.pk}",
        "its own organisation",
    )
    refused("UPDATE cases_appeal SET statement = 'x'", "append-only")
    refused("DELETE FROM cases_appeal", "append-only")
    assert (Appeal.objects.count(), appeal.subject) == (1, case.public_id)
    assert named("cases.appeals_state_and_name_their_own") == 0


def test_only_what_was_changed_is_carried_out(subject, owner, judges, first):
    refusal = denied(subject)
    appeal = resolved(appealed(owner, suspended(subject)), "upheld", by=judges)
    made = "INSERT INTO cases_remedy (case_id, how, reference, carried_out_by, carried_out_at)"
    refused(
        f"{made} VALUES ({appeal.pk}, 'x', '', '{first.identifier}', {NOW})",
        "only an appeal that changed the first",
    )
    changed = resolved(appealed(owner, refusal.public_id), "changed", by=judges)
    refused(
        f"{made} VALUES ({changed.pk}, 'x', '', 'usr_made_up', {NOW})", "no natural person of the operator"
    )
    refused(f"{made} VALUES ({changed.pk}, '', '', '{first.identifier}', {NOW})", "remedy_says_how")


def test_what_waits_in_silence_is_named(subject):
    assert named("cases.nothing_waits_in_silence") == 0
    case = opened(subject)
    with unguarded("events_outboxevent"):
        run("DELETE FROM events_outboxevent")
    assert named("cases.nothing_waits_in_silence") == 1
    clock.move_to(clock.now() + timedelta(days=12))
    assert named("cases.nothing_waits_in_silence") == 2
    with unguarded("cases_case"):
        run(f"UPDATE cases_case SET state = 'moot', ended_at = {NOW} WHERE id = {case.pk}")
    assert named("cases.nothing_waits_in_silence") == 1

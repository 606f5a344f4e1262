"""Invariants of held cases and appeals: decided by two who may, and nothing waits in silence."""

from __future__ import annotations

from marketplace.events.queries import to_be_handled
from marketplace.kernel.invariants import Invariant, by_query, declare_readable
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders
from marketplace.participants.interest_guards import recused_then

from .guards import APPEALED_PARTIES, DECIDERS, RELATION_BY_OTHERS, STILL_STANDS
from .on_call import LATE_MAX, TAKES

_ADMITS = holders(Permission.ADMISSION_WRITE)
_JUDGES = holders(Permission.DISPUTES_WRITE)
_APPEALED = APPEALED_PARTIES.format(appealed="c.subject")
_DECIDED_FIRST = DECIDERS.format(organisation="c.organisation_id", appealed="c.subject")


def _both(condition: str) -> str:
    return " OR ".join(condition.format(person=f"c.{column}") for column in ("first_person", "resolved_by"))


def _acted(holds: str) -> str:
    return _both("NOT " + acted_at("{person}", "c.ended_at", holds=holds))


Invariant(
    name="cases.resolved_by_two",
    promise=9,
    statement=(
        "A case was decided by two natural persons of the operator who may, gave the same command, had no interest in who"
        " waits, and had not decided what is appealed."
    ),
    guards=(
        "cases_case.case_resolved_by_two",
        "cases_case.resolved_by_staff",
        "cases_case.appeal_decided_by_staff",
        "cases_case.appeal_by_others",
        "cases_case.recused",
        "cases_case.counterparty_recused",
        "cases_case.appealed_parties_recused",
        "cases_case.case_of_two_parties",
        "cases_case.ended_for_good",
        "cases_case.resolved_in_its_transaction",
        "cases_case.state_guard",
        "cases_case.immutable",
        "cases_case.case_outcome",
        "cases_case.set_now",
        "cases_case.no_delete",
        "approvals_approval.approval_two_people",
    ),
    test="tests/cases/test_guards.py::test_one_person_decides_no_case",
    check=by_query(
        "SELECT c.public_id, c.first_person, c.resolved_by FROM cases_case c WHERE c.state = 'resolved' AND ("  # noqa: S608
        f"  CASE WHEN c.kind = 'appeal' THEN {_acted(_JUDGES)} ELSE {_acted(_ADMITS)} END"
        f"  OR {_both(recused_then('{person}', 'c.organisation_id', 'c.ended_at'))}"
        f"  OR {_both(recused_then('{person}', 'c.counterparty_id', 'c.ended_at'))}"
        f"  OR c.kind = 'appeal' AND EXISTS (SELECT FROM {_APPEALED} p WHERE {_both(recused_then('{person}', 'p.id', 'c.ended_at'))})"
        f"  OR c.kind = 'appeal' AND ({_both('{person} IN ' + _DECIDED_FIRST)})"
        "  OR NOT EXISTS (SELECT FROM approvals_approval a WHERE a.command = 'cases.resolve' AND a.subject = c.public_id"
        "   AND a.state = 'approved' AND (a.first_person, a.ended_by) = (c.first_person, c.resolved_by)"
        "   AND (a.payload ->> 'outcome', a.payload ->> 'reason') = (c.outcome, c.reason)"
        "   AND (a.payload ->> 'until')::timestamptz IS NOT DISTINCT FROM c.kept_until))"
    ),
)

Invariant(
    name="cases.held_is_decided_in_its_case",
    promise=5,
    statement="What the rules put on hold was admitted, published or refused as two people decided in its case.",
    guards=("participants_admission.decided_in_case", "listings_listingversion.decided_in_case"),
    test="tests/cases/test_guards.py::test_nothing_on_hold_is_decided_without_its_case",
    check=by_query(
        "SELECT c.public_id, c.subject, c.outcome FROM cases_case c LEFT JOIN participants_admission a"
        "  ON a.public_id = c.subject AND c.kind = 'admission' WHERE c.kind = 'admission' AND c.state = 'resolved'"
        "   AND (a.id IS NULL OR a.state IN ('applied', 'on_hold')"
        "    OR c.outcome = 'deny' AND a.state <> 'refused' OR c.outcome = 'allow' AND a.state = 'refused')"
        " UNION ALL SELECT a.public_id, a.decision, a.state FROM participants_admission a"
        "  JOIN rules_decision d ON d.public_id = a.decision WHERE d.outcome = 'hold' AND a.state IN ('admitted', 'refused')"
        "   AND NOT EXISTS (SELECT FROM cases_case c WHERE c.kind = 'admission' AND c.subject = a.public_id"
        "    AND c.state = 'resolved')"
    ),
)

Invariant(
    name="cases.conditions_are_stated_in_their_case",
    promise=5,
    statement="Each condition of an admission was stated by two people, who allowed the admission in its case.",
    guards=(
        "participants_admissioncondition.stated_in_case",
        "cases_case.resolved_in_its_transaction",
        "cases_case.ended_for_good",
    ),
    test="tests/participants/test_admission_terms.py::test_a_condition_that_no_case_states_is_named",
    check=by_query(
        "SELECT d.public_id, a.public_id AS admission FROM participants_admissioncondition d"
        "  JOIN participants_admission a ON a.id = d.admission_id"
        " WHERE NOT EXISTS (SELECT FROM cases_case c WHERE c.kind = 'admission' AND c.subject = a.public_id"
        "  AND c.state = 'resolved' AND c.outcome = 'allow')"
    ),
)

Invariant(
    name="cases.appeals_state_and_name_their_own",
    promise=8,
    statement=(
        "Each appeal has a statement, and is of what was decided against its own organisation, once; one that changed a"
        " suspension, or a relation, is carried out when that has ended, by somebody with no interest in a party."
    ),
    guards=(
        "cases_case.case_one_appeal",
        "cases_case.appeal_has_its_statement",
        "cases_case.case_withdrawn",
        "cases_appeal.appeal_of_own",
        "cases_appeal.append_only",
        "cases_appeal.appeal_states",
        "cases_remedy.remedies_changed_appeal",
        "cases_remedy.remedied_by_staff",
        "cases_remedy.recused",
        "cases_remedy.append_only",
        "cases_remedy.remedy_says_how",
    ),
    test="tests/cases/test_guards.py::test_no_appeal_is_of_what_is_anothers",
    check=by_query(
        "SELECT c.public_id, c.subject FROM cases_case c JOIN participants_organisation o ON o.id = c.organisation_id"  # noqa: S608
        "  LEFT JOIN cases_appeal p ON p.case_id = c.id WHERE (c.kind = 'appeal') <> (p.id IS NOT NULL)"
        "  OR c.kind = 'appeal' AND NOT EXISTS ("
        "   SELECT FROM cases_case f WHERE f.public_id = c.subject AND c.organisation_id IN (f.organisation_id, f.counterparty_id)"
        "   UNION ALL SELECT FROM rules_decision d WHERE d.public_id = c.subject AND o.public_id = ANY (d.parties)"
        "   UNION ALL SELECT FROM participants_suspension s WHERE s.public_id = c.subject"
        "    AND s.organisation_id = c.organisation_id"
        "   UNION ALL SELECT FROM participants_organisationrelation l WHERE l.public_id = c.subject"
        f"    AND {RELATION_BY_OTHERS})"
        " UNION ALL SELECT c.public_id, r.how FROM cases_remedy r JOIN cases_case c ON c.id = r.case_id"
        f"  WHERE c.outcome <> 'changed' OR {STILL_STANDS}"
        f"  OR {recused_then('r.carried_out_by', 'c.organisation_id', 'r.carried_out_at')} OR EXISTS (SELECT FROM {_APPEALED} p"
        f"   WHERE {recused_then('r.carried_out_by', 'p.id', 'r.carried_out_at')})"
    ),
)


def _to_be_handled(subject: str, kind: str) -> str:
    return to_be_handled(subject=subject, kind=kind, subscriber="marketplace.cases")


Invariant(
    name="cases.nothing_waits_in_silence",
    promise=10,
    statement=(
        "What is on hold is an open case; an open case, and an appeal that is to be carried out, is an open task of the"
        " operator; who waits is told when the time to decide it is over."
    ),
    guards=("cases_case.case_open_once", "cases_case.case_has_time", "cases_case.dated_now"),
    test="tests/cases/test_guards.py::test_what_waits_in_silence_is_named",
    check=by_query(
        "SELECT a.public_id FROM participants_admission a WHERE a.state = 'on_hold' AND NOT EXISTS ("  # noqa: S608  our own words
        "  SELECT FROM cases_case c WHERE c.kind = 'admission' AND c.subject = a.public_id AND c.state = 'open')"
        f"  AND NOT {_to_be_handled(subject='a.public_id', kind='admission.decided')}"
        " UNION ALL SELECT c.public_id FROM cases_case c WHERE (c.state = 'open' OR c.outcome = 'changed'"
        "   AND NOT EXISTS (SELECT FROM cases_remedy r WHERE r.case_id = c.id))"
        "  AND NOT EXISTS (SELECT FROM notices_task t WHERE t.subject = c.public_id AND t.state = 'open')"
        f"  AND NOT {_to_be_handled(subject='c.public_id', kind='case.moved')}"
        " UNION ALL SELECT c.public_id FROM cases_case c WHERE c.state = 'open' AND c.reminded_at IS NULL"
        "  AND c.decide_by < business_now() - interval '1 day'"
    ),
)

Invariant(
    name="cases.stopped_admissions_are_decided",
    promise=10,
    statement=(
        "An admission that stands although the rules decided last to hold or refuse it has an open case, or two people kept it until"
        " a day that is to come."
    ),
    guards=("cases_case.case_kept_for_a_time", "cases_case.ended_for_good", "cases_case.case_open_once"),
    test="tests/cases/test_rescreened.py::test_a_stopped_admission_without_a_case_is_named",
    check=by_query(
        "SELECT a.public_id, d.public_id AS decision FROM participants_admission a JOIN LATERAL ("  # noqa: S608  our own words
        "  SELECT d.public_id, d.outcome FROM rules_decision d WHERE d.subject = a.public_id AND d.point = 'admission'"
        "   ORDER BY d.id DESC LIMIT 1) d ON d.outcome IN ('hold', 'deny') AND d.public_id IS DISTINCT FROM a.decision"
        " WHERE a.state = 'admitted' AND NOT EXISTS (SELECT FROM cases_case c WHERE c.kind = 'rescreening'"
        "   AND c.subject = a.public_id AND (c.state = 'open' OR c.outcome = 'keep'"
        "    AND c.kept_until > business_now() - interval '1 day'))"
        f"  AND NOT {_to_be_handled('a.public_id', 'admission.rescreened')}"
    ),
)

Invariant(
    name="cases.rescreenings_of_standing",
    promise=10,
    statement="An open case of an admission that a new rulebook would not give is of an admission that stands.",
    guards=(
        "cases_case.rescreened_while_standing",
        "cases_case.immutable",
        "participants_admission.state_guard",
    ),
    test="tests/cases/test_rescreened.py::test_a_case_of_an_admission_that_ended_is_named",
    check=by_query(
        "SELECT c.public_id, c.subject, a.state FROM cases_case c"  # noqa: S608  our own words
        "  LEFT JOIN participants_admission a ON a.public_id = c.subject"
        " WHERE c.kind = 'rescreening' AND c.state = 'open' AND a.state IS DISTINCT FROM 'admitted'"
        f"  AND NOT {_to_be_handled('c.subject', 'admission.decided')}"
    ),
)

_STATES_TURNS = holders(Permission.ORGANISATION_WRITE)

Invariant(
    name="cases.on_call_may_release",
    promise=10,
    statement="Who is on call held what the duty takes when an owner of the operator published it, and not for a time before.",
    guards=(
        "cases_oncallturn.stated_by_owner",
        "cases_oncallturn.withdrawn_by_owner",
        "cases_oncallturn.on_call_for_admission",
        "cases_oncallturn.on_call_for_disputes",
        "cases_oncallturn.on_call_for_rulebook",
        "cases_oncallturn.turn_of_what",
        "cases_oncallturn.turn_not_backdated",
        "cases_oncallturn.turn_withdrawn_whole",
        "cases_oncallturn.immutable",
        "cases_oncallturn.set_once",
        "cases_oncallturn.set_now",
        "cases_oncallturn.dated_now",
        "cases_oncallturn.no_delete",
    ),
    test="tests/cases/test_on_call.py::test_the_database_keeps_the_rota",
    check=by_query(
        "SELECT t.public_id, t.person FROM cases_oncallturn t"  # noqa: S608  our own words
        f" WHERE t.since < t.stated_at - interval '{LATE_MAX.total_seconds():.0f} seconds'"
        f" OR NOT {acted_at('t.stated_by', 't.stated_at', holds=_STATES_TURNS)} OR NOT CASE t.duty"
        + "".join(
            f" WHEN '{duty}' THEN {acted_at('t.person', 't.stated_at', holds=holders(permission))}"
            for duty, permission in TAKES.items()
        )
        + " ELSE false END"
    ),
)

Invariant(
    name="cases.halts_are_looked_at",
    promise=10,
    statement="While trading is halted, the operator has an open task to look at the halt.",
    guards=("notices_task.task_open_once",),
    test="tests/cases/test_on_call.py::test_a_halt_in_silence_is_named",
    check=by_query(
        "SELECT h.public_id FROM rules_halt h WHERE h.lifted_at IS NULL"  # noqa: S608  our own words
        "  AND NOT EXISTS (SELECT FROM notices_task t WHERE t.subject = h.public_id AND t.state = 'open')"
        f"  AND NOT {_to_be_handled(subject='h.public_id', kind='trading.halted')}"
    ),
)

Invariant(
    name="cases.suspensions_are_looked_at",
    promise=10,
    statement="While a suspension of a participant stands, the operator has an open task to look at it.",
    guards=("notices_task.task_open_once",),
    test="tests/cases/test_on_call.py::test_a_suspension_in_silence_is_named",
    check=by_query(
        "SELECT s.public_id FROM participants_suspension s"  # noqa: S608  our own words
        "  JOIN participants_organisation o ON o.id = s.organisation_id"
        "  WHERE NOT EXISTS (SELECT FROM participants_reinstatement r WHERE r.suspension_id = s.id)"
        "  AND NOT EXISTS (SELECT FROM notices_task t"
        "   WHERE t.subject = s.public_id AND t.kind = 'release' AND t.state = 'open')"
        f"  AND NOT {_to_be_handled(subject='o.public_id', kind='participant.suspended')}"
    ),
)

declare_readable("cases")

"""Invariants of participants."""

from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Invariant, by_query, declare_readable
from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES, Permission

from . import (  # noqa: F401  they register themselves
    admission_invariants,
    authority_invariants,
    disqualification_invariants,
    interest_invariants,
    key_invariants,
    people_invariants,
    qualification_invariants,
    relation_invariants,
)
from .acting import acted_at, approvals_of_others, holders
from .interest_guards import recused_then
from .models import PayoutAccountChange
from .payout_accounts import usable_from

_OF_ROW = "o.id = c.organisation_id"
_CHANGING, _ADMITTING, _WRITING = map(
    holders, (Permission.PAYOUT_WRITE, Permission.ADMISSION_WRITE, Permission.ORGANISATION_WRITE)
)

Invariant(
    name="participants.operator_never_trades",
    promise=5,
    statement="The operator and its affiliates have no application or admission.",
    guards=(
        "participants_admission.neutral_admissions",
        "participants_organisation.neutral_organisations",
        "participants_organisation.organisation_one_operator",
    ),
    test="tests/participants/test_guards.py::test_an_affiliate_is_refused_an_admission",
    check=by_query(
        "SELECT a.public_id AS admission, o.public_id AS organisation FROM participants_admission a"
        " JOIN participants_organisation o ON o.id = a.organisation_id"
        " WHERE (o.is_operator OR o.operator_affiliate) AND a.state IN ('applied', 'on_hold', 'admitted')"
    ),
)
Invariant(
    name="participants.admission_held_once",
    promise=8,
    statement=(
        "An organisation has one admission and one application per segment and capacity, the latter beside the former to renew it,"
        " and its declarations never change."
    ),
    guards=(
        "participants_admission.admission_held_once",
        "participants_admission.admission_stands_once",
        "participants_admission.renews_what_ends",
        "participants_admission.state_guard",
        "participants_admission.immutable",
        "participants_admission.no_delete",
        "participants_admission.admission_decided_when",
        "participants_admission.admission_capacity",
    ),
    test="tests/participants/test_guards.py::test_a_second_admission_for_one_purpose_is_refused",
    check=by_query(
        "SELECT organisation_id, segment_id, capacity FROM participants_admission"
        " WHERE state IN ('applied', 'on_hold', 'admitted') GROUP BY 1, 2, 3, state = 'admitted' HAVING count(*) > 1"
        " UNION ALL SELECT a.organisation_id, a.segment_id, a.capacity FROM participants_admission a"
        "  JOIN participants_admission n ON n.organisation_id = a.organisation_id AND n.segment_id = a.segment_id"
        "   AND n.capacity = a.capacity AND n.state IN ('applied', 'on_hold') AND n.renews_id IS DISTINCT FROM a.id"
        "  WHERE a.state = 'admitted'"
    ),
)
Invariant(
    name="participants.corporate_numbers_right",
    promise=8,
    statement="A corporate number has a valid check digit, is unique, and every Japanese body has one.",
    guards=(
        "participants_organisation.corporate_number_guard",
        "participants_organisation.organisation_number_given",
        "participants_organisation.organisation_number_once",
        "participants_organisation.immutable",
    ),
    test="tests/participants/test_guards.py::test_a_wrong_check_digit_is_refused",
    check=by_query(
        "SELECT public_id, corporate_number FROM participants_organisation"
        " WHERE corporate_number IS NOT NULL AND left(corporate_number, 1)::integer <> 9 - ("
        "  SELECT sum(substr(corporate_number, 14 - n, 1)::integer * (2 - n % 2)) FROM generate_series(1, 12) n"
        " ) % 9"
    ),
)
Invariant(
    name="participants.organisations_whole",
    promise=1,
    statement="Registration numbers and codes of organisations are well-formed.",
    guards=(
        "participants_organisation.organisation_invoice_number",
        "participants_organisation.organisation_invoice_number_once",
        "participants_organisation.organisation_country",
        "participants_organisation.organisation_kind",
    ),
    test="tests/participants/test_guards.py::test_facts_that_are_not_well_formed_are_refused",
    check=by_query(
        "SELECT public_id FROM participants_organisation WHERE country !~ '^[A-Z]{2}$'"
        " OR invoice_registration_number !~ '^T[0-9]{13}$'"
    ),
)


def _used_too_early() -> list[dict[str, Any]]:
    """Changed accounts whose day is not five business days after their confirmation."""
    confirmed = PayoutAccountChange.objects.filter(confirmed_at__isnull=False)
    rows = confirmed.values_list("public_id", "confirmed_at", "usable_from").iterator()
    return [
        {"change": change, "usable_from": str(day)}
        for change, moment, day in rows
        if moment is None or day is None or day < usable_from(clock.business_date(moment))
    ]


Invariant(
    name="participants.payout_accounts_wait",
    promise=1,
    statement="A changed payout account is used five business days after its confirmation, and not before.",
    guards=(
        "participants_payoutaccountchange.payout_account_by_two",
        "participants_payoutaccountchange.payout_account_confirmed_when",
        "participants_payoutaccountchange.immutable",
        "participants_payoutaccountchange.set_once",
    ),
    test="tests/participants/test_payout_guards.py::test_an_account_is_used_after_its_waiting_time",
    check=_used_too_early,
)
Invariant(
    name="participants.payout_accounts_by_two",
    promise=9,
    statement=(
        "A changed payout account is proposed by a member who may change it, and confirmed by another, or by two of the"
        " operator's staff without an interest in it for a participant of one person."
    ),
    guards=(
        "participants_payoutaccountchange.payout_account_by_two",
        "participants_payoutaccountchange.payout_account_two_people",
        "participants_payoutaccountchange.payout_account_registered_once",
        "participants_payoutaccountchange.payout_account_proposed_once",
        "participants_payoutaccountchange.payout_account_well_formed",
        "participants_payoutaccountchange.payout_account_ended_when",
        "participants_payoutaccountchange.state_guard",
        "participants_payoutaccountchange.no_delete",
    ),
    test="tests/participants/test_payout_guards.py::test_one_person_and_strangers_confirm_no_account",
    check=by_query(
        (
            "SELECT c.public_id FROM participants_payoutaccountchange c WHERE NOT c.is_registered AND ("
            " NOT {PROPOSED} OR c.confirmed_by IS NOT NULL AND NOT {CONFIRMED} AND NOT ({REVIEWED} AND {STAFF})"
            " OR c.confirmed_by = c.proposed_by OR c.confirmed_by = c.reviewed_by"
            " OR c.confirmed_by IS NOT NULL AND NOT {CONFIRMED} AND ({RECUSED}))"
            " UNION ALL SELECT c.public_id FROM participants_payoutaccountchange c"
            "  JOIN participants_organisation o ON o.id = c.organisation_id"
            "  WHERE c.is_registered AND c.proposed_at <> o.registered_at"
        )
        .replace(
            "{PROPOSED}", acted_at("c.proposed_by", "c.proposed_at", holds=_CHANGING, organisation=_OF_ROW)
        )
        .replace(
            "{CONFIRMED}", acted_at("c.confirmed_by", "c.confirmed_at", holds=_CHANGING, organisation=_OF_ROW)
        )
        .replace(
            "{RECUSED}",
            " OR ".join(
                recused_then(person, "c.organisation_id", "c.confirmed_at")
                for person in ("c.reviewed_by", "c.confirmed_by")
            ),
        )
        .replace("{REVIEWED}", acted_at("c.reviewed_by", "c.reviewed_at", holds=_ADMITTING))
        .replace("{STAFF}", acted_at("c.confirmed_by", "c.confirmed_at", holds=_ADMITTING))
    ),
)
Invariant(
    name="participants.suspension_is_a_state",
    promise=5,
    statement="An organisation is suspended while a suspension of it stands, and only then; the operator never is.",
    guards=(
        "participants_organisation.suspended_while_one_stands",
        "participants_organisation.organisation_operator_active",
        "participants_organisation.state_guard",
        "participants_organisation.no_delete",
        "participants_suspension.suspends_organisation",
        "participants_suspension.suspension_reason",
        "participants_suspension.suspension_reference",
        "participants_suspension.append_only",
        "participants_suspension.dated_now",
        "participants_reinstatement.ends_own_suspension",
    ),
    test="tests/participants/test_suspension_guards.py::test_an_organisation_is_suspended_while_one_stands",
    check=by_query(
        "SELECT o.public_id, o.state FROM participants_organisation o WHERE (o.state = 'suspended') <> EXISTS ("
        " SELECT FROM participants_suspension s WHERE s.organisation_id = o.id AND NOT EXISTS ("
        "  SELECT FROM participants_reinstatement l WHERE l.suspension_id = s.id))"
        " OR (o.is_operator AND o.state <> 'active')"
        " UNION ALL SELECT s.public_id, 'reinstated' FROM participants_suspension s"
        "  JOIN participants_reinstatement l ON l.suspension_id = s.id WHERE l.organisation_id <> s.organisation_id"
    ),
)
Invariant(
    name="participants.one_live_membership",
    promise=8,
    statement="A person has one e-mail address in lower case and one live membership in an organisation.",
    guards=(
        "participants_user.user_email_once",
        "participants_user.user_email_lower_case",
        "participants_user.immutable",
        "participants_membership.membership_live_once",
        "participants_membership.immutable",
        "participants_membership.set_once",
        "participants_membership.no_delete",
    ),
    test="tests/participants/test_guards.py::test_a_second_live_membership_is_refused",
    check=by_query(
        "SELECT user_id FROM participants_membership WHERE ended_at IS NULL"
        " GROUP BY user_id, organisation_id HAVING count(*) > 1"
        " UNION ALL SELECT id FROM participants_user WHERE email <> lower(email)"
    ),
)
Invariant(
    name="participants.roles_fit",
    promise=5,
    statement="A member holds a role once: roles of the operator at the operator only, those of participants elsewhere.",
    guards=(
        "participants_rolegrant.role_fits",
        "participants_rolegrant.rolegrant_live_once",
        "participants_rolegrant.rolegrant_role",
        "participants_rolegrant.immutable",
        "participants_rolegrant.set_once",
        "participants_rolegrant.no_delete",
        "participants_organisation.side_fixed",
    ),
    test="tests/participants/test_guards.py::test_a_role_of_the_other_side_is_refused",
    check=by_query(
        "SELECT m.public_id, g.role FROM participants_rolegrant g"  # noqa: S608  # our own words
        " JOIN participants_membership m ON m.id = g.membership_id"
        " JOIN participants_organisation o ON o.id = m.organisation_id"
        f" WHERE g.role NOT IN ({sql_list(sorted(OPERATOR_ROLES & PARTICIPANT_ROLES))})"
        f" AND (g.role IN ({sql_list(sorted(OPERATOR_ROLES))})) <> o.is_operator"
    ),
)
Invariant(
    name="participants.staff_apart",
    promise=5,
    statement="Who belongs to the operator belongs to no other organisation.",
    guards=("participants_membership.staff_apart", "participants_organisation.side_fixed"),
    test="tests/participants/test_guards.py::test_a_person_of_the_operator_joins_nobody_else",
    check=by_query(
        "SELECT m.user_id FROM participants_membership m"
        " JOIN participants_organisation o ON o.id = m.organisation_id WHERE m.ended_at IS NULL"
        " GROUP BY m.user_id HAVING bool_or(o.is_operator) AND count(*) > 1"
    ),
)
Invariant(
    name="participants.sessions_end_with_password",
    promise=8,
    statement="A new password, and the end of an account, end the person's sessions; tokens are stored as digests.",
    guards=(
        "participants_user.sessions_end_with_password",
        "participants_session.session_key_digest",
        "participants_session.session_proof_of_somebody",
    ),
    test="tests/participants/test_guards.py::test_sessions_end_with_the_password_and_the_account",
    check=by_query(
        "SELECT s.user_id FROM participants_session s JOIN participants_user u ON u.id = s.user_id"
        " WHERE NOT u.is_active"
    ),
)
Invariant(
    name="participants.programs_answered_for",
    promise=8,
    statement="A member of the organisation answers for each of its programs, whose scopes programs may have.",
    guards=(
        "participants_application.programs_answered_for",
        "participants_application.application_scopes",
        "participants_application.application_grant_type",
        "participants_application.immutable",
    ),
    test="tests/participants/test_guards.py::test_a_program_that_nobody_answers_for_is_refused",
    check=by_query(
        "SELECT a.public_id FROM participants_application a WHERE NOT EXISTS ("
        "SELECT FROM participants_membership m WHERE m.user_id = a.responsible_id"
        " AND m.organisation_id = a.organisation_id)"
    ),
)
Invariant(
    name="participants.facts_have_history",
    promise=9,
    statement="The facts of an organisation are what its own people changed them to, one after the other.",
    guards=(
        "participants_organisation.facts_change_with_history",
        "participants_organisation.immutable",
        "participants_factchange.fact_by_own_person",
        "participants_factchange.fact_change_of_what",
        "participants_factchange.own_transaction",
        "participants_factchange.append_only",
        "participants_factchange.dated_now",
    ),
    test="tests/participants/test_facts.py::test_a_fact_that_was_forced_in_is_named",
    check=by_query(
        (
            "SELECT o.public_id, c.fact FROM participants_organisation o JOIN LATERAL ("
            "  SELECT DISTINCT ON (n.fact) n.fact, n.new_value FROM participants_factchange n"
            "   WHERE n.organisation_id = o.id ORDER BY n.fact, n.id DESC) c ON true"
            " WHERE c.new_value <> coalesce(to_jsonb(o) ->> c.fact, '')"
            " UNION ALL SELECT c.public_id, c.fact FROM (SELECT f.*, lag(f.new_value) OVER (PARTITION BY"
            "  f.organisation_id, f.fact ORDER BY f.id) AS before FROM participants_factchange f) c"
            "  WHERE c.before <> c.old_value OR NOT {CHANGED}"
        ).replace("{CHANGED}", acted_at("c.changed_by", "c.changed_at", holds=_WRITING, organisation=_OF_ROW))
    ),
)
Invariant(
    name="participants.trustees_appointed",
    promise=9,
    statement="Nobody holds the role of trustee whom two people of admission without an interest in it did not appoint for the organisation.",
    guards=(
        "participants_trusteeappointment.trustee_by_two",
        "participants_trusteeappointment.recused",
        "participants_trusteeappointment.trustee_two_people",
        "participants_trusteeappointment.trustee_by_document",
        "participants_trusteeappointment.trustee_proposed_once",
        "participants_trusteeappointment.state_guard",
        "participants_trusteeappointment.immutable",
        "participants_trusteeappointment.no_delete",
        "participants_rolegrant.trustee_is_appointed",
    ),
    test="tests/participants/test_trustees.py::test_a_trustee_whom_nobody_appointed_is_named",
    check=by_query(
        (
            "SELECT g.id, m.public_id FROM participants_rolegrant g JOIN participants_membership m ON m.id = g.membership_id"
            " WHERE g.role = 'trustee' AND NOT EXISTS (SELECT FROM participants_trusteeappointment a"
            "  JOIN participants_suspension s ON s.id = a.suspension_id WHERE a.state = 'appointed' AND a.user_id = m.user_id"
            "   AND s.organisation_id = m.organisation_id AND a.ended_at <= g.granted_at)"
            " UNION ALL SELECT a.id, a.public_id FROM participants_trusteeappointment a"
            "  WHERE NOT {PROPOSED} OR a.state = 'appointed' AND (NOT {APPOINTED} OR a.ended_by = a.proposed_by)"
            " UNION ALL SELECT a.id, a.public_id FROM participants_trusteeappointment a"
            "  JOIN participants_suspension s ON s.id = a.suspension_id"
            "  WHERE {RELATED_PROPOSED} OR {RELATED_ENDED} OR a.state = 'appointed' AND {RELATED_FIRST}"
        )
        .replace("{RELATED_PROPOSED}", recused_then("a.proposed_by", "s.organisation_id", "a.proposed_at"))
        .replace("{RELATED_ENDED}", recused_then("a.ended_by", "s.organisation_id", "a.ended_at"))
        .replace("{RELATED_FIRST}", recused_then("a.proposed_by", "s.organisation_id", "a.ended_at"))
        .replace("{PROPOSED}", acted_at("a.proposed_by", "a.proposed_at", holds=_ADMITTING))
        .replace("{APPOINTED}", acted_at("a.ended_by", "a.ended_at", holds=_ADMITTING))
    ),
)

Invariant(
    name="participants.approvals_by_members",
    promise=9,
    statement=(
        "Who gave and who approved a command of two people were, at that moment, natural persons of its organisation"
        " with a role for it; a program that gave it first had such a person to answer for it."
    ),
    guards=("approvals_approval.approved_by_members",),
    test="tests/approvals/test_guards.py::test_made_up_people_approve_nothing",
    check=by_query(approvals_of_others()),
)

declare_readable("participants")

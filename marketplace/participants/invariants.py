"""Invariants of participants."""

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import Invariant, by_query, declare_readable
from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES

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
        " WHERE (o.is_operator OR o.operator_affiliate) AND a.state NOT IN ('refused', 'withdrawn')"
    ),
)
Invariant(
    name="participants.admission_held_once",
    promise=8,
    statement="An organisation has one admission per segment and capacity, and its declarations never change.",
    guards=(
        "participants_admission.admission_held_once",
        "participants_admission.state_guard",
        "participants_admission.immutable",
        "participants_admission.no_delete",
        "participants_admission.admission_decided_when",
        "participants_admission.admission_capacity",
    ),
    test="tests/participants/test_guards.py::test_a_second_admission_for_one_purpose_is_refused",
    check=by_query(
        "SELECT organisation_id, segment_id, capacity FROM participants_admission"
        " WHERE state NOT IN ('refused', 'withdrawn') GROUP BY 1, 2, 3 HAVING count(*) > 1"
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
    statement="A payout account is complete or absent, and registration numbers and codes are well-formed.",
    guards=(
        "participants_organisation.organisation_payout_account",
        "participants_organisation.organisation_invoice_number",
        "participants_organisation.organisation_invoice_number_once",
        "participants_organisation.organisation_country",
        "participants_organisation.organisation_kind",
    ),
    test="tests/participants/test_guards.py::test_half_a_payout_account_is_refused",
    check=by_query(
        "SELECT public_id FROM participants_organisation WHERE NOT (bank_code = '' AND branch_code = ''"
        " AND account_type = '' AND account_number = '' AND account_holder_kana = '') AND (bank_code = ''"
        " OR branch_code = '' OR account_type = '' OR account_number = '' OR account_holder_kana = '')"
    ),
)
Invariant(
    name="participants.suspension_is_a_state",
    promise=5,
    statement="A suspended organisation has a reason, an active one has none, and the operator is never suspended.",
    guards=(
        "participants_organisation.organisation_suspension_reason",
        "participants_organisation.organisation_operator_active",
        "participants_organisation.state_guard",
        "participants_organisation.no_delete",
    ),
    test="tests/participants/test_guards.py::test_a_suspension_without_a_reason_is_refused",
    check=by_query(
        "SELECT public_id FROM participants_organisation WHERE (state = 'suspended') = (suspension_reason_code = '')"
        " OR (is_operator AND state <> 'active')"
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

_GUARDS = "tests/participants/test_membership_guards.py"

Invariant(
    name="participants.joined_by_invitation",
    promise=9,
    statement="A person joins by accepting an invitation to its own address, or is made by the system, as evidence says.",
    guards=(
        "participants_membership.joined_by_invitation",
        "participants_user.own_transaction",
        "participants_invitation.invited_rightly",
        "participants_invitation.invitation_open_once",
        "participants_invitation.invitation_token_once",
        "participants_invitation.invitation_well_formed",
        "participants_invitation.invitation_ended_when",
        "participants_invitation.state_guard",
        "participants_invitation.immutable",
        "participants_invitation.set_once",
        "participants_invitation.no_delete",
    ),
    test=f"{_GUARDS}::test_nobody_joins_past_an_invitation",
    check=by_query(
        "SELECT m.public_id FROM participants_membership m JOIN participants_user u ON u.id = m.user_id"
        " LEFT JOIN participants_invitation i ON i.id = m.invitation_id"
        " WHERE CASE WHEN i.id IS NULL THEN NOT EXISTS (SELECT FROM evidence_evidencerecord e"
        "  WHERE e.kind = 'participants.member_added' AND e.payload ->> 'user' = u.public_id)"
        " ELSE i.organisation_id <> m.organisation_id OR i.state <> 'accepted' OR i.ended_by <> u.public_id"
        "  OR i.token_digest IS NULL OR i.ended_at > i.expires_at END"
    ),
)
Invariant(
    name="participants.roles_granted",
    promise=9,
    statement="Every role came with the joining, or by a recorded change of the membership.",
    guards=(
        "participants_rolegrant.role_granted_rightly",
        "participants_memberchange.changed_rightly",
        "participants_memberchange.memberchange_kind",
        "participants_memberchange.memberchange_proposed_once",
        "participants_memberchange.memberchange_ended_when",
        "participants_memberchange.state_guard",
        "participants_memberchange.immutable",
        "participants_memberchange.set_once",
        "participants_memberchange.no_delete",
    ),
    test=f"{_GUARDS}::test_no_role_is_granted_past_a_change",
    check=by_query(
        "SELECT m.public_id, g.role FROM participants_rolegrant g"
        " JOIN participants_membership m ON m.id = g.membership_id"
        " JOIN participants_user u ON u.id = m.user_id"
        " LEFT JOIN participants_invitation i ON i.id = m.invitation_id"
        " WHERE NOT EXISTS (SELECT FROM participants_memberchange c WHERE c.membership_id = m.id"
        "  AND c.kind = 'grant' AND c.role = g.role AND c.state = 'done' AND c.ended_at = g.granted_at)"
        " AND NOT (g.granted_at = m.since AND CASE WHEN i.id IS NULL THEN EXISTS (SELECT FROM evidence_evidencerecord e"
        "   WHERE e.kind = 'participants.member_added' AND e.payload ->> 'user' = u.public_id"
        "    AND e.payload -> 'roles' ? g.role)"
        "  ELSE g.role = ANY (i.roles) END)"
    ),
)
Invariant(
    name="participants.operator_roles_by_two",
    promise=9,
    statement="Two people gave each role at the operator that the system did not give.",
    guards=(
        "participants_invitation.invited_rightly",
        "participants_invitation.invitation_second_person",
        "participants_memberchange.changed_rightly",
        "participants_memberchange.memberchange_second_person",
    ),
    test=f"{_GUARDS}::test_nobody_but_owners_invites",
    check=by_query(
        "SELECT i.public_id AS subject FROM participants_invitation i"
        " JOIN participants_organisation o ON o.id = i.organisation_id"
        " WHERE o.is_operator AND i.state IN ('open', 'accepted') AND i.invited_by <> 'system'"
        " AND (i.confirmed_by IS NULL OR i.confirmed_by = i.invited_by)"
        " UNION ALL SELECT c.public_id FROM participants_memberchange c"
        " JOIN participants_membership m ON m.id = c.membership_id"
        " JOIN participants_organisation o ON o.id = m.organisation_id"
        " WHERE o.is_operator AND c.kind = 'grant' AND c.state = 'done'"
        " AND (c.confirmed_by IS NULL OR c.confirmed_by = c.proposed_by)"
    ),
)
Invariant(
    name="participants.owner_stays",
    promise=10,
    statement="An organisation that had an owner has one.",
    guards=(
        "participants_membership.owner_leaves_rightly",
        "participants_rolegrant.owner_revoked_rightly",
    ),
    test=f"{_GUARDS}::test_no_owner_is_removed_past_a_change_and_the_last_one_stays",
    check=by_query(
        "SELECT o.public_id FROM participants_organisation o WHERE EXISTS ("
        "SELECT FROM participants_membership m JOIN participants_rolegrant g ON g.membership_id = m.id"
        " WHERE m.organisation_id = o.id AND g.role = 'owner') AND NOT EXISTS ("
        "SELECT FROM participants_membership m JOIN participants_rolegrant g ON g.membership_id = m.id"
        " WHERE m.organisation_id = o.id AND g.role = 'owner' AND m.ended_at IS NULL AND g.revoked_at IS NULL)"
    ),
)
Invariant(
    name="participants.programs_end",
    promise=9,
    statement="The secret of a program ends, a revoked program has no tokens, and what was revoked stays revoked.",
    guards=(
        "participants_application.application_secrets_end",
        "participants_application.application_revoked_by",
        "participants_application.programs_answered_for",
        "participants_application.set_once",
        "participants_application.no_delete",
    ),
    test="tests/participants/test_guards.py::test_a_program_that_nobody_answers_for_is_refused",
    check=by_query(
        "SELECT a.public_id FROM participants_application a WHERE a.expires_at > a.secret_made_at + interval '365 days'"
        " OR a.previous_until > a.secret_made_at + interval '24 hours'"
    ),
)
Invariant(
    name="participants.locked_logins_end",
    promise=9,
    statement="A locked login is good for nothing until two people of the operator have released it.",
    guards=(
        "participants_user.unlocked_rightly",
        "participants_loginlock.released_by_two",
        "participants_loginlock.loginlock_open_once",
        "participants_loginlock.loginlock_two_people",
        "participants_loginlock.immutable",
        "participants_loginlock.set_once",
        "participants_loginlock.no_delete",
    ),
    test="tests/participants/test_login_guards.py::test_one_person_releases_nobody",
    check=by_query(
        "SELECT l.public_id FROM participants_loginlock l JOIN participants_user u ON u.id = l.user_id"
        " WHERE l.released_at IS NULL AND u.is_active"
        " OR l.released_at IS NOT NULL AND l.released_by IS NOT DISTINCT FROM l.release_proposed_by"
    ),
)
Invariant(
    name="participants.second_factors_wait",
    promise=9,
    statement="A second factor is taken from its person a day after an owner asked, at the operator after two did.",
    guards=(
        "participants_secondfactorreset.reset_rightly",
        "participants_secondfactorreset.secondfactorreset_open_once",
        "participants_secondfactorreset.secondfactorreset_waits",
        "participants_secondfactorreset.secondfactorreset_second_person",
        "participants_secondfactorreset.secondfactorreset_ended_when",
        "participants_secondfactorreset.state_guard",
        "participants_secondfactorreset.immutable",
        "participants_secondfactorreset.set_once",
        "participants_secondfactorreset.no_delete",
    ),
    test="tests/participants/test_login_guards.py::test_no_second_factor_is_taken_before_its_time",
    check=by_query(
        "SELECT r.public_id FROM participants_secondfactorreset r"
        " JOIN participants_membership m ON m.id = r.membership_id"
        " JOIN participants_organisation o ON o.id = m.organisation_id"
        " WHERE r.state = 'done' AND (r.ended_at < r.ends_at OR o.is_operator AND r.confirmed_by IS NULL)"
    ),
)
Invariant(
    name="participants.owners_recovered_rightly",
    promise=9,
    statement=(
        "A new owner is invited for lost ones after two people of the operator decided and five business days without an"
        " objection."
    ),
    guards=(
        "participants_ownerrecovery.recovered_rightly",
        "participants_ownerrecovery.recovery_two_people_and_waiting",
        "participants_ownerrecovery.recovery_decided_first",
        "participants_ownerrecovery.recovery_ended_when",
        "participants_ownerrecovery.recovery_one_at_a_time",
        "participants_ownerrecovery.recovery_email_lower_case",
        "participants_ownerrecovery.state_guard",
        "participants_ownerrecovery.immutable",
        "participants_ownerrecovery.set_once",
        "participants_ownerrecovery.no_delete",
        "participants_invitation.invited_rightly",
        "participants_recoveryevidence.immutable",
        "participants_recoveryevidence.no_delete",
        "participants_recoveryevidence.recoveryevidence_hash",
        "participants_recoveryevidence.recoveryevidence_kind",
        "participants_recoverycontact.recoverycontact_once",
        "participants_recoverycontact.immutable",
        "participants_recoverycontact.no_delete",
    ),
    test="tests/participants/test_recovery_guards.py::test_nobody_is_made_owner_before_the_waiting_time_or_by_one_person",
    check=by_query(
        "SELECT r.public_id FROM participants_ownerrecovery r"
        " LEFT JOIN participants_invitation i ON i.recovery_id = r.id"
        " WHERE r.state = 'concluded' AND (r.confirmed_by IS NULL OR r.confirmed_by = r.proposed_by"
        "  OR r.ended_at < r.ends_at OR r.objection <> '' OR i.id IS NULL)"
        " OR r.state <> 'concluded' AND i.id IS NOT NULL"
    ),
)

declare_readable("participants")

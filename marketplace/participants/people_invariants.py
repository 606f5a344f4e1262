"""Invariants of people: who belongs to an organisation, with which roles, and how logins and owners are recovered."""

from marketplace.kernel.invariants import Invariant, by_query

from .interest_guards import recused_then

_GUARDS = "tests/participants/test_membership_guards.py"
_IS_TRUSTEE = (
    "EXISTS (SELECT FROM participants_trusteeappointment a JOIN participants_suspension s ON s.id = a.suspension_id"
    " WHERE a.state = 'appointed' AND a.user_id = m.user_id AND s.organisation_id = m.organisation_id)"
)
"""Two people of admission appointed the member (``participants.trustees_appointed`` verifies it)."""

Invariant(
    name="participants.joined_by_invitation",
    promise=9,
    statement=(
        "A person joins by accepting an invitation to its own address, is appointed trustee, or is made by the system, as"
        " evidence says."
    ),
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
        "SELECT m.public_id FROM participants_membership m JOIN participants_user u ON u.id = m.user_id"  # noqa: S608  our own words
        " LEFT JOIN participants_invitation i ON i.id = m.invitation_id"
        " WHERE CASE WHEN i.id IS NULL THEN NOT EXISTS (SELECT FROM evidence_evidencerecord e"
        "  WHERE e.kind = 'participants.member_added' AND e.payload ->> 'user' = u.public_id)"
        f"  AND NOT {_IS_TRUSTEE}"
        " ELSE i.organisation_id <> m.organisation_id OR i.state <> 'accepted' OR i.ended_by <> u.public_id"
        "  OR i.token_digest IS NULL OR i.ended_at > i.expires_at END"
    ),
)
Invariant(
    name="participants.roles_granted",
    promise=9,
    statement="Every role came with the joining, by a recorded change of the membership, or by an appointment as trustee.",
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
        "SELECT m.public_id, g.role FROM participants_rolegrant g"  # noqa: S608  our own words
        " JOIN participants_membership m ON m.id = g.membership_id"
        " JOIN participants_user u ON u.id = m.user_id"
        " LEFT JOIN participants_invitation i ON i.id = m.invitation_id"
        f" WHERE NOT (g.role = 'trustee' AND {_IS_TRUSTEE})"
        " AND NOT EXISTS (SELECT FROM participants_memberchange c WHERE c.membership_id = m.id"
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
    statement="A locked login is good for nothing until two people of the operator have released it; nobody of them, nor who locked"
    " it, had an interest in an organisation of the person.",
    guards=(
        "participants_user.unlocked_rightly",
        "participants_loginlock.released_by_two",
        "participants_loginlock.recused",
        "participants_loginlock.loginlock_open_once",
        "participants_loginlock.loginlock_two_people",
        "participants_loginlock.immutable",
        "participants_loginlock.set_once",
        "participants_loginlock.no_delete",
    ),
    test="tests/participants/test_login_guards.py::test_one_person_releases_nobody",
    check=by_query(
        "SELECT l.public_id FROM participants_loginlock l JOIN participants_user u ON u.id = l.user_id"  # noqa: S608  our own words
        " WHERE l.released_at IS NULL AND u.is_active"
        " OR l.released_at IS NOT NULL AND l.released_by IS NOT DISTINCT FROM l.release_proposed_by"
        " UNION ALL SELECT l.public_id FROM participants_loginlock l"
        "  JOIN participants_membership m ON m.user_id = l.user_id AND m.since <= l.locked_at AND m.ended_at IS NULL"
        f" WHERE {recused_then('l.locked_by', 'm.organisation_id', 'l.locked_at')}"
        f"  OR {recused_then('l.release_proposed_by', 'm.organisation_id', 'l.released_at')}"
        f"  OR {recused_then('l.released_by', 'm.organisation_id', 'l.released_at')}"
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
        "A new owner is invited for lost ones after two people of the operator without an interest in it decided and five business days without an"
        " objection."
    ),
    guards=(
        "participants_ownerrecovery.recovered_rightly",
        "participants_ownerrecovery.recused",
        "participants_ownerrecovery.recovery_two_people",
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
        "SELECT r.public_id FROM participants_ownerrecovery r"  # noqa: S608  our own words
        " LEFT JOIN participants_invitation i ON i.recovery_id = r.id"
        " WHERE r.state = 'concluded' AND (r.confirmed_by IS NULL OR r.confirmed_by = r.proposed_by"
        "  OR r.ended_at < r.ends_at OR r.objection <> '' OR i.id IS NULL"
        "  OR (r.ends_at AT TIME ZONE 'Asia/Tokyo')::date"
        "   < public.bank_days_after((r.confirmed_at AT TIME ZONE 'Asia/Tokyo')::date, 5))"
        " OR r.state <> 'concluded' AND i.id IS NOT NULL"
        f" OR {recused_then('r.proposed_by', 'r.organisation_id', 'r.confirmed_at', alias='n')}"
        f" OR {recused_then('r.confirmed_by', 'r.organisation_id', 'r.confirmed_at', alias='n')}"
    ),
)
Invariant(
    name="participants.addresses_answered",
    promise=9,
    statement="The address of a person is one at which it answered a mail, or which it was made with.",
    guards=(
        "participants_user.address_verified",
        "participants_user.user_email_once",
        "participants_user.user_email_lower_case",
    ),
    test="tests/participants/test_addresses.py::test_the_database_takes_no_address_that_nobody_answered",
    check=by_query(
        "SELECT u.public_id FROM participants_user u WHERE NOT EXISTS (SELECT FROM account_emailaddress a"
        " WHERE a.user_id = u.id AND lower(a.email) = u.email AND a.verified)"
    ),
)

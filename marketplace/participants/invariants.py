"""Invariants of participants."""

from marketplace.kernel.invariants import Invariant, by_query, declare_readable

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
    name="participants.one_person_one_organisation",
    promise=8,
    statement="A person has one e-mail address in lower case and acts for one organisation.",
    guards=(
        "participants_user.user_email_once",
        "participants_user.user_email_lower_case",
        "participants_user.immutable",
        "participants_membership.participants_membership_user_id_key",
        "participants_membership.membership_role",
        "participants_membership.immutable",
    ),
    test="tests/participants/test_guards.py::test_a_second_membership_is_refused",
    check=by_query(
        "SELECT user_id FROM participants_membership GROUP BY 1 HAVING count(*) > 1"
        " UNION ALL SELECT id FROM participants_user WHERE email <> lower(email)"
    ),
)

declare_readable("participants")

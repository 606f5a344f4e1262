"""The database lets an organisation be suspended by a suspension alone, and begin nothing meanwhile."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from marketplace.participants import services
from marketplace.participants.models import Organisation, Suspension
from tests.roles import assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

SUSPEND = (
    "INSERT INTO participants_suspension (public_id, organisation_id, kind, reason_code, reason, reference,"
    " effective_on, suspended_by, suspended_at) VALUES ('sus_raw', %s, %s, %s, 'x', %s, '2026-01-01', 'usr_x',"
    " public.business_now())"
)


def refused(match: str, statement: str, *parameters: object) -> None:
    connection.check_constraints()

    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
        connection.check_constraints()

    assert_refused(attack, because=match)


def suspend(subject: Organisation, **changes: str) -> Organisation:
    stated = {"reason_code": "review", "reason": "確認中"} | changes
    return services.suspend_participant(actor=SYSTEM, organisation=subject.public_id, **stated)


def test_an_organisation_is_suspended_while_one_stands():
    subject = factories.organisation()
    refused(
        "while a suspension stands", "UPDATE participants_organisation SET state = 'suspended' WHERE id = %s",
        subject.pk,
    )  # fmt: skip
    refused("its organisation is not suspended", SUSPEND, subject.pk, "breach", "x", "")
    suspend(subject)
    refused(
        "while a suspension stands", "UPDATE participants_organisation SET state = 'active' WHERE id = %s",
        subject.pk,
    )  # fmt: skip
    for attack in ("reason = 'y'", "kind = 'sanctions'", "organisation_id = organisation_id + 1"):
        refused("append-only", f"UPDATE participants_suspension SET {attack}")
    refused("append-only", "DELETE FROM participants_suspension")
    subject.refresh_from_db()
    assert (subject.state, Suspension.objects.count()) == ("suspended", 1)


def test_a_suspension_says_why_and_by_which_document():
    subject = suspend(factories.organisation())
    for kind, code, reference, why in (
        ("sanctions", "x", "", "suspension_reference"),
        ("insolvency", "x", "", "suspension_reference"),
        ("attachment", "x", "", "suspension_reference"),
        ("other", "x", "1", "suspension_reason"),
        ("breach", "", "", "suspension_reason"),
    ):
        refused(why, SUSPEND, subject.pk, kind, code, reference)


def test_a_reinstatement_ends_a_suspension_of_its_own():
    first, second = suspend(factories.organisation()), suspend(factories.organisation("B"))
    refused(
        "of its own organisation",
        "INSERT INTO participants_reinstatement (organisation_id, suspension_id, first_person, reinstated_by,"
        " reinstated_at) SELECT %s, id, 'usr_x', 'usr_y', public.business_now() FROM participants_suspension"
        " WHERE organisation_id = %s",
        first.pk,
        second.pk,
    )


def test_a_suspended_organisation_begins_nothing_in_the_database():
    subject = factories.organisation()
    admission = factories.application_for(subject)
    services.withdraw_admission(actor=factories.actor_for(subject), admission=admission.public_id)
    program = factories.application_of(subject)
    suspend(subject)
    refused(
        "begins nothing new",
        "INSERT INTO participants_admission (public_id, organisation_id, segment_id, capacity, state, declarations,"
        " reason, applied_at) SELECT 'adm_raw', organisation_id, segment_id, capacity, 'applied', declarations, '',"
        " applied_at FROM participants_admission",
    )
    columns = (
        "client_id, redirect_uris, post_logout_redirect_uris, client_type, authorization_grant_type, client_secret,"
        " hash_client_secret, name, skip_authorization, created, updated, algorithm, allowed_origins, organisation_id,"
        " responsible_id, scopes"
    )
    copied = columns.replace("client_id", "client_id || 'x'", 1)
    refused(
        "begins nothing new",
        f"INSERT INTO participants_application (public_id, {columns}) SELECT 'app_raw', {copied}"
        " FROM participants_application WHERE id = %s",
        program.pk,
    )


def test_a_forged_state_is_named():
    subject = suspend(factories.organisation())
    check = REGISTER["participants.suspension_is_a_state"].check
    assert check() == []
    with unguarded("participants_organisation"), connection.cursor() as cursor:
        cursor.execute("UPDATE participants_organisation SET state = 'active' WHERE id = %s", [subject.pk])
    assert check() == [{"public_id": subject.public_id, "state": "active"}]

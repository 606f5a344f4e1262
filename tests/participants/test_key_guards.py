"""The database itself holds that a key belongs to one organisation and was registered by its people."""

from __future__ import annotations

import pytest
from django.db import connection

from marketplace.kernel.invariants import verify_all
from marketplace.participants.models import OrganisationKey
from tests.roles import assert_refused, unguarded

from . import factories, keys

pytestmark = pytest.mark.django_db

COLUMNS = (
    "public_id, organisation_id, kid, public_jwk, label, replaces_id, challenge, proof, registered_by, valid_from,"
    " revoked_at, revoked_by, revoked_why"
)


def refused(because, statement, *parameters):
    with connection.cursor() as cursor:
        assert_refused(lambda: cursor.execute(statement, parameters), because=because)


def copied(**changes):
    """An INSERT of a copy of the one key, under another one's thumbprint, with ``changes`` in SQL."""
    x = keys.public_jwk(keys.ed25519_key())
    key = keys.OKPKey.import_key(x)
    facts = {
        "public_id": "'key_raw'",
        "kid": f"'{key.thumbprint()}'",
        "public_jwk": f"jsonb_build_object('crv', 'Ed25519', 'kty', 'OKP', 'x', '{x['x']}')",
        **changes,
    }
    values = ", ".join(facts.get(column, column) for column in COLUMNS.split(", "))
    return f"INSERT INTO participants_organisationkey ({COLUMNS}) SELECT {values} FROM participants_organisationkey"


@pytest.fixture
def row():
    return keys.registered(factories.organisation())


def test_a_key_is_registered_by_people_of_its_organisation(row):
    trader = factories.person_of(factories.organisation("B"), "theirs", ("owner",))
    mine = factories.person_of(row.organisation, "mine", ("trader",))
    for person in (trader.public_id, mine.public_id, "usr_raw"):
        refused("does not manage the keys", copied(registered_by=f"'{person}'"))
    refused("does not manage the keys|organisationkey_by_people", copied(registered_by="'app_raw'"))
    staff = factories.person_of(factories.operator(), "staff", ("owner",))
    refused(
        "does not manage the keys",
        copied(
            registered_by=f"'{staff.public_id}'",
            organisation_id="(SELECT id FROM participants_organisation WHERE is_operator)",
        ),
    )


def test_a_key_has_its_thumbprint_and_no_private_part(row):
    refused("has its thumbprint", copied(kid="repeat('x', 43)"))
    refused("has its thumbprint", copied(public_jwk='public_jwk || \'{"d": "x"}\'', kid="kid"))
    refused("organisationkey_kid_once", copied(public_jwk="public_jwk", kid="kid"))
    refused("registered live", copied(revoked_at="now()", revoked_by="registered_by", revoked_why="'lost'"))
    refused("organisationkey_label", copied(label="''"))
    theirs = keys.registered(factories.organisation("B"))
    refused("one of the same organisation", copied(replaces_id=str(theirs.pk)) + f" WHERE id = {row.pk}")
    refused("not that of the clock", copied(valid_from="now() - interval '1 day'") + f" WHERE id = {row.pk}")


def test_a_key_changes_by_its_revocation_alone(row):
    for change in ("kid = repeat('x', 43)", "organisation_id = 1", "proof = 'x'", "valid_from = now()"):
        refused("cannot be changed", f"UPDATE participants_organisationkey SET {change}")
    refused("are kept", "DELETE FROM participants_organisationkey")
    revoke = (
        "UPDATE participants_organisationkey SET revoked_at = {at}, revoked_by = {by}, revoked_why = {why}"
    )
    who = f"'{row.registered_by}'"
    refused(
        "does not manage the keys", revoke.format(at="public.business_now()", by="'usr_raw'", why="'lost'")
    )
    refused("revoked_why", revoke.format(at="public.business_now()", by=who, why="NULL"))
    refused("revoked_why", revoke.format(at="public.business_now()", by=who, why="'else'"))
    refused(
        "not that of the clock",
        revoke.format(at="public.business_now() + interval '1 day'", by=who, why="'lost'"),
    )
    with connection.cursor() as cursor:
        cursor.execute(revoke.format(at="public.business_now()", by=who, why="'lost'"))
    refused("cannot be changed|does not manage", revoke.format(at="NULL", by="NULL", why="NULL"))
    assert OrganisationKey.objects.get().revoked_why == "lost"


def test_a_key_that_was_not_proved_is_named(row):
    with unguarded("participants_organisationkey"), connection.cursor() as cursor:
        cursor.execute("UPDATE participants_organisationkey SET proof = challenge")
    assert verify_all("participants")["participants.keys_proved"] == [{"key": row.public_id}]

"""The roles on an operator's own server, where the owner of the tables is no superuser."""

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tests.roles import as_owner
from tests.superuser import superuser_connection


def test_what_others_own_in_the_schema_is_neither_altered_nor_granted(committed_database):
    """On an operator's server a superuser installs extensions in ``public``, and other roles keep tables there."""
    with superuser_connection() as superuser:
        for statement in (
            "CREATE EXTENSION pg_stat_statements",
            "CREATE EXTENSION citext",
            "CREATE TABLE of_another (id int)",
            "CREATE FUNCTION of_another() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "REVOKE ALL ON FUNCTION of_another() FROM PUBLIC",
        ):
            superuser.execute(statement)

    with as_owner():
        call_command("grant_application_role", settings.APPLICATION_ROLE)

    role = settings.APPLICATION_ROLE
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%(role)s, 'of_another', 'SELECT'),"
            " has_function_privilege(%(role)s, 'of_another()', 'EXECUTE'),"
            " has_table_privilege(%(role)s, 'listings_listing', 'DELETE'),"
            " has_table_privilege(%(role)s, 'evidence_evidencerecord', 'UPDATE')",
            {"role": role},
        )
        assert cursor.fetchone() == (False, False, True, False)
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname = 'of_another'")
        assert cursor.fetchone() == (None,)

"""``manage.py grant_application_role ROLE``: grant the application's database role its rights, after migrating."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from psycopg import sql

from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.tables import tables_guarded_by

# django-pgtrigger lets a session disable triggers by a setting. Here triggers are guards, so that is switched off.
NEVER_IGNORE = """
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE AS 'SELECT FALSE'
"""

# Our functions resolve names in the system's schema and in ours only, under any search_path of the session, and in
# temporary tables last, so no session can shadow a table that a guard reads.
OWN_FUNCTIONS = """
    SELECT p.oid::regprocedure::text FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
     ORDER BY 1
"""
SEARCH_PATH = "pg_catalog, public, pg_temp"


class Command(BaseCommand):
    """Run as the owner role. The application may read and write rows, but in append-only tables only read and insert."""

    help = (
        "Grant the application's database role its rights; in append-only tables it may only read and insert."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """``role``: the role that the application connects as."""
        parser.add_argument("role")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make the triggers impossible to disable or to mislead, grant all rights, then revoke those that append-only
        tables forbid.

        The owner role needs no grant.
        """
        role = sql.Identifier(options["role"])
        with connection.cursor() as cursor:
            cursor.execute(NEVER_IGNORE)
            cursor.execute(OWN_FUNCTIONS)
            for (function,) in cursor.fetchall():
                cursor.execute(f"ALTER FUNCTION {function} SET search_path = {SEARCH_PATH}")
            cursor.execute("SELECT current_user")
            if cursor.fetchone()[0] == options["role"]:
                self.stdout.write(f"{options['role']} owns the tables; only triggers keep them append-only")
                return
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {role}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
                "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
            ):
                cursor.execute(sql.SQL(statement).format(role=role))
            tables = tables_guarded_by(APPEND_ONLY)
            for table in tables:
                cursor.execute(
                    sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(
                        table=sql.Identifier(table), role=role
                    )
                )
        self.stdout.write(f"{options['role']}: rights granted; {len(tables)} tables are append-only")

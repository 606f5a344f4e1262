"""``manage.py grant_application_role ROLE``: what the application's database role may do, after migrating."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from psycopg import sql

from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.tables import tables_guarded_by

# django-pgtrigger lets a session switch triggers off by a setting. Here they are guards: nobody switches them off.
NEVER_IGNORE = """
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE AS 'SELECT FALSE'
"""


class Command(BaseCommand):
    """Run as the owner role. The application may read and write rows, but only add to append-only tables."""

    help = (
        "Grant the application's database role its rights; append-only tables can only be read and added to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The role that the application connects as."""
        parser.add_argument("role")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Close the way around the guards, grant, then take back what append-only tables must not allow.

        The owner itself needs no grant.
        """
        role = sql.Identifier(options["role"])
        with connection.cursor() as cursor:
            cursor.execute(NEVER_IGNORE)
            cursor.execute("SELECT current_user")
            if cursor.fetchone()[0] == options["role"]:
                self.stdout.write(f"{options['role']} owns the tables; triggers alone keep them append-only")
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
        self.stdout.write(f"{options['role']}: granted; {len(tables)} tables are append-only")

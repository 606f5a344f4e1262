"""``manage.py grant_application_role ROLE``: grant the application's database role its rights, after migrating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from marketplace.kernel.guards import APPEND_ONLY
from marketplace.kernel.limits import ROLE_LIMITS
from marketplace.kernel.tables import tables_guarded_by

# django-pgtrigger lets a session disable triggers by a setting. Here triggers are guards, so that is switched off.
NEVER_IGNORE = """
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE AS 'SELECT FALSE'
"""

# Our functions resolve names in the system's schema and in ours only, under any search_path of the session, and in
# temporary tables last, so no session can shadow a table that a guard reads.
# Extensions in the schema, and what other roles made there, are not ours to alter or to grant.
OWN_FUNCTIONS = """
    SELECT p.oid::regprocedure::text FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p') AND pg_has_role(p.proowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
     ORDER BY 1
"""
SEARCH_PATH = "pg_catalog, public, pg_temp"
# A partition is read and written through its table, whose guards hold there; nobody is granted the partition itself.
OWN_RELATIONS = """
    SELECT c.relname FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = ANY(%s) AND pg_has_role(c.relowner, 'USAGE')
       AND NOT c.relispartition
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1
"""
TABLES = ["r", "p", "v", "m"]
SEQUENCES = ["S"]


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
        """Make the triggers impossible to disable or to mislead, grant the rights on what the
        owner role owns, then revoke those that append-only tables forbid. The role's sessions get the market's limits
        on time from then on.

        The owner role needs no grant.
        """
        role = sql.Identifier(options["role"])
        with connection.cursor() as cursor:
            cursor.execute(NEVER_IGNORE)
            functions = own_names(cursor, OWN_FUNCTIONS)
            for function in functions:
                cursor.execute(f"ALTER FUNCTION {function} SET search_path = {SEARCH_PATH}")
            cursor.execute("SELECT current_user")
            if cursor.fetchone()[0] == options["role"]:
                self.stdout.write(f"{options['role']} owns the tables; only triggers keep them append-only")
                return
            tables = [sql.Identifier(name) for name in own_names(cursor, OWN_RELATIONS, [TABLES])]
            sequences = [sql.Identifier(name) for name in own_names(cursor, OWN_RELATIONS, [SEQUENCES])]
            for rights, kind, objects in (
                ("USAGE", "SCHEMA", [sql.Identifier("public")]),
                ("SELECT, INSERT, UPDATE, DELETE", "TABLE", tables),
                ("USAGE, SELECT", "SEQUENCE", sequences),
                ("EXECUTE", "FUNCTION", [sql.SQL(function) for function in functions]),
            ):
                if objects:
                    cursor.execute(
                        sql.SQL(f"GRANT {rights} ON {kind} {{objects}} TO {{role}}").format(
                            objects=sql.SQL(", ").join(objects), role=role
                        )
                    )
            guarded = tables_guarded_by(APPEND_ONLY)
            for table in guarded:
                cursor.execute(
                    sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(
                        table=sql.Identifier(table), role=role
                    )
                )
            limit_sessions(cursor, options["role"])
        self.stdout.write(f"{options['role']}: rights granted; {len(guarded)} tables are append-only")


def limit_sessions(cursor: CursorWrapper, role: str) -> None:
    """Set the limits on time of the role's sessions in this database; raises CommandError without the right to."""
    database = connection.settings_dict["NAME"]
    try:
        for name, value in ROLE_LIMITS.items():
            cursor.execute(
                sql.SQL("ALTER ROLE {role} IN DATABASE {database} SET {name} = {value}").format(
                    role=sql.Identifier(role),
                    database=sql.Identifier(database),
                    name=sql.Identifier(name),
                    value=sql.Literal(value),
                )
            )
    except ProgrammingError as error:
        raise CommandError(
            f"the limits of {role} cannot be set: {error}. Grant the right once, as a superuser:"
            f" ALTER ROLE <owner> CREATEROLE; GRANT {role} TO <owner> WITH ADMIN OPTION;"
        ) from error


def own_names(cursor: CursorWrapper, query: str, parameters: Sequence[Any] = ()) -> list[str]:
    """The names that ``query`` selects in its first column."""
    cursor.execute(query, parameters)
    return [str(row[0]) for row in cursor.fetchall()]

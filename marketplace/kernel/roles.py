"""What the application's database role may do, and what no role of the application may.

Rights on tables stand in the database and are copied with it. Rights on the database itself, and the limits of the
role's sessions, are facts of the server about one database: a copy begins without them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from .guards import APPEND_ONLY
from .limits import ROLE_LIMITS
from .tables import tables_guarded_by

Execute = Callable[[sql.Composed], Any]

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

# A role that makes objects, temporary ones included, can put its own beside those that a guard reads or writes.
MAKING_RIGHTS = """
    SELECT array_remove(ARRAY[
        CASE WHEN rolsuper THEN 'SUPERUSER' END,
        CASE WHEN has_database_privilege(rolname, current_database(), 'TEMPORARY') THEN 'TEMPORARY on the database' END,
        CASE WHEN has_database_privilege(rolname, current_database(), 'CREATE') THEN 'CREATE on the database' END,
        CASE WHEN has_schema_privilege(rolname, 'public', 'CREATE') THEN 'CREATE on the schema public' END
    ], NULL) FROM pg_roles WHERE rolname = %s
"""


def fix_functions(cursor: CursorWrapper) -> list[str]:
    """Make the triggers impossible to disable or to mislead; returns the functions of the owner role, by signature."""
    cursor.execute(NEVER_IGNORE)
    functions = own_names(cursor, OWN_FUNCTIONS)
    for function in functions:
        cursor.execute(f"ALTER FUNCTION {function} SET search_path = {SEARCH_PATH}")
    return functions


def grant_rights(cursor: CursorWrapper, *, role: str, functions: Sequence[str]) -> list[str]:
    """Let ``role`` read and write rows of what the owner role owns, but in append-only tables only read and insert.

    Returns the append-only tables.
    """
    grantee = sql.Identifier(role)
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
                    objects=sql.SQL(", ").join(objects), role=grantee
                )
            )
    append_only = tables_guarded_by(APPEND_ONLY)
    for table in append_only:
        cursor.execute(
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}").format(
                table=sql.Identifier(table), role=grantee
            )
        )
    if not settings.CLOCK_MOVABLE:
        # On real time nobody moves the clock by which the database judges moments.
        cursor.execute(
            sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.kernel_clock FROM {role}").format(
                role=grantee
            )
        )
    cursor.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}").format(role=grantee))
    return append_only


def withdraw_making(execute: Execute, *, role: str, database: str) -> None:
    """Withdraw from everybody but the owner the right to make objects in ``database``, temporary ones included."""
    execute(
        sql.SQL("REVOKE TEMPORARY, CREATE ON DATABASE {database} FROM PUBLIC, {role}").format(
            database=sql.Identifier(database), role=sql.Identifier(role)
        )
    )


def limit_sessions(execute: Execute, *, role: str, database: str) -> None:
    """Set the limits on time of the role's sessions in ``database``."""
    for name, value in ROLE_LIMITS.items():
        execute(
            sql.SQL("ALTER ROLE {role} IN DATABASE {database} SET {name} = {value}").format(
                role=sql.Identifier(role),
                database=sql.Identifier(database),
                name=sql.Identifier(name),
                value=sql.Literal(value),
            )
        )


def making_rights(role: str | None = None) -> list[str]:
    """The rights of ``role``, or of this session's, to make objects in this database; a role of the market has none."""
    with connection.cursor() as cursor:
        if role is None:
            cursor.execute("SELECT current_user")
            role = str(cursor.fetchone()[0])
        cursor.execute(MAKING_RIGHTS, [role])
        return [str(right) for right in cursor.fetchone()[0]]


def own_names(cursor: CursorWrapper, query: str, parameters: Sequence[Any] = ()) -> list[str]:
    """The names that ``query`` selects in its first column."""
    cursor.execute(query, parameters)
    return [str(row[0]) for row in cursor.fetchall()]

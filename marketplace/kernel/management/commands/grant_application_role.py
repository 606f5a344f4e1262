"""``manage.py grant_application_role ROLE``: grant the application's database role its rights, after migrating."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection, transaction

from marketplace.kernel.roles import (
    fix_functions,
    grant_rights,
    limit_sessions,
    making_rights,
    withdraw_making,
)


class Command(BaseCommand):
    """Run as the owner role. The application may read and write rows, but in append-only tables only read and insert."""

    help = (
        "Grant the application's database role its rights; in append-only tables it may only read and insert, "
        "and it makes no tables, temporary ones included."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """``role``: the role that the application connects as."""
        parser.add_argument("role")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make the triggers impossible to disable or to mislead, grant the rights on what the
        owner role owns, then revoke those that append-only tables forbid and those to make objects. The role's
        sessions get the market's limits on time from then on.

        The owner role needs no grant. Raises CommandError, with nothing changed, if the limits cannot be set or the
        role keeps a right to make objects.
        """
        role, database = options["role"], connection.settings_dict["NAME"]
        with connection.cursor() as cursor:
            functions = fix_functions(cursor)
            cursor.execute("SELECT current_user")
            if cursor.fetchone()[0] == role:
                self.stdout.write(f"{role} owns the tables; only triggers keep them append-only")
                return
            append_only = grant_rights(cursor, role=role, functions=functions)
            # A database of somebody else's keeps its rights with no more than a warning.
            withdraw_making(cursor.execute, role=role, database=database)
            try:
                limit_sessions(cursor.execute, role=role, database=database)
            except ProgrammingError as error:
                raise CommandError(
                    f"the limits of {role} cannot be set: {error}. Grant the right once, as a superuser:"
                    f" ALTER ROLE <owner> CREATEROLE; GRANT {role} TO <owner> WITH ADMIN OPTION;"
                ) from error
            if kept := making_rights(role):
                raise CommandError(
                    f"{role} may still make tables: {', '.join(kept)}. Withdraw these rights as a superuser from PUBLIC, from"
                    f" it and from the roles that it is a member of (REVOKE TEMPORARY, CREATE ON DATABASE {database} FROM"
                    f" PUBLIC, {role};), then run this again"
                )
            cursor.execute("SELECT pg_has_role(%s, 'pg_read_all_stats', 'USAGE')", [role])
            if not cursor.fetchone()[0]:
                self.stderr.write(
                    f"{role} does not see how long transactions of other roles run, and raises no alarm of them. Once, as"
                    f" a superuser: GRANT pg_read_all_stats TO {role};"
                )
        self.stdout.write(f"{role}: rights granted; {len(append_only)} tables are append-only")

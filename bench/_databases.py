"""Databases that a benchmark makes for itself on the server it was given: made, copied, dropped."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from marketplace.runtime.facts import Facts, read_facts, read_secrets
from marketplace.runtime.layout import PROJECT, VAR
from marketplace.runtime.postgres import OWNER_ROLE, SUPERUSER

FOLDER = VAR / "bench"


def addresses() -> tuple[str, str]:
    """The addresses of the benchmarks' server: as the application's role, and as the owner's."""
    facts: Facts | None = read_facts(FOLDER)
    if facts is not None:
        return facts.database_url, facts.database_owner_url
    return os.environ["DATABASE_URL"], os.environ["DATABASE_URL"]


def named(url: str, database: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def environment(database: str, *, owner: bool = False) -> dict[str, str]:
    """The environment of a program that works on ``database``."""
    return os.environ | {"DATABASE_URL": named(addresses()[1 if owner else 0], database)}


def run(statement: str, *, database: str | None = None) -> None:
    """One statement as the owner, in a transaction of its own."""
    url = addresses()[1]
    with psycopg.connect(named(url, database) if database else url, autocommit=True) as connection:
        connection.execute(statement.encode())


def drop(database: str) -> None:
    """Remove a database of a benchmark, whether it is there or not.

    Only a superuser may end an autovacuum worker by force. Without force PostgreSQL ends it itself.
    """
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)).as_string()
    try:
        run(f"{statement} WITH (FORCE)")
    except psycopg.errors.InsufficientPrivilege:
        run(statement)


def create(database: str, *, like: str | None = None) -> None:
    """Make a database anew: empty, or as a copy of another that nobody is connected to."""
    drop(database)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
        sql.Identifier(database), sql.Identifier(like or "template0")
    )
    run(statement.as_string())


def role() -> str:
    """The application's role."""
    return str(urlsplit(addresses()[0]).username)


def migrate(database: str, settings: dict[str, str] | None = None) -> None:
    """Bring the tables of a new database up to date, and grant the application's role its rights.

    ``settings``: environment variables of the market that will use it; a market whose clock may be moved grants that.
    """
    for command in (["migrate", "--no-input", "--verbosity", "0"], ["grant_application_role", role()]):
        program = [sys.executable, str(PROJECT / "manage.py"), *command]
        variables = environment(database, owner=True) | (settings or {})
        subprocess.run(program, env=variables, check=True, stdout=subprocess.DEVNULL)


def allow_checkpoints() -> None:
    """Let the owner's role ask for a checkpoint. On a server of one's own, the role needs ``pg_checkpoint`` already."""
    if read_facts(FOLDER) is None:
        return
    with suppress(psycopg.errors.InsufficientPrivilege), superuser("postgres") as connection:
        connection.execute(f"GRANT pg_checkpoint TO {OWNER_ROLE}".encode())


def warm(database: str) -> None:
    """Read a copied database into the server's memory, where rows that were written a moment ago are as well.

    Left out on a server of one's own, where that takes rights that a benchmark does not ask for.
    """
    if read_facts(FOLDER) is None:
        return
    with superuser(database) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        connection.execute(
            "SELECT pg_prewarm(oid::regclass) FROM pg_class"
            " WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
        )


def superuser(database: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the embedded server's superuser."""
    address = urlsplit(addresses()[1])
    return psycopg.connect(
        host=address.hostname,
        port=address.port,
        user=SUPERUSER,
        password=read_secrets(FOLDER)["superuser"],
        dbname=database,
        autocommit=True,
    )

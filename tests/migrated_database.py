"""The database that every test process clones: migrated once, and again only when its key changes.

The template stays on the tests' PostgreSQL. Its name holds its key, a hash over what decides the result of migrating.
Nobody can connect to it, so no run changes it: each run works on fresh clones and depends on no earlier run.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from marketplace.kernel.roles import limit_sessions, withdraw_making
from tests.roles import as_owner

PROJECT = Path(__file__).parents[1]
COMMANDS = PROJECT / "marketplace/kernel/management/commands"
MAKING = (COMMANDS / "migrate.py", COMMANDS / "grant_application_role.py")
PREFIX = "migrated_"
# The name of a template while it is being migrated: nobody clones it, and the next maker drops it.
UNFINISHED = "migrating"
# The key of the advisory lock that makers of templates and clones hold; any number that is theirs alone.
LOCK = 0x53616E706F
DECIDING_SETTINGS = (
    "INSTALLED_APPS",
    "MIGRATION_MODULES",
    "AUTH_USER_MODEL",
    "OAUTH2_PROVIDER_APPLICATION_MODEL",
    "DEFAULT_AUTO_FIELD",
    "APPLICATION_ROLE",
)


def administration() -> psycopg.Connection:
    """An autocommit connection of the owner to the server's maintenance database."""
    facts = connection.settings_dict
    return psycopg.connect(
        host=facts["HOST"],
        port=facts["PORT"],
        user=facts["USER"],
        password=facts["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )


@contextlib.contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Point every connection of this process at the database ``name`` for the length of the block."""
    before = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before


def clone(server: psycopg.Connection, template: str, name: str) -> None:
    """Make the database ``name`` as a copy of ``template``, to which nobody is connected.

    What ``grant_application_role`` sets on the database itself is not copied with it.
    """
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    )
    withdraw_making(server.execute, role=settings.APPLICATION_ROLE, database=name)
    limit_sessions(server.execute, role=settings.APPLICATION_ROLE, database=name)


def drop(server: psycopg.Connection, name: str) -> None:
    """Drop the database ``name`` where it stands, whoever is connected to it."""
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def provide_clone(server: psycopg.Connection, name: str, *, key: str, migrate: Callable[[str], None]) -> None:
    """Make the database ``name`` anew as a clone of the template of ``key``; the first who asks makes the template.

    ``migrate`` brings the tables of the database that it is given up to date. The others wait meanwhile; the server
    takes the lock from a process that dies. What a killed run of the same name left behind is dropped.
    """
    server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        template = f"{PREFIX}{key}"
        if template not in databases(server, PREFIX):
            make_template(server, template, migrate)
        for leftover in [name, *databases(server, f"{name}_")]:
            drop(server, leftover)
        clone(server, template, name)
    finally:
        server.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def make_template(server: psycopg.Connection, template: str, migrate: Callable[[str], None]) -> None:
    """Migrate under another name and rename at the end, so that a half-made template never counts; drop all others."""
    for outdated in [UNFINISHED, *databases(server, PREFIX)]:
        drop(server, outdated)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(UNFINISHED)))
    migrate(UNFINISHED)
    for change in ("ALLOW_CONNECTIONS false", "RENAME TO {template}"):
        server.execute(
            sql.SQL("ALTER DATABASE {unfinished} " + change).format(
                unfinished=sql.Identifier(UNFINISHED), template=sql.Identifier(template)
            )
        )


def databases(server: psycopg.Connection, prefix: str) -> list[str]:
    """The names of the server's databases that begin with ``prefix``."""
    found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return sorted(name for (name,) in found.fetchall())


def migrate(name: str) -> None:
    """Run every migration on the empty database ``name``, and grant the application's role its rights, as the owner."""
    with connected_to(name), as_owner():
        call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
        call_command("grant_application_role", settings.APPLICATION_ROLE, verbosity=0, stdout=io.StringIO())


def current_key(server: psycopg.Connection) -> str:
    """The key of the migrations, libraries, settings and server as they are now."""
    facts = [f"{name}={getattr(settings, name)!r}" for name in DECIDING_SETTINGS]
    return key_of(deciding_files(), [*facts, f"server={server.info.server_version}"])


def deciding_files() -> set[Path]:
    """The migrations, what applies them and what grants rights, with the modules of ours that they import, and the lock of the libraries."""
    ours = [apps.get_app_config(name.rpartition(".")[2]) for name in settings.MARKET_APPLICATIONS]
    migrations = [path for config in ours for path in Path(config.path, "migrations").rglob("*.py")]
    # A migration makes functions of what these declare, which it reads from their register.
    declared = [path for config in ours for path in Path(config.path).rglob("record_parties.py")]
    return {*with_imports([*migrations, *declared, *MAKING]), PROJECT / "requirements.lock"}


def key_of(files: Iterable[Path], facts: Iterable[str]) -> str:
    """A hash of 16 hexadecimal digits over the places and contents of ``files``, and over ``facts``."""
    digest = hashlib.sha256()
    for part in sorted(facts):
        digest.update(f"{part}\0".encode())
    for path in sorted(files):
        digest.update(
            f"{os.path.relpath(path, PROJECT)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode()
        )
    return digest.hexdigest()[:16]


def with_imports(files: Iterable[Path], root: Path = PROJECT) -> set[Path]:
    """``files`` and the modules under ``root`` that they import, and those that these import in turn."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imported_files(path, root)
    return found


def imported_files(path: Path, root: Path) -> list[Path]:
    """The modules under ``root`` that a module imports by their full names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    places = [root.joinpath(*name.split(".")) for name in names]
    candidates = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return [file for file in candidates if file.is_file()]

"""What every command stands on, and the commands about servers: `servers`, `shell`, `manage` and `clean`."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from marketplace.runtime.disk import shortage
from marketplace.runtime.errors import RuntimeRefusal
from marketplace.runtime.facts import Facts
from marketplace.runtime.layout import PROJECT, VAR, check_version, exclusive, prepare_var
from marketplace.runtime.servers import ServerSet, bench_servers, market_servers, test_servers
from marketplace.runtime.supervisor import Supervisor, say

# They change tables, or who may: the role that owns the database runs them.
OWNER_COMMANDS = {
    "migrate",
    "makemigrations",
    "sqlmigrate",
    "grant_application_role",
    "make_event_ranges",
    "archive_old_rows",
    "record_restoration",
    "createcachetable",
}


def prepare(servers: ServerSet) -> None:
    """Refuse what cannot work, with nothing half-made; then make the var folder."""
    check_version()
    servers.real.check()
    if lack := shortage(servers.folder):
        raise RuntimeRefusal(lack)
    prepare_var()


@contextmanager
def supervised(servers: ServerSet, purpose: str) -> Iterator[Supervisor]:
    """Hold the set's lock, start its servers, and stop everything at the end of the block."""
    prepare(servers)
    with exclusive(servers.folder, purpose), Supervisor(servers) as supervisor:
        supervisor.start_servers()
        yield supervisor


@contextmanager
def using(servers: ServerSet, purpose: str) -> Iterator[Supervisor]:
    """Use servers that run already, whoever supervises them; else start the set's for the block."""
    check_version()
    servers.real.check()
    running = servers.real_facts() or servers.live_facts()
    if running is None:
        with supervised(servers, purpose) as supervisor:
            yield supervisor
    else:
        servers.facts = running
        # Nothing here is ours to stop but the program that runs in the block.
        supervisor = Supervisor(servers)
        try:
            yield supervisor
        finally:
            supervisor.stop_foreground()


def known_facts(servers: ServerSet) -> Facts:
    """Return the addresses of servers that have been started."""
    if servers.facts is None:
        raise RuntimeRefusal("the servers have not been started")
    return servers.facts


def environment_for(servers: ServerSet, settings: str, *, owner: bool = False) -> dict[str, str]:
    """Return the environment of a program of the market: ours, the addresses and the settings module.

    The owner's address is given only to those who migrate or test.
    """
    facts = known_facts(servers)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": f"marketplace.settings.{settings}",
        "DATABASE_URL": facts.database_owner_url if owner else facts.database_url,
        "REDIS_URL": facts.redis_url,
        "PYTHONUNBUFFERED": "1",
    }
    environment.pop("DATABASE_OWNER_URL", None)
    if facts.base_url:
        environment["SANPO_BASE_URL"] = facts.base_url
    if facts.downloads_url:
        environment["SANPO_DOWNLOADS_URL"] = facts.downloads_url
    return environment


def manage_program(arguments: Sequence[str]) -> list[str]:
    """Return the command line of a management command."""
    return [sys.executable, str(PROJECT / "manage.py"), *arguments]


def manage(arguments: Sequence[str]) -> int:
    """Run a management command on the market's servers, started for it when none run."""
    owner = bool(arguments) and arguments[0] in OWNER_COMMANDS
    with using(market_servers(), "manage") as supervisor:
        environment = environment_for(supervisor.servers, "embedded", owner=owner)
        return supervisor.run("manage", manage_program(arguments), environment)


def shell() -> int:
    """Open Django's shell on the market's servers, as the application's role."""
    return manage(["shell"])


def servers_up() -> int:
    """Start the market's and the tests' servers and leave them running."""
    for servers in (market_servers(), test_servers()):
        prepare(servers)
        if servers.live_facts() is None:
            with exclusive(servers.folder, "servers"):
                servers.start(detached=True)
        say(f"PostgreSQL and Redis run; their addresses are in {servers.folder / 'runtime.json'}")
    return 0


def servers_down() -> int:
    """Stop servers that were left running."""
    check_version()
    for servers in (market_servers(), test_servers()):
        if servers.folder.exists():
            with exclusive(servers.folder, "servers stop"):
                stopped = servers.stop_recorded()
            say(f"{servers.folder}: stopped {', '.join(stopped) or 'nothing, as nothing ran'}")
    return 0


def clean() -> int:
    """Stop what earlier commands left running, and delete the var folder; refuse while a command runs."""
    sets = [each for each in (market_servers(), test_servers(), bench_servers()) if each.folder.exists()]
    with ExitStack() as locks:
        for servers in sets:
            locks.enter_context(exclusive(servers.folder, "make clean"))
        for servers in sets:
            servers.stop_recorded()
        if VAR.exists():
            shutil.rmtree(VAR)
    return 0

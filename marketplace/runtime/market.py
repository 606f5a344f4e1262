"""`run` and `demo`: the whole market on one machine, and the trading day that shows it."""

import errno
import os
import urllib.error
import urllib.request
from dataclasses import replace
from socket import socket
from urllib.parse import urlsplit

from marketplace.runtime.addresses import user_of
from marketplace.runtime.commands import environment_for, known_facts, manage_program, supervised
from marketplace.runtime.errors import RuntimeRefusal, StopRequested
from marketplace.runtime.layout import VAR, write_private
from marketplace.runtime.ports import LOOPBACK, bind_error, listening_socket
from marketplace.runtime.programs import start_programs
from marketplace.runtime.servers import ServerSet, market_servers
from marketplace.runtime.supervisor import Supervisor, say


def run() -> int:
    """Set up, run the trading day, and serve until a stop signal; that end is a success."""
    servers = market_servers()
    wanted_port(servers)  # refused before anything starts
    with supervised(servers, "make run") as supervisor:
        code = trading_day(supervisor, ["--logins"])
        if code != 0:
            return code
        tell_addresses(supervisor.servers)
        try:
            supervisor.serve()
        except StopRequested:
            say("stopping")
        return 0


def demo() -> int:
    """Set up, run the trading day into `var/demo/report.json`, and stop; return the day's exit status."""
    report = VAR / "demo" / "report.json"
    servers = market_servers()
    wanted_port(servers)
    with supervised(servers, "make demo") as supervisor:
        report.parent.mkdir(exist_ok=True)
        code = trading_day(supervisor, ["--report", str(report)])
    if code == 0:
        say(f"the report is {report}")
    return code


def trading_day(supervisor: Supervisor, arguments: list[str]) -> int:
    """Migrate, start web, downloads, workers and beat, and run the day through them; return its exit status."""
    servers = supervisor.servers
    listener = listening_socket(wanted_port(servers))
    downloads = listening_socket(servers.last_port("downloads"))
    facts = known_facts(servers)
    servers.publish(replace(facts, base_url=address_of(listener), downloads_url=address_of(downloads)))
    code = migrate(supervisor)
    if code != 0:
        return code
    start_programs(supervisor, web=listener, downloads=downloads)
    for name, each in (("web", listener), ("downloads", downloads)):
        write_private(servers.folder / f"{name}.port", str(each.getsockname()[1]))
    base_url = known_facts(servers).base_url
    supervisor.wait_until(lambda: answers(base_url), "the web process did not answer")
    environment = environment_for(servers, "embedded")
    code = supervisor.run("day", manage_program(["demo_day", *arguments]), environment, terminal=False)
    if code != 0:
        say(
            "the trading day did not finish; run the command again to go on from its last finished step, "
            "or `make clean` to start another day"
        )
    return code


def address_of(listener: socket) -> str:
    """Return the address of what listens on a socket."""
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def wanted_port(servers: ServerSet) -> int | None:
    """Return the web port that a person asked for, else the last one; refuse what is not a port."""
    asked = os.environ.get("WEB_PORT", "")
    if not asked:
        return servers.last_port("web")
    if not asked.isdecimal() or not 0 < int(asked) < 65536:
        raise RuntimeRefusal(f"WEB_PORT={asked} is not a port: give a number from 1 to 65535, or unset it")
    error = bind_error(int(asked))
    if error is None:
        return int(asked)
    if error.errno == errno.EADDRINUSE:
        raise RuntimeRefusal(f"WEB_PORT={asked} is taken by another program: give another, or unset it")
    if error.errno == errno.EACCES:
        raise RuntimeRefusal(
            f"WEB_PORT={asked} is reserved for root on this machine: give one from 1024 to 65535, or unset it"
        )
    raise RuntimeRefusal(f"WEB_PORT={asked} cannot be used ({error.strerror}): give another, or unset it")


def migrate(supervisor: Supervisor) -> int:
    """Bring the tables up to date as the owner, then grant the application's role its rights."""
    servers = supervisor.servers
    environment = environment_for(servers, "embedded", owner=True)
    say("bringing the database up to date")
    role = user_of(known_facts(servers).database_url)
    commands = (
        ["migrate", "--no-input", "--verbosity", "0"],
        ["make_event_ranges"],
        ["grant_application_role", role],
    )
    for command in commands:
        code = supervisor.run(command[0], manage_program(command), environment, terminal=False)
        if code != 0:
            say(
                f"`manage.py {command[0]}` failed; the reason stands above. If an earlier version of the market made "
                "this database, run `make clean`, which deletes it, and start again"
            )
            return code
    return 0


def answers(base_url: str) -> bool:
    """Tell whether the web process answers at all; which status it gives does not matter."""
    try:
        urllib.request.urlopen(f"{base_url}/api/docs/", timeout=10).close()  # noqa: S310  # our own address
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def tell_addresses(servers: ServerSet) -> None:
    """Print where everything is; passwords stay in the file."""
    facts = known_facts(servers)
    database, broker = urlsplit(facts.database_url), urlsplit(facts.redis_url)
    rows = {
        "API": f"{facts.base_url}/api/v1/",
        "API documentation": f"{facts.base_url}/api/docs/",
        "downloads": facts.downloads_url,
        "PostgreSQL": f"{database.hostname}:{database.port or 5432}{database.path}",
        "Redis": f"{broker.hostname}:{broker.port or 6379}",
        "addresses with passwords": str(servers.folder / "runtime.json"),
        "logs": str(servers.logs),
    }
    say("serving; Ctrl-C stops everything")
    for label, value in rows.items():
        print(f"  {label:<26}{value}", flush=True)

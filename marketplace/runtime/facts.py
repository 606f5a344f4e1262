"""What a set of servers tells the processes that use it: addresses and secrets, for settings to read."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from marketplace.runtime.layout import write_private

FILE = "runtime.json"


@dataclass(frozen=True)
class Facts:
    """Addresses of a set of servers. `detached` servers outlive the command that started them."""

    database_url: str
    database_owner_url: str
    redis_url: str
    detached: bool = False
    base_url: str = ""
    downloads_url: str = ""

    def write(self, folder: Path) -> None:
        """Write them into the folder, readable by its owner only: they hold passwords."""
        write_private(folder / FILE, json.dumps(asdict(self), indent=2) + "\n")


def read_facts(folder: Path) -> Facts | None:
    """Return the facts in the folder, or None when there are none that can be read."""
    try:
        return Facts(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def forget_facts(folder: Path) -> None:
    """Remove the facts of servers that are being stopped."""
    (folder / FILE).unlink(missing_ok=True)


def read_secrets(folder: Path) -> dict[str, str]:
    """Return the passwords and the secret key of a set, made at random the first time."""
    path = folder / "secrets.json"
    names = ("superuser", "owner", "application", "redis", "secret_key")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = {}
    if any(name not in known for name in names):
        known = {name: known.get(name) or secrets.token_urlsafe(32) for name in names}
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps(known, indent=2) + "\n")
    return {name: str(known[name]) for name in names}

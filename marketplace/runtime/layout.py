"""Where generated files live, and the guards on that folder: its version and its locks.

Everything that a command makes is under `var/` (or the folder named by SANPO_VAR) and `.venv/`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marketplace.runtime.errors import RuntimeRefusal

PROJECT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ["SANPO_VAR"]).resolve() if os.environ.get("SANPO_VAR") else PROJECT / "var"

LAYOUT = 2
POSTGRES_MAJOR = 18
VERSION_TEXT = f"layout {LAYOUT}\npostgres {POSTGRES_MAJOR}\n"

# What may stand in var/ before its version is written: bootstrap's log and the tools' caches.
UNVERSIONED = {"log", "cache"}


def check_version(var: Path = VAR) -> None:
    """Refuse a var folder that another version of the market made; touch nothing."""
    version_file = var / "VERSION"
    if version_file.exists():
        found = version_file.read_text(encoding="utf-8", errors="replace")
        if found == VERSION_TEXT:
            return
        described = ", ".join(found.split("\n")[:2]).strip(", ")[:80] or "an empty VERSION file"
    elif var.exists() and any(entry.name not in UNVERSIONED for entry in var.iterdir()):
        described = "no VERSION file"
    else:
        return
    raise RuntimeRefusal(
        f"{var} was made by another version ({described}; this one makes "
        f"{VERSION_TEXT.strip().replace(chr(10), ', ')}): run `make clean`, which deletes it, and start again"
    )


def prepare_var(var: Path = VAR) -> None:
    """Make the var folder and stamp its version; refuse one of another version."""
    check_version(var)
    var.mkdir(parents=True, exist_ok=True)
    (var / "log").mkdir(exist_ok=True)
    version_file = var / "VERSION"
    if not version_file.exists():
        write_private(version_file, VERSION_TEXT, mode=0o644)


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a small file in one step: a reader finds the old text or the new one, never a part."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(partial, path)


@contextmanager
def exclusive(folder: Path, purpose: str) -> Iterator[None]:
    """Hold the folder's lock for the length of the block; refuse at once when another command has it.

    The kernel drops the lock with its holder, so a killed command leaves nothing to clear away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read().strip() or "another command"
            raise RuntimeRefusal(
                f"{holder} is already using {folder}: stop it first, or work in another clone"
            ) from None
        stream.truncate(0)
        stream.write(f"`{purpose}` (process {os.getpid()})")
        stream.flush()
        try:
            yield
        finally:
            stream.truncate(0)

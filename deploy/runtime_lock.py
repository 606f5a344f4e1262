"""Writes deploy/requirements.lock: the pins of requirements.lock that a running market needs, without the dev group.

    .venv/bin/python deploy/runtime_lock.py

It follows `[project] dependencies` of pyproject.toml through the metadata of what is installed. The image installs it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
WHOLE = PROJECT / "requirements.lock"
RUNTIME = PROJECT / "deploy" / "requirements.lock"


def main() -> int:
    """Write the lock; return the exit status."""
    RUNTIME.write_text(runtime_lock(), encoding="utf-8")
    return 0


def runtime_lock() -> str:
    """The entries of the whole lock, in its order, of what the project depends on."""
    needed = runtime_names()
    return "".join(text for name, text in entries(WHOLE.read_text(encoding="utf-8")) if name in needed)


def entries(lock: str) -> list[tuple[str, str]]:
    """Each entry of a lock with its hashes, under the canonical name of its package."""
    found = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return [(canonicalize_name(re.split(r"[\[=\s]", text)[0]), text) for text in found if text.strip()]


def runtime_names() -> set[str]:
    """The canonical names of all that the project's dependencies need, themselves among them."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [Requirement(text) for text in project["dependencies"]]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            waiting += dependencies_of(requirement)
    return {name for name, _ in seen}


def dependencies_of(requirement: Requirement) -> list[Requirement]:
    """What an installed package needs with the extras that are asked for; nothing of what is not installed here."""
    try:
        declared = [Requirement(text) for text in requires(requirement.name) or []]
    except PackageNotFoundError:
        return []
    extras = requirement.extras | {""}
    return [each for each in declared if each.marker is None or is_wanted(each, extras)]


def is_wanted(requirement: Requirement, extras: set[str]) -> bool:
    """Whether its marker names one of the extras, or no extra: then it may be needed on another Python or system."""
    marker = requirement.marker
    if marker is None or "extra" not in str(marker):
        return True
    return any(marker.evaluate({"extra": extra}) for extra in extras)


if __name__ == "__main__":
    sys.exit(main())

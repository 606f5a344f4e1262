"""What many tests begin with is made once for those that follow each other, and stands in transactions around theirs.

``made_once`` marks a fixture of this kind. A test gets a copy of the objects, and undoes what it did in the database to
the point where it began, as it does without. A test that begins with anything else, or that commits, finds nothing
standing, and what it asks for is made in its own transaction or database.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction

from marketplace.kernel import clock

Maker = Callable[..., Any]

SECONDS_MAX = 60
"""What is older is made anew: a test begins with what has just been made."""

FIRST_DAY = datetime(2026, 11, 25, 1, tzinfo=UTC)
"""Where the clock of a standing market begins, so that tests may name days after it; on whichever day they run."""

_makers: dict[Maker, Maker] = {}
_stack: list[_Standing] = []
_copies: dict[str, Any] = {}


def made_once(make: Maker) -> Any:
    """Like ``pytest.fixture``, for a function that makes rows and returns what ``copy.deepcopy`` can copy.

    It needs no ``db``. Its arguments are fixtures of the same kind, which it makes more of.
    """
    others = list(inspect.signature(make).parameters.values())

    def fixture(db: None, **given: Any) -> Any:
        name = make.__name__
        return _copies[name] if name in _copies else make(**given)

    database = inspect.Parameter("db", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    fixture.__signature__ = inspect.Signature([database, *others])  # type: ignore[attr-defined]
    fixture.__doc__ = make.__doc__
    _makers[fixture] = make
    return pytest.fixture(name=make.__name__)(fixture)


@dataclass(frozen=True)
class _Standing:
    """What ``make`` and those before it have made, by name, in the open transaction ``around`` of ``session``."""

    make: Maker
    made: dict[str, Any]
    around: transaction.Atomic
    session: Any
    since: float

    def serves(self, make: Maker) -> bool:
        """Whether a test that begins with what ``make`` makes may begin with this."""
        young = time.monotonic() - self.since < SECONDS_MAX
        alive = connection.connection is self.session and not self.session.closed
        return make is self.make and young and alive


def chain_of(item: pytest.Item) -> list[Maker]:
    """What makes the test's beginning, each upon the one before; of several beginnings, the longest."""
    names = getattr(item, "fixturenames", ())
    if "committed_database" in names:
        return []
    return max((_chain(item, name) for name in names), key=len, default=[])


def _chain(item: pytest.Item, name: str) -> list[Maker]:
    definitions = item.session._fixturemanager.getfixturedefs(name, item)
    make = _makers.get(definitions[-1].func) if definitions else None
    if make is None:
        return []
    chains = [_chain(item, other) for other in inspect.signature(make).parameters]
    return [] if [] in chains else [*dict.fromkeys(itertools.chain(*chains)), make]


def prepare(chain: list[Maker]) -> None:
    """Before a test: let stand what it begins with, and nothing else, and copy it for the test."""
    fitting = 0
    while fitting < min(len(chain), len(_stack)) and _stack[fitting].serves(chain[fitting]):
        fitting += 1
    clear(down_to=fitting)
    for make in chain[fitting:]:
        _put_up(make)
    _copies.clear()
    _copies.update(_copy_of_made())


def _copy_of_made() -> dict[str, Any]:
    return copy.deepcopy(_stack[-1].made) if _stack else {}


def _put_up(make: Maker) -> None:
    """Make it in a transaction that stays open, in which tests open their own, with a cache that is empty.

    What a cache was told of rows that were taken back outlives them: made a second time, it would be made otherwise.
    """
    made = _copy_of_made()
    caches["default"].key_prefix = secrets.token_hex(8)
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test cases do
    around.__enter__()
    try:
        with clock.read_once():
            made[make.__name__] = make(**{name: made[name] for name in inspect.signature(make).parameters})
        # What is checked at the end of a transaction is checked now, and not again after every test.
        connection.check_constraints()
    except BaseException:
        _undo(around)
        raise
    _stack.append(_Standing(make, made, around, connection.connection, time.monotonic()))


def clear(down_to: int = 0) -> None:
    """Take back what stands, but for the first ``down_to`` makers' work."""
    while len(_stack) > down_to:
        _undo(_stack.pop().around)
    if not _stack:
        caches["default"].key_prefix = settings.CACHES["default"]["KEY_PREFIX"]


def _undo(around: transaction.Atomic) -> None:
    transaction.set_rollback(True)
    around.__exit__(None, None, None)

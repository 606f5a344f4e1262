"""Readiness: what the market needs to work, each check with its name and its state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.db.models.functions import Now

from marketplace.kernel.metrics import GAUGES
from marketplace.kernel.roles import making_rights

from .models import Heartbeat
from .states import ProcessKind

HEARTBEAT_AGE_SECONDS_MAX = 30
RELAY_LAG_SECONDS_MAX = 60
RELAY_LAG = "events_oldest_unrelayed_seconds"
UNCOUNTED_RESTORATIONS = "clearing_uncounted_restorations"
BROKER_SECONDS_MAX = 1
CACHED_SECONDS = 1.0


class NotReady(Exception):
    """What a check lacks, in one sentence."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The state of one check: ``lacks`` says what is missing, and is empty if nothing is."""

    name: str
    lacks: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks


def _verify_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def broker() -> redis.Redis:
    """A connection to the broker that gives up after ``BROKER_SECONDS_MAX``; the caller closes it."""
    timeouts = {"socket_timeout": BROKER_SECONDS_MAX, "socket_connect_timeout": BROKER_SECONDS_MAX}
    return redis.Redis.from_url(settings.REDIS_URL, **timeouts)


def _verify_broker() -> None:
    with broker() as client:
        client.ping()


def _verify_role() -> None:
    """The owner's role has such rights too: a process that works as it is no safer than one with a role of its own."""
    if rights := making_rights():
        raise NotReady(
            f"the process works as a role that may make tables, beside those that guards read: {', '.join(rights)}."
            " Let it work as another, to which `grant_application_role` gives its rights"
        )


_migrated = threading.Event()


def _verify_migrations() -> None:
    """Once they are applied they stay applied, so a process looks no more."""
    if _migrated.is_set():
        return
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        migration = missing[0][0]
        raise NotReady(
            f"{len(missing)} migrations are not applied, first {migration.app_label}.{migration.name}"
        )
    _migrated.set()


def unserved_queues() -> list[str]:
    """The queues that no living worker takes from, sorted."""
    served: set[str] = set()
    for queues in _living(ProcessKind.WORKER).values_list("queues", flat=True):
        served.update(queues)
    return sorted(set(current_app.amqp.queues) - served)


def _verify_worker() -> None:
    if lacking := unserved_queues():
        names = ", ".join(lacking)
        raise NotReady(f"no worker seen within {HEARTBEAT_AGE_SECONDS_MAX} s takes from the queues {names}")


def _verify_beat() -> None:
    if not _living(ProcessKind.BEAT).exists():
        raise NotReady(f"no beat seen within {HEARTBEAT_AGE_SECONDS_MAX} s")


def _living(kind: ProcessKind) -> QuerySet[Heartbeat]:
    return Heartbeat.objects.filter(
        kind=kind, seen_at__gte=Now() - timedelta(seconds=HEARTBEAT_AGE_SECONDS_MAX)
    )


def _verify_relay() -> None:
    age = GAUGES[RELAY_LAG].samples().get((), 0.0)
    if age > RELAY_LAG_SECONDS_MAX:
        raise NotReady(
            f"the oldest event not relayed is {age:.0f} s old, more than {RELAY_LAG_SECONDS_MAX} s"
        )


def _verify_restoration() -> None:
    if GAUGES[UNCOUNTED_RESTORATIONS].samples()[()] > 0:
        raise NotReady(
            "the database was restored or moved to another server, and this is not counted, so no payment is planned or"
            " sent: run `record_restoration` as the owner"
        )


CHECKS: dict[str, Callable[[], None]] = {
    "database": _verify_database,
    "role": _verify_role,
    "broker": _verify_broker,
    "migrations": _verify_migrations,
    "worker": _verify_worker,
    "beat": _verify_beat,
    "relay": _verify_relay,
    "restoration": _verify_restoration,
}
"""Every check by its name. The first failure of the database spares the others that need it their wait."""

NEEDS_DATABASE = frozenset(CHECKS) - {"database", "broker"}


def verify_readiness(*, excluded: Collection[str] = ()) -> list[CheckResult]:
    """Run every check that is not ``excluded``, in the order of ``CHECKS``; never raises for a failing check."""
    results: list[CheckResult] = []
    for name, verify in CHECKS.items():
        if name in excluded:
            continue
        if name in NEEDS_DATABASE and any(r.name == "database" and not r.is_ready for r in results):
            results.append(CheckResult(name, "the database does not answer"))
            continue
        results.append(_result_of(name, verify))
    return results


def _result_of(name: str, verify: Callable[[], None]) -> CheckResult:
    try:
        verify()
    except NotReady as lack:
        return CheckResult(name, str(lack))
    except (DatabaseError, redis.RedisError, OSError) as error:
        return CheckResult(name, f"{type(error).__name__}: {error}".strip())
    return CheckResult(name)


def verify_heartbeat_of(*, kind: str, host: str) -> CheckResult:
    """Whether a process of this kind on this host was seen lately, for the probe of its own container."""

    def verify() -> None:
        if not _living(ProcessKind(kind)).filter(host=host).exists():
            raise NotReady(f"no {kind} of {host} seen within {HEARTBEAT_AGE_SECONDS_MAX} s")

    return _result_of(kind, verify)


class CachedReadiness:
    """The results of all checks, at most ``CACHED_SECONDS`` old, so that many probes cost no more than one."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._lock = threading.Lock()
        self._results: list[CheckResult] = []
        self._read_at = float("-inf")

    def results(self, *, excluded: Collection[str] = ()) -> list[CheckResult]:
        """The results of the checks that are not ``excluded``; one caller at a time runs the checks."""
        with self._lock:
            if time.monotonic() - self._read_at > CACHED_SECONDS:
                self._results = verify_readiness()
                self._read_at = time.monotonic()
            return [result for result in self._results if result.name not in excluded]


READINESS = CachedReadiness()

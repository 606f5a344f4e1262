"""What can go wrong, one fault at a time: on a clone of a template, the day is driven to its end and judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from marketplace.kernel import clock
from marketplace.participants.models import Organisation
from marketplace.participants.services import suspend_participant
from tests.conftest import cloned_database
from tests.faults import day, market
from tests.faults.ground import Ground
from tests.faults.tripwire import Strike
from tests.faults.workers import SOLO, Kind, Workers
from tests.participants.factories import actor_for
from tests.roles import as_owner

STALLED_OPTIONS = {"options": "-c idle_in_transaction_session_timeout=300 -c lock_timeout=5000"}
"""As in production, with shorter times."""
IMPATIENT_OPTIONS = {"options": "-c statement_timeout=1500"}
SECONDS_WITHOUT_BROKER = 0.4


@dataclass(frozen=True)
class Fault:
    """One fault. ``worker`` says how the worker runs, ``strikes`` what becomes of it and of those who replace it.

    ``trouble`` is what happens otherwise, before the stage ``at``; ``copies`` how often everything is triggered.
    """

    number: int
    family: str
    checkpoint: str = day.NAMES[0]
    worker: Kind = SOLO
    strikes: tuple[Strike, ...] = ()
    trouble: Trouble | None = None
    at: str = ""
    copies: int = 1

    def __str__(self) -> str:
        """As pytest and the campaign print it."""
        what = [
            f"{strike.action} {strike.position} {strike.step} #{strike.occurrence}" for strike in self.strikes
        ]
        what += [f"{self.trouble} before {self.at}"] if self.trouble else []
        what += [f"{self.copies} copies"] if self.copies > 1 else []
        return f"{self.number:03d} {self.family} ({self.worker}): {', '.join(what)}"


@dataclass(frozen=True)
class Trouble:
    """Something that happens around the worker: ``happen`` makes it so, ``happened`` tells whether it did."""

    name: str
    happen: Callable[[Ground, Workers], None]
    happened: Callable[[], bool] = lambda: True
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True)
class Verdict:
    """What became of a fault that was survived: the points struck, and whether the fault came to pass at all."""

    struck: tuple[tuple[str, str], ...]
    happened: bool


def carry_out(fault: Fault, ground: Ground) -> Verdict:
    """Have ``fault`` happen on a clone of its template; raises AssertionError where the day comes out otherwise."""
    options = dict(fault.trouble.options) if fault.trouble else {}
    if any(strike.action == "stop" for strike in fault.strikes):
        options = STALLED_OPTIONS
    with (
        cloned_database(ground.templates[fault.checkpoint]),
        ground.workers(
            f"fault {fault.number}", kind=fault.worker, strikes=list(fault.strikes), options=options
        ) as workers,
    ):

        def before(stage: str) -> None:
            if fault.trouble and stage == fault.at:
                fault.trouble.happen(ground, workers)
            if workers.left and day.NAMES.index(stage) % 2:
                workers.wake()

        day.Day(workers, before=before, copies=fault.copies).run(first=day.NAMES.index(fault.checkpoint))
        workers.wake()
        day.judge(ground.expected)
        happened = fault.trouble.happened() if fault.trouble else True
        return Verdict(tuple(workers.struck()), happened)


def database_error(code: str, table: str, occurrence: int) -> Trouble:
    """PostgreSQL fails the ``occurrence``-th statement that writes to ``table``, with SQLSTATE ``code``, once.

    ``sleep`` makes that statement longer than the worker's statement_timeout; ``terminate`` ends the session under it.
    """
    act = {
        "sleep": "PERFORM pg_sleep(8);",
        "terminate": "PERFORM pg_terminate_backend(pg_backend_pid());",
    }.get(code, f"RAISE EXCEPTION 'injected' USING ERRCODE = '{code}';")

    def happen(_ground: Ground, _workers: Workers) -> None:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("CREATE SEQUENCE campaign_count")
            cursor.execute(f"GRANT USAGE, SELECT ON campaign_count TO {settings.APPLICATION_ROLE}")
            cursor.execute(
                "CREATE FUNCTION campaign_fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF nextval('campaign_count') = {occurrence} THEN {act} END IF; RETURN NULL; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER zz_campaign AFTER INSERT ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION campaign_fault()"
            )

    def happened() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_value >= %s FROM campaign_count", [occurrence])
            return bool(cursor.fetchone()[0])

    options = tuple(IMPATIENT_OPTIONS.items()) if code == "sleep" else ()
    return Trouble(f"{code} on {table} #{occurrence}", happen, happened, options)


def sessions_ended() -> Trouble:
    """Every session of the worker is ended by the server, wherever it stands."""

    def happen(_ground: Ground, _workers: Workers) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    return Trouble("sessions ended", happen)


def broker_flushed() -> Trouble:
    """Redis forgets everything."""
    return Trouble("Redis flushed", lambda ground, _workers: ground.broker.flush())


def broker_stopped() -> Trouble:
    """Redis is killed, and comes back empty after a while."""

    def happen(ground: Ground, workers: Workers) -> None:
        for task in day.SWEEPS:
            workers.ask(task)
        ground.broker.stop()
        time.sleep(SECONDS_WITHOUT_BROKER)
        ground.broker.start()

    return Trouble("Redis killed and started again", happen)


def postgres_restarted(delay_seconds: float) -> Trouble:
    """PostgreSQL is shut down immediately while the worker works, and started again."""

    def happen(ground: Ground, workers: Workers) -> None:
        assert ground.server is not None
        workers.ensure()
        for task in day.SWEEPS:
            workers.ask(task)
        time.sleep(delay_seconds)
        ground.server.restart_immediately()

    return Trouble(f"PostgreSQL restarted after {delay_seconds:.2f} s", happen)


def clock_moved(span: timedelta | datetime, name: str) -> Trouble:
    """The clock goes on by ``span``, or to that moment."""

    def happen(_ground: Ground, _workers: Workers) -> None:
        clock.move_to(span if isinstance(span, datetime) else clock.now() + span, running=False)

    return Trouble(name, happen)


def participant_suspended(name: str) -> Trouble:
    """A participant is suspended: what it owes and is owed is cleared all the same."""

    def happen(_ground: Ground, _workers: Workers) -> None:
        suspend_participant(
            actor=actor_for(Organisation.objects.get(is_operator=True)),
            organisation=market.organisation(name).public_id,
            reason_code="unpaid",
            reason="test",
        )

    return Trouble(f"{name} suspended", happen)

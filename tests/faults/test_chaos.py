"""200 purchases by 8 clients that try again, while every kind of process is killed 40 times: each exactly once.

Beside the kills: transactions that hold the commit horizon, a handler that sleeps in its transaction, and a job that
kills its worker. In the middle the database is lost and restored to a moment some seconds before, so that the clients
know purchases that the market does not, and the bank has payments that the market never sent. What is poisoned ends
parked with a task for the operator; everything else comes through.

``CHAOS_PURCHASES`` and ``CHAOS_KILLS`` make it smaller; ``FAULTS_SEED`` gives other moments.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from clearing.models import Cycle, Restoration, SettlementInstruction, Trade
from clearing.run.services.cycles import close_cycle
from clearing.settlement.errors import SendingIsShut
from clearing.settlement.services.transfer_files import create_transfer_file
from fixtures.day.runner import Day
from marketplace.events.models import InboxEntry
from marketplace.jobs.models import Job
from marketplace.jobs.services import enqueue
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.permissions import Permission
from marketplace.notices.models import Task
from marketplace.participants.services import register_organisation
from tests.faults.chaos.handlers import STALLED
from tests.faults.chaos.jobs import POISON
from tests.faults.chaos_clients import Refused, Trading
from tests.faults.chaotic_market import (
    ChaoticMarket,
    Sale,
    chaotic_market,
    hold_horizon,
    open_for_sale,
    reconnect,
)

pytestmark = pytest.mark.campaign

PURCHASES = int(os.environ.get("CHAOS_PURCHASES", "200"))
KILLS = int(os.environ.get("CHAOS_KILLS", "40"))
SEED = int(os.environ.get("FAULTS_SEED", "7"))
CLIENTS = 8
BEGINNINGS_MAX = 3
SECONDS_BETWEEN = (1.0, 3.0)
LOST_SECONDS = 2.0
"""How long the market trades after the moment to which it will be restored, before and after its log is archived."""
QUIET_SECONDS_MAX = 180.0

REFERENCES = [f"chaos-{number:03d}" for number in range(PURCHASES)]

PER_PURCHASE = """
    SELECT n.reference, count(DISTINCT n.id), count(DISTINCT a.id), count(DISTINCT t.id),
           count(DISTINCT e.id) FILTER (WHERE e.kind = 'hold'), count(DISTINCT e.id) FILTER (WHERE e.kind = 'capture'),
           count(DISTINCT d.id)
      FROM contracts_negotiation n
      LEFT JOIN contracts_agreement a ON a.negotiation_id = n.id
      LEFT JOIN clearing_trade t ON t.agreement = a.public_id
      LEFT JOIN clearing_entry e ON e.trade_id = t.id
      LEFT JOIN delivery_entitlement d ON d.agreement = a.public_id
     WHERE n.reference LIKE 'chaos-%' GROUP BY n.reference ORDER BY n.reference
"""


@dataclass
class Campaign:
    """The purchases and the blows that fall on them."""

    market: ChaoticMarket
    sale: Sale
    chosen: random.Random = field(default_factory=lambda: random.Random(SEED))
    over: threading.Event = field(default_factory=threading.Event)
    completed: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)

    def purchase(self, trading: Trading, reference: str) -> None:
        """Buy; what a restoration made the market forget begins again, and nothing else is refused."""
        for _ in range(BEGINNINGS_MAX):
            restorations = self.market.restorations
            try:
                trading.buy(reference)
            except Refused:
                if self.market.restorations == restorations:
                    raise
            else:
                self.completed.append(reference)
                return
        raise AssertionError(f"{reference}: begun {BEGINNINGS_MAX} times")

    def purchase_all(self) -> None:
        """Every client takes the next purchase, until all are done; raises what a client raised."""
        numbers = itertools.count()

        def work(trading: Trading) -> None:
            while (number := next(numbers)) < PURCHASES:
                # The same client each time: a purchase is its buyer's.
                self.purchase(self.sale.tradings[number % len(self.sale.tradings)], REFERENCES[number])

        with running_together([lambda trading=trading: work(trading) for trading in self.sale.tradings]):
            pass

    def destroy(self) -> None:
        """Kill one process after the other while purchases go on; back up early, and restore in the middle."""
        reconnect()
        for number in range(KILLS):
            if number == KILLS // 4:
                self.market.database.run("deploy/backup.sh", "base")
            if number == KILLS // 2:
                self.lose_database()
            self._wait_for_purchases(PURCHASES * number // KILLS)
            self.market.kill(number)
        reconnect()

    def _wait_for_purchases(self, count: int) -> None:
        """Wait until so many are done, and a moment; no longer once all are."""
        pause = self.chosen.uniform(*SECONDS_BETWEEN)
        while len(self.completed) < count and not self.over.is_set():
            time.sleep(0.1)
        self.over.wait(pause)

    def lose_database(self) -> None:
        """Restore the database to a moment after which it traded, closed a cycle and sent its payments."""
        reconnect()
        # Base backups are named by the second of their end.
        time.sleep(1.1)
        moment = datetime.now(UTC).isoformat()
        time.sleep(LOST_SECONDS)
        self.sent = send_payments(self.sale.day)
        self.market.database.archive_log()
        time.sleep(LOST_SECONDS)
        reconnect()
        known = set(self.completed)
        self.market.restore(moment)
        accepted = Trade.objects.filter(state="accepted", reference__in=REFERENCES)
        self.forgotten = known - set(accepted.values_list("reference", flat=True))
        reconnect()


def send_payments(day: Day) -> set[str]:
    """Close the open cycle and send its payments; their references."""
    cycle = closed(day)
    day.by_two(Permission.CLEARING_WRITE, create_transfer_file, cycle=cycle.public_id)
    payments = SettlementInstruction.objects.filter(cycle=cycle, state="sending")
    return set(payments.values_list("reference", flat=True))


def closed(day: Day) -> Cycle:
    """The open cycle, closed, with its payments planned."""
    cycle = close_cycle(actor=day.operator(Permission.CLEARING_WRITE), currency="JPY")
    wait_for("payments planned", lambda: Cycle.objects.get(pk=cycle.pk).state == "settling")
    return cycle


@contextmanager
def running_together(works: list[Callable[[], None]]) -> Iterator[None]:
    """Run the works at the same time, beside the block; afterwards raises the first of what they raised."""
    failures: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def wait_for(what: str, done: Callable[[], bool]) -> None:
    """Wait until ``done()``, for a bounded time."""
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def poison() -> Job:
    """Two events whose handler stalls, and a job that kills its worker; the job."""
    for number in range(2):
        register_organisation(
            actor=SYSTEM, name={"ja": f"停滞{number}", "en": f"{STALLED} {number}"}, corporate_number=None,
            kind="business", country="SG", address="x", representative="x",
        )  # fmt: skip
    with transaction.atomic():
        return enqueue(kind=POISON, subject="poison")


def trade_through(campaign: Campaign) -> None:
    """Buy everything while processes are killed; then ask for everything again, and buy what was forgotten."""
    stop = threading.Event()
    horizon = threading.Thread(target=hold_horizon, args=(stop,))
    horizon.start()

    def purchase_all() -> None:
        try:
            campaign.purchase_all()
        finally:
            campaign.over.set()

    try:
        # The kernel ends the servers with the thread that started them, so this one does.
        with running_together([purchase_all]):
            campaign.destroy()
        campaign.purchase_all()
    finally:
        stop.set()
        horizon.join()


def wait_until_quiet(job: Job) -> None:
    """Wait until what is poisoned is parked with a task, and everything else is done."""
    stalled = InboxEntry.objects.filter(subscriber="chaos").exclude(state="handled")
    others = InboxEntry.objects.exclude(subscriber="chaos").exclude(state="handled")
    tasks = Task.objects.filter(kind="repair", state="open")
    mail = Job.objects.filter(kind="notices.send_mail").exclude(state="done")
    wait_for("poison parked", lambda: Job.objects.get(pk=job.pk).state == "parked")
    wait_for("stalled handlers parked", lambda: {row.state for row in stalled} == {"parked"})
    wait_for("all other events handled", lambda: not others.exists())
    wait_for("a task for the operator", tasks.exists)
    wait_for("all mail sent", lambda: not mail.exists())


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def test_every_purchase_comes_through_once(migrated_database, django_db_blocker, tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("chaos"))
    with django_db_blocker.unblock(), chaotic_market(folder) as market:
        campaign = Campaign(market, open_for_sale(folder, market.base_url, clients=CLIENTS))
        job = poison()
        trade_through(campaign)
        reconnect()
        assert market.kills.total() == KILLS
        assert min(market.kills[name] for name, _ in market.victims()) >= KILLS // len(market.victims())
        wait_until_quiet(job)

        assert rows(PER_PURCHASE) == [(reference, 1, 1, 1, 1, 1, 1) for reference in REFERENCES]
        assert set(Trade.objects.values_list("reference", "state")) == {
            (reference, "accepted") for reference in REFERENCES
        }
        assert Job.objects.get(pk=job.pk).attempts == POISON.attempts_max
        # The bank has seen payments that the restored market does not know; it gives their references to no others.
        cycle = closed(campaign.sale.day)
        payments = set(SettlementInstruction.objects.values_list("reference", flat=True))
        assert (campaign.sent != set(), campaign.sent & payments) == (True, set())
        (restoration,) = Restoration.objects.values_list("number", flat=True)
        planned = SettlementInstruction.objects.filter(cycle=cycle).values_list("reference", flat=True)
        assert [reference for reference in planned if f"R{restoration}-" not in reference] == []
        assert planned.count() > 0
        with pytest.raises(SendingIsShut):
            clerk = campaign.sale.day.operator(Permission.CLEARING_WRITE)
            create_transfer_file(actor=clerk, cycle=cycle.public_id)
        print(
            f"{len(campaign.forgotten)} purchases forgotten and made again, {len(campaign.sent)} payments lost"
        )
        call_command("check_invariants")
